"""Which messages are still owed an answer. A message is answered once, in one commit."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from relay.core.plain import DAY
from relay.store import allowances, occasions, questions
from relay.store.database import Database

_QUESTIONS_KEPT_MS = 90 * DAY
# Longer than any rule looks back: a pregnancy, the rest after a blood donation, a yearly campaign.
_OCCASIONS_KEPT_MS = 800 * DAY


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A message of the inbox that the community rules have not seen yet."""

    inbound_id: int
    number: str
    text: str
    kept_at: int


def owe(tx: sqlite3.Connection, inbound_id: int) -> None:
    """Inside the transaction that makes it a message."""
    tx.execute("INSERT INTO answer (inbound_id, state) VALUES (?, 'WAITING')", (inbound_id,))


def oldest(db: Database) -> Unanswered | None:
    """The message whose turn it is: they are answered in the order in which they came."""
    rows = db.query(
        "SELECT inbound_id, sender AS number, coalesce(text, '') AS text, kept_at FROM answer"
        " JOIN inbound ON inbound.id = inbound_id WHERE answer.state = 'WAITING'"
        " ORDER BY inbound_id LIMIT 1"
    )
    return Unanswered(**dict(rows[0])) if rows else None


def take(tx: sqlite3.Connection, now: int, inbound_id: int) -> bool:
    """Mark it answered, before anything is written; False if somebody else has."""
    done = tx.execute(
        "UPDATE answer SET state = 'ANSWERED', at = ? WHERE inbound_id = ? AND state = 'WAITING'",
        (now, inbound_id),
    )
    return done.rowcount == 1


def settle(tx: sqlite3.Connection, inbound_id: int, by: str, outbound_id: int | None) -> None:
    """Which rule took it, and the answer that went out, if there is one."""
    tx.execute(
        "UPDATE answer SET by = ?, outbound_id = ? WHERE inbound_id = ?",
        (by, outbound_id, inbound_id),
    )


def let_go(tx: sqlite3.Connection, now: int) -> int:
    """No rules are switched on: what still waits is not answered later; how many."""
    return tx.execute(
        "UPDATE answer SET state = 'ANSWERED', by = 'off', at = ? WHERE state = 'WAITING'", (now,)
    ).rowcount


def forget(tx: sqlite3.Connection, now: int) -> None:
    """What no rule asks for any more."""
    questions.forget(tx, now - _QUESTIONS_KEPT_MS)
    occasions.forget(tx, now - _OCCASIONS_KEPT_MS)
    allowances.forget(tx, now - DAY)
