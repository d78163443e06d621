"""The STOP of people of whom nothing else is kept: erased, or removed by staff.

Who has said STOP must not be written to again because a list is imported once more. So a mark of
the number stays, made with a key that only this store has (HMAC-SHA-256, RFC 2104): it answers
"is it this number?" and lists none. Whoever holds the store could still try all numbers.
"""

from __future__ import annotations

import hmac
import sqlite3

from relay.core.people import telling


def mark(key: str, number: str) -> str:
    """The same for every spelling of a number."""
    return hmac.new(bytes.fromhex(key), telling(number).encode(), "sha256").hexdigest()


def keep(tx: sqlite3.Connection, number: str, at: int) -> None:
    """They said STOP at that time (epoch ms)."""
    tx.execute(
        "INSERT INTO opt_out (mark, at) VALUES (?, ?)"
        " ON CONFLICT (mark) DO UPDATE SET at = max(at, excluded.at)",
        (_mark(tx, number), at),
    )


def holds(tx: sqlite3.Connection, number: str) -> bool:
    return _at(tx, number) is not None


def take(tx: sqlite3.Connection, number: str) -> int | None:
    """When it was said (epoch ms), as the number has a row of its own now; None if it was not."""
    at = _at(tx, number)
    if at is not None:
        tx.execute("DELETE FROM opt_out WHERE mark = ?", (_mark(tx, number),))
    return at


def _at(tx: sqlite3.Connection, number: str) -> int | None:
    if tx.execute("SELECT 1 FROM opt_out LIMIT 1").fetchone() is None:
        return None
    row = tx.execute("SELECT at FROM opt_out WHERE mark = ?", (_mark(tx, number),)).fetchone()
    return None if row is None else int(row[0])


def _mark(tx: sqlite3.Connection, number: str) -> str:
    return mark(key_of(tx), number)


def key_of(tx: sqlite3.Connection) -> str:
    """Of this station, in hexadecimal."""
    return str(tx.execute("SELECT value FROM meta WHERE key = 'opt_out_key'").fetchone()[0])
