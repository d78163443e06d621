"""Quiet hours: the part of the day in which nothing goes out that is not urgent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# (a moment in epoch ms, HH:MM, days after that of the moment) → when the clock on the wall shows
# it, in epoch ms.
Wall = Callable[[int, str, int], int]


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `start` to `end`, HH:MM of the clock on the wall; over midnight if `end` is earlier."""

    start: str
    end: str

    def until(self, now: int, wall: Wall) -> int | None:
        """When the quiet hours end that it is now (epoch ms), None if it is none."""
        overnight = 1 if self.end <= self.start else 0
        for day in (-1, 0):
            end = wall(now, self.end, day + overnight)
            if wall(now, self.start, day) <= now < end:
                return end
        return None

    def ended(self, now: int, wall: Wall) -> int:
        """When they ended for the last time: what was held may not have gone before."""
        return max(at for day in (-2, -1, 0) if (at := wall(now, self.end, day)) <= now)
