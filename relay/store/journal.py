"""The journal of interventions: written before something is done, with its outcome after it.

So a person who comes later sees what was typed, also where the power went away in the middle.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from relay.store.database import Database
from relay.store.reading import Reader

KEPT = 10_000
# The outcome of what has begun; it stays where relay ended before it was over.
BEGUN = "begun"


@dataclass(frozen=True, slots=True)
class Entry:
    """`at` is epoch ms; `what` one word (at, ussd, pause, …), `detail` without numbers."""

    id: int
    at: int
    who: str
    what: str
    detail: str
    outcome: str


def note(
    where: Database | sqlite3.Connection,
    now: int,
    who: str,
    what: str,
    detail: str = "",
    outcome: str = BEGUN,
) -> int:
    """Write one down, in a transaction that is open or in one of its own; its id.

    The caller masks numbers and leaves out texts, PINs and passwords.
    """
    if isinstance(where, Database):
        with where.transaction() as tx:
            return note(tx, now, who, what, detail, outcome)
    row = where.execute(
        "INSERT INTO journal (at, who, what, detail, outcome) VALUES (?, ?, ?, ?, ?)",
        (now, who, what, detail, outcome),
    )
    return int(row.lastrowid or 0)


def settle(db: Database, entry_id: int, outcome: str) -> None:
    """How it went."""
    with db.transaction() as tx:
        tx.execute("UPDATE journal SET outcome = ? WHERE id = ?", (outcome, entry_id))


def forget(db: Database) -> None:
    """Keep the last ones: a console that is asked each minute fills no disk in years."""
    with db.transaction() as tx:
        tx.execute("DELETE FROM journal WHERE id <= (SELECT max(id) FROM journal) - ?", (KEPT,))


def latest(reader: Reader, limit: int) -> Sequence[Entry]:
    """The last ones, the newest first."""
    rows = reader.query(
        "SELECT id, at, who, what, detail, outcome FROM journal ORDER BY id DESC LIMIT ?",
        (limit,),
    )
    return [Entry(*row) for row in rows]
