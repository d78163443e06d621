"""Removing the words of finished messages before the messages themselves are forgotten.

The row stays, with its number, its times and how it ended, and so do the figures; what was said
is gone from the message, its parts and its raw PDUs. The hash of a PDU stays: what the network
repeats is still known. What is not finished keeps its words.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from relay.store import custody
from relay.store.database import Database

_STEP = 200

_INBOUND = (
    "FROM inbound WHERE finished_at >= ? AND finished_at < ? AND text IS NOT NULL"
    " AND (state = 'FORWARDED'"
    "  OR state = 'PARKED' AND (kind <> 'text' OR reason LIKE '%repeated'))"
)
_OUTBOUND = (
    "FROM outbound WHERE finished_at >= ? AND finished_at < ? AND text <> ''"
    " AND NOT EXISTS (SELECT 1 FROM status_update WHERE outbound_id = outbound.id"
    "  AND told_at IS NULL AND parked = 0)"
    " AND NOT EXISTS (SELECT 1 FROM part WHERE outbound_id = outbound.id"
    "  AND state IN ('QUEUED', 'SUBMITTING', 'UNCERTAIN'))"  # of a message that failed in part
)


def blank(db: Database, since: int, before: int) -> int:
    """Remove the words of a few hundred messages that finished in this time (epoch ms); of how
    many. Call again until it is 0."""
    with db.transaction() as tx:
        incoming = _ids(tx, _INBOUND, since, before)
        outgoing = _ids(tx, _OUTBOUND, since, before)
        _blank_inbound(tx, incoming)
        blank_readings(tx, incoming)
        _blank_outbound(tx, outgoing)
    return len(incoming) + len(outgoing)


def count(db: Database, since: int, before: int) -> int:
    """Of how many messages the words would go."""
    return sum(
        int(db.value(f"SELECT count(*) {what}", (since, before))) for what in (_INBOUND, _OUTBOUND)
    )


def _blank_inbound(tx: sqlite3.Connection, ids: list[int]) -> None:
    for one in ids:
        tx.execute("UPDATE raw_pdu SET pdu = '' WHERE inbound_id = ?", (one,))
        custody.forget(tx, one)  # the chain stays whole, and vouches no longer for what is gone
        tx.execute("UPDATE inbound SET text = NULL WHERE id = ?", (one,))


# What forms have read of a message: its numbers are figures, all else is somebody's words.
_FIGURES = (
    "coalesce((SELECT json_group_object(key, CASE type WHEN 'object' THEN json(value)"
    " ELSE value END) FROM json_each(fields) WHERE type IN ('integer', 'real', 'object')), '{}')"
)


def blank_readings(tx: sqlite3.Connection, inbound_ids: Sequence[int]) -> None:
    """What rules have taken over from messages whose words go: of reports only figures stay. A
    rumor that nobody has looked into yet keeps its words."""
    read = json.dumps(list(inbound_ids))
    tx.execute(
        f"UPDATE form_report SET fields = {_FIGURES}, digest = ''"
        " WHERE inbound_id IN (SELECT value FROM json_each(?))",
        (read,),
    )
    tx.execute(
        "UPDATE rumor SET text = '' WHERE inbound_id IN (SELECT value FROM json_each(?))"
        " AND state NOT IN ('NEW', 'CHECKING')",
        (read,),
    )


def _blank_outbound(tx: sqlite3.Connection, ids: list[int]) -> None:
    for one in ids:
        tx.execute("UPDATE part SET pdu = '' WHERE outbound_id = ?", (one,))
        tx.execute("UPDATE outbound SET text = '' WHERE id = ?", (one,))


def _ids(tx: sqlite3.Connection, what: str, since: int, before: int) -> list[int]:
    rows = tx.execute(f"SELECT id {what} LIMIT {_STEP}", (since, before))
    return [row[0] for row in rows]
