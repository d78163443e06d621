"""Say somewhere else that this station lives, as long as nothing serious is wrong with it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from relay.core.verdict import Verdict
from relay.flows.ports import Clock
from relay.log import Repeated, event
from relay.store.facts import Facts

_log = logging.getLogger("relay.heartbeat")

FACT = "heartbeat"
# A verdict that is older was made by a thread that hangs now.
_STALE_S = 300.0
_FIRST_LOOK_S = 30.0
_AGAIN_S = 60.0


class DeadManSwitch(Protocol):
    @property
    def tells_failure(self) -> bool: ...

    def ping(self, *, well: bool) -> str:
        """`OK`, or the code of what went wrong."""
        ...


class Heartbeat:
    """Only used by the heartbeat thread. `verdict` is the last one and when it was made
    (monotonic seconds)."""

    def __init__(
        self,
        switch: DeadManSwitch,
        verdict: Callable[[], tuple[Verdict, float] | None],
        facts: Facts,
        clock: Clock,
        every_s: float,
    ) -> None:
        self._switch = switch
        self._verdict = verdict
        self._facts = facts
        self._clock = clock
        self._every_s = every_s
        self._said = Repeated()

    def step(self) -> float:
        """One sign of life, or none; seconds until the next."""
        last = self._verdict()
        now = self._clock.monotonic()
        if last is None:
            return _FIRST_LOOK_S
        well = last[0] is not Verdict.CRIT and now - last[1] < _STALE_S
        if not well and not self._switch.tells_failure:
            return min(_AGAIN_S, self._every_s)
        code = self._switch.ping(well=well)
        self._facts.put(self._clock.now(), FACT, {"code": code, "well": well})
        if code == "OK":
            self._said.over()
            return self._every_s
        if self._said.worth(code, now):
            _log.info(event("heartbeat.failed", code=code))
        return min(_AGAIN_S, self._every_s)
