"""The modem's message memories: list, read, and free slots, but never one with an unseen message.

What may have changed between reading a slot and freeing it, and what each case costs:

- A message came into the slot because somebody had freed it. Only we free slots, so each sight
  of a slot pays for one deletion: after that the slot has to be seen again.
- The network replaced the message in place (TP-PID 41 to 47, TS 23.040 §9.2.3.9): such a slot is
  read again first.
- A +CMTI or +CDSI named the slot after we saw it: read again.
- The modem restarted or a command timed out: all that was seen is forgotten. A restart that says
  nothing cannot be faster than `_FRESH_S`, and it turns the echo on again: a deletion needs no
  look at the slot only within that time of a command that went well without an echo.
- AT+CPMS was answered with OK and did not switch: what was seen before a switch is read again
  after it, once; the first that fits vouches for the others.

So a burst costs one AT+CMGD a message, and nothing is trusted that was not just proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from relay.core.device import STO_SENT, STO_UNSENT, ListedPdu, MemoryUse, Slot
from relay.core.replies import Entry, chosen_use, listing, reading, used_indexes
from relay.errors import Refused
from relay.modem.memories import MemoryPlan
from relay.modem.session import Session

_FRESH_S = 2.0
_READ_TRIES = 3
# Empty slots: +CMS ERROR 321 (invalid memory index) and what families say instead.
_EMPTY = {("CMS", 321), ("CMS", 500), ("CME", 21), ("CME", 22)}


class Storage:
    """Only used by the modem thread."""

    def __init__(self, session: Session, plan: MemoryPlan, monotonic: Callable[[], float]) -> None:
        self._session = session
        self._plan = plan
        self._monotonic = monotonic
        self._selected = plan.receive
        # What was seen, and in which selection of a memory; the selection that counts now is
        # vouched for when it has shown something that was seen in an earlier one.
        self._seen: dict[Slot, tuple[str, int]] = {}
        self._selection = 0
        self._vouched = False
        self._own: dict[Slot, int] = {}  # slots that AT+CMGW filled, and in which selection
        self._quiet_at = float("-inf")  # when a command last went well without an echo
        self._signs = session.wire.signs_of_restart
        self._surplus: dict[str, int] = {}  # slots in use that no way of reading shows
        self._use = {use.memory: use for use in plan.sizes}

    @property
    def use(self) -> tuple[MemoryUse, ...]:
        """How full each memory was when it was last looked at."""
        return tuple(self._use.values())

    # --- looking --------------------------------------------------------------------------------

    def list_pdus(self, only: str = "") -> list[ListedPdu]:
        """Everything in all receive memories, or in one; a memory that refuses is left out.

        Raises `Refused` when all refuse, `NoReply` and `PortLost`.
        """
        if not self._plan.sweep:
            return self._list("")
        found: list[ListedPdu] = []
        refused: Refused | None = None
        answered = False
        for memory in (only,) if only in self._plan.sweep else self._plan.sweep:
            try:
                found += self._list(memory)
                answered = True
            except Refused as error:
                refused = error
        if refused is not None and not answered:
            raise refused
        return found

    def list_stored(self) -> list[ListedPdu]:
        """What lies in the memory of AT+CMGW, stat 2 and 3."""
        return [x for x in self._list(self._plan.store) if x.stat in {STO_UNSENT, STO_SENT}]

    def read_pdu(self, slot: Slot) -> ListedPdu | None:
        """One slot, or None if it is empty or cannot be read soundly."""
        self._select(slot.memory)
        self._session.wire.looking_at(slot.memory, slot.index)
        entry = self._read(slot.index)
        return None if entry is None else self._noted(slot.memory, entry)

    def _list(self, memory: str) -> list[ListedPdu]:
        used = self._select(memory, afresh=True)
        self._forget(memory)
        self._session.wire.looking_at(memory)
        patience = self._session.patience
        try:
            entries = listing(self._ask("AT+CMGL=4", patience.listing_s, patience.quiet_s))
        except Refused:
            entries = ()
            if used is None:
                raise
        good = [entry for entry in entries if entry.sound]
        good += self._missing(memory, used, entries)
        return [self._noted(memory, entry) for entry in good]

    def _missing(self, memory: str, used: int | None, entries: Iterable[Entry]) -> Iterable[Entry]:
        """What +CMGL did not show whole, slot by slot: a line was garbled, or CMGL is broken."""
        shown = {entry.index: entry.sound for entry in entries}
        garbled = [index for index, sound in shown.items() if not sound]
        hidden = max(0, (used or 0) - len(shown))
        if hidden == self._surplus.get(memory, 0):
            return self._read_all(garbled)
        found = self._read_all([*garbled, *self._candidates(memory, used or 0, shown)])
        self._surplus[memory] = max(0, hidden - sum(entry.index not in shown for entry in found))
        return found

    def _candidates(self, memory: str, used: int, shown: Iterable[int]) -> list[int]:
        indexes = used_indexes(self._session.ask_if_known("AT+CMGD=?") or [])
        if indexes is None or len(indexes) < used:
            size = self._use[memory].total if memory in self._use else 0
            indexes = tuple(range(max(size, used) + 1))
        known = set(shown)
        return [index for index in indexes if index not in known]

    def _read_all(self, indexes: Iterable[int]) -> list[Entry]:
        found = []
        for index in indexes:
            try:
                entry = self._read(index)
            except Refused:
                continue  # a slot that cannot be read keeps no other slot from being read
            if entry is not None:
                found.append(entry)
        return found

    def _read(self, index: int) -> Entry | None:
        """AT+CMGR. A PDU of another length than announced counts when it comes twice the same."""
        before: Entry | None = None
        for _ in range(_READ_TRIES):
            try:
                entry = reading(self._ask(f"AT+CMGR={index}"), index)
            except Refused as error:
                if (error.family, error.code) in _EMPTY:
                    return None
                raise
            if entry is None or entry.sound or entry == before:
                return entry
            before = entry
        return None

    def _noted(self, memory: str, entry: Entry) -> ListedPdu:
        slot = Slot(memory, entry.index)
        self._seen[slot] = (entry.pdu, self._selection)
        return ListedPdu(slot, entry.stat, entry.pdu)

    # --- freeing --------------------------------------------------------------------------------

    def delete(self, listed: ListedPdu) -> bool:
        """Free the slot if it holds this very PDU; False if it holds another."""
        self._select(listed.slot.memory)
        if not self._certain(listed):
            entry = self._read(listed.slot.index)
            if entry is None:
                return True
            if entry.pdu != listed.pdu:
                return False
            self._vouched = True
        self._free(listed.slot)
        return True

    def erase(self, slot: Slot) -> None:
        """Free a slot that `store` filled; a received message in it is left alone."""
        self._select(slot.memory)
        mine = self._own.get(slot) == self._selection and self._fresh()
        if not mine or self._session.wire.is_announced(slot):
            entry = self._read(slot.index)
            if entry is None or entry.stat not in {STO_UNSENT, STO_SENT}:
                return
        self._free(slot)

    def note_stored(self, slot: Slot) -> None:
        """AT+CMGW has just filled this slot."""
        self._own[slot] = self._selection if slot.memory == self._selected else -1

    def _certain(self, listed: ListedPdu) -> bool:
        pdu, selection = self._seen.get(listed.slot, ("", -1))
        return (
            self._fresh()
            and pdu == listed.pdu
            and (self._vouched or selection == self._selection)
            and not may_be_replaced(listed.pdu)
            and not self._session.wire.is_announced(listed.slot)
        )

    def _free(self, slot: Slot) -> None:
        self._own.pop(slot, None)
        self._seen.pop(slot, None)
        self._ask(f"AT+CMGD={slot.index}")
        use = self._use.get(slot.memory)
        if use is not None and use.used:
            self._use[slot.memory] = replace(use, used=use.used - 1)

    def _fresh(self) -> bool:
        signs = self._session.wire.signs_of_restart
        if signs != self._signs:
            self._signs = signs
            self._seen.clear()
            self._own.clear()
            self._selected = ""
            self._quiet_at = float("-inf")
        return self._monotonic() - self._quiet_at < _FRESH_S

    # --- asking ---------------------------------------------------------------------------------

    def _select(self, memory: str, *, afresh: bool = False) -> int | None:
        """Make `memory` mem1; how many slots are in use, where the answer says."""
        self._fresh()  # after an interruption nothing is selected any more
        if not memory or not self._plan.receive or (memory == self._selected and not afresh):
            return None
        if memory != self._selected:
            self._selection += 1
            self._vouched = False
        self._selected = ""
        use = chosen_use(self._ask(f'AT+CPMS="{memory}"'))
        self._selected = memory
        if use is None:
            return None
        self._use[memory] = MemoryUse(memory, *use)
        return use[0]

    def _ask(
        self, command: str, timeout: float | None = None, quiet: float | None = None
    ) -> list[str]:
        lines = self._session.ask(command, timeout, quiet)
        if self._session.wire.signs_of_restart == self._signs:
            self._quiet_at = self._monotonic()
        return lines

    def _forget(self, memory: str) -> None:
        for slot in [slot for slot in self._seen if slot.memory == memory]:
            del self._seen[slot]


def may_be_replaced(pdu: str) -> bool:
    """Whether the network may overwrite this SMS-DELIVER in its slot (TP-PID 41 to 47).

    Only finds the TP-PID behind the SMSC and the sender; an odd PDU counts as replaceable.
    """
    try:
        octets = bytes.fromhex(pdu)
        first = octets[0] + 1
        if octets[first] & 0x03 not in {0, 3}:
            return False  # a report or a submission is never replaced
        digits = octets[first + 1]
        pid = octets[first + 3 + (digits + 1) // 2]
    except (ValueError, IndexError):
        return True
    return 0x41 <= pid <= 0x47
