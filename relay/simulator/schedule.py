"""What is to happen later: one list of timers for the whole simulation.

A thread of its own drives it (`acquire`), or a test does by hand (`run_due`).
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

Action = Callable[[], None]


@dataclass(order=True, slots=True)
class Task:
    """Something due at `at` (seconds of the timer). `cancel` is always safe."""

    at: float
    seq: int
    action: Action | None = field(compare=False)

    def cancel(self) -> None:
        self.action = None

    @property
    def open(self) -> bool:
        """Whether it still is to happen."""
        return self.action is not None


class Scheduler:
    """Runs actions when their time has come, each under the lock of the simulation."""

    def __init__(
        self, lock: threading.RLock | None = None, timer: Callable[[], float] = monotonic
    ) -> None:
        self.timer = timer
        self._changed = threading.Condition(lock or threading.RLock())
        self._tasks: list[Task] = []
        self._seq = count()
        self._users = 0
        self._thread: threading.Thread | None = None

    def after(self, seconds: float, action: Action) -> Task:
        """Do `action` once, `seconds` from now."""
        with self._changed:
            task = Task(self.timer() + max(0.0, seconds), next(self._seq), action)
            heapq.heappush(self._tasks, task)
            if self._tasks[0] is task:
                self._changed.notify_all()
            return task

    def run_due(self) -> int:
        """Do everything whose time has come, in order; returns how many things that were."""
        done = 0
        with self._changed:
            now = self.timer()
            while self._tasks and self._tasks[0].at <= now:
                action, task = self._tasks[0].action, heapq.heappop(self._tasks)
                task.action = None
                if action is not None:
                    action()
                    done += 1
        return done

    def due_in(self) -> float | None:
        """Seconds until the next thing to do, or None if there is none."""
        with self._changed:
            while self._tasks and not self._tasks[0].open:
                heapq.heappop(self._tasks)
            return max(0.0, self._tasks[0].at - self.timer()) if self._tasks else None

    def acquire(self) -> None:
        """Let a thread drive the timers. A timer that a test turns by hand gets none."""
        with self._changed:
            self._users += 1
            if self._thread is None and self.timer is monotonic:
                self._thread = threading.Thread(target=self._drive, name="simulator-timers")
                self._thread.start()

    def release(self) -> None:
        """The counterpart of `acquire`; the last one ends the thread and waits for it."""
        with self._changed:
            self._users -= 1
            thread = self._thread if self._users == 0 else None
            if thread is not None:
                self._thread = None
                self._changed.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _drive(self) -> None:
        me = threading.current_thread()
        with self._changed:
            while self._thread is me:
                self.run_due()
                self._changed.wait(self.due_in())


class SteppedTime:
    """A clock for tests and drills that moves only when told: `now` (ms) and `monotonic` (s)."""

    def __init__(self, now: int = 1_700_000_000_000) -> None:
        self._start = now
        self._elapsed = 0.0

    def now(self) -> int:
        return self._start + round(self._elapsed * 1000)

    def monotonic(self) -> float:
        return self._elapsed

    def advance(self, seconds: float) -> None:
        self._elapsed += seconds
