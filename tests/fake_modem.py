"""A modem in a dictionary: slots that fill, a network that answers as it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from relay.core.device import (
    REC_UNREAD,
    STO_SENT,
    STO_UNSENT,
    Identity,
    ListedPdu,
    NewMessage,
    Slot,
    Survey,
    Urc,
)
from relay.core.link import LinkState
from relay.errors import ModemError


@dataclass
class FakeModem:
    """`answers` are consumed one a submission: a TP-MR, or an error to raise."""

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
    open_errors: list[ModemError] = field(default_factory=list)
    submitted: list[str] = field(default_factory=list)
    acknowledged: int = 0
    settings_kept: bool = True
    opened: int = 0
    log: list[str] = field(default_factory=list)
    die_in: dict[str, BaseException] = field(default_factory=dict)
    during: dict[str, Callable[[], object]] = field(default_factory=dict)
    _mr: int = 0

    # --- for the test ---------------------------------------------------------------------------

    def receive(self, pdu: str, *, memory: str = "SM", hint: bool = True) -> Slot:
        index = 1 + max((slot.index for slot in self.slots if slot.memory == memory), default=0)
        slot = Slot(memory, index)
        self.slots[slot] = ListedPdu(slot, REC_UNREAD, pdu)
        if hint:
            self.urcs.append(NewMessage(slot))
        return slot

    def _now(self, what: str) -> None:
        self.log.append(what)
        if what in self.during:
            self.during[what]()
        if what in self.die_in:
            raise self.die_in.pop(what)

    # --- Modem ----------------------------------------------------------------------------------

    def open(self) -> None:
        self.opened += 1
        self._now("open")
        if self.open_errors:
            self.link = LinkState.LOST
            raise self.open_errors.pop(0)
        self.link = LinkState.READY

    def close(self) -> None:
        self.link = LinkState.CLOSED

    def take_urcs(self) -> list[Urc]:
        urcs, self.urcs = self.urcs, []
        return urcs

    def wait(self, seconds: float) -> bool:
        return bool(self.urcs)

    def ring(self) -> None:
        self.log.append("ring")

    def list_pdus(self, memory: str = "") -> list[ListedPdu]:
        self._now("list")
        return [pdu for pdu in self.slots.values() if memory in ("", pdu.slot.memory)]

    def read_pdu(self, slot: Slot) -> ListedPdu | None:
        self._now("read")
        return self.slots.get(slot)

    def delete(self, listed: ListedPdu) -> bool:
        self._now("delete")
        if self.slots.get(listed.slot) != listed:
            return False
        del self.slots[listed.slot]
        return True

    def acknowledge(self) -> None:
        self._now("acknowledge")
        self.acknowledged += 1

    @property
    def has_news(self) -> bool:
        return bool(self.urcs)

    def submit(
        self,
        pdu: str,
        on_air: Callable[[], None],
        at_prompt: Callable[[], None] = lambda: None,
    ) -> int:
        self._now("submit")
        at_prompt()
        return self._on_the_air(pdu, on_air)

    def store(self, pdu: str, meanwhile: Callable[[], None] = lambda: None) -> Slot:
        self._now("store")
        meanwhile()
        slot = Slot("ME", 1 + max((s.index for s in self.slots if s.memory == "ME"), default=0))
        self.slots[slot] = ListedPdu(slot, STO_UNSENT, pdu)
        return slot

    def submit_stored(self, slot: Slot, on_air: Callable[[], None]) -> int:
        self._now("submit_stored")
        listed = self.slots[slot]
        try:
            return self._on_the_air(listed.pdu, on_air)
        finally:
            if self.submitted and self.submitted[-1] == listed.pdu and self.keeps_status:
                self.slots[slot] = ListedPdu(slot, STO_SENT, listed.pdu)

    def _on_the_air(self, pdu: str, on_air: Callable[[], None]) -> int:
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, ModemError) and not getattr(answer, "sent", False):
            raise answer
        self.submitted.append(pdu)
        on_air()
        self._now("on_air")
        if isinstance(answer, ModemError):
            raise answer
        self._mr = self._mr + 1 if answer is None else answer
        return self._mr

    def list_stored(self) -> list[ListedPdu]:
        self._now("list_stored")
        return [listed for listed in self.slots.values() if listed.slot.memory == "ME"]

    def erase(self, slot: Slot) -> None:
        self._now("erase")
        self.slots.pop(slot, None)

    def survey(self) -> Survey:
        self._now("survey")
        return Survey(signal_dbm=-71, registration=1, operator="Test Net")

    def check(self) -> bool:
        self._now("check")
        return self.settings_kept

    def ussd(self, code: str) -> str:
        return f"answer to {code}"


class CountingBell:
    """A doorbell that counts."""

    def __init__(self) -> None:
        self.rings = 0

    def ring(self) -> None:
        self.rings += 1
