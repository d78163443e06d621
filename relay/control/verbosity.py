"""How much the log says, as a person wishes it for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable

from relay.log import TRACE, event

_log = logging.getLogger("relay.control")

# Lines to and from the modem show numbers and texts: never for longer than was asked for.
TRACE_MINUTES = 10


class Verbosity:
    """Set by the control socket's thread, ended by the main thread's `look`."""

    def __init__(self, level: str, trace: bool, monotonic: Callable[[], float]) -> None:
        self._usual = level, trace
        self._monotonic = monotonic
        self._until: float | None = None

    def set(self, level: str, minutes: int | None) -> int | None:
        """For so many minutes; None is until relay is started anew. What holds for how long."""
        minutes = minutes or (TRACE_MINUTES if level == "trace" else None)
        usual, _ = self._usual
        _apply(usual if level == "trace" else level, level == "trace")
        self._until = None if minutes is None else self._monotonic() + 60.0 * minutes
        _log.info(event("log.level", level=level, minutes=minutes))
        return minutes

    def look(self) -> None:
        """Is the time over?"""
        if self._until is not None and self._monotonic() >= self._until:
            self._until = None
            _apply(*self._usual)
            _log.info(event("log.level", level=self._usual[0], minutes=None))


def _apply(level: str, trace: bool) -> None:
    logging.getLogger("relay").setLevel(level.upper())
    TRACE.setLevel(logging.DEBUG if trace else logging.INFO)
