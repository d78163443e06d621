"""The messages of a station in words: what came in, what goes out, and what it waits for."""

from __future__ import annotations

from collections.abc import Iterator

from relay.clock import local
from relay.core import plain
from relay.core.foreign import named
from relay.core.held import HeldFacts
from relay.core.said import Said, joined, say, some
from relay.core.station import InwardFacts, OutwardFacts, Reason, Station

_SHOWN = 3


def inward(found: InwardFacts, station: Station) -> str:
    now = station.now
    words = [some(found.received_today, "{n} today", "{n} today")]
    if found.here_only:
        oldest = plain.duration(now - (found.oldest_here_at or now))
        words.append(
            some(
                found.here_only,
                "{n} safe here only (oldest {time})",
                "{n} safe here only (oldest {time})",
                time=oldest,
            )
        )
    elif station.servers:
        words.append(say("0 safe here only"))
    if found.waiting_parts:
        waited = plain.duration(now - (found.oldest_part_at or now))
        words.append(
            some(
                found.waiting_parts,
                "{n} long SMS short of parts ({time})",
                "{n} long SMS short of parts ({time})",
                time=waited,
            )
        )
    if found.unread:
        words.append(some(found.unread, "{n} not read yet", "{n} not read yet"))
    if found.undecodable:
        words.append(some(found.undecodable, "{n} unreadable", "{n} unreadable"))
    if found.calls_today:
        words.append(some(found.calls_today, "{n} call today", "{n} calls today"))
    if found.aside:
        words.append(say("set aside: {what}", what=_aside(found)))
    return joined(words)


def _aside(found: InwardFacts) -> Said:
    shown = [named(reason, n) for reason, n in found.aside[:_SHOWN]]
    left = found.set_aside - sum(n for _, n in found.aside[:_SHOWN])
    return joined([*shown, some(left, "{n} other", "{n} others") if left else ""], ", ")


def outward(found: OutwardFacts, station: Station) -> str:
    return joined(
        [
            _waiting(found, station),
            *_held(found.held),
            *_in_doubt(found),
            _restored(found),
            say(
                "today {sent} sent, {delivered} delivered, {failed} failed",
                sent=found.sent_today,
                delivered=found.delivered_today,
                failed=found.failed_today,
            ),
            *_over(found),
        ]
    )


def _restored(found: OutwardFacts) -> str:
    if not found.restored:
        return ""
    return some(
        found.restored,
        "{n} held since the database was restored",
        "{n} held since the database was restored",
    )


def _waiting(found: OutwardFacts, station: Station) -> Said:
    n, time = found.waiting, plain.duration(station.now - (found.oldest_at or station.now))
    if not n:
        return say("0 waiting")
    if found.urgent:
        return some(
            n,
            "{n} waiting ({urgent} urgent), oldest {time}",
            "{n} waiting ({urgent} urgent), oldest {time}",
            urgent=found.urgent,
            time=time,
        )
    return some(n, "{n} waiting, oldest {time}", "{n} waiting, oldest {time}", time=time)


def _in_doubt(found: OutwardFacts) -> Iterator[Said]:
    if found.backoff:
        yield some(
            found.backoff,
            "{n} part tried again later: {reasons}",
            "{n} parts tried again later: {reasons}",
            reasons=_reasons(found.backoff_reasons),
        )
    if found.uncertain:
        doubt = some(found.uncertain, "{n} part uncertain", "{n} parts uncertain")
        ids = found.uncertain_ids
        yield joined([doubt, f"relay trace out {ids[0]}" if ids else ""], " -> ")


def _over(found: OutwardFacts) -> Iterator[Said]:
    if found.expired_today:
        yield some(found.expired_today, "{n} of them too old", "{n} of them too old")
    if found.superseded_today:
        yield some(
            found.superseded_today, "{n} replaced by a newer one", "{n} replaced by newer ones"
        )
    if found.awaiting_report:
        yield some(
            found.awaiting_report, "{n} awaits a delivery report", "{n} await a delivery report"
        )
    if found.failed:
        yield say("failed in 24 h: {reasons}", reasons=_reasons(found.failed))


def _held(held: HeldFacts) -> Iterator[Said]:
    if held.quiet_until is not None:
        yield some(
            held.quiet,
            "quiet hours until {time}: {n} held",
            "quiet hours until {time}: {n} held",
            time=local(held.quiet_until)[11:16],
        )
    for cap in held.caps:
        yield some(
            cap.waiting,
            "{key} reached: {n} held until {time}",
            "{key} reached: {n} held until {time}",
            key=cap.key,
            time=local(cap.opens_at)[:16],
        )
    if held.later:
        yield some(held.later, "{n} for a later time", "{n} for a later time")
    if held.behind:
        yield some(
            held.behind,
            "{n} behind an earlier one to the same number",
            "{n} behind an earlier one to the same number",
        )


def _reasons(reasons: tuple[Reason, ...]) -> str:
    shown = [f"{reason.n} {reason.code}" for reason in reasons[:_SHOWN]]
    return ", ".join([*shown, "…"] if len(reasons) > _SHOWN else shown)
