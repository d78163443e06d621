"""What can be wrong with the airtime: none left, little left, or nobody can read the answer."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.money import money
from relay.core.plain import MINUTE
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
            "The SMS of today have cost as much as the configuration allows: urgent ones go, "
            f"{plain.many(capped.held, 'other SMS', 'other SMS')} wait for tomorrow.",
            "Is there a loop? relay outbox list\nIf it was an honest day: raise max_cost_per_day",
        )


def _none_left(one: AirtimeFacts, station: Station) -> Problem:
    spare = any(other.out_since is None for other in station.airtime)
    waiting = station.outward.waiting if station.outward is not None else 0
    what = f"The SIM in modem {one.modem} has no credit for SMS ({_evidence(one, station)})."
    if spare:
        what += " Another modem goes on sending."
    elif waiting:
        what += f" {plain.many(waiting, 'message')} {'waits' if waiting == 1 else 'wait'}; "
        what += "none fails for it, and SMS still come in."
    return Problem(
        "SIM_NO_CREDIT",
        Verdict.WARN if spare else Verdict.CRIT,
        what,
        "Top it up. relay goes on by itself: it tries again "
        f"{_next_try(one, station.now)}, or at once with: relay balance --check",
        one.out_since,
        one.modem,
    )


def _evidence(one: AirtimeFacts, station: Station) -> str:
    words = [one.why or "refused"]
    if one.amount is not None:
        words.append(f"balance {money(one.amount, one.currency)} {plain.age(one.at, station.now)}")
    return "; ".join(words)


def _next_try(one: AirtimeFacts, now: int) -> str:
    wait = (one.probe_at or now) - now
    return f"in {plain.duration(wait)}" if wait > MINUTE else "within a minute"


def _little_left(one: AirtimeFacts, station: Station) -> Iterator[Problem]:
    reach = one.reach
    if one.reserve and one.held:
        yield Problem(
            "CREDIT_RESERVE",
            Verdict.WARN,
            f"Only the reserve is left on the SIM in modem {one.modem} ({one.words()}): urgent "
            f"messages go, {plain.many(one.held, 'other SMS', 'other SMS')} wait.",
            "Top it up; relay sees it by itself, at once with: relay balance --check",
            subject=one.modem,
        )
    elif reach.sms_left is None:
        return
    elif reach.sms_left == 0 or reach.lacking or (reach.days_left or _SOON_DAYS) < _SOON_DAYS:
        yield Problem(
            "CREDIT_LOW",
            Verdict.WARN,
            f"The credit of the SIM in modem {one.modem} ends soon: {one.words()}.",
            "Top it up in time.",
            subject=one.modem,
        )


def _unreadable(one: AirtimeFacts) -> Iterator[Problem]:
    stale = one.at is None or (one.check_at or 0) > one.at
    if one.check == "unreadable" and stale:
        yield Problem(
            "BALANCE_UNREADABLE",
            Verdict.WARN,
            f"The operator of modem {one.modem} answers {one.ussd or 'the SMS'}, and relay does "
            "not understand what it says of the balance.",
            "See the answer: relay balance\nWrite it into balance_pattern of the modem with "
            "{amount} in the place of the number, and try it: relay balance --try PATTERN ANSWER",
            one.check_at,
            one.modem,
        )
