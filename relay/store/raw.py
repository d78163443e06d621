"""Raw PDUs: kept byte for byte, and marked with what became of them. Inside a transaction."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from relay.core.inbound import RAW_TRANSITIONS, Decoded, NotDecodable, RawState
from relay.core.machine import step
from relay.core.pdu import Deliver, Pdu, decode
from relay.errors import PduError
from relay.store import custody, trail

_GONE_MS = 600_000  # many sweeps
CUT = " cut"  # ends `via` of what the modem did not say to its end


@dataclass(frozen=True, slots=True)
class Arrival:
    """A PDU as it came from a modem. `via` is SM:3, ME:0, CMT, CDS …; `sim` the ICCID or ''."""

    pdu: str = field(repr=False)
    modem: str
    sim: str
    via: str


def keep(tx: sqlite3.Connection, now: int, arrival: Arrival) -> bool:
    """Store one PDU; False if it was there already (then it is only counted as seen again)."""
    digest = hashlib.sha256(arrival.pdu.upper().encode("utf-8", "replace")).hexdigest()
    known = _last_seen(tx, arrival, digest)
    if known is not None:
        if now - known["seen_at"] <= _GONE_MS or _dated(arrival.pdu):
            tx.execute(
                "UPDATE raw_pdu SET sightings = sightings + 1, seen_at = ? WHERE id = ?",
                (now, known["id"]),
            )
            return False
        digest = f"{digest}:{now}"
    row = tx.execute(
        "INSERT INTO raw_pdu (hash, sim, pdu, state, modem, via, kept_at, seen_at)"
        " VALUES (?, ?, ?, 'KEPT', ?, ?, ?, ?) RETURNING id",
        (digest, arrival.sim, arrival.pdu, arrival.modem, arrival.via, now, now),
    ).fetchone()
    trail.note(tx, now, "raw", row[0], "Kept", None, "KEPT", f"{arrival.modem} {arrival.via}")
    return True


def _last_seen(tx: sqlite3.Connection, arrival: Arrival, digest: str) -> sqlite3.Row | None:
    """The newest row with these bytes. Where the SIM could not be read, any SIM matches."""
    row: sqlite3.Row | None = tx.execute(
        "SELECT id, seen_at FROM raw_pdu WHERE hash >= ? AND hash < ? || ';'"
        " AND (sim = ? OR sim = '' OR ? = '') ORDER BY seen_at DESC LIMIT 1",
        (digest, digest, arrival.sim, arrival.sim),
    ).fetchone()
    return row


def by_sc_time(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """As they were sent, by the service centre's clock; undated ones stay where they are."""
    last, dated = 0, []
    for arrival in arrivals:
        last = _sc_time(arrival.pdu) or last
        dated.append((last, arrival))
    return [arrival for _, arrival in sorted(dated, key=lambda pair: pair[0])]


def newest_stamp(arrivals: Sequence[Arrival]) -> int:
    """When the service centre had the last of them (epoch ms), 0 where it does not say."""
    return max((_sc_time(arrival.pdu) or 0 for arrival in arrivals), default=0)


def _dated(pdu: str) -> bool:
    """Whether the service centre's time tells two messages with the same words apart.

    A slot that cannot be freed is seen at every sweep. Without a time stamp, the same bytes
    after a long absence are somebody's next YES, not the same one.
    """
    return _sc_time(pdu) != 0


def _sc_time(pdu: str) -> int | None:
    """The time stamp of an SMS-DELIVER, 0 where it has none; None for everything else."""
    try:
        message = decode(pdu)
    except PduError:
        return None
    return message.sc_time or 0 if isinstance(message, Deliver) else None


def read(pdu: str, via: str) -> Pdu:
    """What a kept PDU says. Raises `PduError` where nobody can tell, or where its end is missing:
    a report without its last figures is another report.
    """
    if via.endswith(CUT):
        raise PduError(pdu, "the modem did not say it to its end")
    return decode(pdu)


def decoded(tx: sqlite3.Connection, raw_id: int) -> None:
    state = step(RAW_TRANSITIONS, RawState.KEPT, Decoded())
    tx.execute("UPDATE raw_pdu SET state = ?, reason = NULL WHERE id = ?", (state, raw_id))


def undecodable(tx: sqlite3.Connection, now: int, raw_id: int, reason: str) -> None:
    """The row stays, with the reason; a later relay may read it."""
    state = step(RAW_TRANSITIONS, RawState.KEPT, NotDecodable(reason))
    tx.execute("UPDATE raw_pdu SET state = ?, reason = ? WHERE id = ?", (state, reason, raw_id))
    trail.note(tx, now, "raw", raw_id, "NotDecodable", "KEPT", state, reason)
    trail.count(tx, now, "undecodable")
    custody.take_unread(tx, now, raw_id)


def link(tx: sqlite3.Connection, raw_id: int, inbound_id: int, seq: int) -> None:
    """This PDU is part `seq` of that message."""
    tx.execute(
        "UPDATE raw_pdu SET inbound_id = ?, seq = ? WHERE id = ?", (inbound_id, seq, raw_id)
    )


def repeated(tx: sqlite3.Connection, raw_id: int, inbound_id: int) -> None:
    """The network brought a part twice: kept, and not joined a second time."""
    tx.execute(
        "UPDATE raw_pdu SET inbound_id = ?, reason = 'part.repeated' WHERE id = ?",
        (inbound_id, raw_id),
    )
