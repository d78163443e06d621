"""Stand-ins at the edges of relay: plain classes that tests steer by hand."""

from __future__ import annotations


class FakeClock:
    """A clock that only moves when it is told to; wall time and monotonic time apart if wanted."""

    def __init__(self, now: int = 1_700_000_000_000, monotonic: float = 1_000.0) -> None:
        self._now = now
        self._monotonic = monotonic
        self.witnesses: dict[str, int] = {}
        self.stamps: list[int] = []
        self.doubt_ms = 0  # how far behind `now` the true time may lie

    def now(self) -> int:
        return self._now

    def earliest(self) -> int:
        return self._now - self.doubt_ms

    def monotonic(self) -> float:
        return self._monotonic

    def heard(self, witness: str, at: int, *, sure: bool = True) -> None:
        self.witnesses[witness] = at

    def stamped(self, at: int) -> None:
        self.stamps.append(at)

    def advance(self, seconds: float) -> None:
        """Time passes, for both."""
        self._now += round(seconds * 1000)
        self._monotonic += seconds

    def step(self, seconds: float) -> None:
        """Someone sets the wall clock; no time passes."""
        self._now += round(seconds * 1000)
