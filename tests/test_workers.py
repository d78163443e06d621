"""Workers: one step after another, whatever a step does."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from relay.errors import CorruptDatabase, StoreFull
from relay.workers import LONGEST_PAUSE_S, Bell, Crew, Worker
from tests.fakes import FakeClock

SOON_S = 5.0


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def worker(clock, stop):
    """Make a worker of a step; those that were started are stopped in the end."""
    made = []

    def make(step, name="sync-main", **options) -> Worker:
        usual: dict[str, Any] = {"bell": Bell(), "chance": lambda: 0.5, "busy_limit_s": 60.0}
        made.append(Worker(name, step, stop=stop, monotonic=clock.monotonic, **usual | options))
        return made[-1]

    yield make
    stop.set()
    for one in made:
        one.wake()
        assert one.join(SOON_S)


class Steps:
    """A step that lets a test wait for it, and that returns or raises what it is told."""

    def __init__(self, *outcomes: float | BaseException) -> None:
        self._outcomes = list(outcomes)
        self._done = threading.Semaphore(0)

    def __call__(self) -> float:
        self._done.release()
        outcome = self._outcomes.pop(0) if self._outcomes else LONGEST_PAUSE_S
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def came(self, times: int) -> bool:
        """Whether so many more steps were taken, waiting for them if need be."""
        return all(self._done.acquire(timeout=SOON_S) for _ in range(times))


# --- the bell -----------------------------------------------------------------------------------


def test_a_bell_wakes_who_waits():
    """From another thread."""
    bell = Bell()
    ringer = threading.Timer(0.01, bell.ring)
    ringer.start()
    assert bell.wait(SOON_S)
    ringer.join()


def test_a_ring_before_the_wait_counts():
    """The row was committed while the worker was still busy."""
    bell = Bell()
    bell.ring()
    assert bell.wait(0)


def test_many_rings_are_one():
    """The worker looks into the store, which has all of them."""
    bell = Bell()
    bell.ring()
    bell.ring()
    bell.wait(0)
    assert not bell.wait(0)


# --- one turn, without a thread -----------------------------------------------------------------


def test_a_turn_says_when_the_next_is(worker):
    """In seconds, as the step said."""
    assert worker(lambda: 15.0).turn() == 15.0


def test_a_crash_costs_the_step_and_not_the_worker(worker, caplog):
    """Its traceback is logged, and there is a next turn."""
    one = worker(Steps(KeyError("x"), 15.0))
    assert one.turn() == pytest.approx(1.0)
    assert one.turn() == 15.0
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [
        "worker.crashed worker=sync-main crashes=1 again_s=1"
    ]


def test_a_crash_that_goes_on_is_waited_for_longer_and_longer(worker):
    """Up to some minutes, with jitter."""
    one = worker(Steps(*[KeyError("x")] * 12))
    pauses = [one.turn() for _ in range(12)]
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-1] == 150.0


def test_a_crash_that_goes_on_is_logged_once(worker, caplog):
    """A log full of one traceback hides all others."""
    one = worker(Steps(*[KeyError("x")] * 5))
    for _ in range(5):
        one.turn()
    assert len(caplog.records) == 1


def test_a_crash_that_goes_on_is_logged_again_after_an_hour(worker, clock, caplog):
    """So that it is in every part of the log."""
    one = worker(Steps(*[KeyError("x")] * 2))
    one.turn()
    clock.advance(3_601)
    one.turn()
    assert [record.getMessage().split()[2] for record in caplog.records] == [
        "crashes=1",
        "crashes=2",
    ]


def test_another_crash_is_logged_at_once(worker, caplog):
    """It may be the cause of the first."""
    one = worker(Steps(KeyError("x"), ValueError("y")))
    one.turn()
    one.turn()
    assert len(caplog.records) == 2


def test_the_way_out_of_a_crash_is_logged(worker, clock, caplog):
    """With the number of steps that it cost."""
    caplog.set_level(logging.INFO)
    one = worker(Steps(KeyError("x"), KeyError("x"), 15.0))
    for _ in range(3):
        one.turn()
    assert caplog.messages[-1] == "worker.recovered worker=sync-main failures=2"
    assert one.health(clock.monotonic()).trouble == ""


def test_status_sees_how_often_a_worker_crashed_and_where(worker, clock):
    """Without looking into the log."""
    one = worker(Steps(KeyError("x")))
    one.turn()
    health = one.health(clock.monotonic())
    assert health.crashes == 1
    assert health.trouble.startswith("crashed: KeyError in test_workers.py:")


def test_a_full_disk_is_waited_out_and_is_no_crash(worker, clock, caplog):
    """Nothing is wrong with the worker, and a person must act."""
    one = worker(Steps(*[StoreFull("/var/lib/relay/relay.db")] * 2))
    assert one.turn() == one.turn() == 30.0
    health = one.health(clock.monotonic())
    assert health.crashes == 0
    assert health.trouble.startswith("no room left on the disk")
    assert len(caplog.records) == 1
    assert not caplog.records[0].exc_info


# --- with a thread ------------------------------------------------------------------------------


def test_a_worker_steps_until_it_is_told_to_stop(worker, stop):
    """One step after another."""
    steps = Steps(0, 0, 0)
    one = worker(steps)
    one.start()
    assert steps.came(4)
    stop.set()
    one.wake()
    assert one.join(SOON_S)


def test_a_ring_brings_the_next_step(worker):
    """Long before the pause is over."""
    steps, bell = Steps(), Bell()
    worker(steps, bell=bell).start()
    assert steps.came(1)
    bell.ring()
    assert steps.came(1)


def test_a_worker_goes_on_after_a_crash(worker):
    """In the same thread, as soon as it is woken."""
    steps = Steps(KeyError("x"))
    one = worker(steps)
    one.start()
    assert steps.came(1)
    one.wake()
    assert steps.came(1)


def test_a_worker_may_rest_where_it_likes(worker):
    """A modem's thread rests on what the modem says, and no pause is without end."""
    rests, bell = [], Bell()

    def wait(seconds: float) -> None:
        rests.append(seconds)
        bell.wait(seconds)

    steps = Steps(-1, float("inf"))
    worker(steps, bell=bell, wait=wait).start()
    assert steps.came(2)
    bell.ring()
    assert steps.came(1)
    assert rests[:2] == [0.0, LONGEST_PAUSE_S]


def test_no_step_is_begun_after_stop(worker, stop):
    """A worker that is started too late does nothing."""
    steps = Steps()
    stop.set()
    one = worker(steps)
    one.start()
    assert one.join(SOON_S)
    assert not steps._done.acquire(blocking=False)


# --- health -------------------------------------------------------------------------------------


def test_a_worker_that_was_not_started_is_not_healthy(worker, clock):
    """Dead is dead."""
    assert not worker(Steps()).healthy(clock.monotonic())


def test_a_worker_that_rests_is_healthy(worker, clock):
    """Until its pause is over and the time for a step as well."""
    steps = Steps(100.0)
    resting = threading.Event()
    bell = Bell()

    def wait(seconds: float) -> None:
        resting.set()
        bell.wait(seconds)

    one = worker(steps, bell=bell, wait=wait)
    one.start()
    assert resting.wait(SOON_S)
    clock.advance(159)
    assert one.healthy(clock.monotonic())
    clock.advance(2)
    assert not one.healthy(clock.monotonic())


def test_a_step_that_hangs_is_noticed(worker, clock):
    """By its limit, and no earlier."""
    inside, go_on = threading.Event(), threading.Event()

    def step() -> float:
        inside.set()
        go_on.wait(SOON_S)
        return LONGEST_PAUSE_S

    one = worker(step, busy_limit_s=200.0)
    one.start()
    assert inside.wait(SOON_S)
    clock.advance(199)
    assert one.healthy(clock.monotonic())
    clock.advance(2)
    assert one.health(clock.monotonic()).overdue_s == pytest.approx(1)
    go_on.set()


def test_a_set_wall_clock_makes_nobody_ill(worker, clock):
    """Health is a matter of monotonic time."""
    steps = Steps()
    one = worker(steps)
    one.start()
    assert steps.came(1)
    clock.step(-50 * 365 * 86_400)
    assert one.healthy(clock.monotonic())


def test_a_corrupt_database_ends_the_worker(worker, clock):
    """Only a new start can set it aside; a dead worker brings one."""
    one = worker(Steps(CorruptDatabase("/var/lib/relay/relay.db", "malformed")))
    one.start()
    assert one.join(SOON_S)
    health = one.health(clock.monotonic())
    assert not health.healthy
    assert "is damaged" in health.trouble


# --- the crew -----------------------------------------------------------------------------------


def test_a_crew_starts_and_stops_together(worker, clock, stop):
    """And says that it is healthy in between."""
    steps = Steps(), Steps()
    crew = Crew([worker(steps[0], "a"), worker(steps[1], "b")], stop, clock.monotonic)
    crew.start()
    assert all(one.came(1) for one in steps)
    assert crew.healthy()
    assert [health.name for health in crew.health()] == ["a", "b"]
    assert crew.stop() == ()
    assert not crew.healthy()


def test_a_crew_wakes_all(worker, clock, stop):
    """As after a step of the clock."""
    steps = Steps(), Steps()
    crew = Crew([worker(steps[0], "a"), worker(steps[1], "b")], stop, clock.monotonic)
    crew.start()
    assert all(one.came(1) for one in steps)
    crew.wake()
    assert all(one.came(1) for one in steps)


def test_who_does_not_end_in_time_is_named(worker, clock, stop):
    """And does not keep the others, or the program, from ending."""
    inside, go_on = threading.Event(), threading.Event()

    def hang() -> float:
        inside.set()
        go_on.wait(SOON_S)
        return 0.0

    crew = Crew(
        [worker(hang, "modem-usb1", stop_limit_s=0.01), worker(Steps(), "sync-main")],
        stop,
        clock.monotonic,
    )
    crew.start()
    assert inside.wait(SOON_S)
    assert crew.stop() == ("modem-usb1",)
    go_on.set()


def test_a_crew_that_was_never_started_can_be_stopped(worker, clock, stop):
    """The start failed halfway."""
    assert Crew([worker(Steps())], stop, clock.monotonic).stop() == ()
