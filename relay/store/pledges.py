"""Pledges: what each person promised for a sum. Inside a transaction that the caller holds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from relay.core.callouts import CallOut


@dataclass(frozen=True, slots=True)
class Pledged:
    """One person's part. `told_at` is when they heard how it ended (epoch ms)."""

    person_id: int
    amount: int
    pledged_at: int
    told_at: int | None


def of(tx: sqlite3.Connection, code: int, person_id: int) -> int:
    """What this person has pledged so far."""
    row = tx.execute(
        "SELECT amount FROM pledge WHERE callout = ? AND person_id = ?", (code, person_id)
    ).fetchone()
    return int(row[0]) if row else 0


def put(tx: sqlite3.Connection, now: int, call: CallOut, person_id: int, amount: int) -> CallOut:
    """In the place of an earlier one; 0 takes it away. The sum cannot exceed its target: the
    column's own check fails before that."""
    before = of(tx, call.code, person_id)
    if amount:
        tx.execute(
            "INSERT INTO pledge (callout, person_id, amount, pledged_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (callout, person_id) DO UPDATE"
            " SET amount = excluded.amount, pledged_at = excluded.pledged_at",
            (call.code, person_id, amount, now),
        )
    else:
        tx.execute(
            "DELETE FROM pledge WHERE callout = ? AND person_id = ?", (call.code, person_id)
        )
    row = tx.execute(
        "UPDATE callout SET taken = taken - ? + ? WHERE code = ? RETURNING taken",
        (before, amount, call.code),
    ).fetchone()
    return replace(call, taken=row[0])


def everyone(tx: sqlite3.Connection, code: int) -> list[Pledged]:
    rows = tx.execute(
        "SELECT person_id, amount, pledged_at, told_at FROM pledge WHERE callout = ?"
        " ORDER BY pledged_at, person_id",
        (code,),
    )
    return [Pledged(**dict(row)) for row in rows]


# --- telling them how it ended ------------------------------------------------------------------


def to_tell(tx: sqlite3.Connection, code: int) -> None:
    """It is over: everybody who has pledged is to hear of it."""
    tx.execute("UPDATE callout SET untold = 1 WHERE code = ?", (code,))


def untold(tx: sqlite3.Connection, rules: Iterable[str], most: int) -> list[tuple[int, Pledged]]:
    """Call-outs of these rules that are over, with people who have not heard of it."""
    found: list[tuple[int, Pledged]] = []
    codes = tx.execute(
        "SELECT code FROM callout WHERE untold = 1"
        " AND rule IN (SELECT value FROM json_each(?)) ORDER BY code",
        (json.dumps(list(rules)),),
    ).fetchall()
    for (code,) in codes:
        rest = [one for one in everyone(tx, code) if one.told_at is None]
        if not rest:
            tx.execute("UPDATE callout SET untold = 0 WHERE code = ?", (code,))
        found += [(code, one) for one in rest[: most - len(found)]]
    return found


def told(tx: sqlite3.Connection, now: int, code: int, person_id: int) -> None:
    tx.execute(
        "UPDATE pledge SET told_at = ? WHERE callout = ? AND person_id = ?",
        (now, code, person_id),
    )


def any_untold(tx: sqlite3.Connection) -> bool:
    return bool(tx.execute("SELECT 1 FROM callout WHERE untold = 1 LIMIT 1").fetchone())
