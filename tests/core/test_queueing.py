"""Whose turn it is: urgent first, the more urgent before the others, and nobody for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.priority import Priority, is_urgent
from relay.core.queueing import (
    AGEING_MS,
    NOTHING,
    Head,
    Selection,
    last_turns,
    next_turn,
    waiting_since,
)

NOW = 1_780_000_000_000
YEARS_MS = 50 * 365 * 86_400_000


def head(priority: int, *, id_: int = 1, waited_ms: int = 0, seq: int = 1) -> Head:
    return Head(id_, id_, seq, priority, NOW - waited_ms)


def turn(*heads: Head, ageing_ms: int = AGEING_MS) -> int:
    """The priority that goes next."""
    found = next_turn(heads, NOW, ageing_ms)
    assert found is not None
    return found.priority


MINUTE = 60_000


@pytest.mark.parametrize(
    ("heads", "expected"),
    [
        ([head(Priority.REPLY), head(Priority.BROADCAST)], Priority.REPLY),
        ([head(Priority.ALERT), head(Priority.REPLY)], Priority.ALERT),
        # As many minutes as there are steps between them are not enough, one more is.
        ([head(0), head(-20, waited_ms=20 * MINUTE)], 0),
        ([head(0), head(-20, waited_ms=21 * MINUTE)], -20),
        ([head(0, waited_ms=5 * MINUTE), head(-20, waited_ms=21 * MINUTE)], 0),
        ([head(Priority.ALERT), head(-20, waited_ms=YEARS_MS)], Priority.ALERT),
        ([head(Priority.ALERT + 5), head(Priority.ALERT, waited_ms=YEARS_MS)], 15),
        # A phone already has the first part of the reminder.
        ([head(0), head(Priority.REMINDER, seq=2)], Priority.REMINDER),
        ([head(Priority.ALERT), head(Priority.REMINDER, seq=2)], Priority.ALERT),
    ],
)
def test_who_goes_next(heads: list[Head], expected: int) -> None:
    assert turn(*heads) == expected


def test_among_equals_the_first_that_came_goes_first() -> None:
    heads = [head(0, id_=9), head(0, id_=4), head(0, id_=7)]
    found = next_turn(heads, NOW, AGEING_MS)
    assert found is not None
    assert found.outbound_id == 4


def test_without_ageing_the_priority_alone_decides() -> None:
    assert turn(head(0), head(-20, waited_ms=YEARS_MS), ageing_ms=0) == 0


def test_nobody_waits_and_nobody_goes() -> None:
    assert next_turn([], NOW, AGEING_MS) is None


heads = st.lists(
    st.builds(
        Head,
        part_id=st.integers(1, 99),
        outbound_id=st.integers(1, 99),
        seq=st.integers(1, 3),
        priority=st.integers(-30, 30),
        since=st.integers(NOW - YEARS_MS, NOW + YEARS_MS),
    ),
    min_size=1,
)


@given(heads, st.integers(0, 10**9))
def test_nothing_overtakes_an_alert(heads: list[Head], ageing_ms: int) -> None:
    taken = next_turn(heads, NOW, ageing_ms)
    assert taken is not None
    urgent = [one.priority for one in heads if is_urgent(one.priority)]
    if urgent:
        assert taken.priority == max(urgent)


@given(
    st.lists(st.integers(-30, Priority.ALERT - 1), min_size=1, max_size=6, unique=True),
    st.integers(15_000, 60_000),
)
def test_every_priority_has_a_turn_however_many_wait_before_it(
    priorities: list[int], each_takes_ms: int
) -> None:
    """Each has messages without end; nobody waits for longer than the climb to the top takes."""
    turns: dict[int, int] = {}
    last = dict.fromkeys(priorities, NOW)
    longest = (Priority.ALERT + 30 + 1) * AGEING_MS + (len(priorities) + 1) * each_takes_ms
    now = NOW
    while now < NOW + 2 * longest:
        waiting = [Head(p, p, 1, p, waiting_since(NOW, turns.get(p), now)) for p in priorities]
        taken = next_turn(waiting, now, AGEING_MS)
        assert taken is not None
        turns = last_turns(turns, waiting, taken, now)
        last[taken.priority] = now
        now += each_takes_ms
        assert all(now - at <= longest for at in last.values())


@given(
    st.integers(NOW - YEARS_MS, NOW + YEARS_MS),
    st.none() | st.integers(NOW - YEARS_MS, NOW + YEARS_MS),
)
def test_a_wait_never_begins_in_the_future(created_at: int, turn_at: int | None) -> None:
    """A message that was dated by a clock of 2076 ages from now on, and not in fifty years."""
    assert waiting_since(created_at, turn_at, NOW) <= NOW


def test_a_selection_takes_what_all_of_it_allow() -> None:
    kenya = Selection(suits=lambda number: number.startswith("+254"), opens_at=9)
    airtel = Selection(suits=lambda number: number[4:6] == "73", opens_at=7)
    urgent = Selection(min_priority=Priority.ALERT)
    both = kenya & airtel & urgent
    assert both.takes(Priority.ALERT, "+254731000000")
    assert not both.takes(Priority.REPLY, "+254731000000")
    assert not both.takes(Priority.ALERT, "+254700000000")
    assert not both.takes(Priority.ALERT, "+255731000000")
    assert both.opens_at == 7
    assert Selection() & Selection() == Selection()


def test_a_selection_of_nothing_takes_nothing() -> None:
    assert not Selection(min_priority=NOTHING).takes(2**61, "+254731000000")
