"""Housekeeping by the clock: APScheduler, with triggers that survive a clock that is set.

The interval trigger of APScheduler counts on from its last run: it stops dead when the clock is
set back, and lists every run that it missed when it is set forward. Those here only ever look at
`now`. The message path never depends on a job.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from relay.clock import on_the_wall
from relay.errors import CorruptDatabase, StoreError, StoreMoved
from relay.log import event

_log = logging.getLogger("relay.jobs")

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# What was missed while the computer was off is done soon after the start, one by one.
CATCH_UP_S = 60.0

# How far the computer's clock may be ahead of relay's own when it says that a job is due.
_SLACK_S = 600.0

LastRun = Callable[[str], int | None]
Record = Callable[[str, int], None]


# --- triggers -----------------------------------------------------------------------------------


class Every(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """So many seconds from now, whatever was before."""

    def __init__(self, seconds: float) -> None:
        self._interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self._interval

    def __repr__(self) -> str:
        return f"Every({self._interval})"


class AtLocalTime(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """The next time after now that the clock on the wall shows `at`, on `day` if it is given.

    On the day on which summer time begins, a time that does not exist comes an hour later.
    """

    def __init__(self, at: str, day: str | None = None) -> None:
        self._at = time.fromisoformat(at)
        self._weekday = None if day is None else DAYS.index(day)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return next(when for when in self._around(now, range(9)) if when > now)

    def last_before(self, now: datetime) -> datetime:
        """When it was due for the last time."""
        return next(when for when in self._around(now, range(0, -9, -1)) if when <= now)

    def _around(self, now: datetime, days: range) -> list[datetime]:
        today = now.astimezone().date()
        return [
            on_the_wall(date, self._at)
            for date in (today + timedelta(days=day) for day in days)
            if self._weekday in {None, date.weekday()}
        ]

    def __repr__(self) -> str:
        return f"AtLocalTime({self._at}, {self._weekday})"


# --- how a job is run ---------------------------------------------------------------------------


class _OwnThreads(BaseExecutor):  # type: ignore[misc]  # APScheduler has no types
    """A daemon thread for each run: a copy onto a dead disk must not keep relay from ending.

    (The threads of a pool are joined at the end of the program, however long they take.)
    """

    def __init__(self) -> None:
        super().__init__()
        self._latest: dict[str, threading.Thread] = {}

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        thread = threading.Thread(
            target=self._run, args=(job, run_times), name=f"job-{job.id}", daemon=True
        )
        self._latest[job.id] = thread
        thread.start()

    def left(self, seconds: float) -> tuple[str, ...]:
        """The jobs that still run after at most `seconds`."""
        running = {name: thread for name, thread in self._latest.items() if thread.is_alive()}
        for thread in running.values():
            thread.join(seconds / len(running))
        return tuple(name for name, thread in running.items() if thread.is_alive())

    def _run(self, job: Job, run_times: list[datetime]) -> None:
        # run_job answers every exception with an event.
        self._run_job_success(job.id, run_job(job, "default", run_times, self._logger.name))


class _Scheduler(BackgroundScheduler):  # type: ignore[misc]  # APScheduler has no types
    @property
    def alive(self) -> bool:
        return self._thread is not None and bool(self._thread.is_alive())


class Jobs:
    """The jobs of one relay. `last_run` and `record` keep the time of each job's last success.

    `now` is in epoch milliseconds, as are the times that `last_run` and `record` deal with. The
    scheduler wakes by the clock of the `computer`, which may show another time.
    """

    def __init__(
        self,
        now: Callable[[], int],
        *,
        last_run: LastRun,
        record: Record,
        computer: Callable[[], int] | None = None,
    ) -> None:
        self._now = now
        self._computer = computer or now
        self._last_run = last_run
        self._record = record
        self._missed = 0
        self._not_made_up_for: dict[str, int] = {}  # job → since when it counts
        self.beaten_by: StoreError | None = None  # a store that is of no more use as it is
        self._threads = _OwnThreads()
        # UTC: the zone of this computer may be set wrong, or change while relay runs.
        self._scheduler = _Scheduler(
            timezone=UTC,
            executors={"default": self._threads},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        self._scheduler.add_listener(self._failed, EVENT_JOB_ERROR)

    def every(self, seconds: float, run: Callable[[], object], name: str) -> None:
        """Run `seconds` after the start, and again so long after each begin."""
        self._add(Every(seconds), run, name, None)

    def daily(
        self, at: str, run: Callable[[], object], name: str, *, catch_up: bool = True
    ) -> None:
        """Run each day at `at` (HH:MM, local). A missed run is made up for after the start."""
        self._by_the_clock(AtLocalTime(at), run, name, catch_up=catch_up)

    def weekly(
        self, day: str, at: str, run: Callable[[], object], name: str, *, catch_up: bool = True
    ) -> None:
        """The same on one day of the week: mon, tue, wed, thu, fri, sat or sun."""
        self._by_the_clock(AtLocalTime(at, day), run, name, catch_up=catch_up)

    def start(self) -> None:
        self._scheduler.start()

    def healthy(self) -> bool:
        """Whether the scheduler's thread lives."""
        return self._scheduler.alive

    def poke(self) -> None:
        """The clock was set: do what is due now, and await nothing for longer than is usual."""
        now = _moment(self._computer())
        for job in self._scheduler.get_jobs():
            usual = job.trigger.get_next_fire_time(None, now)
            if job.next_run_time > usual:
                self._scheduler.modify_job(job.id, next_run_time=usual)
        self._scheduler.wakeup()

    def due(self) -> dict[str, int]:
        """When each job is due next, in epoch milliseconds."""
        return {
            job.id: round(job.next_run_time.timestamp() * 1000)
            for job in self._scheduler.get_jobs()
        }

    def shutdown(self, seconds: float) -> tuple[str, ...]:
        """Start nothing more and wait for what runs; the names of what did not end in time."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        return self._threads.left(seconds)

    # --- inside ---------------------------------------------------------------------------------

    def _by_the_clock(
        self, trigger: AtLocalTime, run: Callable[[], object], name: str, *, catch_up: bool
    ) -> None:
        first = None
        if catch_up and self._was_missed(trigger, name):
            self._missed += 1
            first = _moment(self._computer()) + timedelta(seconds=CATCH_UP_S * self._missed)
            _log.info(event("job.missed", job=name, runs_in_s=CATCH_UP_S * self._missed))
        self._add(trigger, partial(self._run_if_due, trigger, run, name), name, first)
        if not catch_up:
            self._not_made_up_for[name] = self._now()

    def _was_missed(self, trigger: AtLocalTime, name: str, slack_s: float = 0) -> bool:
        """A last run in the future was dated by a clock that was wrong: it does not count."""
        last, now = self._last_run(name), self._now()
        if last is None:
            last = self._not_made_up_for.get(name)
        slack = timedelta(seconds=slack_s)
        due = (trigger.last_before(_moment(now) + slack) - slack).timestamp() * 1000
        return last is None or last < due or last > now

    def _add(
        self, trigger: BaseTrigger, run: Callable[[], object], name: str, first: datetime | None
    ) -> None:
        first = first or trigger.get_next_fire_time(None, _moment(self._computer()))
        self._scheduler.add_job(run, trigger, id=name, name=name, next_run_time=first)

    def _run_if_due(self, trigger: AtLocalTime, run: Callable[[], object], name: str) -> None:
        """Once for each time that it was due by relay's own clock. The scheduler goes by the
        computer's, which may be set back over the same night."""
        if not self._was_missed(trigger, name, _SLACK_S):
            return
        run()
        self._record(name, self._now())
        _log.info(event("job.done", job=name))

    def _failed(self, failure: JobExecutionEvent) -> None:
        if isinstance(failure.exception, CorruptDatabase | StoreMoved):
            self.beaten_by = failure.exception
        _log.error(
            event("job.failed", job=failure.job_id, again="when it is due next"),
            exc_info=failure.exception,
        )


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, tz=UTC)
