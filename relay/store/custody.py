"""The chain of custody in the store: each thing that came in gets its number as it becomes known.

What counts: every message, also one that is set aside (a repetition, a picture notice, a cell
broadcast), when it is complete; and every SMS that nobody could read. What does not: parts that
wait for others, status reports, relay's own test messages and its own notices.
"""

from __future__ import annotations

import logging
import os
import sqlite3

from relay.core import custody as chain
from relay.core.custody import Head, Link
from relay.log import event

_log = logging.getLogger("relay.custody")

# What the chain vouches for. Times that relay may date anew are not in it.
CONTENT = "uuid, kind, sender, text, sc_time, modem, sim, total"
UNREAD = "SELECT id, kept_at, pdu, modem, sim FROM raw_pdu WHERE state = 'UNDECODABLE'"
Values = tuple[str | int | None, ...]

INSERT = (
    "INSERT INTO custody (no, inbound_id, raw_id, stamp, salt, commitment, chain)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def take(tx: sqlite3.Connection, now: int, inbound_id: int) -> None:
    """Number a message that is complete; in the transaction that makes it so."""
    row = tx.execute(f"SELECT {CONTENT} FROM inbound WHERE id = ?", (inbound_id,)).fetchone()
    _take(tx, now, "inbound", inbound_id, tuple(row))


def take_unread(tx: sqlite3.Connection, now: int, raw_id: int) -> None:
    """Number an SMS that could not be read."""
    row = tx.execute("SELECT pdu, modem, sim FROM raw_pdu WHERE id = ?", (raw_id,)).fetchone()
    _take(tx, now, "raw", raw_id, tuple(row))


def _take(
    tx: sqlite3.Connection,
    now: int,
    subject: str,
    row_id: int,
    values: Values,
) -> None:
    """A message that is read once more after a salvage keeps its link. Whatever the chain has
    suffered, the message goes on: the audit names one without a number."""
    if tx.execute(f"SELECT 1 FROM custody WHERE {subject}_id = ?", (row_id,)).fetchone():
        return
    salt = os.urandom(chain.SALT_OCTETS)
    try:
        link = chain.joined(head(tx), now, chain.commitment(salt, chain.content(values)))
        tx.execute(INSERT, record(link, subject, row_id, salt))
    except (OverflowError, sqlite3.IntegrityError) as error:
        _log.error(event("custody.not_taken", subject=subject, id=row_id, error=str(error)))


def record(link: Link, subject: str, row_id: int, salt: bytes) -> tuple[object, ...]:
    """The values of INSERT."""
    inbound = row_id if subject == "inbound" else None
    raw = row_id if subject == "raw" else None
    return (link.no, inbound, raw, link.stamp, salt, link.commitment, link.chain)


def head(tx: sqlite3.Connection) -> Head:
    """How far the chain has come."""
    row = tx.execute("SELECT no, chain FROM custody ORDER BY no DESC LIMIT 1").fetchone()
    return Head(0, chain.START) if row is None else Head(row[0], row[1])


def forget(tx: sqlite3.Connection, inbound_id: int) -> None:
    """The message is forgotten after its time: its link stays, and how it ended."""
    tx.execute(
        "UPDATE custody SET salt = NULL, gone = (SELECT state FROM inbound WHERE id = ?)"
        " WHERE inbound_id = ? AND gone IS NULL",
        (inbound_id, inbound_id),
    )


def erase(tx: sqlite3.Connection, now: int, subject: str, row_id: int, who: str) -> None:
    """The content goes by a person's wish: its link says by whom and when."""
    tx.execute(
        "UPDATE custody SET salt = NULL, gone = 'ERASED', gone_at = ?, gone_by = ?"
        f" WHERE {subject}_id = ?",
        (now, who, row_id),
    )
