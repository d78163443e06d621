"""How one part is submitted, and how a doubtful one is settled.

Stored submission writes the part into the modem's own memory (AT+CMGW), notes the slot on the
disk, and sends it from there (AT+CMSS). After a power cut the slot's own status says whether it
went out. Manuals do not promise that status, so `auto` believes only what this modem has shown,
the first time on a message that was due anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from relay.core.backoff import doubt_ms
from relay.core.device import STO_SENT, STO_UNSENT, Identity, ListedPdu, Slot
from relay.core.outbound import Event, FoundSent, FoundUnsent, Part, Resent
from relay.core.pdu import Submit, decode
from relay.errors import (
    ModemError,
    NoReply,
    NotSubmitted,
    OutcomeUnknown,
    PduError,
    PortLost,
    Refused,
)
from relay.flows.ports import Clock, Modem
from relay.log import event
from relay.store.facts import Facts
from relay.store.outbox import Outbox
from relay.store.parts import StaleRow

_log = logging.getLogger("relay.submission")

_IDLE_S = 3600.0


@dataclass(frozen=True, slots=True)
class SubmissionPolicy:
    """`mode` is auto, stored or direct; `on_uncertain` is resend or hold, after `wait_ms`.

    A modem may still be at work when relay comes back, so its memory's word UNSENT counts only
    `unsent_ms` after the submission; its word SENT counts at once.
    """

    mode: str = "auto"
    on_uncertain: str = "resend"
    wait_ms: int = 600_000
    unsent_ms: int = 150_000


class Submission:
    """Only used by the modem thread."""

    def __init__(
        self, outbox: Outbox, facts: Facts, clock: Clock, policy: SubmissionPolicy
    ) -> None:
        self._outbox = outbox
        self._facts = facts
        self._clock = clock
        self._policy = policy
        self._no_room = False  # the modem's memory would not take a part; until the next open
        self._proofs: dict[str, bool] = {}  # what the store says of each model, once it does
        self._slot: Slot | None = None  # of the part that was accepted last
        self._unsent: bool | None = None  # whether it read STO UNSENT before; None: not asked
        self._doubted: set[Slot] = set()  # they hold parts of which nobody knows yet
        self._litter = False  # something may lie in the modem's memory that nobody needs

    # --- which way ------------------------------------------------------------------------------

    def mode(self, modem: Modem) -> str:
        """`stored` where it is wanted, possible and not disproved; else `direct`."""
        if self._policy.mode == "direct" or not modem.can_store or self._no_room:
            return "direct"
        if self._policy.mode == "auto" and self._shown(modem.identity) is False:
            return "direct"
        return "stored"

    def _shown(self, identity: Identity) -> bool | None:
        """Whether this model keeps STO SENT and STO UNSENT apart; None until it has shown it."""
        key = _fact_key(identity)
        if key not in self._proofs and (found := self._facts.get(key)) is not None:
            self._proofs[key] = bool(found.value)
        return self._proofs.get(key)

    def _believed(self, identity: Identity) -> bool:
        return self._policy.mode == "stored" or self._shown(identity) is True

    # --- one part -------------------------------------------------------------------------------

    def submit(
        self,
        modem: Modem,
        part: Part,
        on_air: Callable[[], None],
        first: Callable[[], None],
    ) -> int:
        """TP-MR. Raises exactly `NotSubmitted`, `Refused` or `OutcomeUnknown`.

        `first` runs before anything can go out; what it raises is raised. `on_air` runs at most
        once, while the PDU crosses the line.
        """
        if part.submission != "stored":
            return modem.submit(part.pdu, on_air, first)
        first()
        slot = self._store(modem, part, on_air)
        self._outbox.place(part, slot.memory, slot.index)
        unproven = self._policy.mode == "auto" and self._shown(modem.identity) is None
        self._unsent = _stat(modem, slot) == STO_UNSENT if unproven else None
        try:
            mr = modem.submit_stored(slot, _nothing)
        except (Refused, NotSubmitted):
            self._erase(modem, slot)
            raise
        except OutcomeUnknown:
            self._doubted.add(slot)
            raise
        self._slot = slot
        return mr

    def finish(self, modem: Modem, part: Part) -> None:
        """Learn from the modem's memory and free it, once the acceptance is on the disk."""
        if part.submission != "stored" or self._slot is None:
            return
        slot, self._slot = self._slot, None
        shown = None if self._unsent is None else self._unsent and _stat(modem, slot) == STO_SENT
        self._erase(modem, slot)
        if shown is not None:
            self._learn(modem, shown)

    def _store(self, modem: Modem, part: Part, meanwhile: Callable[[], None]) -> Slot:
        try:
            return modem.store(part.pdu, meanwhile)
        except (Refused, NoReply) as error:
            self._no_room = True
            self._litter = isinstance(error, NoReply)  # it may have taken it, and not said so
            raise NotSubmitted(f"the modem's memory would not take it ({error})") from error
        except PortLost as error:
            raise NotSubmitted(str(error)) from error

    def _learn(self, modem: Modem, shown: bool) -> None:
        key = _fact_key(modem.identity)
        self._facts.put(self._clock.now(), key, shown, source="AT+CMSS")
        self._proofs[key] = shown
        _log.info(event("submission.learned", modem=modem.name, stored=shown))

    # --- doubt ----------------------------------------------------------------------------------

    def opened(self, modem: Modem) -> None:
        """After every bring-up: free what lies in the modem's memory and is in no doubt."""
        self._no_room = self._litter = False
        if not modem.can_store:
            return
        self._doubted = self._slots_in_doubt(modem)
        for listed in _stored(modem):
            if listed.stat in (STO_SENT, STO_UNSENT) and listed.slot not in self._doubted:
                self._erase(modem, listed.slot)

    def settle(self, modem: Modem) -> float:
        """Settle the parts in doubt, by memory or by policy; seconds until the next try."""
        if self._litter and self._slot is None:
            self.opened(modem)
        doubtful = self._outbox.uncertain(modem.name)
        in_memory = [part for part in doubtful if part.slot is not None]
        stored = _stored(modem) if in_memory and self._believed(modem.identity) else []
        waits = [self._settle_one(part, stored) for part in doubtful]
        self._free_settled(modem)
        return min(waits, default=_IDLE_S)

    def _settle_one(self, part: Part, stored: list[ListedPdu]) -> float:
        age_ms = self._clock.now() - (part.uncertain_at or 0)
        found = _from_memory(part, stored, age_ms >= self._policy.unsent_ms)
        if found is not None:
            self._record(part, found)
            return 0.0
        if self._policy.on_uncertain == "hold":
            return _IDLE_S
        wait_ms = doubt_ms(self._policy.wait_ms, part.uncertain_count)
        # After a step back of the clock the age is negative: nobody waits for years.
        left_ms = min(wait_ms, wait_ms - age_ms)
        if left_ms > 0:
            return min(left_ms, self._policy.unsent_ms) / 1000
        self._record(part, Resent())
        return 0.0

    def _free_settled(self, modem: Modem) -> None:
        """Free the slots of parts that were settled, be it by a delivery report or a person."""
        doubted = self._slots_in_doubt(modem)
        for slot in sorted(self._doubted - doubted):
            self._erase(modem, slot)
        self._doubted = doubted

    def _slots_in_doubt(self, modem: Modem) -> set[Slot]:
        doubtful = self._outbox.uncertain(modem.name)
        return {Slot(x.memory, x.slot) for x in doubtful if x.memory and x.slot is not None}

    def _erase(self, modem: Modem, slot: Slot) -> None:
        """Best effort: what stays behind is erased when the modem answers again."""
        try:
            modem.erase(slot)
        except ModemError as error:
            self._litter = self._litter or isinstance(error, NoReply)
            _log.info(event("submission.slot_left", modem=modem.name, error=type(error).__name__))

    def _record(self, part: Part, happened: Event) -> None:
        try:
            moved = self._outbox.record(self._clock.now(), part, happened)
        except StaleRow:
            return  # a person has cancelled it, or another modem has settled it
        _log.warning(
            event(
                "outbox.settled",
                part=f"{part.outbound_id}/{part.seq}",
                by=type(happened).__name__,
                state=moved.state,
            )
        )


def _nothing() -> None:
    """While AT+CMSS is on the air: the next part was claimed before."""


def _fact_key(identity: Identity) -> str:
    return f"submission.stored.{identity.manufacturer}|{identity.model}|{identity.revision}"


def never_begun(part: Part) -> bool:
    """The slot is noted before AT+CMSS is given: without a slot nothing was ever sent."""
    return part.submission == "stored" and part.slot is None


def _from_memory(part: Part, stored: list[ListedPdu], settled_down: bool) -> Event | None:
    """What the modem's memory says of a part in doubt; None when it cannot tell (yet)."""
    if never_begun(part):
        return FoundUnsent()
    for listed in stored:
        if listed.slot == Slot(part.memory or "", part.slot or 0) and _same(part, listed):
            if listed.stat == STO_SENT:
                return FoundSent()
            return FoundUnsent() if settled_down else None
    return None


def _same(part: Part, listed: ListedPdu) -> bool:
    """The stored PDU is this part; modems fill in their SMSC and their own TP-MR."""
    try:
        mine, other = decode(part.pdu), decode(listed.pdu)
    except PduError:
        return False
    if not isinstance(mine, Submit) or not isinstance(other, Submit):
        return False
    return (mine.recipient.number, mine.text, mine.data, mine.concat) == (
        other.recipient.number, other.text, other.data, other.concat,
    )  # fmt: skip


def _stored(modem: Modem) -> list[ListedPdu]:
    """What the memory shows. One that cannot be listed tells nothing, and must block nothing."""
    try:
        return modem.list_stored()
    except (Refused, NoReply) as error:
        _log.info(event("submission.not_listed", modem=modem.name, error=type(error).__name__))
        return []


def _stat(modem: Modem, slot: Slot) -> int | None:
    try:
        listed = modem.read_pdu(slot)
    except ModemError:
        return None
    return listed.stat if listed else None
