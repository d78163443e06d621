"""The ladder of recovery: cheapest first, what worked is remembered, and nothing storms."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.ladder import (
    LADDER_TRANSITIONS,
    RESETS,
    STEPS,
    CameUp,
    Fell,
    GaveUp,
    Gone,
    Ladder,
    LadderState,
    Proved,
    Record,
    Rested,
    Step,
    Tally,
    Took,
    Trouble,
    advance,
    climb,
)

HOUR, DAY = 3_600_000, 86_400_000
NOW = 1_800_000_000_000
TROUBLES = st.sampled_from(Trouble)


def ill(trouble: Trouble = Trouble.SILENT, now: int = NOW) -> Ladder:
    return advance(Ladder(), Fell(trouble), now)


def climbed(
    ladder: Ladder,
    record: Record,
    cured_by: Step | None,
    now: int = NOW,
    means: tuple[Step, ...] = STEPS,
) -> tuple[Ladder, Record, list[Step]]:
    """One illness as the flow lives it: steps until one cures, or a person must be asked."""
    taken: list[Step] = []
    while True:
        ladder, step = climb(ladder, record, means, now)
        if step is None:
            return advance(ladder, GaveUp(), now), record, taken
        taken.append(step)
        ladder = advance(ladder, Took(step), now)
        if cured_by is not None and STEPS.index(step) >= STEPS.index(cured_by):
            ladder = advance(ladder, CameUp(), now)
            record = record.cured(ladder, means, now)
            return advance(ladder, Proved(), now), record, taken
        record = record.after(step, False, now)
        ladder = advance(ladder, Fell(ladder.trouble), now)


# --- the first time -----------------------------------------------------------------------------


@pytest.mark.parametrize("cure", STEPS)
def test_the_first_time_all_cheaper_steps_come_first(cure: Step) -> None:
    ladder, _, taken = climbed(ill(), Record(), cure)
    assert taken == list(STEPS[: STEPS.index(cure) + 1])
    assert ladder.state is LadderState.WELL


def test_a_person_is_asked_after_each_step_was_taken_once() -> None:
    ladder, _, taken = climbed(ill(), Record(), None)
    assert taken == list(STEPS)
    assert ladder.state is LadderState.ASKING


@pytest.mark.parametrize(
    ("trouble", "first"),
    [
        (Trouble.SILENT, Step.ESC),
        (Trouble.MAD, Step.ESC),
        (Trouble.UNANSWERED, Step.ESC),
        (Trouble.RESTARTING, Step.REOPEN),
        (Trouble.DEAF, Step.CFUN),
    ],
)
def test_what_a_harmless_step_cannot_cure_begins_further_up(trouble: Trouble, first: Step) -> None:
    assert climb(ill(trouble), Record(), STEPS, NOW)[1] is first


@pytest.mark.parametrize("missing", STEPS)
def test_a_step_that_this_modem_does_not_have_is_left_out(missing: Step) -> None:
    means = tuple(step for step in STEPS if step is not missing)
    _, _, taken = climbed(ill(), Record(), None, means=means)
    assert taken == list(means)


def test_a_step_that_could_not_be_taken_is_not_asked_for_again_and_keeps_its_reason() -> None:
    ladder = advance(ill(), Took(Step.ESC, "no such thing"), NOW)
    ladder, step = climb(ladder, Record(), STEPS, NOW)
    assert step is Step.REOPEN
    assert ladder.lacking == {Step.ESC: "no such thing"}
    assert ladder.taken == ()


# --- memory -------------------------------------------------------------------------------------


@pytest.mark.parametrize("cure", STEPS)
def test_the_second_time_begins_with_what_worked(cure: Step) -> None:
    _, record, _ = climbed(ill(), Record(), cure)
    _, _, taken = climbed(ill(), record, cure)
    assert taken == [cure]


def test_now_and_then_an_illness_begins_at_the_bottom() -> None:
    """What needed a reset last year may need less today."""
    _, record, _ = climbed(ill(), Record(), Step.CFUN)
    first = []
    for number in range(12):
        # Long enough apart that the budget of resets is no matter, and nothing is barren.
        _, record, taken = climbed(ill(), record, Step.CFUN, NOW + number * 8 * DAY)
        first.append(taken[0])
    assert first.count(Step.ESC) in (2, 3)
    assert first.count(Step.CFUN) == 12 - first.count(Step.ESC)


def test_a_cheaper_step_that_works_again_is_found() -> None:
    _, record, _ = climbed(ill(), Record(), Step.CFUN)
    seen = []
    for number in range(8):
        _, record, taken = climbed(ill(), record, Step.REOPEN, NOW + number * 8 * DAY)
        seen.append(taken[-1])
    assert seen[0] is Step.CFUN
    assert seen[-1] is Step.REOPEN


def test_a_step_that_fails_twice_and_never_worked_rests_for_a_week() -> None:
    record = Record().after(Step.ATZ, False, NOW).after(Step.ATZ, False, NOW)
    assert record.of(Step.ATZ).barren(NOW + 6 * DAY)
    assert not record.of(Step.ATZ).barren(NOW + 8 * DAY)
    _, _, taken = climbed(ill(), record, None)
    assert Step.ATZ not in taken


def test_what_memory_left_out_is_tried_before_a_person_is_asked() -> None:
    record = Record().after(Step.REOPEN, False, NOW)
    ladder, _, taken = climbed(ill(), record, None)
    assert sorted(taken, key=STEPS.index) == list(STEPS)
    assert taken[-1] is Step.REOPEN
    assert ladder.state is LadderState.ASKING


def test_after_a_person_was_asked_everything_is_tried_again() -> None:
    record = Record()
    for _ in range(3):
        for step in STEPS:
            record = record.after(step, False, NOW)
    ladder = advance(advance(ill(), GaveUp(), NOW), Rested(), NOW + HOUR)
    _, _, taken = climbed(ladder, record, None, NOW + HOUR)
    assert taken == list(STEPS)


@given(st.lists(st.booleans(), max_size=20))
def test_a_tally_never_believes_more_than_it_saw(outcomes: list[bool]) -> None:
    tally = Tally()
    for worked in outcomes:
        tally = tally.after(worked, NOW)
    assert 0 <= tally.worked <= tally.tried < 4
    if outcomes and all(outcomes):
        assert tally.promising
    if outcomes and not any(outcomes):
        assert not tally.promising


# --- relapse and absence ------------------------------------------------------------------------


def test_a_relapse_goes_on_where_the_last_cure_ended() -> None:
    """A modem that restarts in a loop is opened again and again, and would be for ever."""
    ladder, taken = ill(Trouble.RESTARTING), []
    while True:
        ladder, step = climb(ladder, Record(), STEPS, NOW)
        if step is None:
            break
        taken.append(step)
        ladder = advance(advance(ladder, Took(step), NOW), CameUp(), NOW)
        ladder = advance(ladder, Fell(Trouble.RESTARTING), NOW + 1000)
    assert taken == list(STEPS[1:])


def test_another_way_of_failing_during_a_cure_is_the_same_illness() -> None:
    """The restart that AT+CFUN=1,1 caused late is no new illness that begins at the bottom."""
    ladder = advance(advance(ill(), Took(Step.CFUN), NOW), CameUp(), NOW)
    ladder = advance(ladder, Fell(Trouble.RESTARTING), NOW + 1000)
    assert climb(ladder, Record(), STEPS, NOW)[1] is Step.USB


def test_after_its_proof_the_next_illness_is_a_new_one() -> None:
    ladder, _, _ = climbed(ill(), Record(), Step.CFUN)
    ladder = advance(ladder, Fell(Trouble.SILENT), NOW + HOUR)
    assert ladder.taken == ()
    assert ladder.fell_at == NOW + HOUR


def test_a_modem_that_was_unplugged_begins_anew() -> None:
    """Whoever pulled it has reset it better than any step."""
    ladder = advance(advance(ill(), Took(Step.CFUN), NOW), Gone(), NOW)
    ladder = advance(ladder, Fell(Trouble.SILENT), NOW + 60_000)
    assert ladder.taken == ()


def test_a_modem_that_vanishes_again_and_again_is_no_longer_taken_for_an_unplugged_one() -> None:
    ladder = Ladder()
    for minute in range(5):
        assert not ladder.loops(NOW + minute * 60_000)
        ladder = advance(ladder, Gone(), NOW + minute * 60_000)
        if minute < 4:
            ladder = advance(ladder, CameUp(), NOW + minute * 60_000 + 30_000)
    assert ladder.loops(NOW + 5 * 60_000)
    assert not ladder.loops(NOW + 2 * HOUR)


def test_looking_for_a_missing_modem_again_is_no_further_loss() -> None:
    ladder = Ladder()
    for second in range(100):
        ladder = advance(ladder, Gone(), NOW + second * 1000)
    assert len(ladder.losses) == 1


# --- no storm -----------------------------------------------------------------------------------


def test_there_are_no_more_than_six_resets_in_an_hour_and_twenty_four_in_a_day() -> None:
    """A modem that works for ten minutes after each reset, for a day."""
    ladder, record = Ladder(), Record()
    resets: list[int] = []
    for minute in range(0, 24 * 60, 3):
        now = NOW + minute * 60_000
        if ladder.state is LadderState.ASKING:
            ladder = advance(ladder, CameUp(), now)
        ladder = advance(ladder, Fell(Trouble.SILENT), now)
        before = len(resets)
        ladder, record, taken = climbed(ladder, record, Step.CFUN, now)
        resets += [now for step in taken if step in RESETS]
        assert len(resets) - before <= 3
    assert 20 <= len(resets) <= 24
    for start in resets:
        assert len([at for at in resets if start <= at < start + HOUR]) <= 6


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [Gone(), CameUp(), Proved(), GaveUp(), Rested(), *map(Fell, Trouble), None]
            ),
            st.integers(0, 2 * HOUR),
        ),
        max_size=60,
    ),
    st.sets(st.sampled_from(STEPS)),
)
def test_whatever_happens_the_ladder_is_climbed_and_resets_are_few(
    story: list[tuple[object, int]], means: set[Step]
) -> None:
    """None stands for a step that is taken when one is to be."""
    ladder, now = Ladder(), NOW
    resets: list[int] = []
    for told, later in story:
        now, happened = now + later, told
        if happened is None:
            if ladder.state is not LadderState.CURING:
                continue
            before = ladder
            ladder, step = climb(ladder, Record(), means, now)
            happened = GaveUp() if step is None else Took(step)
            assert step is None or (step in means and step not in before.taken)
            resets += [now] if step in RESETS else []
        if type(happened) in LADDER_TRANSITIONS[ladder.state]:
            ladder = advance(ladder, happened, now)  # type: ignore[arg-type]
    assert all(b - a > HOUR for a, b in zip(resets, resets[6:], strict=False))
    assert all(one <= other for one, other in pairwise(resets))


@given(TROUBLES, st.sets(st.sampled_from(STEPS)), st.sampled_from([None, *STEPS]))
def test_every_illness_ends(trouble: Trouble, means: set[Step], cure: Step | None) -> None:
    """In a cure, or with a person who is asked."""
    offered = tuple(step for step in STEPS if step in means)
    ladder, _, taken = climbed(ill(trouble), Record(), cure, means=offered)
    able = any(STEPS.index(step) >= STEPS.index(cure) for step in taken) if cure else False
    assert ladder.state is (LadderState.WELL if able else LadderState.ASKING)
    assert len(taken) == len(set(taken))
