"""The station on a screen of 80 columns: verdict, at most three actions, facts with their age."""

from __future__ import annotations

from collections.abc import Iterator

from relay import status_lines
from relay.clock import local
from relay.core.health import Health, Problem, Verdict
from relay.core.layout import WIDTH, columns, padded, with_tail, wrapped
from relay.core.said import ENGLISH, Tongue, say, some, spoken
from relay.core.station import Station

__all__ = ["WIDTH", "one_line", "screen"]

_SHOWN = 3


def screen(
    station: Station, health: Health, *, show_numbers: bool = False, tongue: Tongue = ENGLISH
) -> list[str]:
    """Lines of plain text; the first begins with the verdict, which is the same word in every
    language, as are codes and commands."""
    return [
        *_headline(station, health, tongue),
        *_actions(health, tongue),
        *_facts(station, show_numbers, tongue),
        *([spoken(say("Nothing to do."), tongue)] if health.verdict is Verdict.OK else []),
    ]


def one_line(station: Station, health: Health) -> str:
    """For programs that watch: verdict, codes, counts; what is not known is `?`."""
    inward, outward = station.inward, station.outward
    codes = dict.fromkeys(problem.code for problem in health.problems)
    figures = {
        "in": inward and inward.received_today,
        "here": inward and inward.here_only,
        "out": outward and outward.waiting,
        "uncertain": outward and outward.uncertain,
    }
    counts = [f"{name}={'?' if n is None else n}" for name, n in figures.items()]
    return " ".join([health.verdict, *codes, *counts])


# --- verdict and actions ------------------------------------------------------------------------


def _headline(station: Station, health: Health, tongue: Tongue) -> list[str]:
    first = f"{health.verdict:<8}"
    rest = " " * len(first)
    where = ", ".join(filter(None, (station.name, local(station.now)[:16])))
    return [*wrapped(spoken(health.sentence, tongue), first, rest), *wrapped(where, rest, rest)]


def _actions(health: Health, tongue: Tongue) -> Iterator[str]:
    for number, problem in enumerate(health.problems[:_SHOWN], start=1):
        yield ""
        yield from _action(number, problem, tongue)
    left = len(health.problems) - _SHOWN
    if left > 0:
        yield ""
        more = some(
            left,
            "and {n} more thing: relay status --json",
            "and {n} more things: relay status --json",
        )
        yield from wrapped(spoken(more, tongue), " ", " ")


def _action(number: int, problem: Problem, tongue: Tongue) -> Iterator[str]:
    what = wrapped(spoken(problem.what, tongue), f" {number}. ", "    ")
    yield from what[:-1]
    yield from with_tail(what[-1], problem.code)
    for step in spoken(problem.action, tongue).splitlines():
        yield from wrapped(step, "    -> ", "       ")


# --- facts --------------------------------------------------------------------------------------


def _facts(station: Station, show_numbers: bool, tongue: Tongue) -> Iterator[str]:
    if station.config_problems:
        return  # it is the configuration that says where to look
    yield ""
    lines = list(status_lines.lines(station, show_numbers))
    wide = max(columns(spoken(line.label, tongue)) for line in lines)
    for line in lines:
        label = f" {padded(spoken(line.label, tongue), wide)}  "
        laid = wrapped(spoken(line.words, tongue), label, " " * columns(label))
        yield from laid[:-1]
        yield from with_tail(laid[-1], spoken(line.seen, tongue))
