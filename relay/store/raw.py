"""Raw PDUs: kept byte for byte, and marked with what became of them. Inside a transaction."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass, field

from relay.core.inbound import RAW_TRANSITIONS, Decoded, NotDecodable, RawState
from relay.core.machine import step
from relay.store import trail


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
    known = tx.execute(
        "UPDATE raw_pdu SET sightings = sightings + 1"
        " WHERE hash = ? AND (sim = ? OR sim = '' OR ? = '')",
        (digest, arrival.sim, arrival.sim),
    ).rowcount
    if known:
        return False
    row = tx.execute(
        "INSERT INTO raw_pdu (hash, sim, pdu, state, modem, via, kept_at)"
        " VALUES (?, ?, ?, 'KEPT', ?, ?, ?) RETURNING id",
        (digest, arrival.sim, arrival.pdu, arrival.modem, arrival.via, now),
    ).fetchone()
    trail.note(tx, now, "raw", row[0], "Kept", None, "KEPT", f"{arrival.modem} {arrival.via}")
    return True


def decoded(tx: sqlite3.Connection, raw_id: int) -> None:
    state = step(RAW_TRANSITIONS, RawState.KEPT, Decoded())
    tx.execute("UPDATE raw_pdu SET state = ?, reason = NULL WHERE id = ?", (state, raw_id))


def undecodable(tx: sqlite3.Connection, now: int, raw_id: int, reason: str) -> None:
    """The row stays, with the reason; a later relay may read it."""
    state = step(RAW_TRANSITIONS, RawState.KEPT, NotDecodable(reason))
    tx.execute("UPDATE raw_pdu SET state = ?, reason = ? WHERE id = ?", (state, reason, raw_id))
    trail.note(tx, now, "raw", raw_id, "NotDecodable", "KEPT", state, reason)
    trail.count(tx, now, "undecodable")


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
