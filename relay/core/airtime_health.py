"""What can be wrong with the airtime: none left, little left, or nobody can read the answer."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.money import money
from relay.core.plain import MINUTE
from relay.core.said import joined, say, some
from relay.core.station import AirtimeFacts, Running, Station
from relay.core.verdict import Problem, Verdict

_SOON_DAYS = 2


def airtime(station: Station) -> Iterator[Problem]:
    """Without credit nothing goes out, and nothing fails; another SIM may go on sending."""
    if station.daemon.running is not Running.YES:
        return
    for one in station.airtime:
        if one.out_since is not None:
            yield _none_left(one, station)
        else:
            yield from _little_left(one, station)
        yield from _unreadable(one)
    if capped := next((one for one in station.airtime if one.capped), None):
        yield Problem(
            "COST_CAP",
            Verdict.CRIT if capped.held else Verdict.WARN,
            some(
                capped.held,
                "The SMS of today have cost as much as the configuration allows: urgent ones go, "
                "{n} other SMS waits for tomorrow.",
                "The SMS of today have cost as much as the configuration allows: urgent ones go, "
                "{n} other SMS wait for tomorrow.",
            ),
            say(
                "Is there a loop? relay outbox list\n"
                "If it was an honest day: raise max_cost_per_day"
            ),
        )


def _none_left(one: AirtimeFacts, station: Station) -> Problem:
    spare = any(other.out_since is None for other in station.airtime)
    waiting = station.outward.waiting if station.outward is not None else 0
    what = [
        say(
            "The SIM in modem {modem} has no credit for SMS ({evidence}).",
            modem=one.modem,
            evidence=_evidence(one, station),
        )
    ]
    if spare:
        what.append(say("Another modem goes on sending."))
    elif waiting:
        what.append(
            some(
                waiting,
                "{n} message waits; none fails for it, and SMS still come in.",
                "{n} messages wait; none fails for it, and SMS still come in.",
            )
        )
    return Problem(
        "SIM_NO_CREDIT",
        Verdict.WARN if spare else Verdict.CRIT,
        joined(what, " "),
        _top_up(one, station.now),
        one.out_since,
        one.modem,
    )


def _evidence(one: AirtimeFacts, station: Station) -> str:
    balance = ""
    if one.amount is not None:
        balance = say(
            "balance {amount} {ago}",
            amount=money(one.amount, one.currency),
            ago=plain.age(one.at, station.now),
        )
    return joined([one.why or say("refused"), balance])


def _top_up(one: AirtimeFacts, now: int) -> str:
    wait = (one.probe_at or now) - now
    if wait <= MINUTE:
        return say(
            "Top it up. relay goes on by itself: it tries again within a minute, or at once with: "
            "relay balance --check"
        )
    return say(
        "Top it up. relay goes on by itself: it tries again in {time}, or at once with: "
        "relay balance --check",
        time=plain.duration(wait),
    )


def _little_left(one: AirtimeFacts, station: Station) -> Iterator[Problem]:
    reach = one.reach
    if one.reserve and one.held:
        yield Problem(
            "CREDIT_RESERVE",
            Verdict.WARN,
            some(
                one.held,
                "Only the reserve is left on the SIM in modem {modem} ({left}): urgent messages "
                "go, {n} other SMS waits.",
                "Only the reserve is left on the SIM in modem {modem} ({left}): urgent messages "
                "go, {n} other SMS wait.",
                modem=one.modem,
                left=one.words(),
            ),
            say("Top it up; relay sees it by itself, at once with: relay balance --check"),
            subject=one.modem,
        )
    elif reach.sms_left is None:
        return
    elif reach.sms_left == 0 or reach.lacking or (reach.days_left or _SOON_DAYS) < _SOON_DAYS:
        yield Problem(
            "CREDIT_LOW",
            Verdict.WARN,
            say(
                "The credit of the SIM in modem {modem} ends soon: {left}.",
                modem=one.modem,
                left=one.words(),
            ),
            say("Top it up in time."),
            subject=one.modem,
        )


def _unreadable(one: AirtimeFacts) -> Iterator[Problem]:
    stale = one.at is None or (one.check_at or 0) > one.at
    if one.check == "unreadable" and stale:
        yield Problem(
            "BALANCE_UNREADABLE",
            Verdict.WARN,
            say(
                "The operator of modem {modem} answers {question}, and relay does not understand "
                "what it says of the balance.",
                modem=one.modem,
                question=one.ussd or say("the SMS"),
            ),
            say(
                "See the answer: relay balance\n"
                "Write it into balance_pattern of the modem with {amount} in the place of the "
                "number, and try it: relay balance --try PATTERN ANSWER",
                amount="{amount}",
            ),
            one.check_at,
            one.modem,
        )
