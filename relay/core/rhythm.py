"""When a silence is unusual: the weekly rhythm of what comes in, and how much of it is missing.

A silence is measured in messages that would have come by now, not in hours: a clinic that hears
nothing at night is not silent. What was the longest silence lately is learned as well, so that a
station with uneven traffic is given more time than one whose messages come like clockwork.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

HOUR_MS = 3_600_000
HOURS_A_WEEK = 168

# Of each hour of the week, an older week counts less: a change of season is learned in two months.
_FADING = 0.9
# An hour of which little is known is taken for an average one, with this weight.
_AVERAGE = 0.1
# With messages that come independently, e^-12 is one false alarm in 160,000 silences.
_LEAST = 12.0
_MARGIN = 1.6
# The longest silence fades to a half in five weeks of hours.
_LONGEST_FADES = 0.5 ** (1 / (5 * HOURS_A_WEEK))
# Before two weeks were seen, nobody knows what is usual.
_ENOUGH_HOURS = 2 * HOURS_A_WEEK
_ENOUGH_ARRIVALS = 40.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`sums` and `weeks` are for each hour of the week; `hours` and `arrivals` all that was
    learned; `longest` is the longest silence lately, in messages that would have come."""

    sums: tuple[float, ...] = (0.0,) * HOURS_A_WEEK
    weeks: tuple[float, ...] = (0.0,) * HOURS_A_WEEK
    hours: int = 0
    arrivals: float = 0.0
    longest: float = 0.0

    def rate(self, hour: int) -> float:
        """How much comes in this hour of the week, as a rule."""
        total = sum(self.weeks)
        average = sum(self.sums) / total if total else 0.0
        return (self.sums[hour] + _AVERAGE * average) / (self.weeks[hour] + _AVERAGE)

    def learned(self, hour: int, came: int) -> Rhythm:
        """After one whole hour in which the modem was up. `came` counts minutes in which
        something came, so that a burst is no more than its length."""
        sums, weeks = list(self.sums), list(self.weeks)
        sums[hour] = sums[hour] * _FADING + came
        weeks[hour] = weeks[hour] * _FADING + 1
        return Rhythm(
            tuple(sums),
            tuple(weeks),
            self.hours + 1,
            self.arrivals + came,
            self.longest * _LONGEST_FADES,
        )

    def ended(self, missing: float) -> Rhythm:
        """A silence is over, and nothing had been wrong."""
        return replace(self, longest=max(self.longest, missing))

    @property
    def known(self) -> bool:
        return self.hours >= _ENOUGH_HOURS and self.arrivals >= _ENOUGH_ARRIVALS

    @property
    def limit(self) -> float:
        """How much may be missing before a silence is unusual."""
        return max(_LEAST, _MARGIN * self.longest)

    def unusual(self, missing: float) -> bool:
        return self.known and missing >= self.limit


class Silent(StrEnum):
    """Who is silent."""

    NOBODY = "NOBODY"
    UNUSUAL = "UNUSUAL"  # somebody; modem and network answer
    NETWORK = "NETWORK"
    TESTING = "TESTING"  # a message to ourselves is on its way
    PEOPLE = "PEOPLE"  # it came back
    MODEM = "MODEM"  # it did not


@dataclass(frozen=True, slots=True)
class Quiet:
    """The present silence: `missing` messages would have come in `since` the last one (epoch ms);
    `changed_at` is since when `who` is silent."""

    who: Silent = Silent.NOBODY
    missing: float = 0.0
    since: int = 0
    changed_at: int = 0


def hour_of_week(now: int) -> int:
    """Of UTC; which hour is the first does not matter."""
    return now // HOUR_MS % HOURS_A_WEEK
