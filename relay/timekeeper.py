"""relay's own clock: it goes on evenly whatever the computer's clock is set to.

A step of the computer's clock is not followed until `relay.core.timekeeping` finds that it was
right; until then time is counted from what it was before. Counting goes on while the computer
sleeps, and over a restart of relay.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from relay.clock import SystemClock
from relay.core.timekeeping import (
    TOLERANCE_MS,
    Confidence,
    Correction,
    Count,
    Reckoning,
    Witness,
    correction,
    reckon,
    service_centre,
)
from relay.power import boot_id

# What the computer's clock may gain at once, as by NTP, without being doubted.
_STEP_MS = 2_000
_STAMPS = 5
_FORGOTTEN_MS = 7 * 24 * 3600 * 1000


class Counter:
    """Milliseconds since the computer was started, asleep or awake, and which start that was."""

    def __init__(self) -> None:
        self.boot = boot_id()

    def ms(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """The last sign of life in the store: relay's time then, and where the counter stood."""

    at: int
    boot: str
    counted: int
    confidence: Confidence
    since: int
    rested: bool = False
    by: tuple[str, ...] = ()

    @classmethod
    def of(cls, at: int, value: object) -> Kept:
        """From the fact `clock`; a relay of before knew only when it was alive."""
        table: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        said = table.get("confidence")
        sure = next((one for one in Confidence if one == said), Confidence.LIKELY)
        return cls(
            at,
            str(table.get("boot", "")),
            int(table.get("counted", 0)),
            sure,
            int(table.get("since", at)),
            bool(table.get("rested")),
            tuple(map(str, table.get("alone", ()))),
        )

    def count(self, counter: Counter, counted: int) -> Count:
        if self.boot and self.boot == counter.boot and counted >= self.counted:
            at = self.at + counted - self.counted
            return Count(at, self.confidence, self.rested, self.by)
        return Count(self.at + counted, self.confidence, rested=True)


class Timekeeper:
    """`relay.flows.ports.Clock` for everybody. `heard` may be called from any thread."""

    def __init__(self, computer: SystemClock, counter: Counter | None = None) -> None:
        self.computer = computer
        self._counter = counter or Counter()
        self._lock = threading.Lock()
        # All of these only with the lock held.
        self._witnesses: dict[str, tuple[int, int, bool]] = {}  # name → (at, counted, sure)
        self._stamps: list[tuple[int, int]] = []
        self._at, self._counted = computer.now(), self._counter.ms()
        self._offset = 0
        self._found = reckon(self._at, None, ())
        self._since = self._at  # from here on nobody has confirmed it
        self._alone: tuple[str, ...] = ()  # the witness on whose word alone it was taken
        self._rested = False  # counted from a sign of life before a rest that nobody measured

    # --- what time it is ------------------------------------------------------------------------

    def now(self) -> int:
        with self._lock:
            return self._now()

    def earliest(self) -> int:
        with self._lock:
            return self._now() - (self._found.at - self._found.earliest)

    def monotonic(self) -> float:
        return self.computer.monotonic()

    def _now(self) -> int:
        counted, computer = self._counter.ms(), self.computer.now()
        expected = self._at + counted - self._counted
        if abs(computer + self._offset - expected) > _STEP_MS:
            self._offset = expected - computer
        self._at, self._counted = computer + self._offset, counted
        return self._at

    # --- who says so ----------------------------------------------------------------------------

    def heard(self, witness: str, at: int, *, sure: bool = True) -> None:
        """Somebody outside of this computer says that it is `at` now."""
        with self._lock:
            self._witnesses[witness] = at, self._counter.ms(), sure

    def stamped(self, at: int) -> None:
        """A message that came in this moment was at the service centre at `at`."""
        with self._lock:
            self._stamps = [*self._stamps[1 - _STAMPS :], (at, self._counter.ms())]

    # --- reckoning ------------------------------------------------------------------------------

    def resume(self, kept: Kept | None) -> Correction | None:
        """At start: go on from the last sign of life; what that corrects in the store."""
        if kept is None:
            return None
        with self._lock:
            counted, computer = self._counter.ms(), self.computer.now()
            count = kept.count(self._counter, counted)
            found = reckon(computer, count, ())
            amends = correction(count, kept.since, found)
            still_doubted = found.confidence is kept.confidence is Confidence.UNKNOWN
            goes_on = kept.boot == self._counter.boot
            self._take(found, counted, computer)
            if found.confidence is Confidence.UNKNOWN:
                self._alone = kept.by
            self._rested = count.rested and found.confidence is Confidence.UNKNOWN
            self._since = found.at
            if still_doubted or goes_on:
                self._since = kept.since + (amends.by_ms if amends else 0)
            return amends

    def reckon(self) -> tuple[Reckoning, Correction | None]:
        """What the witnesses say by now, and what that would correct. Changes nothing yet."""
        with self._lock:
            at, computer = self._now(), self.computer.now()
            count = Count(at, self._found.confidence, self._rested, self._alone)
            found = reckon(computer, count, self._present(computer))
            return found, correction(count, self._since, found)

    @contextmanager
    def adopting(self, found: Reckoning, amends: Correction | None) -> Iterator[bool]:
        """Go by this from now on, or, where the block fails, as before; whether it is news."""
        with self._lock:
            before = self._found, self._since, self._rested, self._alone, self._offset
            was_wrong = self._wrong()
            self._take(found, self._counter.ms(), self.computer.now())
            self._rested &= found.confidence is Confidence.UNKNOWN
            if found.confidence is Confidence.CERTAIN:
                self._since = found.at
            elif amends is not None:
                self._since += amends.by_ms
            was = before[0].confidence, was_wrong
            news = was != (found.confidence, self._wrong())
        try:
            yield news or amends is not None
        except BaseException:
            with self._lock:
                self._found, self._since, self._rested, self._alone, self._offset = before
                self._at = self.computer.now() + self._offset
                self._counted = self._counter.ms()
            raise

    def computer_is_wrong(self) -> bool:
        """Whether the computer's clock is further from relay's time than clocks ever agree."""
        with self._lock:
            return self._wrong()

    def _wrong(self) -> bool:
        return abs(self._offset) > TOLERANCE_MS

    def _take(self, found: Reckoning, counted: int, computer: int) -> None:
        self._found = found
        if found.confidence is not Confidence.UNKNOWN:
            self._alone = found.alone
        self._at, self._counted = found.at, counted
        self._offset = found.at - computer

    def _present(self, computer: int) -> list[Witness]:
        """What everybody said, carried on to this moment."""
        counted = self._counted
        stamps = [at + counted - then for at, then in self._stamps if _fresh(counted - then)]
        said = [
            Witness(name, at + counted - then, sure)
            for name, (at, then, sure) in self._witnesses.items()
            if _fresh(counted - then)
        ]
        centre = service_centre(stamps, computer)
        return said if centre is None else [*said, centre]

    # --- for the store --------------------------------------------------------------------------

    def fact(self) -> dict[str, object]:
        """What `Kept.of` reads again, and what `relay status` shows."""
        with self._lock:
            self._now()
            return {
                "boot": self._counter.boot,
                "counted": self._counted,
                "confidence": self._found.confidence,
                "since": self._since,
                "rested": self._rested,
                "alone": list(self._alone),
                "ahead_s": round(-self._offset / 1000),
                "doubt_s": round((self._found.at - self._found.earliest) / 1000),
                "by": list(self._found.by),
                "against": list(self._found.against),
            }


def _fresh(age_ms: int) -> bool:
    return 0 <= age_ms <= _FORGOTTEN_MS


def by_now(computer: int, kept: Kept | None) -> int:
    """relay's time by the store of a daemon that need not run; `computer` where it has none."""
    if kept is None:
        return computer
    counter = Counter()
    return reckon(computer, kept.count(counter, counter.ms()), ()).at
