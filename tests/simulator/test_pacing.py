"""The speed of a line, by arithmetic: no test here waits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.simulator.pacing import Pacer


def carry(pacer: Pacer, count: int, start: float, jitter: list[float]) -> float:
    """Send `count` bytes as a port does, being woken up late each time; returns the end."""
    now, left, turn = start, count, 0
    while left:
        room = pacer.room(now, left)
        if room:
            left -= room
            pacer.passed(room, now, more=left > 0)
        else:
            now += pacer.wait(now) + jitter[turn % len(jitter)]
            turn += 1
    return now + pacer.wait(now)


@pytest.mark.parametrize("baud", [9600, 115200, 921600])
def test_ten_bits_make_a_byte(baud: int) -> None:
    """10 s at full speed carry baud bytes."""
    end = carry(Pacer(baud), baud, 100.0, [0.0])
    assert end - 100.0 == pytest.approx(10.0, abs=1e-6)


@given(st.lists(st.floats(0, 0.02), min_size=1, max_size=20), st.integers(12_000, 50_000))
def test_waking_up_late_does_not_make_the_line_slower(jitter: list[float], count: int) -> None:
    """The average is exact, whatever the machine is busy with."""
    end = carry(Pacer(115200), count, 5.0, jitter)
    assert end - 5.0 == pytest.approx(count / 11520, abs=0.03)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=50))
def test_no_byte_is_faster_than_the_line(sizes: list[int]) -> None:
    """Bursts with rests between them take at least their time."""
    pacer, now = Pacer(9600), 0.0
    for size in sizes:
        start = now
        now = carry(pacer, size, now, [0.0])
        assert now - start >= size / 960 - 1e-9
        now += 0.5


def test_a_rest_earns_no_credit() -> None:
    """After a minute of silence the line is no faster than before."""
    pacer = Pacer(9600)
    carry(pacer, 100, 0.0, [0.0])
    assert pacer.room(60.0, 1000) <= 9600 / 10 * Pacer.QUANTUM_S + 1


def test_a_stopped_process_is_forgiven() -> None:
    """Ten seconds in a debugger are not made up for by a burst."""
    pacer = Pacer(9600)
    pacer.passed(pacer.room(0.0, 10_000), 0.0, more=True)
    assert pacer.room(10.0, 100_000) <= 960 * (Pacer.SLACK_S + Pacer.QUANTUM_S)


def test_few_wake_ups() -> None:
    """A second of traffic at 115200 baud takes about 200 turns, not 11520."""
    pacer, now, left, turns = Pacer(115200), 0.0, 11520, 0
    while left:
        room = pacer.room(now, left)
        left -= room
        pacer.passed(room, now, more=left > 0)
        now += pacer.wait(now)
        turns += 1
    assert turns <= 205


def test_a_line_without_a_speed_takes_everything() -> None:
    """None: as fast as the machine."""
    pacer = Pacer(None)
    assert pacer.room(0.0, 10**6) == 10**6
    assert pacer.wait(0.0) == 0.0
