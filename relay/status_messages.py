"""The messages of a station in words: what came in, what goes out, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterator

from relay.clock import local
from relay.core import plain
from relay.core.foreign import named
from relay.core.station import HeldFacts, InwardFacts, OutwardFacts, Reason, Station

_SHOWN = 3


def inward(found: InwardFacts, station: Station) -> str:
    now = station.now
    words = [f"{plain.count(found.received_today)} today"]
    if found.here_only:
        oldest = plain.duration(now - (found.oldest_here_at or now))
        words.append(f"{plain.count(found.here_only)} safe here only (oldest {oldest})")
    elif station.servers:
        words.append("0 safe here only")
    if found.waiting_parts:
        waited = plain.duration(now - (found.oldest_part_at or now))
        words.append(
            f"{plain.many(found.waiting_parts, 'long SMS', 'long SMS')} short of parts ({waited})"
        )
    if found.unread:
        words.append(f"{plain.count(found.unread)} not read yet")
    if found.undecodable:
        words.append(f"{plain.count(found.undecodable)} unreadable")
    if found.calls_today:
        words.append(f"{plain.many(found.calls_today, 'call')} today")
    if found.aside:
        words.append(f"set aside: {_aside(found)}")
    return "; ".join(words)


def _aside(found: InwardFacts) -> str:
    shown = [named(reason, n) for reason, n in found.aside[:_SHOWN]]
    left = found.set_aside - sum(n for _, n in found.aside[:_SHOWN])
    return ", ".join([*shown, *([f"{plain.count(left)} others"] if left else [])])


def outward(found: OutwardFacts, station: Station) -> str:
    words = [f"{plain.count(found.waiting)} waiting"]
    if found.waiting:
        urgent = f" ({plain.count(found.urgent)} urgent)" if found.urgent else ""
        oldest = plain.duration(station.now - (found.oldest_at or station.now))
        words = [f"{words[0]}{urgent}, oldest {oldest}"]
    words += _held(found.held)
    if found.backoff:
        words.append(
            f"{plain.many(found.backoff, 'part')} tried again later: "
            f"{_reasons(found.backoff_reasons)}"
        )
    if found.uncertain:
        example = f" -> relay trace out {found.uncertain_ids[0]}" * bool(found.uncertain_ids)
        words.append(f"{plain.many(found.uncertain, 'part')} uncertain{example}")
    words.append(
        f"today {plain.count(found.sent_today)} sent, {plain.count(found.delivered_today)} "
        f"delivered, {plain.count(found.failed_today)} failed"
    )
    if found.expired_today:
        words.append(f"{plain.count(found.expired_today)} of them too old")
    if found.superseded_today:
        words.append(f"{plain.count(found.superseded_today)} replaced by newer ones")
    if found.awaiting_report:
        words.append(f"{plain.count(found.awaiting_report)} await a delivery report")
    if found.failed:
        words.append(f"failed in 24 h: {_reasons(found.failed)}")
    return "; ".join(words)


def _held(held: HeldFacts) -> Iterator[str]:
    if held.quiet_until is not None:
        until = local(held.quiet_until)[11:16]
        yield f"quiet hours until {until}: {plain.count(held.quiet)} held"
    for cap in held.caps:
        opens = local(cap.opens_at)[:16]
        yield f"{cap.key} reached: {plain.count(cap.waiting)} held until {opens}"
    if held.later:
        yield f"{plain.count(held.later)} for a later time"
    if held.behind:
        yield f"{plain.count(held.behind)} behind an earlier one to the same number"


def _reasons(reasons: tuple[Reason, ...]) -> str:
    shown = [f"{reason.n} {reason.code}" for reason in reasons[:_SHOWN]]
    return ", ".join([*shown, "…"] if len(reasons) > _SHOWN else shown)
