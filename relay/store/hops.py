"""The hops of one message, gathered from its rows and from the trail of its changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from relay.core.causes import status_of
from relay.core.pdu import Deliver, decode
from relay.core.trace import Hop
from relay.errors import PduError
from relay.store.reading import Reader

# An order of its own within the same millisecond, and for hops that a foreign clock has dated.
_Dated = tuple[tuple[int, int], Hop]

_TO_US = "the networks"
_PARTS = "waiting for parts"
_HERE = "relay"
_FOR_SERVER = "waiting for the server"
_QUEUE = "waiting to be sent"
_MODEM = "the modem"
_DELIVERY = "delivery by the network"
_PERSON = "waiting for a person"


# --- in -----------------------------------------------------------------------------------------


def inbound(reader: Reader, inbound_id: int) -> list[Hop]:
    """From the service centre to the servers."""
    raws = reader.query(
        "SELECT pdu, seq, modem, via, kept_at, sightings FROM raw_pdu WHERE inbound_id = ?"
        " ORDER BY kept_at, id",
        (inbound_id,),
    )
    dated = [*_radio(raws), *_read(reader, inbound_id), *_forwarded(reader, inbound_id)]
    return [hop for _, hop in sorted(dated, key=lambda found: found[0])]


def _radio(raws: Sequence[sqlite3.Row]) -> Iterator[_Dated]:
    for raw in raws:
        part = f"part {raw['seq']} " if len(raws) > 1 and raw["seq"] else ""
        sc_time = _sc_time(raw["pdu"])
        if sc_time is not None:
            # Its own clock may be ahead of ours: the order is that of the things themselves.
            yield (
                (min(sc_time, raw["kept_at"]), 0),
                Hop(sc_time, f"{part}at the service centre", _TO_US, foreign=True),
            )
        yield (
            (raw["kept_at"], 1),
            Hop(raw["kept_at"], f"{part}kept, from modem {raw['modem']} {raw['via']}", _TO_US),
        )


def _sc_time(pdu: str) -> int | None:
    try:
        found = decode(pdu)
    except PduError:
        return None
    return found.sc_time if isinstance(found, Deliver) else None


_INBOUND_WORDS = {
    "Completed": ("read; all parts are here", _PARTS),
    "GaveUpWaiting": ("a part never came; it goes on with the gap marked", _PARTS),
    "Parked": ("set aside", _HERE),
    "Released": ("released by a person", _PERSON),
    "Forwarded": ("no server waits for it any more", _FOR_SERVER),
}


def _read(reader: Reader, inbound_id: int) -> Iterator[_Dated]:
    for row in _trail(reader, "inbound", inbound_id):
        what, leg = _INBOUND_WORDS.get(row["event"], (row["event"], _HERE))
        detail = f": {row['detail']}" if row["detail"] and row["event"] == "Parked" else ""
        order = 5 if row["event"] == "Forwarded" else 2
        yield (row["at"], order), Hop(row["at"], what + detail, leg)


def _forwarded(reader: Reader, inbound_id: int) -> Iterator[_Dated]:
    rows = reader.query(
        "SELECT server, forwarded_at FROM forwarding WHERE server IN (SELECT server FROM cursor)"
        " AND inbound_id = ? AND forwarded_at IS NOT NULL",
        (inbound_id,),
    )
    for row in rows:
        at = row["forwarded_at"]
        yield (at, 4), Hop(at, f"server {row['server']} has it", _FOR_SERVER)


# --- out ----------------------------------------------------------------------------------------


def outbound(reader: Reader, outbound_id: int) -> list[Hop]:
    """From the server, or from this machine, to the phone and back to the server."""
    parts = reader.query(
        "SELECT id, seq, total, modem, mr FROM part WHERE outbound_id = ? ORDER BY seq",
        (outbound_id,),
    )
    dated = [*_message(reader, outbound_id), *_told(reader, outbound_id)]
    for part in parts:
        dated += [*_sending(reader, part), *_reports(reader, part)]
    return [hop for _, hop in sorted(dated, key=lambda found: found[0])]


def _message(reader: Reader, outbound_id: int) -> Iterator[_Dated]:
    for row in _trail(reader, "outbound", outbound_id):
        what = {
            "Enqueued": f"stored, from {_origin(row['detail'])}",
            "UpdateParked": f"the server refused to hear {row['before']}: {row['detail']}",
        }.get(row["event"], row["event"])
        yield (row["at"], 0), Hop(row["at"], what, _HERE)


def _origin(server: str | None) -> str:
    return "this machine" if server in (None, "", "here") else f"server {server}"


_PART_WORDS = {
    "Claimed": ("claimed by modem {modem}", _QUEUE),
    "Accepted": ("accepted by the network{mr}", _MODEM),
    "NotStarted": ("not started", _MODEM),
    "RefusedForNow": ("refused for now", _MODEM),
    "RefusedForGood": ("refused for good", _MODEM),
    "NoAnswer": ("uncertain: no answer", _MODEM),
    "PortLost": ("uncertain: the port was lost", _MODEM),
    "FoundAtStart": ("uncertain: relay had been stopped", _MODEM),
    "FoundSent": ("the modem's memory says: sent", _MODEM),
    "FoundUnsent": ("the modem's memory says: not sent", _MODEM),
    "Resent": ("queued again, as nobody knows", _MODEM),
    "SentAnew": ("queued anew for another SIM; its own stays away", _MODEM),
    "Retried": ("queued again by hand", _PERSON),
    "Cancelled": ("cancelled", _QUEUE),
    "Expired": ("too old to be sent", _QUEUE),
    "Superseded": ("replaced by a newer message", _QUEUE),
    "ReportTrying": ("report: the network still tries", _DELIVERY),
    "ReportDelivered": ("report: delivered", _DELIVERY),
    "ReportFailed": ("report: failed", _DELIVERY),
    "ReportOverdue": ("no report came", _DELIVERY),
}


def _sending(reader: Reader, part: sqlite3.Row) -> Iterator[_Dated]:
    prefix = f"part {part['seq']} of {part['total']} " if part["total"] > 1 else ""
    reference = "" if part["mr"] is None else f", mr {part['mr']}"
    for row in _trail(reader, "part", part["id"]):
        what, leg = _PART_WORDS.get(row["event"], (row["event"], _HERE))
        words = what.format(modem=part["modem"], mr=reference)
        detail = f" ({row['detail']})" if row["detail"] else ""
        yield (row["at"], 2), Hop(row["at"], f"{prefix}{words}{detail}", leg)


def _reports(reader: Reader, part: sqlite3.Row) -> Iterator[_Dated]:
    rows = reader.query(
        "SELECT tp_st, discharge_time, kept_at FROM status_report WHERE part_id = ?",
        (part["id"],),
    )
    for row in rows:
        if row["discharge_time"] is not None:
            words = f"the service centre: {status_of(row['tp_st']).words}"
            yield (
                (row["kept_at"], 1),
                Hop(row["discharge_time"], words, _DELIVERY, foreign=True),
            )


def _told(reader: Reader, outbound_id: int) -> Iterator[_Dated]:
    rows = reader.query(
        "SELECT server, status, told_at FROM status_update"
        " WHERE outbound_id = ? AND told_at IS NOT NULL ORDER BY id",
        (outbound_id,),
    )
    for row in rows:
        words = f"server {row['server']} has heard {row['status']}"
        yield (row["told_at"], 3), Hop(row["told_at"], words, _FOR_SERVER)


def _trail(reader: Reader, subject: str, subject_id: int) -> list[sqlite3.Row]:
    return reader.query(
        "SELECT at, event, before, after, detail FROM audit"
        " WHERE subject = ? AND subject_id = ? ORDER BY id",
        (subject, subject_id),
    )
