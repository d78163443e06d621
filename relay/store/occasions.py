"""Who was told what, and when: no number gets the same occasion of a rule twice.

The row is written in the commit that puts the message into the outbox. Inside a transaction.
"""

from __future__ import annotations

import sqlite3

from relay.core.people import same_person

# The rule of all answers; the occasion is the message that was answered.
ANSWER = "answer"


def known(tx: sqlite3.Connection, rule: str, occasion: str, number: str) -> bool:
    return bool(
        tx.execute(
            "SELECT 1 FROM occasion WHERE rule = ? AND occasion = ? AND number = ?",
            (rule, occasion, number),
        ).fetchone()
    )


def note(
    tx: sqlite3.Connection,
    now: int,
    rule: str,
    occasion: str,
    number: str,
    outbound_id: int | None,
) -> None:
    """This number has been told. A second row of the same kind is an error of the caller."""
    tx.execute(
        "INSERT INTO occasion (rule, occasion, number, outbound_id, at) VALUES (?, ?, ?, ?, ?)",
        (rule, occasion, number, outbound_id, now),
    )


def waiting(tx: sqlite3.Connection, number: str) -> list[int]:
    """The messages of any rule to this number, and answers, of which something has not left."""
    rows = tx.execute(
        "SELECT outbound_id FROM occasion JOIN outbound ON outbound.id = outbound_id"
        " WHERE number = ? AND finished_at IS NULL",
        (number,),
    )
    return [row[0] for row in rows]


def waiting_at_all(tx: sqlite3.Connection, number: str) -> list[int]:
    """The messages to this number, whoever sends them and however it is spelled, of which
    something has not left yet; also those that are held."""
    rows = tx.execute(
        "SELECT id, recipient FROM outbound WHERE finished_at IS NULL"
        " AND status IN ('UNSENT', 'PENDING')"
    )
    return [row[0] for row in rows if same_person(row[1], number)]


def waiting_of(tx: sqlite3.Connection, rule: str, occasion: str) -> list[int]:
    """The messages of one occasion of which something has not left yet."""
    rows = tx.execute(
        "SELECT outbound_id FROM occasion JOIN outbound ON outbound.id = outbound_id"
        " WHERE rule = ? AND occasion = ? AND finished_at IS NULL",
        (rule, occasion),
    )
    return [row[0] for row in rows]


def forget(tx: sqlite3.Connection, before: int) -> None:
    """Occasions so old that they cannot come again."""
    tx.execute("DELETE FROM occasion WHERE at < ?", (before,))
