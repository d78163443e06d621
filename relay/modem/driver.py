"""One GSM modem as the flows see it: `GsmDriver` implements the Protocol `Modem`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from relay.core.device import (
    DirectPdu,
    Identity,
    LateReference,
    ListedPdu,
    Slot,
    Survey,
    Urc,
)
from relay.core.ladder import RESETS, Step
from relay.core.link import (
    Closed,
    LinkState,
    Opening,
    PinNeeded,
    PinWrong,
    PortOpened,
    PukNeeded,
    SimMissing,
    Vanished,
    move,
)
from relay.errors import (
    NotSubmitted,
    PortLost,
    PortShut,
    SimProblem,
)
from relay.modem.blame import blame
from relay.modem.centre import Centre
from relay.modem.cures import BLIND, Cures, leave_prompt, mind_the_pin, tell_blindly
from relay.modem.discovery import Finder, FixedPort
from relay.modem.errands import Errands
from relay.modem.opened import Opened
from relay.modem.patience import Patience
from relay.modem.reader import Trace
from relay.modem.session import Session
from relay.modem.submission import store, submit, submit_stored
from relay.modem.survey import standing, survey, ussd
from relay.modem.unlocking import PinLedger
from relay.modem.wire import Wire

_SIM_EVENTS = {
    LinkState.SIM_ABSENT: SimMissing(),
    LinkState.PIN_REQUIRED: PinNeeded(),
    LinkState.PIN_REFUSED: PinWrong(),
    LinkState.PUK_BLOCKED: PukNeeded(),
}
# Results that must outlive their line: nothing on the SIM repeats them.
_NOWHERE_ELSE = (DirectPdu, LateReference)


class GsmDriver(Errands):
    """Nothing happens before `open`; each opening uses a fresh line.

    `port` is a device path or a pyserial URL; where there is a `finder`, that one says which, at
    each opening. `ring` may be called by any thread, everything else only by the modem's own. The
    waits are in seconds; `trace` gets ('<' or '>', line), message texts included, PINs masked.
    """

    def __init__(
        self,
        name: str,
        port: str = "",
        *,
        pins: PinLedger,
        baud: int = 115_200,
        pin: str | None = None,
        smsc: str = "",
        answer_timeout_s: float = 150.0,
        prompt_timeout_s: float = 30.0,
        command_timeout_s: float = 10.0,
        patience: Patience | None = None,
        cures: Cures | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        trace: Trace | None = None,
        finder: Finder | None = None,
    ) -> None:
        self.name = name
        self._port = port
        self._finder = finder or FixedPort(port)
        self._baud = baud
        self._pin = pin
        self._pins = pins
        self._centre = Centre(smsc)
        self._patience = replace(
            patience or Patience(),
            answer_s=answer_timeout_s,
            prompt_s=prompt_timeout_s,
            command_s=command_timeout_s,
        )
        self._cures = cures or Cures()
        self._monotonic = monotonic
        self._trace = trace
        self._link = LinkState.CLOSED
        self._identity = Identity()
        self._wire: Wire | None = None
        self._up: Opened | None = None
        self._left: list[Urc] = []  # what a line that is gone had still to say
        self._bell = threading.Event()  # for waits while there is no wire

    # --- the link -------------------------------------------------------------------------------

    @property
    def link(self) -> LinkState:
        """Where the link stands; LOST as soon as the reader has noticed that the port is gone."""
        if self._wire is not None and self._wire.down and self._link is not LinkState.LOST:
            self._link = move(self._link, Vanished())
        return self._link

    @property
    def identity(self) -> Identity:
        """Who the modem and its SIM are; what the last bring-up found."""
        return self._identity

    @property
    def can_store(self) -> bool:
        return self._up is not None and bool(self._up.setup.memories.store)

    def open(self) -> None:
        """Open the port and bring the modem up.

        Raises `PortShut`, `PortLost`, `NoReply`, `SimProblem` or `Ailing`.
        """
        self._drop()
        self._link = move(move(self._link, Closed()), Opening())
        try:
            self._bring_up()
        except BaseException as error:
            reached = self._link
            self._drop()
            self._link = move(reached, _fate(error))
            blame(error, reached, self._port, self._finder)
            raise

    def close(self) -> None:
        """Stop and free everything; never raises."""
        self._drop()
        self._link = move(self._link, Closed())

    def _bring_up(self) -> None:
        self._port = self._finder.find()
        self._wire = wire = self._new_wire()
        wire.open()
        self._cures.seen(self._port)
        self._link = move(self._link, PortOpened())
        self._up = Opened.on(
            wire, self._patience, self._pin, self._pins, self._monotonic, self._finder.accept
        )
        self._identity = self._up.setup.identity
        self.survey()

    def _new_wire(self) -> Wire:
        return Wire(
            self._port,
            self._baud,
            write_timeout_s=self._patience.write_s,
            resync_timeout_s=self._patience.resync_s,
            trace=self._trace,
        )

    def _drop(self) -> None:
        wire, self._wire, self._up = self._wire, None, None
        if wire is not None:
            wire.close()
            self._finder.leave()
            self._left += [urc for urc in wire.take_urcs() if isinstance(urc, _NOWHERE_ELSE)]

    # --- recovery -------------------------------------------------------------------------------

    @property
    def present(self) -> bool:
        """Whether the port is there, open or not; of one on the network nobody knows."""
        return "://" in self._port or Path(self._port).exists()

    def cure(self, step: Step) -> None:
        """Take one step of recovery. After any but `ESC` the modem is closed.

        Raises `CannotCure`, `PortShut`, and `NoReply` after an `ESC` that did not help.
        """
        if step is Step.ESC:
            leave_prompt(self._open_line().session)
            return
        self.close()
        if step in RESETS:
            mind_the_pin(step, self._pin, self._pins, self._identity.iccid)
        if step in BLIND:
            self._tell(BLIND[step])
        self._cures.take(step)

    def _tell(self, command: str) -> None:
        """Give a command to a modem that may not answer it. Raises `PortShut`."""
        try:
            if not self.present:
                self._port = self._finder.find()
            tell_blindly(self._new_wire(), command, self._patience)
        except PortLost as error:
            raise PortShut.of(error) from error
        finally:
            self._finder.leave()

    # --- unsolicited results --------------------------------------------------------------------

    def take_urcs(self) -> list[Urc]:
        """All unsolicited results since the last call, in order. Never touches the port."""
        left, self._left = self._left, []
        urcs = self._wire.take_urcs() if self._wire is not None else []
        return left + (self._up.heard(urcs) if self._up is not None else urcs)

    def wait(self, seconds: float) -> bool:
        """Sleep until an unsolicited result comes, `ring` is called or the port is lost."""
        woken = self._wire.wait(seconds) if self._wire is not None else self._bell.wait(seconds)
        self._bell.clear()
        return woken

    def ring(self) -> None:
        """End a `wait`, from any thread."""
        self._bell.set()
        if (wire := self._wire) is not None:
            wire.ring()

    @property
    def has_news(self) -> bool:
        """Whether an unsolicited result waits, or the port is lost."""
        return self._wire is not None and self._wire.has_news

    # --- receiving ------------------------------------------------------------------------------

    def list_pdus(self, memory: str = "") -> list[ListedPdu]:
        """Everything in all receive memories, or in this one (stat 0 to 3), undecoded."""
        up = self._open_line()
        return up.storage.list_pdus(memory)

    def read_pdu(self, slot: Slot) -> ListedPdu | None:
        """One slot, or None if it is empty."""
        up = self._open_line()
        return up.storage.read_pdu(slot)

    def delete(self, listed: ListedPdu) -> bool:
        """Free the slot if it still holds this very PDU; False if it holds another."""
        up = self._open_line()
        return up.storage.delete(listed)

    def acknowledge(self) -> None:
        """AT+CNMA; a modem that expects none (+CMS ERROR 340) is content."""
        up = self._open_line()
        up.session.ask_if_known("AT+CNMA")

    # --- sending --------------------------------------------------------------------------------

    def submit(
        self,
        pdu: str,
        on_air: Callable[[], None],
        at_prompt: Callable[[], None] = lambda: None,
    ) -> int:
        """AT+CMGS. TP-MR; raises exactly `NotSubmitted`, `Refused` or `OutcomeUnknown`.

        And what `at_prompt` raises: then the prompt is left before the next command.
        """
        return submit(self._to_send(), self._centre.named_in(pdu), on_air, at_prompt)

    def store(self, pdu: str, meanwhile: Callable[[], None] = lambda: None) -> Slot:
        """AT+CMGW. Sends nothing. Raises `Refused`, `NoReply` or `PortLost`.

        `meanwhile` runs at most once, while the PDU crosses the line.
        """
        up = self._open_line()
        slot = store(up.session, self._centre.named_in(pdu), up.setup.memories.store, meanwhile)
        up.storage.note_stored(slot)
        return slot

    def submit_stored(self, slot: Slot, on_air: Callable[[], None]) -> int:
        """AT+CMSS. Raises like `submit`."""
        session = self._to_send()
        assert self._up is not None
        if slot.memory != self._up.setup.memories.store:
            raise NotSubmitted(f"the modem does not send from {slot.memory}")
        return submit_stored(session, slot, on_air)

    def list_stored(self) -> list[ListedPdu]:
        """What lies in the memory that `store` writes to, with its stat (2 unsent, 3 sent)."""
        up = self._open_line()
        return up.storage.list_stored()

    def erase(self, slot: Slot) -> None:
        """Free a slot that `store` filled."""
        up = self._open_line()
        up.storage.erase(slot)

    # --- looking after --------------------------------------------------------------------------

    def survey(self) -> Survey:
        """Ask the modem about network and memory; also moves `link`."""
        up = self._open_line()
        surveyed = self._centre.kept(up.session, survey(up.session, up.storage.use))
        self._link = move(self._link, standing(surveyed))
        return surveyed

    def check(self) -> bool:
        """Whether the modem still has our settings (no echo, AT+CMGF?, AT+CNMI?)."""
        return self._open_line().has_our_settings()

    def ussd(self, code: str, replies: Sequence[str] = (), timeout_s: float | None = None) -> str:
        """Send a USSD code, answer its menus with `replies`, and return what the network says
        last, decoded; a menu is closed.

        Raises `Refused`, `NoReply` or `PortLost`.
        """
        up = self._open_line()
        return ussd(
            up.session,
            code,
            replies,
            self._patience.ussd_s if timeout_s is None else timeout_s,
            as_packed=up.setup.profile.ussd_packed,
            monotonic=self._monotonic,
        )

    # --- the line -------------------------------------------------------------------------------

    def _to_send(self) -> Session:
        if self._up is None:
            raise NotSubmitted("the modem is not open")
        return self._up.session

    def _open_line(self) -> Opened:
        if self._up is None:
            raise PortLost(self._port, "it is not open")
        return self._up


def _fate(error: BaseException) -> object:
    return _SIM_EVENTS[LinkState(error.kind)] if isinstance(error, SimProblem) else Vanished()
