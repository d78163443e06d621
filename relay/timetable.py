"""What one relay does by the calendar, and when."""

from __future__ import annotations

from collections.abc import Callable

from relay.assembly import balance_wish
from relay.config_sections import Config
from relay.housekeeping import Housekeeping
from relay.jobs import Jobs
from relay.store.database import Database
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.timekeeper import Timekeeper


def timetable(
    config: Config,
    db: Database,
    inbox: Inbox,
    outbox: Outbox,
    clock: Timekeeper,
    wake: Callable[[], object],
) -> Jobs:
    """The jobs of this configuration; nothing is started."""
    housekeeping = Housekeeping(
        db,
        inbox,
        outbox,
        clock,
        copies=config.store,
        times=config.housekeeping,
        validity_ms=config.sending.validity_h * 3600 * 1000,
        modems=tuple(modem.name for modem in config.modems),
    )
    times = config.housekeeping
    jobs = Jobs(
        clock.now,
        last_run=housekeeping.last_run,
        record=housekeeping.record,
        computer=clock.computer.now,
    )
    jobs.every(60, housekeeping.minutely, "minutely")
    jobs.daily(times.backup_at, housekeeping.backup, "backup")
    jobs.weekly(times.check_day, times.backup_at, housekeeping.check, "check")
    if at := config.airtime.check_at:
        jobs.daily(at, balance_wish(config, db, clock, wake), "balance")
    jobs.daily(times.summary_at, housekeeping.summary, "summary", catch_up=False)
    return jobs
