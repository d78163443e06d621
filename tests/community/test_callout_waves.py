"""When a call-out asks whom, what an answer means, and when it ends: all of it pure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.community.callouts.waves import (
    Answer,
    End,
    NextWave,
    Pledge,
    Wait,
    choose,
    distances,
    due_at,
    next_step,
    on_no,
    on_pledge,
    on_yes,
)
from relay.core.callouts import Appeal, AppealState, CallOut, CallOutState, Volunteer
from tests.community.callouts import FUND, rule

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = 1_700_000_000_000
BLOOD = rule()
ASKING = CallOut(31, "BLOOD", CallOutState.ASKING, 2, asker_id=1, started_at=NOW,
                 lasts_ms=BLOOD.lasts_ms)  # fmt: skip
WAITING = replace(ASKING, state=CallOutState.WAITING_CONFIRMATION)


def step(call: CallOut, at: int, unsent: int = 0) -> object:
    return next_step(call, BLOOD, at, at, unsent)


# --- whom ---------------------------------------------------------------------------------------

#          district 1
#        ward 2     ward 3          island 9
#   village 4  5    village 6
TREE = {1: None, 2: 1, 3: 1, 4: 2, 5: 2, 6: 3, 9: None}


def test_the_place_itself_comes_first_then_its_parent() -> None:
    assert distances(TREE, 4) == {4: 0, 2: 1, 5: 1, 1: 2, 3: 2, 6: 2}
    assert distances(TREE, 2) == {2: 0, 4: 0, 5: 0, 1: 1, 3: 1, 6: 1}
    assert distances(TREE, None) == {}


def test_a_ring_of_damaged_rows_ends() -> None:
    assert distances({1: 2, 2: 1, 3: 4, 4: 3}, 1) == {1: 0, 2: 1}


def test_the_nearest_are_asked_and_of_those_whoever_was_asked_longest_ago() -> None:
    far, near, never, lately, unplaced = (
        Volunteer(1, "+1", 2, None),
        Volunteer(2, "+2", 0, NOW - 30 * DAY),
        Volunteer(3, "+3", 0, None),
        Volunteer(4, "+4", 0, NOW - 10 * DAY),
        Volunteer(5, "+5", None, None),
    )
    chosen = choose([unplaced, lately, far, near, never], BLOOD, NOW, 9)
    assert chosen == [never, near, lately, far, unplaced]
    assert choose([far, near, never], BLOOD, NOW, 1) == [never]


@pytest.mark.parametrize(
    ("asked", "rested", "free"),
    [
        (None, None, True),
        (NOW - 7 * DAY, None, True),
        (NOW - 7 * DAY + 1, None, False),
        (None, NOW - 90 * DAY, True),
        (None, NOW - 90 * DAY + 1, False),
        (NOW + DAY, None, False),  # dated by a wrong clock: rather once too few
    ],
)
def test_a_week_and_a_rest_are_kept_to_the_millisecond(
    asked: int | None, rested: int | None, free: bool
) -> None:
    assert bool(choose([Volunteer(1, "+1", 0, asked, rested)], BLOOD, NOW, 1)) is free


# --- when ---------------------------------------------------------------------------------------


def test_three_are_asked_for_each_one_who_is_missing() -> None:
    assert step(ASKING, NOW) == NextWave(6)
    assert step(replace(ASKING, taken=1), NOW) == NextWave(3)
    assert step(replace(ASKING, target=1000), NOW) == NextWave(50)  # one slice of work


def test_the_next_wave_waits_its_time() -> None:
    asked = replace(ASKING, wave=1, waved_at=NOW)
    assert step(asked, NOW + 20 * MINUTE - 1) is None
    assert step(asked, NOW + 20 * MINUTE) == NextWave(6)


def test_a_wave_that_has_not_left_gets_its_time_once_more() -> None:
    """With the modem unplugged nobody has heard the first call: no more are called."""
    asked = replace(ASKING, wave=1, waved_at=NOW)
    assert step(asked, NOW + 20 * MINUTE, unsent=2) == Wait()


@pytest.mark.parametrize("state", [CallOutState.WAITING_CONFIRMATION, CallOutState.FILLED])
def test_nobody_is_asked_before_it_is_confirmed_or_when_it_is_filled(state: CallOutState) -> None:
    assert step(replace(ASKING, state=state), NOW + HOUR) is None


def test_it_ends_by_its_time_and_unconfirmed_sooner() -> None:
    assert step(ASKING, NOW + 12 * HOUR) == End()
    assert step(WAITING, NOW + 2 * HOUR - 1) is None
    assert step(WAITING, NOW + 2 * HOUR) == End()
    assert step(replace(ASKING, state=CallOutState.FILLED), NOW + 12 * HOUR) == End()


def test_a_clock_that_runs_ahead_ends_nothing() -> None:
    assert next_step(ASKING, BLOOD, NOW + 20 * DAY, NOW, 0) == NextWave(6)


@given(
    state=st.sampled_from(CallOutState),
    waved=st.none() | st.integers(NOW, NOW + 30 * HOUR),
    over=st.booleans(),
    later=st.integers(0, 40 * HOUR),
)
def test_what_is_due_is_due_when_it_was_said_to_be(
    state: CallOutState, waved: int | None, over: bool, later: int
) -> None:
    """Between now and `due_at` nothing has to be done, and then something has."""
    call = replace(ASKING, state=state, waved_at=waved, finished_at=NOW if over else None)
    due = due_at(call, BLOOD)
    assert (step(call, NOW + later) is not None) is (due is not None and due <= NOW + later)


# --- answers ------------------------------------------------------------------------------------

FULL = replace(ASKING, state=CallOutState.FILLED, taken=2)
OVER = replace(FULL, finished_at=NOW)


@pytest.mark.parametrize(
    ("call", "state", "yes", "no"),
    [
        (ASKING, None, Answer.NOT_ASKED, Answer.NOT_ASKED),
        (ASKING, "ASKED", Answer.TAKES, Answer.DECLINES),
        (ASKING, "DECLINED", Answer.TAKES, Answer.DECLINES),
        (ASKING, "SPARE", Answer.TAKES, Answer.DECLINES),
        (ASKING, "COMING", Answer.HOLDS, Answer.FREES),
        (ASKING, "CAME", Answer.HOLDS, Answer.OVER),
        (ASKING, "TAKEN_BACK", Answer.TAKES, Answer.DECLINES),
        (FULL, "TAKEN_BACK", Answer.SPARED, Answer.DECLINES),
        (ASKING, "UNREACHABLE", Answer.NOT_ASKED, Answer.NOT_ASKED),
        (FULL, "ASKED", Answer.SPARED, Answer.DECLINES),
        (FULL, "COMING", Answer.HOLDS, Answer.FREES),
        (OVER, "COMING", Answer.OVER, Answer.OVER),
        (OVER, "ASKED", Answer.OVER, Answer.OVER),
        (OVER, None, Answer.OVER, Answer.OVER),
        (WAITING, None, Answer.NOT_ASKED, Answer.NOT_ASKED),
    ],
)
def test_what_a_yes_and_a_no_mean(
    call: CallOut, state: str | None, yes: Answer, no: Answer
) -> None:
    appeal = Appeal(7, AppealState(state), 1, NOW) if state else None
    assert (on_yes(call, appeal), on_no(call, appeal)) == (yes, no)


# --- pledges ------------------------------------------------------------------------------------

FUNDING = CallOut(32, "FUND", CallOutState.ASKING, 300, asker_id=1, started_at=NOW, lasts_ms=DAY,
                  taken=120, topic="pump")  # fmt: skip


@pytest.mark.parametrize(
    ("taken", "before", "offered", "decided"),
    [
        (120, 0, 25, Pledge(25, 145, False)),
        (145, 25, 25, Pledge(25, 145, False)),  # the same SMS twice
        (145, 25, 40, Pledge(40, 160, False)),
        (145, 25, 5, Pledge(5, 125, False)),
        (290, 0, 25, Pledge(10, 300, True)),
        (300, 25, 50, Pledge(25, 300, True)),
        (300, 0, 25, None),
    ],
)
def test_a_pledge_counts_once_and_never_beyond_the_sum(
    taken: int, before: int, offered: int, decided: Pledge | None
) -> None:
    assert on_pledge(replace(FUNDING, taken=taken), before, offered) == decided


def test_nobody_is_asked_where_nobody_is_registered() -> None:
    """A collection without a register lives of those who hear of it."""
    assert next_step(FUNDING, rule(FUND), NOW, NOW, 0) is None
