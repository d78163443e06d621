"""Receiving: from the SIM to the disk, and only then off the SIM.

Two phases that never overlap: raw PDUs are committed, then their slots are freed, then they are
read. An unsolicited result is only a hint; the memory is swept on a timer as well.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from relay.core.device import (
    REC_READ,
    REC_UNREAD,
    DirectPdu,
    ListedPdu,
    MemoryFull,
    NewMessage,
    Slot,
    Urc,
)
from relay.core.room import in_the_way, is_short
from relay.errors import Refused
from relay.flows.ports import Clock, Doorbell, Modem
from relay.log import Repeated, event
from relay.store.facts import Facts
from relay.store.inbox import Digested, Inbox
from relay.store.raw import CUT, Arrival, newest_stamp

_log = logging.getLogger("relay.receiving")

# Beyond this many hints one listing is cheaper than reading slot by slot: AT+CPMS and AT+CMGL
# with their answers are some 65 bytes, an AT+CMGR is 17 bytes longer than an entry of a list.
_MANY_HINTS = 4
_CROWDED_S = 5.0


class Receiving:
    """One modem's inward half. Only used by that modem's thread."""

    def __init__(
        self,
        modem: Modem,
        inbox: Inbox,
        clock: Clock,
        bell: Doorbell,
        sweep_s: float = 45,
        facts: Facts | None = None,
    ) -> None:
        self._modem = modem
        self._bell = bell  # of those who forward messages
        self._inbox = inbox
        self._clock = clock
        self._sweep_s = sweep_s
        self._sweep_at = 0.0  # monotonic; 0 means: at once
        self._swept = False  # since the modem was opened
        self._hints: dict[Slot, None] = {}  # a set that keeps its order
        self._direct: list[DirectPdu] = []  # not kept yet; they lie nowhere else
        self._unacknowledged = 0
        self._facts = facts
        # What could not be freed in this sweep, and what status was told of it last.
        self._refused: dict[str, dict[str, Any]] = {}
        self._told: dict[str, dict[str, Any]] | None = None
        self._news = False  # whether what was kept last was new
        self._said = Repeated()
        self._unread = True  # raw PDUs may wait in the store, as after a power cut

    def opened(self) -> None:
        """The modem was opened anew: whatever lies in its memory is to be read."""
        self._sweep_at = 0.0
        self._swept = False
        self._unacknowledged = 0

    def look_soon(self) -> None:
        """Something happened after which the modem may have announced nothing."""
        self._sweep_at = 0.0

    def step(self) -> float:
        """Keep, free and read what came in; seconds until the next sweep is due.

        Raises `ModemError` or `StoreError`; nothing is lost
        by either, because a slot is freed only after its PDU is on the disk.
        """
        self._acknowledge()
        if self._clock.monotonic() >= self._sweep_at:
            self._sweep()
        elif len(self._hints) > _MANY_HINTS:
            self._list_hinted()
        elif self._hints:
            self._read_hinted()
        self.digest()
        return max(0.0, self._sweep_at - self._clock.monotonic())

    def notice(self, urcs: Sequence[Urc]) -> None:
        """Remember hints; commit the PDUs that lie nowhere else, even if the modem is gone."""
        for urc in urcs:
            if isinstance(urc, DirectPdu):
                self._direct.append(urc)
            elif isinstance(urc, NewMessage):
                self._hints[urc.slot] = None
            elif isinstance(urc, MemoryFull):
                self._sweep_at = 0.0
        if self._direct:
            self._keep(
                [(urc.pdu, f"{urc.via}{CUT}" if urc.cut else urc.via) for urc in self._direct],
                live=True,
            )
            self._unacknowledged += sum(urc.needs_ack for urc in self._direct)
            self._direct.clear()

    def _sweep(self) -> None:
        self._refused, self._news = {}, False
        listed = self._modem.list_pdus()
        crowded = self._is_crowded()
        # What lay there when the modem was opened may have waited for days.
        self._hints = dict.fromkeys(self._take(listed, live=self._swept))
        self._swept = True
        # A memory that was full announces nothing, and the network has more.
        wait_s = min(_CROWDED_S, self._sweep_s) if crowded and self._news else self._sweep_s
        self._make_room(listed)
        self._sweep_at = self._clock.monotonic() + wait_s
        self._tell_stuck()

    def _is_crowded(self) -> bool:
        return any(is_short(use.used, use.total) for use in self._modem.memories())

    def _make_room(self, listed: Sequence[ListedPdu]) -> None:
        """Keep and clear away what phones left on the SIM, where nothing else makes room."""
        if not self._is_crowded():
            return
        in_doubt = self._inbox.slots_in_doubt(self._modem.name)
        strays = in_the_way(listed, self._modem.memories(), in_doubt)
        if not strays:
            return
        pdus = [(x.pdu, f"STO{x.stat}:{x.slot.memory}:{x.slot.index}") for x in strays]
        self._keep(pdus, live=False)
        for stray in strays:
            self._free(stray)
        _log.warning(event("inbox.room_made", modem=self._modem.name, stored=len(strays)))

    def _tell_stuck(self) -> None:
        """For status: how many slots of each memory cannot be freed, and what the modem says."""
        if self._facts is None or self._refused == self._told:
            return
        self._told = self._refused
        key = f"modem.{self._modem.name}.stuck"
        self._facts.put(self._clock.now(), key, self._refused, source="AT+CMGD")

    def _list_hinted(self) -> None:
        memories = sorted({slot.memory for slot in self._hints})
        try:
            listed = [pdu for memory in memories for pdu in self._modem.list_pdus(memory)]
        except Refused:
            self._read_hinted()  # some modem that cannot list this memory
            return
        self._hints = dict.fromkeys(self._take(listed, live=True))

    def _read_hinted(self) -> None:
        slots = list(self._hints)
        try:
            found = [self._modem.read_pdu(slot) for slot in slots]
        except Refused:
            self._sweep()  # the hint names a place that cannot be read
            return
        changed = self._take([listed for listed in found if listed is not None], live=True)
        self._hints = dict.fromkeys(changed)

    def _take(self, listed: Sequence[ListedPdu], *, live: bool = False) -> list[Slot]:
        """Keep, then free. The slots that held something else by then: they are read next."""
        received = [pdu for pdu in listed if pdu.stat in (REC_UNREAD, REC_READ)]
        if not received:
            return []
        pdus = [(pdu.pdu, f"{pdu.slot.memory}:{pdu.slot.index}") for pdu in received]
        self._keep(pdus, live=live)
        return [pdu.slot for pdu in received if not self._free(pdu)]

    def _free(self, listed: ListedPdu) -> bool:
        """Whether nothing new lies in the slot. One that cannot be freed is in nobody's way:
        it is kept, and known when it is listed again."""
        try:
            return self._modem.delete(listed)
        except Refused as error:
            slot = f"{listed.slot.memory}:{listed.slot.index}"
            before = self._refused.get(listed.slot.memory, {"slots": 0})
            self._refused[listed.slot.memory] = {
                "slots": before["slots"] + 1,
                "error": str(error),
            }
            if self._said.worth(f"{slot} {error}", self._clock.monotonic()):
                _log.warning(
                    event("inbox.slot_stuck", modem=self._modem.name, slot=slot, error=str(error))
                )
            return True

    def _acknowledge(self) -> None:
        """The network hears that we have a direct PDU only after the commit."""
        while self._unacknowledged:
            self._unacknowledged -= 1
            self._modem.acknowledge()

    def _keep(self, pdus: Sequence[tuple[str, str]], *, live: bool) -> None:
        """`live`: the modem has just announced them, so their time stamps tell the time."""
        sim = self._modem.identity.iccid or self._modem.identity.imsi
        arrivals = [Arrival(pdu, self._modem.name, sim, via) for pdu, via in pdus]
        new = self._inbox.keep(self._clock.now(), arrivals)
        self._unread, self._news = True, new > 0
        if live and new and (stamp := newest_stamp(arrivals)):
            self._clock.stamped(stamp)
        _log.info(event("inbox.kept", modem=self._modem.name, pdus=len(arrivals), new=new))

    def digest(self) -> None:
        """Read what was kept and not read yet. Needs no modem."""
        while self._unread and (done := self._inbox.digest(self._clock.now())).raws:
            self._say(done)
            if done.messages:
                self._bell.ring()
        self._unread = False

    def _say(self, done: Digested) -> None:
        _log.info(
            event(
                "inbox.read",
                modem=self._modem.name,
                messages=done.messages,
                reports=done.reports,
                undecodable=done.undecodable,
            )
        )
