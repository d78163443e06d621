"""What can be wrong with the messages themselves: stuck, refused, doubtful, unreadable."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.plain import DAY, HOUR, MINUTE
from relay.core.said import joined, say, some
from relay.core.sim_health import may_send
from relay.core.station import OutwardFacts, Running, Station
from relay.core.verdict import Problem, Verdict

_STUCK = HOUR
_RECENT = 7 * DAY
_MANY_FAILED = 5
_REJECTED = 2
_REFUSED = 3


def messages(station: Station) -> Iterator[Problem]:
    if station.inward is not None:
        yield from _undecodable(station)
    if station.outward is not None and station.daemon.running is Running.YES:
        yield from _uncertain(station, station.outward)
        yield from _looping(station.outward)
        yield from _failing(station.outward)
        yield from _capped(station, station.outward)
        yield from _refused(station, station.outward)
        yield from _stuck(station, station.outward)


def _uncertain(station: Station, outward: OutwardFacts) -> Iterator[Problem]:
    """With `resend` relay decides by itself; with `hold` it waits for a person."""
    if not outward.uncertain or station.on_uncertain != "hold":
        return
    example = outward.uncertain_ids[0] if outward.uncertain_ids else "ID"
    yield Problem(
        "UNCERTAIN_HELD",
        Verdict.CRIT,
        some(
            outward.uncertain,
            "{n} SMS may or may not have gone out, and the configuration leaves it to a person.",
            "{n} SMS may or may not have gone out, and the configuration leaves them to a person.",
        ),
        say(
            "What happened: relay trace out {id}\n"
            "Send it again: relay outbox retry --uncertain {id}\n"
            "Or not: relay outbox cancel {id}",
            id=str(example),
        ),
        outward.uncertain_at,
    )


def _looping(outward: OutwardFacts) -> Iterator[Problem]:
    """Two machines at it, or a server that repeats itself: a person must find out which."""
    if not outward.looping:
        return
    example = outward.looping_ids[0] if outward.looping_ids else "ID"
    yield Problem(
        "LOOP_SUSPECTED",
        Verdict.CRIT,
        some(
            outward.looping,
            "{n} message looked like two machines that answer one another, and was not sent.",
            "{n} messages looked like two machines that answer one another, and were not sent.",
        ),
        say(
            "See them: relay outbox list --held\n"
            "If they are for people: relay outbox release {id}\n"
            "If not: relay outbox cancel {id}, and stop the other machine or put its number into "
            "never_reply",
            id=str(example),
        ),
        outward.looping_at,
    )


def _failing(outward: OutwardFacts) -> Iterator[Problem]:
    total = sum(reason.n for reason in outward.failed)
    rejected = sum(
        reason.n
        for reason in (*outward.failed, *outward.backoff_reasons)  # given up, and tried again
        if reason.code == "NET_REJECTED"
    )
    sent = outward.sent_today + outward.delivered_today
    if rejected >= _REJECTED:
        yield Problem(
            "SMS_REJECTED",
            Verdict.WARN if sent else Verdict.CRIT,
            say(
                "The network refused {number} SMS in the last day. Many networks do so when the "
                "credit is used up.",
                number=rejected,
            ),
            say(
                "Check the credit of the SIM and top it up. relay tries those that wait again by "
                "itself; those that failed: relay outbox retry --all-failed"
            ),
        )
    elif total >= _MANY_FAILED and outward.failed_today > sent:
        worst = outward.failed[0]
        yield Problem(
            "SMS_FAILING",
            Verdict.WARN,
            some(
                total,
                "{n} message failed in the last day, most often with {code} ({words}).",
                "{n} messages failed in the last day, most often with {code} ({words}).",
                code=worst.code,
                words=worst.words,
            ),
            say("Look at them: relay outbox list --failed"),
        )


def _capped(station: Station, outward: OutwardFacts) -> Iterator[Problem]:
    """A minute is over before anybody has read that its cap is reached."""
    for cap in outward.held.caps:
        if cap.waiting and cap.window_ms > MINUTE:
            yield Problem(
                "CAP_REACHED",
                Verdict.WARN,
                some(
                    cap.waiting,
                    "{n} message waits: {key} allows {limit}, and they are used up. It goes on in "
                    "{time}.",
                    "{n} messages wait: {key} allows {limit}, and they are used up. It goes on in "
                    "{time}.",
                    key=cap.key,
                    limit=cap.limit,
                    time=plain.duration(max(0, cap.opens_at - station.now)),
                ),
                say(
                    "Nothing is lost, and alerts go out. If it was not meant so: is there a loop? "
                    "Else write a higher cap into [sending] and restart relay."
                ),
                subject=cap.key,
            )


def _refused(station: Station, outward: OutwardFacts) -> Iterator[Problem]:
    """Nothing has gone out since the network began to refuse, whoever it was for."""
    if outward.refused_people < _REFUSED or not outward.backoff_reasons:
        return
    if not any(may_send(modem, station) for modem in station.modems):
        return
    worst = outward.backoff_reasons[0]
    yield Problem(
        "OUT_REFUSED",
        Verdict.WARN,
        say(
            "The network has taken no SMS lately: it refused those to {people} numbers, most "
            "often with {code} ({words}). They wait here.",
            people=outward.refused_people,
            code=worst.code,
            words=worst.words,
        ),
        say(
            "relay tries again by itself. Meanwhile, is there credit? relay balance --check\n"
            "What it means: relay explain {code}",
            code=worst.code,
        ),
    )


def _stuck(station: Station, outward: OutwardFacts) -> Iterator[Problem]:
    """A modem works, and still messages do not go out, though nothing holds them."""
    held = outward.held
    if outward.oldest_at is None or held.caps or held.quiet_until is not None:
        return
    since = max(outward.oldest_at, held.quiet_ended or 0)
    if station.now - since < _STUCK:
        return
    if not any(may_send(modem, station) for modem in station.modems):
        return
    what = some(
        outward.waiting,
        "{n} message to send, the oldest waits for {time}.",
        "{n} messages to send, the oldest waits for {time}.",
        time=plain.duration(station.now - outward.oldest_at),
    )
    if outward.backoff_reasons:
        worst = outward.backoff_reasons[0]
        because = say("Last answer: {code} ({words}).", code=worst.code, words=worst.words)
        what = joined([what, because], " ")
    yield Problem(
        "OUT_SLOW",
        Verdict.WARN,
        what,
        say(
            "relay goes on trying. Is there credit on the SIM? Look at them: "
            "relay outbox list --state waiting"
        ),
        outward.oldest_at,
    )


def _undecodable(station: Station) -> Iterator[Problem]:
    """The old ones are known by then, and nobody can do anything about them."""
    inward = station.inward
    if inward is None or not inward.undecodable or inward.undecodable_at is None:
        return
    if station.now - inward.undecodable_at < _RECENT:
        yield Problem(
            "UNDECODABLE",
            Verdict.WARN,
            some(
                inward.undecodable,
                "{n} SMS could not be read; the bytes are kept, and a later relay may read it.",
                "{n} SMS could not be read; the bytes are kept, and a later relay may read them.",
            ),
            say("Report them: relay inbox list --state undecodable --text"),
            inward.undecodable_at,
        )
