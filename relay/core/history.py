"""A course of figures over days, and what each day came to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from statistics import median_low


@dataclass(frozen=True, slots=True)
class Series:
    """Figures with their times (epoch ms), the oldest first; None where there was none.

    `daily` are figures of whole days, such as a count; others are moments of something that
    goes on.
    """

    topic: str
    name: str
    unit: str
    points: tuple[tuple[int, float | None], ...]
    daily: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """`known` of `taken` figures had a value; the rest are None where none had."""

    day: str
    least: float | None
    usual: float | None
    most: float | None
    known: int
    taken: int


def days(series: Series, day_of: Callable[[int], str]) -> Iterator[Day]:
    """One of each day that has figures; `usual` is the median."""
    for day, group in groupby(series.points, key=lambda point: day_of(point[0])):
        taken = [value for _, value in group]
        known = [value for value in taken if value is not None]
        if known:
            yield Day(day, min(known), median_low(known), max(known), len(known), len(taken))
        else:
            yield Day(day, None, None, None, 0, len(taken))


def unbroken(series: Series, longest_gap_ms: int) -> Iterator[tuple[tuple[int, float], ...]]:
    """The stretches in which something was known all the time, to be drawn as one line each."""
    stretch: list[tuple[int, float]] = []
    for at, value in series.points:
        if stretch and (value is None or at - stretch[-1][0] > longest_gap_ms):
            yield tuple(stretch)
            stretch = []
        if value is not None:
            stretch.append((at, value))
    if stretch:
        yield tuple(stretch)
