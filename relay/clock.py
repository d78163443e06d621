"""The one place that asks the machine for the time, and the one that notices when it jumps."""

from __future__ import annotations

import time as machine
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta


class SystemClock:
    """`now` for rows, `monotonic` for waits: laptops lose their wall clock."""

    def now(self) -> int:
        """UTC, epoch milliseconds."""
        return machine.time_ns() // 1_000_000

    def earliest(self) -> int:
        return self.now()

    def monotonic(self) -> float:
        """Seconds that only grow. They stand still while the computer sleeps."""
        return machine.monotonic()

    def heard(self, witness: str, at: int, *, sure: bool = True) -> None:
        """Nobody is asked: see `relay.timekeeper` for a clock that listens."""

    def stamped(self, at: int) -> None:
        """The same."""


class StepWatch:
    """Tells a wall clock that was set from one that runs on.

    Only the time since the last look is compared, so that a slow correction by NTP is no step.
    A sleep of the computer is one: the wall clock has moved on without us.
    """

    def __init__(
        self,
        now: Callable[[], int],
        monotonic: Callable[[], float],
        threshold_s: float = 2.0,
    ) -> None:
        self._now = now
        self._monotonic = monotonic
        self._threshold_s = threshold_s
        self._last = self._offset_s()

    def look(self) -> float | None:
        """By how many seconds the clock was set since the last look (negative: back), or None."""
        offset = self._offset_s()
        step = offset - self._last
        self._last = offset
        return step if abs(step) > self._threshold_s else None

    def _offset_s(self) -> float:
        return self._now() / 1000 - self._monotonic()


def on_the_wall(date: date, at: time) -> datetime:
    """When the clock on the wall of the clinic shows this.

    On the day on which summer time begins, a time that does not exist comes an hour later.
    """
    # Without a zone, so that the zone's offset of that very day is found.
    return datetime.fromtimestamp(datetime.combine(date, at).timestamp(), tz=UTC)


def wall(ms: int, at: str, day: int = 0) -> int:
    """When that clock shows `at` (HH:MM) on the day of `ms`, or `day` days later (epoch ms)."""
    today = datetime.fromtimestamp(ms // 1000, tz=UTC).astimezone().date()
    then = on_the_wall(today + timedelta(days=day), time.fromisoformat(at))
    return round(then.timestamp() * 1000)


def day(ms: int) -> date:
    """Which day it is by that clock."""
    return datetime.fromtimestamp(ms // 1000, tz=UTC).astimezone().date()


def from_local(text: str) -> int:
    """`2026-11-25 08:00` of that clock in epoch milliseconds; raises ValueError."""
    read = datetime.strptime(text.strip().replace("T", " "), "%Y-%m-%d %H:%M")  # noqa: DTZ007  # of the clock on the wall
    return round(on_the_wall(read.date(), read.time()).timestamp() * 1000)


def local(ms: int) -> str:
    """Epoch milliseconds as the clock on the wall of the clinic shows them, to the second."""
    try:
        return datetime.fromtimestamp(ms // 1000, tz=UTC).astimezone().strftime("%F %T")
    except (OverflowError, ValueError, OSError):
        return f"{ms} ms"
