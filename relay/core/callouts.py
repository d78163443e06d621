"""A call-out: people are asked in waves until enough have said yes, or enough is pledged.

Two tables say where it may go: that of the call-out, and that of one person's answer to it.
What is decided when stands in `relay/community/callouts/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from relay.core.machine import Table


class CallOutState(StrEnum):
    """Where a call-out stands. The last two are its end; what is filled ends with its time."""

    WAITING_CONFIRMATION = "WAITING_CONFIRMATION"
    ASKING = "ASKING"
    FILLED = "FILLED"
    CLOSED = "CLOSED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A second member of staff has sent OK, or the kind of call-out needs none."""


@dataclass(frozen=True, slots=True)
class Filled:
    """The last place was taken, or the last of the sum pledged."""


@dataclass(frozen=True, slots=True)
class Freed:
    """Somebody who had said yes does not come: the asking goes on."""


@dataclass(frozen=True, slots=True)
class Closed:
    """By a member of staff."""


@dataclass(frozen=True, slots=True)
class TimeOver:
    """Nobody confirmed it in time, or the time for answers is over."""


CALLOUT_TRANSITIONS: Table[CallOutState] = {
    CallOutState.WAITING_CONFIRMATION: {
        Confirmed: CallOutState.ASKING,
        Closed: CallOutState.CLOSED,
        TimeOver: CallOutState.EXPIRED,
    },
    CallOutState.ASKING: {
        Filled: CallOutState.FILLED,
        Closed: CallOutState.CLOSED,
        TimeOver: CallOutState.EXPIRED,
    },
    CallOutState.FILLED: {
        Freed: CallOutState.ASKING,
        Closed: CallOutState.CLOSED,
        TimeOver: CallOutState.FILLED,  # it was reached, also when its time is over
    },
    CallOutState.CLOSED: {},
    CallOutState.EXPIRED: {},
}


class AppealState(StrEnum):
    """What one person who was asked has said, or done."""

    ASKED = "ASKED"
    COMING = "COMING"
    SPARE = "SPARE"
    DECLINED = "DECLINED"
    CAME = "CAME"
    MISSED = "MISSED"
    TAKEN_BACK = "TAKEN_BACK"
    UNREACHABLE = "UNREACHABLE"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A yes while there was room: a place is theirs."""


@dataclass(frozen=True, slots=True)
class Spared:
    """A yes when all places were taken: the first to be asked if one comes free."""


@dataclass(frozen=True, slots=True)
class Declined:
    """A no, also after a yes; or STOP."""


@dataclass(frozen=True, slots=True)
class Came:
    """Staff say that they were there."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Staff say that they were not."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """It was filled before their SMS left, which now never does."""


@dataclass(frozen=True, slots=True)
class CannotBeReached:
    """No SMS can go to this number: it is not tried again."""


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """A place came free: once for those who were spared, and for those who never were asked."""


APPEAL_TRANSITIONS: Table[AppealState] = {
    AppealState.ASKED: {
        Accepted: AppealState.COMING,
        Spared: AppealState.SPARE,
        Declined: AppealState.DECLINED,
        TakenBack: AppealState.TAKEN_BACK,
        CannotBeReached: AppealState.UNREACHABLE,
    },
    AppealState.COMING: {
        Declined: AppealState.DECLINED,
        Came: AppealState.CAME,
        Missed: AppealState.MISSED,
    },
    AppealState.SPARE: {
        Accepted: AppealState.COMING,
        Spared: AppealState.SPARE,
        Declined: AppealState.DECLINED,
        AskedAgain: AppealState.ASKED,
    },
    AppealState.DECLINED: {
        Accepted: AppealState.COMING,
        Spared: AppealState.SPARE,
        Declined: AppealState.DECLINED,
    },
    AppealState.CAME: {Came: AppealState.CAME, Missed: AppealState.MISSED},
    AppealState.MISSED: {
        Accepted: AppealState.COMING,
        Spared: AppealState.SPARE,
        Declined: AppealState.DECLINED,
        Came: AppealState.CAME,
        Missed: AppealState.MISSED,
    },
    AppealState.TAKEN_BACK: {
        AskedAgain: AppealState.ASKED,
        Accepted: AppealState.COMING,  # word of mouth is as good
        Spared: AppealState.SPARE,
        Declined: AppealState.DECLINED,
    },
    AppealState.UNREACHABLE: {},
}


@dataclass(frozen=True, slots=True)
class CallOut:
    """One request. Times are epoch ms, `lasts_ms` is from `started_at`; `tag` is the register's.

    `code` is what people call it by. `wants` are the attributes that were asked for, as staff
    wrote them, `topic` what a sum is collected for, `spot` where to come within the place. `taken`
    counts the people who come, or the sum that is pledged; it never exceeds `target`. It was
    started when it was written and once more when it was confirmed; `waved_at` is the last wave.
    """

    code: int
    rule: str
    state: CallOutState
    target: int
    asker_id: int
    started_at: int
    lasts_ms: int
    tag: str = ""
    taken: int = 0
    wants: Mapping[str, str] = field(default_factory=dict)
    topic: str = ""
    spot: str = ""
    place_id: int | None = None
    confirmer_id: int | None = None
    wave: int = 0
    waved_at: int | None = None
    finished_at: int | None = None

    @property
    def missing(self) -> int:
        return self.target - self.taken

    @property
    def ends_at(self) -> int:
        return self.started_at + self.lasts_ms


@dataclass(frozen=True, slots=True)
class Appeal:
    """One person who was asked. `ref` is the place that he was given (31-`ref`), also one that he
    gave back; `times` is 2 where he was asked again, or has taken a place a second time.
    `rested_at` is when the rest began that a yes, or having come, brings with it."""

    person_id: int
    state: AppealState
    wave: int
    asked_at: int
    answered_at: int | None = None
    rested_at: int | None = None
    ref: int | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class Volunteer:
    """One of a register, as far as the choice goes. `distance` counts the levels of places up to
    the one that holds both him and the call-out; None for those whom nothing joins."""

    person_id: int
    number: str
    distance: int | None = None
    asked_at: int | None = None
    rested_at: int | None = None
