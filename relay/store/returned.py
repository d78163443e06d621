"""What a receipt from the server means for the rows of this station."""

from __future__ import annotations

import json
import sqlite3

from relay.core.bundle import Receipt
from relay.core.cht import Answer
from relay.store.database import Database
from relay.store.exchanges import Exchanges, Settled
from relay.store.outbox import Outbox


def apply(
    db: Database, now: int, exchanges: Exchanges, outbox: Outbox, receipt: Receipt, digest: str
) -> Settled:
    """Settle what it acknowledges, and take what the server hands out: in one transaction, and to
    the same end however often it comes."""
    with db.transaction() as tx:
        again = tx.execute("SELECT 1 FROM bundle WHERE hash = ?", (digest,)).fetchone()
        settled = exchanges.answered(
            now, _reports(tx, receipt), _updates(tx, receipt), Answer(receipt.handouts)
        )
        if again is None:
            for outbound_id in _overtaken(tx, receipt):
                outbox.tell_again(now, outbound_id)
        return settled


def _reports(tx: sqlite3.Connection, receipt: Receipt) -> list[int]:
    rows = tx.execute(
        "SELECT inbound_id FROM inbound JOIN forwarding ON inbound.id = inbound_id"
        " WHERE uuid IN (SELECT value FROM json_each(?)) AND server = ?"
        " AND forwarding.state = 'WAITING' ORDER BY inbound_id",
        (json.dumps(receipt.acknowledged), receipt.header.server),
    )
    return [row[0] for row in rows]


def _updates(tx: sqlite3.Connection, receipt: Receipt) -> list[int]:
    return [one[0] for one in _named(tx, receipt) if one[2] is None]


def _named(tx: sqlite3.Connection, receipt: Receipt) -> list[tuple[int, int, int | None]]:
    """Row, message and told_at of the statuses that are what the receipt says they are."""
    found = []
    for name in receipt.told:
        row = tx.execute(
            "SELECT status_update.id, outbound_id, told_at FROM status_update"
            " JOIN outbound ON outbound.id = outbound_id"
            " WHERE status_update.id = ? AND server_id = ? AND status_update.status = ?"
            " AND status_update.server = ?",
            (*name, receipt.header.server),
        ).fetchone()
        if row is not None:
            found.append(tuple(row))
    return found


def _overtaken(tx: sqlite3.Connection, receipt: Receipt) -> list[int]:
    """Messages of which the server heard a later status over the net, and then an old one from
    the stick: it overwrites without looking, and must hear the last again."""
    latest: dict[int, int] = {}
    for row, outbound_id, _ in _named(tx, receipt):
        latest[outbound_id] = max(row, latest.get(outbound_id, 0))
    return [
        outbound_id
        for outbound_id, row in latest.items()
        if tx.execute(
            "SELECT 1 FROM status_update WHERE outbound_id = ? AND id > ? AND told_at IS NOT NULL",
            (outbound_id, row),
        ).fetchone()
    ]
