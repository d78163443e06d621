"""The life of an outbound part (one SMS-SUBMIT).

Everything that decides where a part may go is in `TRANSITIONS`; each event says what else it
leaves on the row. What a message of several parts looks like is in `fold`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from enum import StrEnum

from relay.core.machine import Table, step

# So begin the reasons of what relay has taken back itself: it was not to go out any more.
TAKEN_BACK = ("MSG_SUPERSEDED", "SKIPPED_OPTED_OUT", "POST_CANCELLED", "NOT_NEEDED")


class PartState(StrEnum):
    """Where one SMS-SUBMIT stands."""

    QUEUED = "QUEUED"
    SUBMITTING = "SUBMITTING"
    UNCERTAIN = "UNCERTAIN"
    ACCEPTED = "ACCEPTED"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Part:
    """One SMS-SUBMIT. Times are epoch milliseconds.

    `memory` and `slot` name the place in the modem's own memory while a stored submission is
    under way; an empty slot then proves that no send command was ever given. So does an empty
    `submitted_at` while SUBMITTING: the part was claimed ahead and never begun. After
    `useful_until` it is not sent any more. `number` is the recipient, as it is dialled.
    """

    id: int
    outbound_id: int
    seq: int
    total: int
    pdu: str
    state: PartState = PartState.QUEUED
    attempts: int = 0
    due_at: int = 0
    mr: int | None = None
    modem: str | None = None
    submission: str | None = None
    memory: str | None = None
    slot: int | None = None
    submitted_at: int | None = None
    accepted_at: int | None = None
    finished_at: int | None = None
    uncertain_at: int | None = None
    uncertain_count: int = 0
    reason: str | None = None
    useful_until: int | None = None
    number: str = field(default="", repr=False)


# --- events -------------------------------------------------------------------------------------


class Event(ABC):
    """Something that happened to a part. `mark` is what it leaves on the row, beside the state."""

    __slots__ = ()

    @abstractmethod
    def mark(self, part: Part, now: int) -> Part: ...


@dataclass(frozen=True, slots=True)
class Claimed(Event):
    """A modem takes the part; committed before the first byte goes to the radio."""

    modem: str
    submission: str  # "direct" or "stored"
    ahead: bool = False  # while another part is on the air: this one is begun later

    def mark(self, part: Part, now: int) -> Part:
        return replace(
            _unplaced(part),
            modem=self.modem,
            submission=self.submission,
            submitted_at=None if self.ahead else now,
            attempts=part.attempts + 1,
        )


@dataclass(frozen=True, slots=True)
class Accepted(Event):
    """`+CMGS: mr` or `+CMSS: mr`: the network took it."""

    mr: int

    def mark(self, part: Part, now: int) -> Part:
        return replace(part, mr=self.mr, accepted_at=now, reason=None)


@dataclass(frozen=True, slots=True)
class NotStarted(Event):
    """Nothing reached the radio, so it was no attempt."""

    cause: str
    due_at: int = 0

    def mark(self, part: Part, now: int) -> Part:
        return replace(
            _unplaced(part),
            attempts=part.attempts - 1,
            reason=self.cause,
            due_at=max(part.due_at, self.due_at),
        )


@dataclass(frozen=True, slots=True)
class RefusedForNow(Event):
    """The modem or network said no, and another try makes sense at `due_at`."""

    reason: str
    due_at: int

    def mark(self, part: Part, now: int) -> Part:
        return replace(_unplaced(part), due_at=self.due_at, reason=self.reason)


@dataclass(frozen=True, slots=True)
class _Ended(Event):
    reason: str

    def mark(self, part: Part, now: int) -> Part:
        return replace(part, reason=self.reason, finished_at=now)


@dataclass(frozen=True, slots=True)
class RefusedForGood(_Ended):
    """No try will ever help."""


@dataclass(frozen=True, slots=True)
class Expired(_Ended):
    """Its time to be useful passed before it could be sent."""


@dataclass(frozen=True, slots=True)
class Superseded(_Ended):
    """A newer message with the same key took its place before it was claimed."""


@dataclass(frozen=True, slots=True)
class Cancelled(_Ended):
    """By a person."""


@dataclass(frozen=True, slots=True)
class _Doubt(Event):
    cause: str

    def mark(self, part: Part, now: int) -> Part:
        return replace(
            part, reason=self.cause, uncertain_at=now, uncertain_count=part.uncertain_count + 1
        )


@dataclass(frozen=True, slots=True)
class NoAnswer(_Doubt):
    """Ctrl-Z was written and the modem fell silent."""


@dataclass(frozen=True, slots=True)
class PortLost(_Doubt):
    """Ctrl-Z was written and the port vanished."""


@dataclass(frozen=True, slots=True)
class FoundAtStart(_Doubt):
    """relay was stopped (power, kill -9) while the part was at the radio."""

    cause: str = "relay was stopped while the modem was sending"


@dataclass(frozen=True, slots=True)
class Restored(_Doubt):
    """The store is an older copy: since it was made the part may have gone out.

    It belongs to no modem, so none sends it again or looks for it: a person decides.
    """

    def mark(self, part: Part, now: int) -> Part:
        return replace(_Doubt.mark(self, _unplaced(part), now), modem=None)


@dataclass(frozen=True, slots=True)
class FoundSent(Event):
    """The modem's own memory says STO SENT, or its answer came late (then with TP-MR)."""

    mr: int | None = None

    def mark(self, part: Part, now: int) -> Part:
        return replace(part, mr=self.mr, accepted_at=now, reason=None)


@dataclass(frozen=True, slots=True)
class FoundUnsent(Event):
    """The modem's own memory says STO UNSENT, or no send command was ever given."""

    def mark(self, part: Part, now: int) -> Part:
        return replace(_unplaced(part), due_at=now, reason=None)


@dataclass(frozen=True, slots=True)
class Resent(Event):
    """Nobody could say whether it went out; the policy is to send again."""

    def mark(self, part: Part, now: int) -> Part:
        return replace(_unplaced(part), due_at=now)


@dataclass(frozen=True, slots=True)
class ReportDelivered(Event):
    tp_st: int

    def mark(self, part: Part, now: int) -> Part:
        return replace(part, finished_at=part.finished_at or now, reason=None)


@dataclass(frozen=True, slots=True)
class ReportTrying(Event):
    """The service centre is still trying (TP-ST 0x20 to 0x3F)."""

    tp_st: int

    def mark(self, part: Part, now: int) -> Part:
        return replace(part, accepted_at=part.accepted_at or now)


@dataclass(frozen=True, slots=True)
class ReportFailed(Event):
    tp_st: int
    reason: str

    def mark(self, part: Part, now: int) -> Part:
        return replace(part, reason=self.reason, finished_at=now)


@dataclass(frozen=True, slots=True)
class ReportOverdue(Event):
    """No status report within the validity period: the part stays accepted, and says so."""

    def mark(self, part: Part, now: int) -> Part:
        return replace(part, reason="no delivery report came", finished_at=now)


@dataclass(frozen=True, slots=True)
class Retried(Event):
    """By a person, or by a server that hands out a message whose failure it has acknowledged."""

    def mark(self, part: Part, now: int) -> Part:
        return replace(_unplaced(part), due_at=now, attempts=0, finished_at=None, reason=None)


@dataclass(frozen=True, slots=True)
class SentAnew(Event):
    """The SIM that sent it stays away, and another sends the whole message."""

    def mark(self, part: Part, now: int) -> Part:
        return replace(
            _unplaced(part), due_at=now, accepted_at=None, finished_at=None, reason=None
        )


def _unplaced(part: Part) -> Part:
    """The part with no trace of an earlier try at the radio."""
    return replace(part, memory=None, slot=None, mr=None)


# --- the table ----------------------------------------------------------------------------------

TRANSITIONS: Table[PartState] = {
    PartState.QUEUED: {
        Claimed: PartState.SUBMITTING,
        Expired: PartState.FAILED,
        Superseded: PartState.FAILED,
        Cancelled: PartState.FAILED,
        Restored: PartState.UNCERTAIN,
    },
    PartState.SUBMITTING: {
        Accepted: PartState.ACCEPTED,
        NotStarted: PartState.QUEUED,
        RefusedForNow: PartState.QUEUED,
        RefusedForGood: PartState.FAILED,
        NoAnswer: PartState.UNCERTAIN,
        PortLost: PartState.UNCERTAIN,
        FoundAtStart: PartState.UNCERTAIN,
        Restored: PartState.UNCERTAIN,
    },
    PartState.UNCERTAIN: {
        FoundSent: PartState.ACCEPTED,
        FoundUnsent: PartState.QUEUED,
        ReportDelivered: PartState.DELIVERED,
        ReportTrying: PartState.ACCEPTED,
        ReportFailed: PartState.FAILED,
        Resent: PartState.QUEUED,
        Cancelled: PartState.FAILED,
        Restored: PartState.UNCERTAIN,
    },
    PartState.ACCEPTED: {
        ReportTrying: PartState.ACCEPTED,
        ReportDelivered: PartState.DELIVERED,
        ReportFailed: PartState.FAILED,
        ReportOverdue: PartState.ACCEPTED,
        SentAnew: PartState.QUEUED,
    },
    PartState.DELIVERED: {
        ReportDelivered: PartState.DELIVERED,
        SentAnew: PartState.QUEUED,
    },
    PartState.FAILED: {
        Retried: PartState.QUEUED,
        ReportDelivered: PartState.DELIVERED,
    },
}


def advance(part: Part, event: Event, now: int) -> Part:
    """The part after `event`; raises `IllegalTransition` and leaves the row alone."""
    state = step(TRANSITIONS, part.state, event)
    return replace(event.mark(part, now), state=state)
