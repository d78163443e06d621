"""The ladder of recovery: what is done with a modem that is silent or mad, and in which order.

The cheapest step that works comes first. What worked is remembered for each model of modem and
each kind of trouble, so that the next time begins there; what was remembered fades, the cheaper
steps are tried again now and then, and before a person is asked every step had its chance.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from relay.core.machine import Table, step


class Step(StrEnum):
    """In the order of what they cost."""

    ESC = "ESC"  # ESC and Ctrl-Z: leave a prompt
    REOPEN = "REOPEN"  # close the port and open it
    ATZ = "ATZ"  # its settings as at its start
    CFUN = "CFUN"  # AT+CFUN=1,1: it restarts
    USB = "USB"  # USB: taken from the computer and given back
    POWER = "POWER"  # its power off and on


STEPS = tuple(Step)
# After these the modem starts anew: its port may go and come, its SIM asks for its PIN again.
RESETS = frozenset({Step.CFUN, Step.USB, Step.POWER})


class Trouble(StrEnum):
    SILENT = "SILENT"  # no answer to a command
    MAD = "MAD"  # answers, and nothing but refusals
    RESTARTING = "RESTARTING"  # restarts by itself, or forgets its settings
    UNANSWERED = "UNANSWERED"  # one submission after the other ends without an answer
    DEAF = "DEAF"  # answers, and nothing comes in any more


# What a harmless step cannot cure does not begin with one.
_FIRST: Mapping[Trouble, Step] = {Trouble.RESTARTING: Step.REOPEN, Trouble.DEAF: Step.CFUN}


class LadderState(StrEnum):
    WELL = "WELL"
    CURING = "CURING"
    PROVING = "PROVING"  # up again; whether for long is not known yet
    ABSENT = "ABSENT"  # there is no port to cure
    ASKING = "ASKING"  # no step helped: a person is asked, and it is tried on, rarely


@dataclass(frozen=True, slots=True)
class Fell:
    """It fails in use, or a step did not help."""

    trouble: Trouble


@dataclass(frozen=True, slots=True)
class Took:
    """A step was taken, or could not be (`why_not`)."""

    step: Step
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """The port cannot be opened: unplugged, forbidden, or held by another program."""


@dataclass(frozen=True, slots=True)
class CameUp:
    """Opened and set up."""


@dataclass(frozen=True, slots=True)
class Proved:
    """It worked for long enough, or did what it had failed to do."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """No step is left."""


@dataclass(frozen=True, slots=True)
class Rested:
    """Asked for long enough: all steps are tried once more."""


Event = Fell | Took | Gone | CameUp | Proved | GaveUp | Rested

LADDER_TRANSITIONS: Table[LadderState] = {
    LadderState.WELL: {
        Fell: LadderState.CURING,
        Gone: LadderState.ABSENT,
        CameUp: LadderState.WELL,
    },
    LadderState.CURING: {
        Fell: LadderState.CURING,
        Took: LadderState.CURING,
        CameUp: LadderState.PROVING,
        GaveUp: LadderState.ASKING,
        Rested: LadderState.CURING,
        Gone: LadderState.ABSENT,
    },
    LadderState.PROVING: {
        Fell: LadderState.CURING,
        Proved: LadderState.WELL,
        CameUp: LadderState.PROVING,
        Gone: LadderState.ABSENT,
    },
    LadderState.ABSENT: {
        Gone: LadderState.ABSENT,
        Fell: LadderState.CURING,
        CameUp: LadderState.PROVING,
    },
    LadderState.ASKING: {
        Fell: LadderState.ASKING,
        CameUp: LadderState.PROVING,
        Rested: LadderState.CURING,
        Gone: LadderState.ABSENT,
    },
}

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
# A lead that is pulled twice is a person; a modem that vanishes so often restarts by itself.
_LOSSES_OF_A_LOOP = 5
_RESETS_AN_HOUR = 6
_RESETS_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where one modem stands. Times are epoch ms.

    `taken` are the steps of this illness, `at` the last one of this climb. `passes`: 0 for the
    first climb, which takes what is promising; 1 for one that takes what it left out; 2 after
    a person was asked: everything. `lacking` says which steps could not be taken, and why.
    """

    state: LadderState = LadderState.WELL
    trouble: Trouble = Trouble.SILENT
    taken: tuple[Step, ...] = ()
    at: Step | None = None
    passes: int = 0
    since: int = 0
    fell_at: int = 0
    up_at: int = 0
    asked_at: int = 0
    losses: tuple[int, ...] = ()
    resets: tuple[int, ...] = ()
    lacking: Mapping[Step, str] = field(default_factory=dict)

    def loops(self, now: int) -> bool:
        """Whether it vanishes and comes back by itself again and again."""
        return len(_within(self.losses, now, _HOUR_MS)) >= _LOSSES_OF_A_LOOP

    def may_reset(self, now: int) -> bool:
        """Whether one more reset is no storm."""
        hour = len(_within(self.resets, now, _HOUR_MS))
        day = len(_within(self.resets, now, _DAY_MS))
        return hour < _RESETS_AN_HOUR and day < _RESETS_A_DAY


def advance(ladder: Ladder, event: Event, now: int) -> Ladder:
    """The ladder after `event`; raises `IllegalTransition`."""
    state = step(LADDER_TRANSITIONS, ladder.state, event)
    moved = replace(ladder, state=state, since=ladder.since if state is ladder.state else now)
    match event:
        case Fell(trouble):
            return _fallen(ladder, moved, trouble, now)
        case Took(taken, why_not):
            return _taken(moved, taken, why_not, now)
        case Gone():
            losses = _within(ladder.losses, now, _HOUR_MS)
            if ladder.state is not LadderState.ABSENT:
                losses = (*losses, now)
            moved = replace(moved, losses=losses)
            return moved if moved.loops(now) else replace(moved, asked_at=0)
        case CameUp():
            return replace(moved, up_at=now)
        case GaveUp():
            return replace(moved, asked_at=ladder.asked_at or now)
        case Rested():
            return replace(moved, taken=(), at=None, passes=2, asked_at=now, lacking={})
        case Proved():
            return replace(moved, asked_at=0)
        case _:
            return moved


def _fallen(before: Ladder, moved: Ladder, trouble: Trouble, now: int) -> Ladder:
    """A relapse goes on where the last cure ended; anything else is a new illness."""
    anew = before.state is LadderState.WELL or (
        before.state is LadderState.ABSENT and not before.loops(now)
    )
    if anew:
        return replace(
            moved,
            trouble=trouble,
            taken=(),
            at=None,
            passes=0,
            fell_at=now,
            asked_at=0,
            lacking={},
        )
    # A modem that is being cured may well fail in another way: it is the same illness.
    return moved if before.taken else replace(moved, trouble=trouble)


def _taken(moved: Ladder, taken: Step, why_not: str, now: int) -> Ladder:
    lacking = {key: why for key, why in moved.lacking.items() if key is not taken}
    if why_not:
        return replace(moved, at=taken, lacking={**lacking, taken: why_not})
    resets = _within(moved.resets, now, _DAY_MS)
    return replace(
        moved,
        at=taken,
        taken=(*moved.taken, taken),
        lacking=lacking,
        resets=(*resets, now) if taken in RESETS else resets,
    )


def _within(times: tuple[int, ...], now: int, length_ms: int) -> tuple[int, ...]:
    """Those of the last `length_ms`; what a clock that was set back dates ahead is no such."""
    return tuple(at for at in times if 0 <= now - at < length_ms)


# --- memory -------------------------------------------------------------------------------------

_FADING = 0.7
_PROMISING = 0.5
_BARREN_TRIES = 1.5
_BARREN_MS = 7 * _DAY_MS
# After so many illnesses that began further up, one begins at the bottom.
_BOTTOM_EVERY = 5


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a step was tried and worked; older tries count less. `at` is the last of them."""

    tried: float = 0.0
    worked: float = 0.0
    at: int = 0

    def after(self, worked: bool, now: int) -> Tally:
        return Tally(self.tried * _FADING + 1, self.worked * _FADING + worked, now)

    @property
    def promising(self) -> bool:
        """It works every second time, or nobody knows."""
        return self.tried == 0 or self.worked / self.tried >= _PROMISING

    def barren(self, now: int) -> bool:
        """It was tried, never worked, and that was lately."""
        return self.tried >= _BARREN_TRIES and self.worked == 0 and now - self.at < _BARREN_MS


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered of one trouble with one model. `higher`: the illnesses in a row that
    did not begin at the bottom."""

    tallies: Mapping[Step, Tally] = field(default_factory=dict)
    higher: int = 0

    def of(self, one: Step) -> Tally:
        return self.tallies.get(one, Tally())

    def after(self, one: Step, worked: bool, now: int) -> Record:
        return replace(self, tallies={**self.tallies, one: self.of(one).after(worked, now)})

    def cured(self, ladder: Ladder, means: Collection[Step], now: int) -> Record:
        """The last step that was taken has cured it."""
        if not ladder.taken:
            return self
        bottom = next((one for one in _rungs(ladder.trouble) if one in means), None)
        higher = 0 if bottom in ladder.taken else self.higher + 1
        return replace(self.after(ladder.taken[-1], True, now), higher=higher)


def _rungs(trouble: Trouble) -> tuple[Step, ...]:
    return STEPS[STEPS.index(_FIRST.get(trouble, STEPS[0])) :]


def climb(
    ladder: Ladder, record: Record, means: Collection[Step], now: int
) -> tuple[Ladder, Step | None]:
    """The next step of a modem that is being cured, or None when a person must be asked.

    `means` are the steps that this modem has now. The ladder comes back as well: a second climb
    may have begun, for the steps that memory had left out.
    """
    if not ladder.taken and ladder.passes == 0 and record.higher >= _BOTTOM_EVERY - 1:
        ladder = replace(ladder, passes=1)
    found = _next(ladder, record, means, now)
    if found is None and ladder.passes == 0:
        ladder = replace(ladder, passes=1, at=None)
        found = _next(ladder, record, means, now)
    return ladder, found


def _next(ladder: Ladder, record: Record, means: Collection[Step], now: int) -> Step | None:
    rungs = _rungs(ladder.trouble)
    above = [
        one for one in rungs if ladder.at is None or STEPS.index(one) > STEPS.index(ladder.at)
    ]
    left = [
        one
        for one in above
        if one in means
        and one not in ladder.taken
        and one not in ladder.lacking
        and (one not in RESETS or ladder.may_reset(now))
        and _worth_it(record.of(one), ladder.passes, now)
    ]
    return left[0] if left else None


def _worth_it(tally: Tally, passes: int, now: int) -> bool:
    if passes == 0:
        return tally.promising
    return passes > 1 or not tally.barren(now)
