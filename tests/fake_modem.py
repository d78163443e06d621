"""A modem in a dictionary: slots that fill, a network that answers as it is told."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from relay.core.device import (
    REC_READ,
    REC_UNREAD,
    STO_SENT,
    STO_UNSENT,
    DirectPdu,
    Identity,
    LateReference,
    ListedPdu,
    MemoryUse,
    NewMessage,
    Slot,
    Survey,
    Urc,
)
from relay.core.ladder import STEPS, Step
from relay.core.link import READABLE, LinkState
from relay.core.pdu import Submit, decode
from relay.core.urc import is_chatter
from relay.errors import (
    CannotCure,
    ModemError,
    NoReply,
    NotSubmitted,
    PduError,
    PortLost,
    PortShut,
    Refused,
)

STORE = "ME"
BLIND = frozenset({Step.ATZ, Step.CFUN})  # commands, which need the port
STORED = frozenset({STO_UNSENT, STO_SENT})


def _number(pdu: str) -> str:
    """The recipient of an SMS-SUBMIT, '' of what is none."""
    try:
        found = decode(pdu)
    except PduError:
        return ""
    return found.recipient.number if isinstance(found, Submit) else ""


@dataclass
class FakeModem:
    """`answers` are consumed one a submission: a TP-MR, or an error to raise.

    An error with `sent` comes after the network took the part. It begins opened; else it keeps
    the contract of `Modem` (tests/contract) as the driver does.
    """

    name: str = "modem0"
    link: LinkState = LinkState.READY
    identity: Identity = field(
        default_factory=lambda: Identity("Test", "T1", "1.0", "356", "639", "8925401")
    )
    can_store: bool = False
    keeps_status: bool = True
    slots: dict[Slot, ListedPdu] = field(default_factory=dict)
    urcs: list[Urc] = field(default_factory=list)
    answers: list[int | ModemError] = field(default_factory=list)
    barred: dict[str, Refused] = field(default_factory=dict)  # by number, whatever the answers
    open_errors: list[ModemError] = field(default_factory=list)
    submitted: list[str] = field(default_factory=list)
    acknowledged: int = 0
    settings_kept: bool = True
    opened: int = 0
    log: list[str] = field(default_factory=list)
    die_in: dict[str, BaseException] = field(default_factory=dict)
    during: dict[str, Callable[[], object]] = field(default_factory=dict)
    refuses_late: bool = True  # after the PDU, when it is on the air; else instead of the prompt
    unplugged: bool = False
    ussd_answers: dict[str, str | ModemError] = field(default_factory=dict)
    cured_by: Step | None = None  # while it hangs, no smaller step lets it answer
    hopeless: bool = False  # it hangs, and no step helps
    cannot: dict[Step, str] = field(default_factory=dict)
    cures: list[Step] = field(default_factory=list)
    smsc: str | None = "+254722500029"
    clocks: tuple[int, ...] = ()  # what +CCLK may mean
    sizes: dict[str, int] = field(default_factory=dict)
    imsi_now: str | None = None  # of a SIM that came after the bring-up
    takes_centre: bool = True
    _mr: int = 0
    _rung: threading.Event = field(default_factory=threading.Event)

    # --- for the test ---------------------------------------------------------------------------

    def receive(self, pdu: str, *, memory: str = "SM", hint: bool = True) -> Slot:
        slot = self._keep(memory, REC_UNREAD, pdu)
        if hint:
            self.urcs.append(NewMessage(slot))
        return slot

    def unplug(self) -> None:
        self.unplugged, self.link = True, LinkState.LOST
        self._rung.set()

    def replug(self) -> None:
        self.unplugged = False

    def _keep(self, memory: str, stat: int, pdu: str) -> Slot:
        free = (Slot(memory, index) for index in itertools.count(1))
        slot = next(slot for slot in free if slot not in self.slots)
        self.slots[slot] = ListedPdu(slot, stat, pdu)
        return slot

    def _shown(self, slot: Slot) -> ListedPdu:
        """As it lies there; from then on a received one is read."""
        listed = self.slots[slot]
        if listed.stat == REC_UNREAD:
            self.slots[slot] = replace(listed, stat=REC_READ)
        return listed

    def _now(self, what: str) -> None:
        self.log.append(what)
        if what in self.during:
            self.during[what]()
        if what in self.die_in:
            raise self.die_in.pop(what)

    def _command(self, what: str) -> None:
        if self.link not in READABLE:
            raise PortLost(self.name, "it is not open")
        if self._hangs:
            raise NoReply(what, 10)
        self._now(what)

    @property
    def _hangs(self) -> bool:
        return self.hopeless or self.cured_by is not None

    def _to_send(self, what: str) -> None:
        try:
            self._command(what)
        except PortLost as error:
            raise NotSubmitted(str(error)) from error

    # --- Modem ----------------------------------------------------------------------------------

    def open(self) -> None:
        self.close()
        self.opened += 1
        self._now("open")
        if self.unplugged or self.open_errors:
            self.link = LinkState.LOST
            raise self.open_errors.pop(0) if self.open_errors else PortShut(self.name, "no device")
        if self._hangs:
            self.link = LinkState.LOST
            raise NoReply("AT", 15)
        self.link = LinkState.READY

    def close(self) -> None:
        self.link = LinkState.CLOSED
        self.urcs = [urc for urc in self.urcs if isinstance(urc, DirectPdu | LateReference)]

    @property
    def present(self) -> bool:
        return not self.unplugged

    def cure(self, step: Step) -> None:
        if step is Step.ESC and self.link not in READABLE:
            raise PortLost(self.name, "it is not open")
        if step is not Step.ESC:
            self.close()
        if self.unplugged and step in BLIND:
            raise PortShut(self.name, "no device")
        if step in self.cannot:
            raise CannotCure(step, self.cannot[step])
        self.cures.append(step)
        self._now(f"cure {step}")
        if self.cured_by is not None and STEPS.index(step) >= STEPS.index(self.cured_by):
            self.cured_by = None
        if step is Step.ESC and self._hangs:
            raise NoReply("AT", 4.5)

    def take_urcs(self) -> list[Urc]:
        urcs, self.urcs = self.urcs, []
        return urcs

    def wait(self, seconds: float) -> bool:
        woken = self.has_news or self._rung.wait(seconds)
        self._rung.clear()
        return woken

    def ring(self) -> None:
        self._rung.set()

    def list_pdus(self, memory: str = "") -> list[ListedPdu]:
        self._command("list")
        return [self._shown(slot) for slot in sorted(self.slots) if memory in ("", slot.memory)]

    def read_pdu(self, slot: Slot) -> ListedPdu | None:
        self._command("read")
        return self._shown(slot) if slot in self.slots else None

    def delete(self, listed: ListedPdu) -> bool:
        self._command("delete")
        if self.slots.get(listed.slot, listed).pdu != listed.pdu:
            return False
        self.slots.pop(listed.slot, None)
        return True

    def acknowledge(self) -> None:
        self._command("acknowledge")
        self.acknowledged += 1

    @property
    def has_news(self) -> bool:
        return not all(is_chatter(urc) for urc in self.urcs)

    def submit(
        self,
        pdu: str,
        on_air: Callable[[], None],
        at_prompt: Callable[[], None] = lambda: None,
    ) -> int:
        self._to_send("submit")
        at_prompt()
        return self._on_the_air(pdu, on_air)

    def store(self, pdu: str, meanwhile: Callable[[], None] = lambda: None) -> Slot:
        self._command("store")
        meanwhile()
        return self._keep(STORE, STO_UNSENT, pdu)

    def submit_stored(self, slot: Slot, on_air: Callable[[], None]) -> int:
        self._to_send("submit_stored")
        if slot.memory != STORE:
            raise NotSubmitted(f"the modem does not send from {slot.memory}")
        if slot not in self.slots:
            raise Refused("CMS", 321)
        listed, before = self.slots[slot], len(self.submitted)
        try:
            return self._on_the_air(listed.pdu, on_air)
        finally:
            if len(self.submitted) > before and self.keeps_status:
                self.slots[slot] = ListedPdu(slot, STO_SENT, listed.pdu)

    def _on_the_air(self, pdu: str, on_air: Callable[[], None]) -> int:
        answer = self.answers.pop(0) if self.answers else None
        answer = self.barred.get(_number(pdu), answer)
        at_the_prompt = (NotSubmitted,) if self.refuses_late else (NotSubmitted, Refused)
        if isinstance(answer, at_the_prompt):
            raise answer
        if not isinstance(answer, ModemError) or getattr(answer, "sent", False):
            self.submitted.append(pdu)
        on_air()
        self._now("on_air")
        if isinstance(answer, ModemError):
            raise answer
        self._mr = (self._mr + 1) % 256 if answer is None else answer
        return self._mr

    def list_stored(self) -> list[ListedPdu]:
        self._command("list_stored")
        return [self.slots[slot] for slot in sorted(self.slots) if self._is_part(slot)]

    def erase(self, slot: Slot) -> None:
        self._command("erase")
        if self._is_part(slot):
            del self.slots[slot]

    def _is_part(self, slot: Slot) -> bool:
        return slot in self.slots and slot.memory == STORE and self.slots[slot].stat in STORED

    def survey(self) -> Survey:
        self._command("survey")
        return Survey(
            signal_dbm=-71, registration=1, operator="Test Net", smsc=self.smsc, clock=self.clocks
        )

    def memories(self) -> tuple[MemoryUse, ...]:
        counted = Counter(slot.memory for slot in self.slots)
        return tuple(MemoryUse(name, counted[name], size) for name, size in self.sizes.items())

    def hang_up(self) -> None:
        self._command("hang_up")

    def imsi(self) -> str:
        self._command("imsi")
        return self.identity.imsi if self.imsi_now is None else self.imsi_now

    def set_centre(self, number: str) -> bool:
        self._command("set_centre")
        if self.takes_centre:
            self.smsc = number
        return self.takes_centre

    def check(self) -> bool:
        self._command("check")
        return self.settings_kept

    def converse(self, command: str, timeout_s: float) -> list[str]:
        self._command(command)
        return [f"answer to {command}"]

    def ussd(self, code: str, replies: Sequence[str] = (), timeout_s: float | None = None) -> str:
        self._command("ussd")
        answer = self.ussd_answers.get(",".join([code, *replies]), f"answer to {code}")
        if isinstance(answer, ModemError):
            raise answer
        return answer


class CountingBell:
    """A doorbell that counts."""

    def __init__(self) -> None:
        self.rings = 0

    def ring(self) -> None:
        self.rings += 1
