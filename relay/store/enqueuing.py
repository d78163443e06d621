"""A message on its way into the outbox: its row, its parts, and what it replaces.

Every function runs inside a transaction that its caller holds.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from relay.core.fold import ChtStatus
from relay.core.number import dialable
from relay.core.outbound import Superseded
from relay.core.segment import compose
from relay.errors import TextError
from relay.store import loops, parts, trail


@dataclass(frozen=True, slots=True)
class Composition:
    """How texts become SMS-SUBMITs: validity (seconds), reports, national tables, size limit."""

    validity_s: int | None = 72 * 3600
    report: bool = True
    national: tuple[str, ...] = ()
    max_parts: int = 255


@dataclass(frozen=True, slots=True)
class Order:
    """A message that is to be sent, and how. Times are epoch milliseconds.

    It is not sent before `not_before`, nor after `useful_until`. A newer one with the same `key`
    to the same recipient replaces it while nothing of it has left.
    """

    recipient: str
    text: str
    priority: int = 0
    not_before: int | None = None
    useful_until: int | None = None
    key: str | None = None


def insert(
    tx: sqlite3.Connection, now: int, order: Order, server: str, server_id: str | None
) -> int:
    """The row of the message; its id."""
    row = tx.execute(
        "INSERT INTO outbound (server, server_id, recipient, text, status, priority, created_at,"
        " not_before, useful_until, key) VALUES (?, coalesce(?, 'local-' || hex(randomblob(8))),"
        " ?, ?, 'UNSENT', ?, ?, ?, ?, ?) RETURNING id",
        (
            server, server_id, _storable(order.recipient), _storable(order.text), order.priority,
            now, order.not_before, order.useful_until, order.key,
        ),
    ).fetchone()  # fmt: skip
    trail.note(tx, now, "outbound", row[0], "Enqueued", None, "UNSENT", server or "here")
    return int(row[0])


def insert_parts(tx: sqlite3.Connection, how: Composition, outbound_id: int, order: Order) -> None:
    """Its parts, composed and queued. Raises `NumberError` or `TextError`, and stores nothing."""
    number = dialable(order.recipient)
    pdus = _compose(tx, how, outbound_id, number, order.text)
    tx.executemany(
        "INSERT INTO part (outbound_id, seq, total, pdu, state, number, priority, not_before,"
        " useful_until) VALUES (?, ?, ?, ?, 'QUEUED', ?, ?, ?, ?)",
        [
            (
                outbound_id, seq, len(pdus), pdu, number, order.priority, order.not_before,
                order.useful_until,
            )
            for seq, pdu in enumerate(pdus, 1)
        ],
    )  # fmt: skip


def address_parts(tx: sqlite3.Connection, outbound_id: int) -> None:
    """Parts of a relay that knew no lines of recipients, and that wait once more."""
    (recipient,) = tx.execute(
        "SELECT recipient FROM outbound WHERE id = ?", (outbound_id,)
    ).fetchone()
    tx.execute(
        "UPDATE part SET number = ? WHERE outbound_id = ? AND number = ''",
        (dialable(recipient), outbound_id),
    )


def supersede(tx: sqlite3.Connection, now: int, outbound_id: int, order: Order) -> None:
    """What waits with the same key for the same recipient gives way to this message.

    Of what is or was at the radio nothing is taken back.
    """
    if order.key is None:
        return
    older = tx.execute(
        "SELECT id FROM outbound WHERE key = ? AND recipient = ? AND finished_at IS NULL"
        " AND status = 'UNSENT' AND id < ?",
        (order.key, order.recipient, outbound_id),
    ).fetchall()
    gone = Superseded(f"MSG_SUPERSEDED: out {outbound_id} took its place")
    for row in older:
        waiting = parts.load(tx, "outbound_id = ? AND state = 'QUEUED'", (row["id"],))
        parts.advance_together(tx, now, waiting, gone)
        if loops.let_go(tx, row["id"]):
            parts.set_status(tx, now, row["id"], ChtStatus.FAILED, gone.reason, gone)


def _compose(
    tx: sqlite3.Connection, how: Composition, outbound_id: int, number: str, text: str
) -> tuple[str, ...]:
    pdus = _pdus(how, number, text, concat_ref=0)
    if len(pdus) > how.max_parts:
        raise TextError("text.too_long", f"{len(pdus)} parts, more than the limit")
    if len(pdus) == 1:
        return pdus
    return _pdus(how, number, text, concat_ref=_next_ref(tx, number, outbound_id))


def _pdus(how: Composition, number: str, text: str, concat_ref: int) -> tuple[str, ...]:
    return compose(
        number,
        text,
        concat_ref=concat_ref,
        validity_s=how.validity_s,
        report=how.report,
        national=how.national,
    )


def _next_ref(tx: sqlite3.Connection, number: str, outbound_id: int) -> int:
    """The next 8-bit concatenation reference for this recipient, kept over restarts."""
    row = tx.execute(
        "INSERT INTO concat_ref (recipient, ref) VALUES (?, ?)"
        " ON CONFLICT (recipient) DO UPDATE SET ref = (ref + 1) % 256 RETURNING ref",
        (number, outbound_id % 256),
    ).fetchone()
    return int(row[0])


def _storable(text: str) -> str:
    """SQLite cannot hold a lone surrogate; the reason on the row says that there was one."""
    return text.encode("utf-8", "replace").decode("utf-8")
