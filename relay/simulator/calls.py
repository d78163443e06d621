"""Voice calls to the modem: nobody answers them here, they only get in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.simulator.schedule import Task

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

RING_EVERY_S = 5.0
_INTERNATIONAL, _UNKNOWN = 145, 129


class Calls:
    """At most one incoming call."""

    def __init__(self, modem: SimulatedModem) -> None:
        self.caller: str | None = None
        self.answered = False
        self._modem = modem
        self._next: Task | None = None
        self.deaf = False  # since a missed call

    def ring(self, caller: str) -> None:
        """Somebody calls: RING now and every 5 s, until one side has enough."""
        with self._modem.lock:
            if self._modem.reachable() and self.caller is None:
                self.caller, self.answered = caller, False
                self._ring()

    def give_up(self) -> None:
        """The caller hangs up."""
        with self._modem.lock:
            if self.caller is not None:
                self.deaf = self._modem.faults.gets_deaf and not self.answered
                self.reset()
                self._modem.say(self._modem.profile.call_ended)

    def hears_again(self) -> None:
        """An SMS was sent: what waits in the network comes now."""
        if self.deaf:
            self.deaf = False
            self._modem.network.available(self._modem.number)

    def hang_up(self) -> None:
        """ATH, AT+CHUP."""
        self.reset()

    def answer(self) -> bool:
        """ATA; False if nobody calls."""
        if self.caller is None:
            return False
        self.answered = True
        self._stop()
        return True

    def reset(self) -> None:
        self._stop()
        self.caller, self.answered = None, False

    def listed(self) -> list[str]:
        """The lines of +CLCC (TS 27.007 §7.18)."""
        if self.caller is None:
            return []
        stat = 0 if self.answered else 4
        return [f'+CLCC: 1,1,{stat},0,0,"{self.caller}",{self._toa}']

    @property
    def _toa(self) -> int:
        return _INTERNATIONAL if (self.caller or "").startswith("+") else _UNKNOWN

    def _stop(self) -> None:
        if self._next:
            self._next.cancel()
            self._next = None

    def _ring(self) -> None:
        settings = self._modem.settings
        lines = ["+CRING: VOICE" if settings.extended_ring else "RING"]
        if settings.clip:
            lines.append(f'+CLIP: "{self.caller}",{self._toa},"",,"",0')
        self._modem.say(*lines)
        self._next = self._modem.network.scheduler.after(RING_EVERY_S, self._ring)
