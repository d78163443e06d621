"""The life of a reminder: a dated message that a later report can cancel.

What is told by the clock is a row of this kind: reminders of patients, the repeated call of an
escalation, the weekly prompt and its nag, and what staff has added by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from relay.core.machine import Table, step


class ReminderState(StrEnum):
    """SENT is in the outbox, which has its own states. What was skipped says why."""

    WAITING = "WAITING"
    MUTED = "MUTED"
    SENT = "SENT"
    CANCELLED = "CANCELLED"
    SKIPPED_LATE = "SKIPPED_LATE"
    SKIPPED_OPTED_OUT = "SKIPPED_OPTED_OUT"
    SKIPPED_UNREACHABLE = "SKIPPED_UNREACHABLE"


@dataclass(frozen=True, slots=True)
class Sent:
    """It entered the outbox, now or before a cut."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not at this hour, or not within today's caps: it is looked at again at `until`."""

    until: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A later report or a person has made it needless."""

    reason: str


@dataclass(frozen=True, slots=True)
class Muted:
    """Nobody wants to hear of it for now."""


@dataclass(frozen=True, slots=True)
class Unmuted:
    pass


@dataclass(frozen=True, slots=True)
class Overdue:
    """It fell due while relay was dark: it is of no use any more, or a newer one goes instead."""

    reason: str


@dataclass(frozen=True, slots=True)
class OptedOut:
    """Whoever would get it has sent STOP."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """There is nobody who could get it."""

    reason: str


Event = Sent | Postponed | Cancelled | Muted | Unmuted | Overdue | OptedOut | Unreachable

REMINDER_TRANSITIONS: Table[ReminderState] = {
    ReminderState.WAITING: {
        Postponed: ReminderState.WAITING,
        Sent: ReminderState.SENT,
        Cancelled: ReminderState.CANCELLED,
        Muted: ReminderState.MUTED,
        Overdue: ReminderState.SKIPPED_LATE,
        OptedOut: ReminderState.SKIPPED_OPTED_OUT,
        Unreachable: ReminderState.SKIPPED_UNREACHABLE,
    },
    ReminderState.MUTED: {
        Unmuted: ReminderState.WAITING,
        Cancelled: ReminderState.CANCELLED,
    },
    # Taken back out of the outbox, where it had not left.
    ReminderState.SENT: {Cancelled: ReminderState.CANCELLED},
    # A person has seen to it.
    ReminderState.SKIPPED_UNREACHABLE: {Cancelled: ReminderState.CANCELLED},
    ReminderState.SKIPPED_OPTED_OUT: {},
    ReminderState.SKIPPED_LATE: {},
    ReminderState.CANCELLED: {},
}
OPEN = (ReminderState.WAITING, ReminderState.MUTED)


@dataclass(frozen=True, slots=True)
class Reminder:
    """One row. Times are epoch ms.

    `rule` is its table and name ("reminder.anc"), or ADDED for what a person has added; `occasion`
    what it follows from ("report 12"), and `nth` which of that rule's dates it is. `recipient` is
    a number, or "tag:NAME" for those with that tag at `place_id` when it is due. It follows from
    something that was `written_at`, is looked at from `not_before` on, and of no use after
    `useful_until`; `planned` is its day as it was written. `floats`: that was counted from
    `written_at`, and moves with it.
    """

    rule: str
    occasion: str
    nth: int
    recipient: str
    written_at: int
    not_before: int
    useful_until: int
    patient: str = ""
    place_id: int | None = None
    floats: bool = True
    fields: Mapping[str, object] = field(default_factory=dict)
    text: str = ""
    state: ReminderState = ReminderState.WAITING
    finished_at: int | None = None
    reason: str | None = None
    told_person: int = 0
    planned: int | None = None
    id: int = 0

    @property
    def tag(self) -> str:
        """The tag of those who get it; '' where it goes to one number."""
        return self.recipient.removeprefix(TAG) if self.recipient.startswith(TAG) else ""

    @property
    def told_as(self) -> str:
        """The occasion by which the outbox knows it."""
        return f"{self.occasion}.{self.nth}"


TAG = "tag:"
ADDED = "added"


def advance(row: Reminder, event: Event, now: int) -> Reminder:
    """The row after `event`; raises `IllegalTransition` where the table has no such move."""
    state = step(REMINDER_TRANSITIONS, row.state, event)
    return replace(
        row,
        state=state,
        not_before=event.until if isinstance(event, Postponed) else row.not_before,
        finished_at=None if state in OPEN else now,
        reason=getattr(event, "reason", None),
    )
