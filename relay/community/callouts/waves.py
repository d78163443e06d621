"""The decisions of a call-out: whom it asks and when, what a yes means, and when it ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from relay.community.callouts.rules import Rule, Target
from relay.core.callouts import Appeal, AppealState, CallOut, CallOutState, Volunteer

# A wave fits into one slice of work, whatever is missing.
_LARGEST_WAVE = 50


# --- whom, and in which order -------------------------------------------------------------------


def distances(parents: Mapping[int, int | None], place_id: int | None) -> dict[int, int]:
    """Of each place, how many levels up the one lies that holds it and the call-out.

    0 is the place itself and all below it, 1 its parent and all below that. A place that nothing
    joins with it is left out.
    """
    up: dict[int, int] = {}
    while place_id is not None and place_id not in up:
        up[place_id] = len(up)
        place_id = parents.get(place_id)
    return {one: level for one in parents if (level := _level(one, parents, up)) is not None}


def _level(
    place: int | None, parents: Mapping[int, int | None], up: Mapping[int, int]
) -> int | None:
    for _ in parents:  # no longer than any way up; a ring ends it too
        if place is None or place in up:
            break
        place = parents.get(place)
    return up.get(place) if place is not None else None


def order(volunteer: Volunteer) -> tuple[bool, int, int, int]:
    """The nearest first, then those who were asked longest ago or never."""
    return (
        volunteer.distance is None,
        volunteer.distance or 0,
        -1 if volunteer.asked_at is None else volunteer.asked_at,
        volunteer.person_id,
    )


def may_be_asked(volunteer: Volunteer, rule: Rule, now: int) -> bool:
    """Whether their week and their rest are over. A time ahead was dated by a wrong clock."""
    asked, rested = volunteer.asked_at, volunteer.rested_at
    return (asked is None or asked <= now - rule.appeal_every_ms) and (
        rested is None or rested <= now - rule.rest_ms
    )


def choose(volunteers: Iterable[Volunteer], rule: Rule, now: int, most: int) -> list[Volunteer]:
    """The next to be asked of those who fit; see the same as SQL in `store/volunteers.py`."""
    free = (one for one in volunteers if may_be_asked(one, rule, now))
    return sorted(free, key=order)[:most]


# --- when ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NextWave:
    """Ask so many more."""

    size: int


@dataclass(frozen=True, slots=True)
class Wait:
    """The last wave has not wholly left: it gets its time, counted anew."""


@dataclass(frozen=True, slots=True)
class End:
    """Its time is over."""


def next_step(
    call: CallOut, rule: Rule, now: int, earliest: int, unsent: int
) -> NextWave | Wait | End | None:
    """What is due, None for nothing. `unsent` appeals of it are still in the outbox.

    What ends is measured by `earliest`: a clock that runs ahead ends nothing.
    """
    if call.finished_at is not None:
        return None
    if earliest >= _over_at(call, rule):
        return End()
    if call.state is not CallOutState.ASKING or not rule.tag or now < _wave_at(call, rule):
        return None
    return Wait() if unsent else NextWave(min(rule.waves * _people(call, rule), _LARGEST_WAVE))


def due_at(call: CallOut, rule: Rule) -> int | None:
    """When `next_step` has something; None for never."""
    if call.finished_at is not None:
        return None
    over = _over_at(call, rule)
    asking = call.state is CallOutState.ASKING and bool(rule.tag)
    return min(over, _wave_at(call, rule)) if asking else over


def _over_at(call: CallOut, rule: Rule) -> int:
    if call.state is CallOutState.WAITING_CONFIRMATION:
        return call.started_at + rule.confirm_within_ms
    return call.ends_at


def _wave_at(call: CallOut, rule: Rule) -> int:
    return call.started_at if call.waved_at is None else call.waved_at + rule.wave_wait_ms


def _people(call: CallOut, rule: Rule) -> int:
    """How many people are missing; of a sum nobody knows what each will give."""
    return _LARGEST_WAVE if rule.target is Target.SUM else max(1, call.missing)


# --- what an answer means -----------------------------------------------------------------------


class Answer(Enum):
    """What a YES or a NO does."""

    OVER = auto()  # the call-out has ended
    NOT_ASKED = auto()
    TAKES = auto()  # a place
    HOLDS = auto()  # a place already
    SPARED = auto()  # all places are taken
    FREES = auto()  # the place that was held
    DECLINES = auto()


def on_yes(call: CallOut, appeal: Appeal | None) -> Answer:
    """A place while there is one; only those who were asked can have it, and who has given it back
    a second time has it no more: each time others are asked for it."""
    if appeal is not None and appeal.state in _HOLDING and call.finished_at is None:
        return Answer.HOLDS
    if call.finished_at is not None:
        return Answer.OVER
    if appeal is None or appeal.state is AppealState.UNREACHABLE:
        return Answer.NOT_ASKED
    gave_back_twice = appeal.ref is not None and appeal.times > 1
    room = call.state is CallOutState.ASKING and call.missing > 0 and not gave_back_twice
    return Answer.TAKES if room else Answer.SPARED


def on_no(call: CallOut, appeal: Appeal | None) -> Answer:
    if call.finished_at is not None or (appeal and appeal.state is AppealState.CAME):
        return Answer.OVER
    if appeal is None or appeal.state is AppealState.UNREACHABLE:
        return Answer.NOT_ASKED
    return Answer.FREES if appeal.state is AppealState.COMING else Answer.DECLINES


_HOLDING = (AppealState.COMING, AppealState.CAME)


# --- pledges ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pledge:
    """What becomes of one: `amount` is what stands for this person from now on, `taken` the sum of
    all. `partly` says that less was missing than was offered."""

    amount: int
    taken: int
    partly: bool


def on_pledge(call: CallOut, before: int, offered: int) -> Pledge | None:
    """A person's pledge takes the place of their earlier one (`before`, 0 for none), so the same
    SMS twice counts once. No more is noted than is missing; None where that is nothing.
    """
    room = call.missing + before
    if room <= 0:
        return None
    amount = min(offered, room)
    return Pledge(amount, call.taken - before + amount, amount < offered)
