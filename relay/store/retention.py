"""Forgetting: only finished rows, only after their time, and in small steps."""

from __future__ import annotations

import sqlite3

from relay.store import blanking, custody, reminders
from relay.store.database import Database

_STEP = 200
_INBOUND = (
    "FROM inbound WHERE finished_at < ? AND state IN ('FORWARDED', 'PARKED')"
    " AND (state = 'FORWARDED' OR kind <> 'text' OR reason LIKE '%repeated')"
)
_OUTBOUND = (
    "FROM outbound WHERE finished_at < ? AND NOT EXISTS (SELECT 1 FROM"
    " status_update WHERE outbound_id = outbound.id AND told_at IS NULL AND parked = 0)"
)


def prune(db: Database, finished_before: int) -> int:
    """Delete up to a few hundred finished messages and reminders; how many. Call again until 0.

    Unforwarded, unsent and untold rows are never touched. Of a message that a server handed
    out, its id and last status stay: it must not be sent again if the server repeats itself.
    """
    with db.transaction() as tx:
        return (
            _prune_inbound(tx, finished_before)
            + _prune_outbound(tx, finished_before)
            + _prune_loose(tx, finished_before)
            + reminders.forget(tx, finished_before)
        )


def count(db: Database, finished_before: int) -> int:
    """How many messages `prune` would forget in all."""
    return sum(
        int(db.value(f"SELECT count(*) {what}", (finished_before,)))
        for what in (_INBOUND, _OUTBOUND)
    )


def _prune_inbound(tx: sqlite3.Connection, before: int) -> int:
    ids = _ids(tx, f"SELECT id {_INBOUND}", before)
    blanking.blank_readings(tx, ids)
    for inbound_id in ids:
        tx.execute(
            "DELETE FROM audit WHERE subject = 'raw' AND subject_id IN"
            " (SELECT id FROM raw_pdu WHERE inbound_id = ?)",
            (inbound_id,),
        )
        tx.execute("DELETE FROM raw_pdu WHERE inbound_id = ?", (inbound_id,))
        tx.execute("DELETE FROM forwarding WHERE inbound_id = ?", (inbound_id,))
        tx.execute("DELETE FROM audit WHERE subject = 'inbound' AND subject_id = ?", (inbound_id,))
        custody.forget(tx, inbound_id)
        tx.execute("DELETE FROM answer WHERE inbound_id = ?", (inbound_id,))
        tx.execute("DELETE FROM inbound WHERE id = ?", (inbound_id,))
    return len(ids)


def _prune_outbound(tx: sqlite3.Connection, before: int) -> int:
    ids = _ids(tx, f"SELECT id {_OUTBOUND}", before)
    for outbound_id in ids:
        tx.execute(
            "INSERT OR IGNORE INTO tombstone SELECT server, server_id, status FROM outbound"
            " WHERE id = ? AND server <> ''",
            (outbound_id,),
        )
        _prune_reports(tx, outbound_id)
        tx.execute(
            "DELETE FROM audit WHERE subject = 'part' AND subject_id IN"
            " (SELECT id FROM part WHERE outbound_id = ?)",
            (outbound_id,),
        )
        for table in ("part", "status_update", "held"):
            tx.execute(f"DELETE FROM {table} WHERE outbound_id = ?", (outbound_id,))
        tx.execute(
            "DELETE FROM audit WHERE subject = 'outbound' AND subject_id = ?", (outbound_id,)
        )
        tx.execute("DELETE FROM outbound WHERE id = ?", (outbound_id,))
    return len(ids)


def _prune_loose(tx: sqlite3.Connection, before: int) -> int:
    """Status reports of which no message is known. What nobody could decode stays."""
    ids = _ids(
        tx,
        "SELECT raw_id FROM raw_pdu JOIN status_report ON raw_id = raw_pdu.id"
        " WHERE inbound_id IS NULL AND raw_pdu.kept_at < ? AND part_id IS NULL",
        before,
    )
    for raw_id in ids:
        tx.execute("DELETE FROM status_report WHERE raw_id = ?", (raw_id,))
        _forget_raw(tx, raw_id)
    return len(ids)


def _prune_reports(tx: sqlite3.Connection, outbound_id: int) -> None:
    """Status reports and the raw PDUs that they came in."""
    raws = tx.execute(
        "DELETE FROM status_report WHERE part_id IN (SELECT id FROM part WHERE outbound_id = ?)"
        " RETURNING raw_id",
        (outbound_id,),
    ).fetchall()
    for (raw_id,) in raws:
        _forget_raw(tx, raw_id)


def _forget_raw(tx: sqlite3.Connection, raw_id: int) -> None:
    tx.execute("DELETE FROM audit WHERE subject = 'raw' AND subject_id = ?", (raw_id,))
    tx.execute("DELETE FROM raw_pdu WHERE id = ?", (raw_id,))


def _ids(tx: sqlite3.Connection, sql: str, before: int) -> list[int]:
    return [row[0] for row in tx.execute(f"{sql} LIMIT {_STEP}", (before,))]
