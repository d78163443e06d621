"""Housekeeping by the clock, when the clock is set by days and by decades."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time

import apscheduler.schedulers.base
import pytest
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED

from relay.jobs import AtLocalTime, Every, Jobs
from tests.fakes import FakeClock

SOON_S = 5.0
DAY_S = 86_400
FIFTY_YEARS_S = 50 * 365 * DAY_S
# Sunday, 15 March 2026, 20:00 in Nairobi.
SUNDAY_EVENING = 1_773_594_000_000
STEPS = [-FIFTY_YEARS_S, -DAY_S, DAY_S, FIFTY_YEARS_S]


@pytest.fixture
def timezone(monkeypatch):
    """Set the zone of this computer."""

    def put(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    put("EAT-3")
    yield put
    monkeypatch.undo()
    time.tzset()


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


# --- triggers -----------------------------------------------------------------------------------


def test_every_only_looks_at_now():
    """Whatever the last run was."""
    now = utc("2026-03-15 17:00")
    for previous in (None, utc("1976-01-01 00:00"), utc("2076-01-01 00:00")):
        assert Every(60).get_next_fire_time(previous, now) == utc("2026-03-15 17:01")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-14 23:00", "2026-03-14 23:30"),
        ("2026-03-14 23:30", "2026-03-15 23:30"),
        ("2026-03-15 17:00", "2026-03-15 23:30"),
        ("1970-01-01 00:00", "1970-01-01 23:30"),
        ("2076-12-31 23:31", "2077-01-01 23:30"),
    ],
)
def test_a_daily_time_is_that_of_the_place(timezone, now, due):
    """02:30 in Nairobi is 23:30 UTC of the day before."""
    trigger = AtLocalTime("02:30")
    assert trigger.get_next_fire_time(None, utc(now)) == utc(due)


@pytest.mark.parametrize(
    ("now", "due", "before"),
    [
        ("2026-03-15 16:59", "2026-03-15 17:00", "2026-03-08 17:00"),
        ("2026-03-15 17:00", "2026-03-22 17:00", "2026-03-15 17:00"),
        ("2026-03-18 12:00", "2026-03-22 17:00", "2026-03-15 17:00"),
    ],
)
def test_a_weekly_time_has_its_day(timezone, now, due, before):
    """Sundays, 20:00 in Nairobi."""
    trigger = AtLocalTime("20:00", "sun")
    assert trigger.get_next_fire_time(None, utc(now)) == utc(due)
    assert trigger.last_before(utc(now)) == utc(before)


def test_summer_time_moves_the_instant_and_not_the_time(timezone):
    """On 29 March 2026 central Europe has no 02:30; the day after, it comes an hour earlier."""
    timezone("CET-1CEST,M3.5.0,M10.5.0/3")
    trigger = AtLocalTime("02:30")
    dues = [utc("2026-03-27 12:00")]
    for _ in range(4):
        dues.append(trigger.get_next_fire_time(None, dues[-1]))
    assert [f"{due:%d %H:%M}" for due in dues[1:]] == [
        "28 01:30",
        "29 01:30",
        "30 00:30",
        "31 00:30",
    ]


def test_triggers_show_what_they_are():
    """In the log of who looks for a fault."""
    assert repr(Every(60)) == "Every(0:01:00)"
    assert repr(AtLocalTime("20:00", "sun")) == "AtLocalTime(20:00:00, 6)"


# --- jobs ---------------------------------------------------------------------------------------


class Job:
    """A job that counts its runs."""

    def __init__(self, *, fails: bool = False) -> None:
        self.runs = 0
        self._fails = fails

    def __call__(self) -> None:
        self.runs += 1
        if self._fails:
            raise OSError("the backup disk is gone")


class Notes:
    """What the store remembers of jobs."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}

    def record(self, name: str, at: int) -> None:
        self.last[name] = at


class ObservedJobs(Jobs):
    """Jobs that let a test wait for the end of a run."""

    def __init__(self, clock: FakeClock, notes: Notes, computer: FakeClock | None = None) -> None:
        super().__init__(
            clock.now,
            last_run=notes.last.get,
            record=notes.record,
            computer=computer.now if computer else None,
        )
        self._clock = clock
        self._ended = {name: threading.Semaphore(0) for name in ("prune", "backup", "remind")}
        self._scheduler.add_listener(
            lambda run: self._ended[run.job_id].release(), EVENT_JOB_EXECUTED | EVENT_JOB_ERROR
        )

    def ran(self, name: str) -> bool:
        """Whether one more run of the job came to its end."""
        return self._ended[name].acquire(timeout=SOON_S)

    def after(self, seconds: float) -> None:
        """Let time pass, and let the scheduler notice it without waiting for it."""
        self._clock.advance(seconds)
        self._scheduler.wakeup()


@pytest.fixture
def clock(monkeypatch, timezone):
    """A clock that APScheduler reads as well."""
    fake = FakeClock(now=SUNDAY_EVENING)

    class Datetime(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return dt.datetime.fromtimestamp(fake.now() / 1000, tz=tz)

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", Datetime)
    return fake


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def jobs(clock, notes):
    made = ObservedJobs(clock, notes)
    yield made
    assert made.shutdown(SOON_S) == ()


def test_a_job_runs_again_and_again(jobs, clock):
    """Each time when its seconds have passed."""
    job = Job()
    jobs.every(60, job, "prune")
    jobs.start()
    for _ in range(3):
        jobs.after(60)
        assert jobs.ran("prune")
    assert job.runs == 3


def test_what_was_slept_through_is_run_once(jobs, clock):
    """A night with the lid closed is no reason to prune five hundred times."""
    job = Job()
    jobs.every(60, job, "prune")
    jobs.start()
    jobs.after(8 * 3_600)
    assert jobs.ran("prune")
    jobs.after(60)
    assert jobs.ran("prune")
    assert job.runs == 2


@pytest.mark.parametrize("step", STEPS)
def test_a_repeated_job_survives_a_step_of_the_clock(jobs, clock, step):
    """It neither stops dead nor makes up for what never was."""
    job = Job()
    jobs.every(60, job, "prune")
    jobs.start()
    clock.step(step)
    began = time.monotonic()
    jobs.poke()
    assert jobs.due()["prune"] <= clock.now() + 60_000
    if step > 0:
        assert jobs.ran("prune")
    jobs.after(60)
    assert jobs.ran("prune")
    assert time.monotonic() - began < SOON_S  # a list of a million entries takes longer
    assert job.runs == (2 if step > 0 else 1)


@pytest.mark.parametrize("step", STEPS)
def test_a_daily_job_survives_a_step_of_the_clock(jobs, clock, notes, step):
    """The next night is never further away than a day."""
    notes.last["backup"] = clock.now() - 3_600_000
    job = Job()
    jobs.daily("02:30", job, "backup")
    jobs.start()
    clock.step(step)
    jobs.poke()
    if step > 0:
        assert jobs.ran("backup")
    assert clock.now() < jobs.due()["backup"] <= clock.now() + DAY_S * 1000
    jobs.after(DAY_S)
    assert jobs.ran("backup")


@pytest.mark.parametrize("step", STEPS)
def test_a_night_is_one_night_however_the_computers_clock_is_set(clock, notes, step):
    """relay's own time stands still meanwhile: what was done today is not done again, and a
    summary is not told before its time."""
    own = FakeClock(now=clock.now())
    jobs = ObservedJobs(own, notes, computer=clock)
    notes.last["backup"] = own.now() - 3_600_000
    backup, remind = Job(), Job()
    jobs.daily("02:30", backup, "backup")
    jobs.daily("23:00", remind, "remind", catch_up=False)
    jobs.start()
    for way in (step, -step, step):
        clock.step(way)
        jobs.poke()
        clock.advance(DAY_S)
        jobs._scheduler.wakeup()
        assert jobs.ran("backup")
        assert jobs.ran("remind")
    assert (backup.runs, remind.runs) == (0, 0)
    own.advance(DAY_S)
    clock.advance(DAY_S)
    jobs._scheduler.wakeup()
    assert jobs.ran("backup")
    assert jobs.ran("remind")
    assert jobs.shutdown(SOON_S) == ()
    assert (backup.runs, remind.runs) == (1, 1)


def test_a_poke_without_need_moves_nothing(jobs, clock):
    """A job that is due in ten seconds stays due in ten seconds."""
    jobs.every(60, Job(), "prune")
    jobs.start()
    clock.advance(50)
    jobs.poke()
    assert jobs.due()["prune"] == clock.now() + 10_000


def test_a_weekly_job_has_its_day(jobs, clock, notes):
    """Seven days after the last."""
    notes.last["check"] = clock.now()
    jobs.weekly("sun", "20:00", Job(), "check")
    assert jobs.due()["check"] == clock.now() + 7 * DAY_S * 1000


def test_a_night_that_was_missed_is_made_up_for(jobs, clock, notes):
    """The laptop was off at 02:30."""
    notes.last["backup"] = clock.now() - DAY_S * 1000
    job = Job()
    jobs.daily("02:30", job, "backup")
    jobs.start()
    jobs.after(60)
    assert jobs.ran("backup")
    assert notes.last["backup"] == clock.now()
    assert jobs.due()["backup"] > clock.now() + 3_600_000


def test_a_night_that_was_not_missed_is_not_made_up_for(jobs, clock, notes):
    """Ten starts in a day make one backup."""
    notes.last["backup"] = clock.now() - 10 * 3_600_000
    jobs.daily("02:30", Job(), "backup")
    assert jobs.due()["backup"] == SUNDAY_EVENING + int(6.5 * 3_600_000)


def test_a_job_that_never_ran_is_made_up_for(jobs, clock):
    """A new gateway has its first backup within minutes."""
    jobs.daily("02:30", Job(), "backup")
    assert jobs.due()["backup"] == clock.now() + 60_000


def test_a_last_run_in_the_future_does_not_count(jobs, clock, notes):
    """It was dated by a clock that ran fifty years ahead."""
    notes.last["backup"] = clock.now() + FIFTY_YEARS_S * 1000
    jobs.daily("02:30", Job(), "backup")
    assert jobs.due()["backup"] == clock.now() + 60_000


def test_missed_jobs_are_made_up_for_one_by_one(jobs, clock):
    """The laptop has one disk."""
    jobs.daily("02:30", Job(), "backup")
    jobs.weekly("sun", "03:00", Job(), "check")
    assert jobs.due()["check"] - jobs.due()["backup"] == 60_000


def test_a_job_may_say_that_it_is_not_worth_making_up_for(jobs, clock):
    """Yesterday's summary is of no use today."""
    jobs.daily("21:00", Job(), "summary", catch_up=False)
    assert jobs.due()["summary"] == clock.now() + 3_600_000


def test_a_job_that_fails_is_logged_and_goes_on(jobs, clock, notes, caplog):
    """And does not count as done."""
    job = Job(fails=True)
    jobs.daily("02:30", job, "backup")
    jobs.start()
    jobs.after(60)
    assert jobs.ran("backup")
    jobs.after(DAY_S)
    assert jobs.ran("backup")
    assert jobs.shutdown(SOON_S) == ()
    failures = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in failures if record.name == "relay.jobs"] == [
        'job.failed job=backup again="when it is due next"'
    ] * 2
    assert notes.last == {}


def test_a_run_that_hangs_is_named_at_the_end(clock, notes):
    """And does not keep relay from ending."""
    inside, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        inside.set()
        go_on.wait(SOON_S)

    jobs = ObservedJobs(clock, notes)
    jobs.every(60, hang, "backup")
    jobs.start()
    jobs.after(60)
    assert inside.wait(SOON_S)
    assert jobs.shutdown(0.01) == ("backup",)
    go_on.set()


def test_a_run_that_hangs_holds_up_no_other_job(jobs, clock):
    """A dead backup disk does not stop the reminders, nor is a second copy begun."""
    inside, go_on = threading.Event(), threading.Event()
    hangs = []

    def hang() -> None:
        hangs.append(1)
        inside.set()
        go_on.wait(SOON_S)

    other = Job()
    jobs.every(60, hang, "backup")
    jobs.every(60, other, "remind")
    jobs.start()
    for _ in range(3):
        jobs.after(60)
        assert jobs.ran("remind")
    assert inside.wait(SOON_S)
    assert len(hangs) == 1
    go_on.set()


def test_the_scheduler_lives_between_start_and_shutdown(clock, notes):
    """The watchdog asks for it."""
    jobs = ObservedJobs(clock, notes)
    assert not jobs.healthy()
    jobs.start()
    assert jobs.healthy()
    assert jobs.shutdown(SOON_S) == ()
    assert not jobs.healthy()
