"""The life of an outbound part (one SMS-SUBMIT), and what its message looks like to the server.

Everything that decides where a part may go is in `TRANSITIONS`. A message is the `fold` of its
parts; CHT is told each change of that fold once, in order, and never backwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from relay.core.machine import Table, step


class PartState(StrEnum):
    """Where one SMS-SUBMIT stands."""

    QUEUED = "QUEUED"
    SUBMITTING = "SUBMITTING"
    UNCERTAIN = "UNCERTAIN"
    ACCEPTED = "ACCEPTED"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claimed:
    """A modem takes the part; committed before the first byte goes to the radio."""

    modem: str
    submission: str  # "direct" or "stored"


@dataclass(frozen=True, slots=True)
class Accepted:
    """`+CMGS: mr` or `+CMSS: mr`: the network took it."""

    mr: int


@dataclass(frozen=True, slots=True)
class NotStarted:
    """Nothing reached the radio."""

    cause: str


@dataclass(frozen=True, slots=True)
class RefusedForNow:
    """The modem or network said no, and another try makes sense at `due_at`."""

    reason: str
    due_at: int


@dataclass(frozen=True, slots=True)
class RefusedForGood:
    """No try will ever help."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Ctrl-Z was written and the modem fell silent."""

    cause: str


@dataclass(frozen=True, slots=True)
class PortLost:
    """Ctrl-Z was written and the port vanished."""

    cause: str


@dataclass(frozen=True, slots=True)
class FoundAtStart:
    """relay was stopped (power, kill -9) while the part was at the radio."""


@dataclass(frozen=True, slots=True)
class FoundSent:
    """The modem's own memory says STO SENT."""


@dataclass(frozen=True, slots=True)
class FoundUnsent:
    """The modem's own memory says STO UNSENT, or the part never got as far as a send command."""


@dataclass(frozen=True, slots=True)
class Resent:
    """Nobody could say whether it went out; the policy is to send again."""


@dataclass(frozen=True, slots=True)
class ReportDelivered:
    tp_st: int


@dataclass(frozen=True, slots=True)
class ReportTrying:
    """The service centre is still trying (TP-ST 0x20 to 0x3F)."""

    tp_st: int


@dataclass(frozen=True, slots=True)
class ReportFailed:
    tp_st: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReportOverdue:
    """No status report within the validity period: the part stays accepted, and says so."""


@dataclass(frozen=True, slots=True)
class Expired:
    """Its time to be useful passed before it could be sent."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """By a person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retried:
    """By a person, or by a server that hands out a message whose failure it has acknowledged."""


Event = (
    Claimed
    | Accepted
    | NotStarted
    | RefusedForNow
    | RefusedForGood
    | NoAnswer
    | PortLost
    | FoundAtStart
    | FoundSent
    | FoundUnsent
    | Resent
    | ReportDelivered
    | ReportTrying
    | ReportFailed
    | ReportOverdue
    | Expired
    | Cancelled
    | Retried
)

TRANSITIONS: Table[PartState] = {
    PartState.QUEUED: {
        Claimed: PartState.SUBMITTING,
        Expired: PartState.FAILED,
        Cancelled: PartState.FAILED,
    },
    PartState.SUBMITTING: {
        Accepted: PartState.ACCEPTED,
        NotStarted: PartState.QUEUED,
        RefusedForNow: PartState.QUEUED,
        RefusedForGood: PartState.FAILED,
        NoAnswer: PartState.UNCERTAIN,
        PortLost: PartState.UNCERTAIN,
        FoundAtStart: PartState.UNCERTAIN,
    },
    PartState.UNCERTAIN: {
        FoundSent: PartState.ACCEPTED,
        FoundUnsent: PartState.QUEUED,
        ReportDelivered: PartState.DELIVERED,
        ReportTrying: PartState.ACCEPTED,
        ReportFailed: PartState.FAILED,
        Resent: PartState.QUEUED,
        Cancelled: PartState.FAILED,
    },
    PartState.ACCEPTED: {
        ReportTrying: PartState.ACCEPTED,
        ReportDelivered: PartState.DELIVERED,
        ReportFailed: PartState.FAILED,
        ReportOverdue: PartState.ACCEPTED,
    },
    PartState.DELIVERED: {
        ReportDelivered: PartState.DELIVERED,
    },
    PartState.FAILED: {
        Retried: PartState.QUEUED,
        ReportDelivered: PartState.DELIVERED,
    },
}


# --- the row ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """One SMS-SUBMIT. Times are epoch milliseconds."""

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


def advance(part: Part, event: Event, now: int) -> Part:
    """The part after `event`. Pure; raises `IllegalTransition` and leaves the row alone."""
    state = step(TRANSITIONS, part.state, event)
    return replace(part, state=state, **_changes(part, event, now))


def _changes(part: Part, event: Event, now: int) -> dict[str, object]:
    match event:
        case Claimed(modem, submission):
            return {
                "modem": modem, "submission": submission, "submitted_at": now,
                "attempts": part.attempts + 1, "mr": None, "memory": None, "slot": None,
            }  # fmt: skip
        case Accepted(mr):
            return {"mr": mr, "accepted_at": now, "reason": None}
        case NotStarted(cause):
            # The radio was not reached, so this was no attempt.
            return {"attempts": part.attempts - 1, "reason": cause, **_FREE}
        case RefusedForNow(reason, due_at):
            return {"due_at": due_at, "reason": reason, **_FREE}
        case RefusedForGood(reason) | Expired(reason) | Cancelled(reason):
            return {"reason": reason, "finished_at": now}
        case ReportFailed(_, reason):
            return {"reason": reason, "finished_at": now}
        case NoAnswer(cause) | PortLost(cause):
            return _uncertain(part, cause, now)
        case FoundAtStart():
            return _uncertain(part, "relay was stopped while the modem was sending", now)
        case FoundSent():
            return {"accepted_at": now, "reason": None}
        case FoundUnsent():
            return {"due_at": now, "reason": None, **_FREE}
        case Resent():
            return {"due_at": now, **_FREE}
        case ReportTrying():
            return {"accepted_at": part.accepted_at or now}
        case ReportDelivered():
            return {"finished_at": part.finished_at or now, "reason": None}
        case ReportOverdue():
            return {}
        case Retried():
            return {"due_at": now, "attempts": 0, "finished_at": None, "reason": None, **_FREE}


_FREE: Mapping[str, object] = {"memory": None, "slot": None, "mr": None}


def _uncertain(part: Part, cause: str, now: int) -> dict[str, object]:
    return {
        "reason": cause,
        "uncertain_at": now,
        "uncertain_count": part.uncertain_count + 1,
    }


# --- what the server sees ----------------------------------------------------------------------


class ChtStatus(StrEnum):
    """The five statuses of the gateway protocol (`cht-gateway`, WoMessage.Status)."""

    UNSENT = "UNSENT"
    PENDING = "PENDING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


RANK: Mapping[ChtStatus, int] = {
    ChtStatus.UNSENT: 0,
    ChtStatus.PENDING: 1,
    ChtStatus.SENT: 2,
    ChtStatus.DELIVERED: 3,
    ChtStatus.FAILED: 3,
}


def fold(states: Iterable[PartState]) -> ChtStatus:
    """The status of a message, from the states of all its parts."""
    seen = set(states)
    if PartState.FAILED in seen:
        return ChtStatus.FAILED
    if seen == {PartState.DELIVERED}:
        return ChtStatus.DELIVERED
    if seen <= {PartState.ACCEPTED, PartState.DELIVERED}:
        return ChtStatus.SENT
    if seen == {PartState.QUEUED}:
        return ChtStatus.UNSENT
    return ChtStatus.PENDING


def worth_telling(last: ChtStatus | None, status: ChtStatus, event: Event | None) -> bool:
    """Whether the server should hear of `status` after it heard `last`.

    CHT overwrites without checking, so a status may only climb. The two explicit ways down are
    a retry and a delivery report that comes after the failure was told.
    """
    if last is None:
        return True
    if isinstance(event, Retried):
        return status != last
    if last is ChtStatus.FAILED:
        return status is ChtStatus.DELIVERED
    return RANK[status] > RANK[last]
