"""Threads that take one step after another, and the crew that they form.

A worker's body is `step() -> seconds until the next`; tests call it with no thread. `Worker._run`
holds the one loop of the program and the one `except Exception`: a bug in a step costs that step,
its traceback is logged once, and the worker goes on.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from relay.core.backoff import delay_s
from relay.errors import CorruptDatabase, StoreBusy, StoreError, StoreFull, StoreMoved
from relay.log import Repeated, event, where

_log = logging.getLogger("relay.workers")

# Whatever a step says, it is asked again within the hour.
LONGEST_PAUSE_S = 3_600.0

_CRASH_BASE_S = 1.0
_CRASH_CAP_S = 300.0
_STORE_PAUSE_S = 30.0


class Waker(Protocol):
    """What a worker rests on: a `Bell`, or a modem that also wakes for what comes in."""

    def ring(self) -> None: ...
    def wait(self, seconds: float, /) -> object: ...


class Bell:
    """Wakes one listener. It carries nothing: whoever hears it looks into the store."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Until it rings, at most `seconds`; whether it rang. A ring before the call counts."""
        rang = self._rung.wait(seconds)
        self._rung.clear()
        return rang


class Bells:
    """Rings several bells as one."""

    def __init__(self) -> None:
        self._rings: list[Callable[[], None]] = []

    def add(self, ring: Callable[[], None]) -> None:
        self._rings.append(ring)

    def ring(self) -> None:
        for ring in self._rings:
            ring()


@dataclass(frozen=True, slots=True)
class Health:
    """How a worker is. `overdue_s` is above 0 for one that hangs; `trouble` is '' when fine."""

    name: str
    alive: bool
    overdue_s: float
    crashes: int
    trouble: str

    @property
    def healthy(self) -> bool:
        return self.alive and self.overdue_s <= 0


class Worker:
    """One thread that steps until it is told to stop.

    `busy_limit_s` is how long one step may honestly take, `stop_limit_s` how long the end of it
    is waited for at the end of the program. `wait` is where the thread rests, `bell.wait` if not
    given; `bell.ring` must wake it there.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], float],
        *,
        bell: Waker,
        stop: threading.Event,
        monotonic: Callable[[], float],
        wait: Callable[[float], object] | None = None,
        busy_limit_s: float = 300.0,
        stop_limit_s: float = 10.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.stop_limit_s = stop_limit_s
        self._step = step
        self._bell = bell
        self._stop = stop
        self._monotonic = monotonic
        self._wait = wait or bell.wait
        self._busy_limit_s = busy_limit_s
        self._chance = chance
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._said = Repeated()  # Only used by the worker's thread.
        self._crashed_in_a_row = 0  # Only used by the worker's thread.
        # Written by the worker's thread, read by all.
        self.beaten_by: StoreError | None = None  # a store that is of no more use as it is
        self._due_by = float("inf")
        self._crashes = 0
        self._trouble = ""

    def start(self) -> None:
        self._beat(0)
        self._thread.start()

    def wake(self) -> None:
        """End the rest; never ends a step."""
        self._bell.ring()

    def join(self, seconds: float) -> bool:
        """Whether the thread has ended, after at most `seconds`."""
        if self._thread.ident is not None:
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def health(self, now: float) -> Health:
        """At `now`, in monotonic seconds."""
        return Health(
            name=self.name,
            alive=self._thread.is_alive(),
            overdue_s=max(0.0, now - self._due_by),
            crashes=self._crashes,
            trouble=self._trouble,
        )

    def healthy(self, now: float) -> bool:
        return self.health(now).healthy

    # --- the worker's thread --------------------------------------------------------------------

    def _run(self) -> None:
        while self._going():
            self._rest(self.turn())

    def _going(self) -> bool:
        return self.beaten_by is None and not self._stop.is_set()

    def turn(self) -> float:
        """One step, whatever becomes of it; seconds until the next."""
        self._beat(0)
        try:
            pause = self._step()
        except (StoreFull, StoreBusy) as error:
            return self._held_up(error)
        except (CorruptDatabase, StoreMoved) as error:
            # Only the start knows how to set it aside. A dead worker has relay started again.
            self._trouble = str(error)
            _log.critical(event("worker.ended", worker=self.name, error=self._trouble))
            self.beaten_by = error
            return 0.0
        except Exception as error:  # noqa: BLE001  # the one place, see the module's docstring
            return self._crashed(error)
        self._fine()
        return pause

    def _rest(self, pause: float) -> None:
        pause = min(max(pause, 0.0), LONGEST_PAUSE_S)
        self._beat(pause)
        if self._going():
            self._wait(pause)

    def _beat(self, pause: float) -> None:
        """Promise to be here again after `pause` and one step."""
        self._due_by = self._monotonic() + pause + self._busy_limit_s

    def _held_up(self, error: StoreFull | StoreBusy) -> float:
        """Not our fault and not for ever: wait for room."""
        self._trouble = str(error)
        if self._said.worth(self._trouble, self._monotonic()):
            _log.error(event("worker.waiting", worker=self.name, error=self._trouble))
        return _STORE_PAUSE_S

    def _crashed(self, error: Exception) -> float:
        self._crashes += 1
        self._crashed_in_a_row += 1
        self._trouble = f"crashed: {where(error)}"
        pause = delay_s(
            self._crashed_in_a_row,
            base_s=_CRASH_BASE_S,
            cap_s=_CRASH_CAP_S,
            chance=self._chance(),
        )
        if self._said.worth(self._trouble, self._monotonic()):
            _log.error(
                event("worker.crashed", worker=self.name, crashes=self._crashes, again_s=pause),
                exc_info=error,
            )
        return pause

    def _fine(self) -> None:
        self._trouble = ""
        self._crashed_in_a_row = 0
        if times := self._said.over():
            _log.info(event("worker.recovered", worker=self.name, failures=times))


class Crew:
    """All workers: started together, looked at together, stopped together."""

    def __init__(
        self,
        workers: Sequence[Worker],
        stop: threading.Event,
        monotonic: Callable[[], float],
    ) -> None:
        self._workers = tuple(workers)
        self._stop = stop
        self._monotonic = monotonic

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    def health(self) -> tuple[Health, ...]:
        now = self._monotonic()
        return tuple(worker.health(now) for worker in self._workers)

    def beaten_by(self) -> tuple[StoreError, ...]:
        """Why workers have ended by themselves."""
        found = (worker.beaten_by for worker in self._workers)
        return tuple(error for error in found if error is not None)

    def healthy(self) -> bool:
        return all(health.healthy for health in self.health())

    def wake(self) -> None:
        """Ring every bell, as after a step of the clock."""
        for worker in self._workers:
            worker.wake()

    def stop(self) -> tuple[str, ...]:
        """End all, each within its `stop_limit_s` from now; the names of those that did not."""
        self._stop.set()
        self.wake()
        began = self._monotonic()
        return tuple(
            worker.name
            for worker in self._workers
            if not worker.join(max(0.0, began + worker.stop_limit_s - self._monotonic()))
        )
