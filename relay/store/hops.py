"""The hops of one message, gathered from its rows and from the trail of its changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from relay.core.causes import status_of
from relay.core.pdu import Deliver, decode
from relay.core.trace import Hop, Leg, Span, Sure
from relay.errors import PduError
from relay.store import pastime
from relay.store.pastime import Spans
from relay.store.reading import Reader

# An order of its own within the same millisecond, and for hops that a foreign clock has dated.
_Dated = tuple[tuple[int, int], Hop]

_PERSON = "a person had to decide"
_EXCHANGE = "the exchange"
_UNTIL = "until the next exchange"


# --- in -----------------------------------------------------------------------------------------


def inbound(reader: Reader, inbound_id: int) -> list[Hop]:
    """From the service centre to the servers."""
    raws = reader.query(
        "SELECT pdu, seq, modem, via, kept_at, sightings FROM raw_pdu WHERE inbound_id = ?"
        " ORDER BY kept_at, id",
        (inbound_id,),
    )
    dated = [*_radio(reader, raws), *_read(reader, inbound_id), *_forwarded(reader, inbound_id)]
    return [hop for _, hop in sorted(dated, key=lambda found: found[0])]


def _radio(reader: Reader, raws: Sequence[sqlite3.Row]) -> Iterator[_Dated]:
    for raw in raws:
        part = (raw["seq"] or 0) if len(raws) > 1 else 0
        name = f"part {part} " if part else ""
        sc_time = _sc_time(raw["pdu"])
        if sc_time is not None:
            # Its own clock may be ahead of ours: the order is that of the things themselves.
            yield (
                (min(sc_time, raw["kept_at"]), 0),
                Hop(
                    sc_time, f"{name}at the service centre", Leg.CARRIER, "other parts",
                    sure=Sure.NETWORK, part=part,
                ),
            )  # fmt: skip
        away = pastime.away(reader, raw["modem"], sc_time or raw["kept_at"], raw["kept_at"])
        within = tuple(Span(*span, Leg.MODEM, "it was away, or relay off") for span in away)
        words = f"{name}kept, from modem {raw['modem']} {raw['via']}"
        yield (
            (raw["kept_at"], 1),
            Hop(raw["kept_at"], words, Leg.CARRIER, "on its way", within, part=part),
        )


def _sc_time(pdu: str) -> int | None:
    try:
        found = decode(pdu)
    except PduError:
        return None
    return found.sc_time if isinstance(found, Deliver) else None


_INBOUND_WORDS = {
    "Completed": ("read; all parts are here", Leg.HERE, "to be read"),
    "GaveUpWaiting": (
        "a part never came; it goes on with the gap marked", Leg.CARRIER, "a part that never came"
    ),
    "Parked": ("set aside", Leg.HERE, ""),
    "Released": ("released by a person", Leg.HERE, _PERSON),
    "Erased": ("words and number removed by a person", Leg.HERE, _PERSON),
    "Forwarded": ("no server waits for it any more", Leg.NETWORK, ""),
}  # fmt: skip


def _read(reader: Reader, inbound_id: int) -> Iterator[_Dated]:
    for row in _trail(reader, "inbound", inbound_id):
        what, leg, why = _INBOUND_WORDS.get(row["event"], (row["event"], Leg.HERE, ""))
        detail = f": {row['detail']}" if row["detail"] and row["event"] == "Parked" else ""
        order = 5 if row["event"] == "Forwarded" else 2
        yield (row["at"], order), Hop(row["at"], what + detail, leg, why)


def _forwarded(reader: Reader, inbound_id: int) -> Iterator[_Dated]:
    rows = reader.query(
        "SELECT server, offered_at, forwarded_at FROM forwarding"
        " WHERE server IN (SELECT server FROM cursor)"
        " AND inbound_id = ? AND forwarded_at IS NOT NULL ORDER BY forwarded_at",
        (inbound_id,),
    )
    for row in rows:
        at, name = row["forwarded_at"], row["server"]
        within = _exchange(row["offered_at"], at)
        last = row is rows[-1]
        words = f"server {name} has it"
        yield (
            (at, 4),
            Hop(at, words, Leg.NETWORK, _UNTIL, within, aside=not last),
        )


def _exchange(offered_at: int | None, at: int) -> tuple[Span, ...]:
    """A relay of before did not write down when an exchange began."""
    return () if offered_at is None else (Span(offered_at, at, Leg.HTTP, _EXCHANGE),)


# --- out ----------------------------------------------------------------------------------------


def outbound(reader: Reader, outbound_id: int, quiet: Spans) -> list[Hop]:
    """From the server, or from this machine, to the phone and back to the server.

    `quiet` are the quiet hours between two moments, as they are configured now.
    """
    parts = reader.query(
        "SELECT id, seq, total, modem, mr FROM part WHERE outbound_id = ? ORDER BY seq",
        (outbound_id,),
    )
    dated = [*_message(reader, outbound_id)]
    holds = pastime.holds(reader, outbound_id, quiet)
    held = any(hop.what.startswith(_HELD) for _, hop in dated)
    for part in parts:
        dated += [*_sending(reader, part, holds, held=held), *_reports(reader, part)]
    dated += _told(reader, outbound_id, after=max((order[0] for order, _ in dated), default=0))
    return [hop for _, hop in sorted(dated, key=lambda found: found[0])]


_HELD = "held until a person decides"
_MESSAGE_WORDS = {
    "Enqueued": "stored, from {origin}",
    "UpdateParked": "the server refused to hear {before}: {detail}",
    "Held": _HELD + ": {detail}",
    "Erased": "words and number removed by a person",
}


def _message(reader: Reader, outbound_id: int) -> Iterator[_Dated]:
    for row in _trail(reader, "outbound", outbound_id):
        words = _MESSAGE_WORDS.get(row["event"], row["event"]).format(
            origin=_origin(row["detail"]), before=row["before"], detail=row["detail"]
        )
        aside = row["event"] == "UpdateParked"
        yield (row["at"], 0), Hop(row["at"], words, Leg.HERE, aside=aside)


def _origin(server: str | None) -> str:
    return "this machine" if server in (None, "", "here") else f"server {server}"


_PART_WORDS = {
    "Claimed": ("claimed by modem {modem}", Leg.HERE),
    "Accepted": ("accepted by the network{mr}", Leg.MODEM),
    "NotStarted": ("not started", Leg.MODEM),
    "RefusedForNow": ("refused for now", Leg.MODEM),
    "RefusedForGood": ("refused for good", Leg.MODEM),
    "NoAnswer": ("uncertain: no answer", Leg.MODEM),
    "PortLost": ("uncertain: the port was lost", Leg.MODEM),
    "FoundAtStart": ("uncertain: relay had been stopped", Leg.MODEM),
    "FoundSent": ("the modem's memory says: sent", Leg.MODEM),
    "FoundUnsent": ("the modem's memory says: not sent", Leg.MODEM),
    "Resent": ("queued again, as nobody knows", Leg.HERE),
    "SentAnew": ("queued anew for another SIM; its own stays away", Leg.HERE),
    "Retried": ("queued again by hand", Leg.HERE),
    "Cancelled": ("cancelled", Leg.HERE),
    "Expired": ("too old to be sent", Leg.HERE),
    "Superseded": ("replaced by a newer message", Leg.HERE),
    "ReportTrying": ("report: the network still tries", Leg.CARRIER),
    "ReportDelivered": ("report: delivered", Leg.CARRIER),
    "ReportFailed": ("report: failed", Leg.CARRIER),
    "ReportOverdue": ("no report came", Leg.CARRIER),
}
_WAITS = {
    Leg.MODEM: "submission",
    Leg.CARRIER: "delivery",
    Leg.HERE: "the queue",
    "Resent": "a doubt",
    "SentAnew": "a doubt",
    "Retried": _PERSON,
}
# What a part waits for after these.
_AFTER = {
    "RefusedForNow": "another try",
    "NotStarted": "another try",
    "Resent": "the queue",
}


def _sending(
    reader: Reader, part: sqlite3.Row, holds: tuple[Span, ...], *, held: bool
) -> Iterator[_Dated]:
    prefix = f"part {part['seq']} of {part['total']} " if part["total"] > 1 else ""
    reference = "" if part["mr"] is None else f", mr {part['mr']}"
    waits = _PERSON if held else _WAITS[Leg.HERE]
    for row in _trail(reader, "part", part["id"]):
        name = row["event"]
        what, leg = _PART_WORDS.get(name, (name, Leg.HERE))
        words = what.format(modem=part["modem"], mr=reference)
        detail = f" ({row['detail']})" if row["detail"] and name != "Claimed" else ""
        queued = name in ("Claimed", "Expired", "Cancelled", "Superseded")
        why = waits if queued else _WAITS.get(name, _WAITS[leg])
        yield (
            (row["at"], 2),
            Hop(
                row["at"], f"{prefix}{words}{detail}", leg, why, holds if queued else (),
                part=part["seq"] if part["total"] > 1 else 0,
            ),
        )  # fmt: skip
        credit = (row["detail"] or "").startswith("SIM_NO_CREDIT")
        waits = "credit" if credit else _AFTER.get(name, _WAITS[Leg.HERE])


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
                Hop(
                    row["discharge_time"], words, Leg.CARRIER, _WAITS[Leg.CARRIER],
                    sure=Sure.NETWORK, part=part["seq"] if part["total"] > 1 else 0,
                ),
            )  # fmt: skip


def _told(reader: Reader, outbound_id: int, after: int) -> Iterator[_Dated]:
    """What the server hears on the way keeps no message; its last word ends the way."""
    rows = reader.query(
        "SELECT server, status, offered_at, told_at FROM status_update"
        " WHERE outbound_id = ? AND told_at IS NOT NULL ORDER BY id",
        (outbound_id,),
    )
    for row in rows:
        at = row["told_at"]
        words = f"server {row['server']} has heard {row['status']}"
        aside = row is not rows[-1] or at < after
        within = _exchange(row["offered_at"], at)
        yield (at, 3), Hop(at, words, Leg.NETWORK, _UNTIL, within, aside=aside)


def _trail(reader: Reader, subject: str, subject_id: int) -> list[sqlite3.Row]:
    return reader.query(
        "SELECT at, event, before, after, detail FROM audit"
        " WHERE subject = ? AND subject_id = ? ORDER BY id",
        (subject, subject_id),
    )
