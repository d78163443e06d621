"""The airtime ledger: what was handed to the network, row by row, in the commit that says so.

A submission of which nobody knows the outcome is a row of its own until that is settled; if it
never is, the row says that it may have been charged. Inside a transaction of the caller.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from relay.core.number import prefix
from relay.core.outbound import (
    Accepted,
    Event,
    FoundAtStart,
    FoundSent,
    FoundUnsent,
    NoAnswer,
    Part,
    PartState,
    PortLost,
    ReportDelivered,
    ReportFailed,
    ReportTrying,
)
from relay.store.reading import Reader

_DOUBTS = (NoAnswer, PortLost, FoundAtStart)
_PROOFS = (FoundSent, ReportTrying, ReportDelivered, ReportFailed)
_LATEST = (
    "id = (SELECT id FROM segment WHERE outbound_id = ? AND seq = ? ORDER BY nth DESC LIMIT 1)"
)


def note(tx: sqlite3.Connection, now: int, part: Part, event: Event) -> None:
    """What `event` means for the bill; `part` as it was before."""
    if isinstance(event, Accepted):
        _enter(tx, part.submitted_at or now, part, charged=True)
    elif isinstance(event, _DOUBTS):
        _enter(tx, part.submitted_at or now, part, charged=False)
    elif part.state is PartState.ACCEPTED:
        return  # the network took it long ago
    elif isinstance(event, _PROOFS):
        tx.execute(f"UPDATE segment SET charged = 1 WHERE {_LATEST}", (part.outbound_id, part.seq))
    elif isinstance(event, FoundUnsent):
        tx.execute(
            f"DELETE FROM segment WHERE {_LATEST} AND charged = 0", (part.outbound_id, part.seq)
        )


def _enter(tx: sqlite3.Connection, at: int, part: Part, *, charged: bool) -> None:
    row = tx.execute(
        "SELECT server, recipient FROM outbound WHERE id = ?", (part.outbound_id,)
    ).fetchone()
    price, currency = _price(tx, part.modem or "")
    tx.execute(
        "INSERT INTO segment"
        " (outbound_id, seq, nth, at, charged, modem, server, prefix, price, currency)"
        " VALUES (?, ?, (SELECT coalesce(max(nth), 0) + 1 FROM segment"
        " WHERE outbound_id = ? AND seq = ?), ?, ?, ?, ?, ?, ?, ?)",
        (
            part.outbound_id, part.seq, part.outbound_id, part.seq, at, charged,
            part.modem or "", row["server"], prefix(row["recipient"]), price, currency,
        ),
    )  # fmt: skip


def _price(tx: sqlite3.Connection, modem: str) -> tuple[int | None, str]:
    """What an SMS of this modem costs now, in micros, as far as relay knows."""
    row = tx.execute("SELECT value FROM fact WHERE key = ?", (f"modem.{modem}.price",)).fetchone()
    known = json.loads(row["value"]) if row else None
    if not isinstance(known, dict):
        return None, ""
    micros = known.get("micros")
    return micros if isinstance(micros, int) else None, str(known.get("currency", ""))


# --- the bill -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """The segments of one server, modem and prefix in a month. `cost` is in micros.

    `unpriced` were sent before any price was known; `doubtful` may have been sent, and `cost`
    is without both.
    """

    server: str
    modem: str
    prefix: str
    currency: str
    segments: int
    doubtful: int
    unpriced: int
    cost: int


def bill(reader: Reader, since: int, until: int) -> list[Line]:
    """What was sent from `since` on and before `until` (epoch ms)."""
    rows = reader.query(
        "SELECT server, modem, prefix, currency, sum(charged) AS segments,"
        " sum(charged = 0) AS doubtful, sum(charged AND price IS NULL) AS unpriced,"
        " coalesce(sum(CASE WHEN charged THEN price END), 0) AS cost"
        " FROM segment WHERE at >= ? AND at < ? GROUP BY server, modem, prefix, currency"
        " ORDER BY server, modem, prefix, currency",
        (since, until),
    )
    return [Line(*row) for row in rows]
