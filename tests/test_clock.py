"""The clock of the machine, and what is said when someone sets it."""

from __future__ import annotations

import re
import time

import pytest

from relay.clock import StepWatch, SystemClock, local
from tests.fakes import FakeClock

DAY_S = 86_400.0
FIFTY_YEARS_S = 50 * 365.25 * DAY_S


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def watch(clock):
    return StepWatch(clock.now, clock.monotonic)


def test_the_system_clock_speaks_in_epoch_milliseconds():
    """Between the invention of relay and the end of the century."""
    assert 1_700_000_000_000 < SystemClock().now() < 4_102_444_800_000


def test_monotonic_time_does_not_go_back():
    """Two looks in a row."""
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()


def test_time_that_passes_is_no_step(clock, watch):
    """However long it was."""
    clock.advance(30 * DAY_S)
    assert watch.look() is None


@pytest.mark.parametrize("step", [-FIFTY_YEARS_S, -DAY_S, -2.5, 2.5, DAY_S, FIFTY_YEARS_S])
def test_a_step_is_told_with_its_size_and_direction(clock, watch, step):
    """Both ways, from seconds to the date of a flat battery."""
    clock.advance(5)
    clock.step(step)
    assert watch.look() == pytest.approx(step, abs=0.01)


def test_a_step_is_told_once(clock, watch):
    """After that, the new time is the time."""
    clock.step(DAY_S)
    watch.look()
    clock.advance(5)
    assert watch.look() is None


def test_a_slow_correction_is_no_step(clock, watch):
    """NTP may take hours to put a clock right; no look sees more than a bit of it."""
    for _ in range(100):
        clock.advance(5)
        clock.step(0.5)
        assert watch.look() is None


def test_local_time_is_the_time_of_the_place(monkeypatch):
    """Nairobi is three hours ahead."""
    monkeypatch.setenv("TZ", "EAT-3")
    time.tzset()
    try:
        assert local(1_700_000_000_000) == "2023-11-15 01:13:20"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("ms", [0, -1, 10**18, -(10**18), 2**80])
def test_no_number_is_too_odd_to_be_shown(ms):
    """A row may hold whatever a broken clock wrote."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|-?\d+ ms", local(ms))
