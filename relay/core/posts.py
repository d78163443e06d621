"""The life of a post to a channel, and of a rumor that somebody has told.

Everything that decides where a post may go is in `POST_TRANSITIONS`. Nothing leads to GOING but
`Approved`, and the store writes that event only where the rows of the approvals are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from relay.core.machine import Table, step


class PostState(StrEnum):
    """Where a post stands. GOING and PAUSED have people before them who have not had it yet."""

    WAITING_APPROVAL = "WAITING_APPROVAL"
    GOING = "GOING"
    PAUSED = "PAUSED"
    DONE = "DONE"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Post:
    """One post. `code` is the number that people read out; times are epoch milliseconds.

    `author` is the number that wrote it, or `@` and the name of an account of this computer;
    `texts` are by language, the author's first. It goes to those within `place_id` (None:
    everybody) who followed when it was written (up to the row `followers_to`), in the order of
    their ids: those up to `cursor` have had their turn. `people` and `sms` are what was told of
    its cost. An approval is good before `expires_at`, and of use until `useful_until`.
    """

    code: int
    channel: str
    place_id: int | None
    author: str = field(repr=False)
    author_id: int | None
    texts: Mapping[str, str] = field(repr=False)
    state: PostState
    created_at: int
    expires_at: int
    useful_until: int | None
    followers_to: int
    cursor: int = 0
    people: int = 0
    sms: int = 0
    digested: int = 0
    approved_at: int | None = None
    finished_at: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of a post, from the rows of the outbox.

    `sent` were taken by the network, whatever became of them then; `failed` were not, or were
    and never arrived. `waiting` are in the outbox, `left` have not had their turn. What was taken
    back, replaced or too old before it could leave is in `dropped`.
    """

    sent: int = 0
    delivered: int = 0
    failed: int = 0
    opted_out: int = 0
    dropped: int = 0
    waiting: int = 0
    replies: int = 0
    left: int = 0


# --- events -------------------------------------------------------------------------------------


class Event:
    """Something that happened to a post."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Approved(Event):
    """As many people as the channel asks for have said OK, or it asks for none."""


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """What waits in the outbox is held back, and nobody else is written to."""


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    """It goes on where it was paused."""


@dataclass(frozen=True, slots=True)
class Finished(Event):
    """Everybody has had his turn, and nothing waits any more."""


@dataclass(frozen=True, slots=True)
class Cancelled(Event):
    """By the author, an approver or staff; also an approver's NO."""


@dataclass(frozen=True, slots=True)
class Superseded(Event):
    """A newer post of a channel that tells only the latest, for the same people."""


@dataclass(frozen=True, slots=True)
class Expired(Event):
    """Nobody approved it in time, or it is of no use any more."""


POST_TRANSITIONS: Table[PostState] = {
    PostState.WAITING_APPROVAL: {
        Approved: PostState.GOING,
        Cancelled: PostState.CANCELLED,
        Expired: PostState.EXPIRED,
    },
    PostState.GOING: {
        Paused: PostState.PAUSED,
        Finished: PostState.DONE,
        Cancelled: PostState.CANCELLED,
        Superseded: PostState.CANCELLED,
        Expired: PostState.EXPIRED,
    },
    PostState.PAUSED: {
        Resumed: PostState.GOING,
        Cancelled: PostState.CANCELLED,
        Superseded: PostState.CANCELLED,
        Expired: PostState.EXPIRED,
    },
    PostState.DONE: {},
    PostState.CANCELLED: {},
    PostState.EXPIRED: {},
}

OPEN = (PostState.GOING, PostState.PAUSED)


def advance(state: PostState, event: Event) -> PostState:
    """The state after `event`; raises `IllegalTransition`."""
    return step(POST_TRANSITIONS, state, event)


# --- rumors -------------------------------------------------------------------------------------


class RumorState(StrEnum):
    """What the team has found out. It is never sent to anybody but the team."""

    NEW = "NEW"
    CHECKING = "CHECKING"
    TRUE = "TRUE"
    FALSE = "FALSE"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Rumor:
    """What somebody heard. `id` is read out as R12; `note` is staff's own."""

    id: int
    inbound_id: int | None
    sender: str = field(repr=False)
    place_id: int | None
    text: str = field(repr=False)
    state: RumorState
    told_at: int
    note: str = ""
    changed_at: int | None = None
