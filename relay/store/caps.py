"""What was submitted lately, and whether a cap is reached. Rows: a restart forgets nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol

from relay.core.caps import DAY_MS, LONGEST_MS, Cap, Reached
from relay.core.priority import Priority
from relay.core.queueing import EVERYTHING, Selection

# What is at the radio may count any moment; then it is known whether there is room.
_ON_AIR_MS = 1_000


class Asked(Protocol):
    """The store as a reader or a writer sees it."""

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[sqlite3.Row]: ...

    def value(self, sql: str, params: Sequence[Any] = ()) -> Any: ...


def spend(tx: sqlite3.Connection, now: int, part_id: int) -> None:
    """A part was submitted: the network took it, or may have."""
    tx.execute("INSERT INTO submitted (at) VALUES (?)", (now,))
    tx.execute(
        "INSERT INTO reached (number, at) SELECT number, ? FROM part WHERE id = ?"
        " ON CONFLICT (number) DO UPDATE SET at = max(at, excluded.at)",
        (now, part_id),
    )


def lately(tx: sqlite3.Connection, now: int) -> list[int]:
    """When the last parts of a day were submitted (epoch ms), in order: the pace of a station."""
    rows = tx.execute(
        "SELECT at FROM submitted WHERE at > ? AND at <= ? ORDER BY at DESC LIMIT 60",
        (now - DAY_MS, now),
    )
    return [row[0] for row in rows][::-1]


def forget(tx: sqlite3.Connection, now: int) -> None:
    """What no cap asks for any more."""
    for table in ("submitted", "reached"):
        tx.execute(f"DELETE FROM {table} WHERE at < ?", (now - LONGEST_MS,))


def reached(store: Asked, now: int, caps: Sequence[Cap]) -> list[Reached]:
    """The caps that let nothing more through at the moment, in their order."""
    found = (_reached(store, now, cap) for cap in caps)
    return [one for one in found if one is not None]


def _reached(store: Asked, now: int, cap: Cap) -> Reached | None:
    since = now - cap.window_ms
    known = _known(store, since) if cap.recipients else None
    left = cap.limit - _on_air(store, known)
    if left <= 0:
        return Reached(cap, now + _ON_AIR_MS, known)
    table = "reached" if cap.recipients else "submitted"
    # The one that has to leave the window before there is room for another.
    at = store.value(
        f"SELECT at FROM {table} WHERE at > ? ORDER BY at DESC LIMIT 1 OFFSET ?",
        (since, left - 1),
    )
    return None if at is None else Reached(cap, at + cap.window_ms, known)


def _known(store: Asked, since: int) -> frozenset[str]:
    return frozenset(
        row["number"] for row in store.query("SELECT number FROM reached WHERE at > ?", (since,))
    )


def _on_air(store: Asked, known: frozenset[str] | None) -> int:
    """Parts, or numbers that are not `known` yet, of which nobody knows whether they count."""
    rows = store.query("SELECT number FROM part WHERE state = 'SUBMITTING'")
    return len(rows) if known is None else len({row["number"] for row in rows} - known)


def selection(store: Asked, now: int, caps: Sequence[Cap]) -> Selection:
    """What the caps leave: everything, or what is urgent or goes to a known number."""
    allowed = EVERYTHING
    for one in reached(store, now, caps):
        allowed &= (
            Selection(min_priority=Priority.ALERT, opens_at=one.opens_at)
            if one.known is None
            else Selection(only_to=one.known, opens_at=one.opens_at)
        )
    return allowed
