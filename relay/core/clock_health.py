"""What can be wrong with the clock of the computer; relay itself goes on evenly."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.said import joined, say, template
from relay.core.station import ClockFacts, Station
from relay.core.timekeeping import EARLIEST
from relay.core.verdict import Problem, Verdict

_SET_CLOCK = template(
    "With internet: sudo timedatectl set-ntp true\nWithout: sudo date -s '2026-03-01 14:30'"
)


def clock(station: Station) -> Iterator[Problem]:
    """The computer's clock: relay itself goes on evenly, and needs a person to set it."""
    facts = station.clock or ClockFacts()
    computer = station.now + facts.ahead_s * 1000
    set_it, unset = say(_SET_CLOCK), say("The clock of this computer is not set.")
    if computer < EARLIEST:
        yield Problem("CLOCK_WRONG", Verdict.WARN, joined([unset, _goes_by(facts)], " "), set_it)
    elif not facts.known:
        compare = joined([say(_COMPARE), set_it], " ")
        yield Problem("CLOCK_UNSURE", Verdict.WARN, _unsure(facts), compare)
    elif abs(facts.ahead_s) > _CLOCK_OFF_S:
        what = _apart(-facts.ahead_s, _OFF_RIGHT)
        yield Problem("CLOCK_WRONG", Verdict.WARN, joined([what, _goes_by(facts)], " "), set_it)
    else:
        yield from _other_clocks(station, facts)


_CLOCK_OFF_S = 600
_COMPARE = template("Compare with a phone what it shows: date\nIf it is wrong, set it.")

# Behind, and ahead.
_OFF_RIGHT = (
    template("The clock of this computer is {time} behind the right time."),
    template("The clock of this computer is {time} ahead of the right time."),
)
_OFF_COUNT = (
    template(
        "The clock of this computer was set, or has jumped: it is {time} behind what relay has "
        "counted, and nobody else says who is right. Nothing expires until that is known."
    ),
    template(
        "The clock of this computer was set, or has jumped: it is {time} ahead of what relay has "
        "counted, and nobody else says who is right. Nothing expires until that is known."
    ),
)
_OFF_SERVER = (
    template("The clock of this computer is {time} behind that of server {server}."),
    template("The clock of this computer is {time} ahead of that of server {server}."),
)


def _apart(behind_s: int, words: tuple[str, str], **values: object) -> str:
    behind, ahead = words
    time = plain.duration(abs(behind_s) * 1000)
    return say(behind if behind_s > 0 else ahead, time=time, **values)


def _goes_by(facts: ClockFacts) -> str:
    if facts.by:
        return say("relay goes by {clocks}: messages are dated right.", clocks=_all(facts.by))
    if facts.ahead_s:
        return say(
            "relay counts on from when it was last alive, and lets nothing expire meanwhile."
        )
    return say("Messages are dated wrongly until it is; nothing expires meanwhile.")


def _all(names: tuple[str, ...]) -> str:
    *some_, last = names
    return say("{these} and {that}", these=", ".join(some_), that=last) if some_ else last


def _unsure(facts: ClockFacts) -> str:
    if abs(facts.ahead_s) > _CLOCK_OFF_S:
        return _apart(-facts.ahead_s, _OFF_COUNT)
    if facts.against:
        return say(
            "The clock of this computer is not what {clocks} says it is, and nobody else says who "
            "is right. Nothing expires until that is known.",
            clocks=_all(facts.against),
        )
    return say(
        "Whether the clock of this computer is right is not known, and nobody else says who is "
        "right. Nothing expires until that is known."
    )


def _other_clocks(station: Station, facts: ClockFacts) -> Iterator[Problem]:
    for server in station.servers:
        offset = server.clock_offset_s
        if offset is None or abs(offset) <= _CLOCK_OFF_S:
            continue
        action = say(_SET_CLOCK)
        if f"server {server.name}" in facts.against:
            action = say(
                "That server is wrong: tell its administrator. It says so against {clocks}.",
                clocks=_all(facts.by) if facts.by else "",
            )
        what = _apart(offset, _OFF_SERVER, server=server.name)
        yield Problem("CLOCK_OFF", Verdict.WARN, what, action, subject=server.name)
