"""Timers: by hand and by thread."""

from __future__ import annotations

import threading

from relay.simulator.schedule import Scheduler, SteppedTime


def test_things_happen_in_the_order_of_their_time() -> None:
    """And in the order in which they were planned, if it is the same."""
    time, done = SteppedTime(), list[str]()
    scheduler = Scheduler(timer=time.monotonic)
    for name, seconds in (("c", 2.0), ("a", 1.0), ("b", 1.0)):
        scheduler.after(seconds, lambda name=name: done.append(name))  # type: ignore[misc]
    assert (scheduler.run_due(), scheduler.due_in()) == (0, 1.0)
    time.advance(1.5)
    assert (scheduler.run_due(), done) == (2, ["a", "b"])
    time.advance(5)
    assert (scheduler.run_due(), done) == (1, ["a", "b", "c"])
    assert scheduler.due_in() is None


def test_what_is_cancelled_does_not_happen() -> None:
    """Not even if it is due already."""
    time, done = SteppedTime(), list[int]()
    scheduler = Scheduler(timer=time.monotonic)
    task = scheduler.after(1, lambda: done.append(1))
    time.advance(2)
    assert task.open
    task.cancel()
    assert (scheduler.due_in(), scheduler.run_due(), done, task.open) == (None, 0, [], False)


def test_a_thread_drives_real_time_and_ends() -> None:
    """The last user takes it away; the fixture of all tests looks that it is gone."""
    scheduler, rung = Scheduler(), threading.Event()
    scheduler.acquire()
    scheduler.acquire()
    scheduler.after(60, lambda: None)
    scheduler.after(0.01, rung.set)
    assert rung.wait(5)
    scheduler.release()
    scheduler.release()


def test_a_clock_that_is_turned_by_hand_gets_no_thread() -> None:
    """Nothing would wake it."""
    before = threading.active_count()
    scheduler = Scheduler(timer=SteppedTime().monotonic)
    scheduler.acquire()
    assert threading.active_count() == before
    scheduler.release()
