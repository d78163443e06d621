"""A USSD dialogue between a modem and the network (+CUSD, TS 27.007 §7.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relay.simulator import wire
from relay.simulator.charset import encoded, from_packed
from relay.simulator.results import Cme, cme
from relay.simulator.schedule import Task
from relay.simulator.ussd import UNKNOWN_CODE, WRONG_CHOICE, UssdAnswer, UssdState

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

# TS 22.090 leaves it to the network; operators drop a silent session after about this long.
NETWORK_PATIENCE_S = 30.0
DCS_GSM, DCS_UCS2 = 15, 72


class UssdSession:
    """One dialogue: a code, then perhaps menus that want a choice."""

    def __init__(self, modem: SimulatedModem) -> None:
        self._modem = modem
        self._menu: UssdAnswer | None = None
        self._next: Task | None = None

    def reset(self) -> None:
        """No dialogue is open any more."""
        if self._next:
            self._next.cancel()
        self._menu = self._next = None

    def request(self, text: str) -> None:
        """AT+CUSD=1,"…": a code, or the reply to a menu. Raises `Fault` without network."""
        if not self._modem.radio.registered:
            raise cme(Cme.NO_NETWORK)
        code = from_packed(text) if self._modem.profile.packed_ussd else text
        if self._menu:
            answer = self._menu.options.get(code, WRONG_CHOICE)
        else:
            answer = self._modem.network.ussd_codes.get(code, UNKNOWN_CODE)
        self.reset()
        self._modem.interpreter.afterwards(lambda: self._plan(answer))

    def push(self, text: str, *, ucs2: bool = False) -> None:
        """The network speaks first."""
        with self._modem.lock:
            if self._modem.reachable():
                self._tell(UssdAnswer(text, ucs2=ucs2))

    def _plan(self, answer: UssdAnswer) -> None:
        after = self._modem.network.scheduler.after
        if answer.silent:
            self._next = after(NETWORK_PATIENCE_S, self._time_out)
        elif answer.delay_s:
            self._next = after(answer.delay_s, lambda: self._tell(answer))
        else:
            self._tell(answer)

    def _tell(self, answer: UssdAnswer) -> None:
        self._menu = answer if answer.options else None
        if answer.outcome is UssdState.NOT_SUPPORTED:
            self._urc(f"+CUSD: {answer.outcome.value}")
            return
        text = answer.text.replace("{credit}", self._credit())
        shown = answer.raw if answer.raw is not None else self._shown(text, ucs2=answer.ucs2)
        dcs = DCS_UCS2 if answer.ucs2 else DCS_GSM
        self._urc(f'+CUSD: {answer.outcome.value},"{shown}",{dcs}')

    def _time_out(self) -> None:
        self.reset()
        self._urc(f"+CUSD: {UssdState.NETWORK_TIME_OUT.value}")

    def _urc(self, line: str) -> None:
        if self._modem.powered:
            self._modem.interpreter.urc(line)

    def _shown(self, text: str, *, ucs2: bool) -> str:
        if ucs2:
            return text.encode("utf-16-be").hex().upper()
        if self._modem.profile.packed_ussd:
            return wire.pack_septets([ord(char) & 0x7F for char in text]).hex().upper()
        return encoded(text, self._modem.settings.charset)

    def _credit(self) -> str:
        credit = self._modem.network.account(self._modem.number).credit
        return "unlimited" if credit is None else f"{credit:.2f}"
