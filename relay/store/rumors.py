"""Rumors that people have told: the team's inbox. Never sent to anybody but the team.

Every function runs inside a transaction of the caller.
"""

from __future__ import annotations

import sqlite3

from relay.core.posts import Rumor, RumorState
from relay.store import trail

COLUMNS = "id, inbound_id, sender, place_id, text, state, told_at, note, changed_at"


def add(
    tx: sqlite3.Connection,
    now: int,
    *,
    inbound_id: int | None,
    sender: str,
    place_id: int | None,
    text: str,
    source: str,
) -> int:
    """Its number, which is read out as R12."""
    row = tx.execute(
        "INSERT INTO rumor (inbound_id, sender, place_id, text, state, told_at)"
        " VALUES (?, ?, ?, ?, 'NEW', ?) RETURNING id",
        (inbound_id, sender, place_id, text, now),
    ).fetchone()
    trail.note(tx, now, "rumor", row[0], "Heard", None, RumorState.NEW, source)
    return int(row[0])


def count(tx: sqlite3.Connection, since: int, sender: str | None = None) -> int:
    """How many were told since then (epoch ms), by one sender or by all."""
    row = tx.execute(
        "SELECT count(*) FROM rumor WHERE told_at > :since"
        " AND (:sender IS NULL OR sender = :sender)"
        " AND id > (SELECT coalesce(max(id), 0) FROM rumor) - 200",
        {"since": since, "sender": sender},
    ).fetchone()
    return int(row[0])


def get(tx: sqlite3.Connection, rumor_id: int) -> Rumor | None:
    row = tx.execute(f"SELECT {COLUMNS} FROM rumor WHERE id = ?", (rumor_id,)).fetchone()
    return rumor(row) if row else None


def newest(tx: sqlite3.Connection, limit: int, *, every: bool) -> list[Rumor]:
    """The newest first; those that are not settled, or `every` one."""
    where = "" if every else "WHERE state = 'NEW' OR state = 'CHECKING'"
    rows = tx.execute(f"SELECT {COLUMNS} FROM rumor {where} ORDER BY id DESC LIMIT ?", (limit,))
    return [rumor(row) for row in rows.fetchall()]


def rumor(row: sqlite3.Row) -> Rumor:
    return Rumor(**(dict(row) | {"state": RumorState(row["state"])}))


def settle(
    tx: sqlite3.Connection, now: int, rumor_id: int, state: RumorState, note: str, source: str
) -> bool:
    """What was found out; an empty note leaves the old one. False if there is no such rumor."""
    before = get(tx, rumor_id)
    if before is None:
        return False
    tx.execute(
        "UPDATE rumor SET state = ?, note = ?, changed_at = ? WHERE id = ?",
        (state, note or before.note, now, rumor_id),
    )
    trail.note(tx, now, "rumor", rumor_id, "Settled", before.state, state, source)
    return True
