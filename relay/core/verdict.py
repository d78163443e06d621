"""The verdict on a station, and the problems that it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """What a person must think of the station; `exit_code` is that of Nagios plugins."""

    OK = "OK"
    WARN = "WARN"
    CRIT = "CRIT"
    UNKNOWN = "UNKNOWN"

    @property
    def exit_code(self) -> int:
        return list(Verdict).index(self)


# Most blocking first.
_ORDER = (Verdict.CRIT, Verdict.UNKNOWN, Verdict.WARN, Verdict.OK)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `code` is stable and for programs; `what` and `action` are for people, the action one step a
    line; `since` is epoch ms, None where nobody knows; `subject` a modem, a server or a worker.
    """

    code: str
    verdict: Verdict
    what: str
    action: str
    since: int | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """The verdict, a sentence for a person who is not a technician, and what to do about it.

    `problems` are all there are, the most blocking first; a screen shows three of them.
    """

    verdict: Verdict
    sentence: str
    problems: tuple[Problem, ...] = field(default=())


def in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """The most blocking first; among equals the order in which the rules stand."""
    return tuple(sorted(problems, key=lambda problem: _ORDER.index(problem.verdict)))
