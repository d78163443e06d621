"""The speed of a serial line, by arithmetic. Pure: the time is an argument.

A line owes or is owed time: each byte moves the moment at which the line is free again by exactly
one byte's duration, so being woken up late never makes the average slower. A line that has rested
is owed nothing.
"""

from __future__ import annotations

BITS_PER_BYTE = 10  # start bit, eight data bits, stop bit


class Pacer:
    """Says how many bytes may pass now. `baud` None is a line without a speed."""

    QUANTUM_S = 0.005  # bytes pass in pieces of this long: 200 wake-ups a second at most
    SLACK_S = 0.25  # a debt older than this is forgiven: the process was stopped meanwhile

    def __init__(self, baud: int | None) -> None:
        self._rate = baud / BITS_PER_BYTE if baud else None
        self._free_at = 0.0
        self._resting = True

    def room(self, now: float, waiting: int) -> int:
        """How many of `waiting` bytes may pass at `now` (seconds)."""
        if self._rate is None:
            return waiting
        if self._resting:
            self._free_at = max(self._free_at, now)
        if now < self._free_at:
            return 0
        owed = min(now - self._free_at, self.SLACK_S) + self.QUANTUM_S
        return min(waiting, max(1, int(owed * self._rate)))

    def passed(self, count: int, now: float, *, more: bool) -> None:
        """`count` bytes passed at `now`; `more` are waiting, or the line rests."""
        if self._rate is None:
            return
        self._free_at = max(self._free_at, now - self.SLACK_S) + count / self._rate
        self._resting = not more

    def wait(self, now: float) -> float:
        """Seconds until bytes may pass again."""
        return max(0.0, self._free_at - now)
