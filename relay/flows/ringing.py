"""Incoming calls: nobody answers them here, and none may hold up an SMS.

Some modems refuse every SMS while they ring, some receive nothing any more after a missed call.
So a call is ended at once where the configuration says so, and after each one the modem is looked
over and its memory searched, without waiting for the timers.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from relay.core.calls import CALL_OVER_S, CallPolicy
from relay.core.device import CallEnded, IncomingCall, Urc
from relay.core.number import masked
from relay.errors import Refused
from relay.flows.ports import Clock, Modem
from relay.log import event
from relay.store.calls import Calls

_log = logging.getLogger("relay.calls")

_IDLE_S = 3600.0
# The number (+CLIP) comes a moment after the first RING.
_NUMBER_WAIT_S = 1.0
_LAST_WORDS_S = 0.5
_RINGING_S = 6.0  # RING comes every five


class Ringing:
    """Only used by the modem's thread. `afterwards` runs when a call is over."""

    def __init__(
        self,
        modem: Modem,
        calls: Calls,
        clock: Clock,
        policy: CallPolicy,
        afterwards: Callable[[], None] = lambda: None,
    ) -> None:
        self._modem = modem
        self._calls = calls
        self._clock = clock
        self._policy = policy
        self._afterwards = afterwards
        self._began_at: float | None = None  # monotonic; None: nobody calls
        self._heard_at = 0.0  # monotonic
        self._caller = ""
        self._dealt_with = False
        self._rang_at = float("-inf")  # monotonic; the last RING of any call
        self._deaf_until = float("-inf")  # monotonic; the last words of a call that we ended

    @property
    def busy(self) -> bool:
        """Whether a call is being dealt with."""
        return self._began_at is not None

    @property
    def rings(self) -> bool:
        """Whether a call came in a moment ago: a modem may refuse SMS for it."""
        lately = self._clock.monotonic() - self._rang_at < _RINGING_S
        return lately or self._began_at is not None

    def opened(self) -> None:
        self._began_at = None

    def notice(self, urcs: Sequence[Urc]) -> None:
        """Every RING keeps the call alive; the first one begins it."""
        for urc in urcs:
            now = self._clock.monotonic()
            if isinstance(urc, CallEnded):
                self._heard_at = now - CALL_OVER_S
            if not isinstance(urc, IncomingCall):
                continue
            self._rang_at = now
            if now < self._deaf_until:
                continue
            if self._began_at is None:
                self._began_at, self._caller, self._dealt_with = now, "", False
            self._heard_at = now
            self._caller = self._caller or urc.caller

    def step(self) -> float:
        """Deal with a call once its number is known, or will not come; see when it is over."""
        if self._began_at is None:
            return _IDLE_S
        now = self._clock.monotonic()
        waits = self._began_at + _NUMBER_WAIT_S - now
        if not self._dealt_with and not self._caller and waits > 0:
            return waits
        if not self._dealt_with:
            self._deal()
        over = self._heard_at + CALL_OVER_S - self._clock.monotonic()
        if over > 0:
            return over
        self._began_at = None
        self._afterwards()
        return 0.05

    def _deal(self) -> None:
        """A call that we have ended is over; a RING after that is the next one."""
        self._dealt_with = True
        now, name = self._clock.now(), self._modem.name
        answered = self._calls.note(now, name, self._caller, self._policy)
        ended = self._policy.hang_up and self._hung_up()
        if ended:
            self._heard_at = self._clock.monotonic() - CALL_OVER_S
            self._deaf_until = self._clock.monotonic() + _LAST_WORDS_S
        _log.info(
            event(
                "call.came", modem=name, caller=masked(self._caller), hung_up=ended,
                sms=answered,
            )
        )  # fmt: skip

    def _hung_up(self) -> bool:
        try:
            self._modem.hang_up()
        except Refused as error:
            _log.warning(event("call.not_ended", modem=self._modem.name, error=str(error)))
            return False
        return True
