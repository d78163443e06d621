"""`relay run`: start, supervise, stop. A missing modem and a silent server are ordinary states.

The main thread owns the signals, the watchdog and the lock. It does no message's work.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import NoReturn

import relay
from relay import assembly_community as community
from relay import holding, log, power, systemd
from relay.assembly import inbox_of, outbox_of
from relay.clock import StepWatch, SystemClock
from relay.clock_guard import ClockGuard
from relay.config_changes import changes
from relay.config_sections import Config
from relay.control.rereading import reread
from relay.control.words import ControlRefused
from relay.errors import (
    CorruptDatabase,
    RelayError,
    SchemaTooNew,
    StoreBusy,
    StoreError,
    StoreMoved,
)
from relay.log import event
from relay.log_file import BoundedFile
from relay.modem.discovery import Bus
from relay.staffing import SYNC_STOP_S, Staffing
from relay.store import darkness, reserve
from relay.store.clamping import clamp
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.forwarding import finish_departed
from relay.timekeeper import Timekeeper
from relay.timetable import timetable
from relay.workers import Crew

_log = logging.getLogger("relay.daemon")

# sysexits.h
EX_OK, EX_SOFTWARE, EX_CANTCREAT, EX_TEMPFAIL = 0, 70, 73, 75

_LOOK_S = 1.0  # how long `relay send` of another process may go unnoticed
_SUPERVISE_S = 5.0
_BEAT_S = 30.0
# So long systemd waits while relay begins anew, as at its start (TimeoutStartSec).
_ANEW_S = 600.0


class Daemon:
    """One running relay. Built and run by the main thread."""

    def __init__(
        self, config: Config, db: Database, clock: Timekeeper, environ: Mapping[str, str]
    ) -> None:
        self._db = db
        self._clock = clock
        self._guard = ClockGuard(db, clock)
        self._environ = environ
        self._facts = Facts(db)
        self._stop = threading.Event()
        # What made this store unusable for good: it must be opened anew.
        self.trouble: StoreError | None = None
        self._signals = 0
        self._boot = power.boot_id()
        self._said = log.Repeated()
        self._step_watch = StepWatch(clock.computer.now, clock.monotonic)
        self._data_version = db.data_version()
        self._inbox = inbox_of(db, config)
        self._outbox = outbox_of(db, config.sending, config.loops)
        self._modem_names = tuple(modem.name for modem in config.modems)
        self._server_names = tuple(server.name for server in config.servers)
        self._bus = Bus.of(environ)
        self._config = config
        self._wants_reload = False  # set by a signal
        self.successor: Config | None = None  # what is to hold instead
        self._staff = Staffing(
            config,
            db,
            clock,
            self._inbox,
            self._outbox,
            self._bus,
            self._stop,
            clock.computer.now,
            self._reload,
        )
        self._crew = Crew(self._staff.workers, self._stop, clock.monotonic)
        self._jobs = timetable(config, db, self._inbox, self._outbox, clock, self._crew.wake)

    # --- run ------------------------------------------------------------------------------------

    def run(self) -> int:
        """Until a signal says stop; the exit code."""
        self._start()
        supervise_at = beat_at = 0.0
        while not self._stop.wait(_LOOK_S):
            now = self._clock.monotonic()
            self._hear()
            self._look()
            if now >= supervise_at:
                self._supervise()
                supervise_at = now + _SUPERVISE_S
            if now >= beat_at:
                self._beat("running")
                beat_at = now + _BEAT_S
        return self._end()

    def _start(self) -> None:
        self._guard.begin()
        now = self._clock.now()
        _quietly(lambda: darkness.note(self._db, self._facts, now, self._boot))
        clamp(self._db, now)
        finish_departed(self._db, self._server_names)
        if doubtful := self._outbox.recover(now, self._modem_names):
            _log.warning(event("outbox.recovered", uncertain=doubtful))
        self._facts.put(now, "daemon.started", {"pid": os.getpid(), "version": relay.__version__})
        self._beat("running")
        self._open_control()
        self._crew.start()
        self._jobs.start()
        usual_s = systemd.watchdog_s(self._environ)
        watchdog = [systemd.watchdog(usual_s)] if usual_s else []
        systemd.notify(systemd.READY, systemd.status("running"), *watchdog, environ=self._environ)
        _log.info(event("daemon.started", version=relay.__version__, pid=os.getpid()))

    def _open_control(self) -> None:
        """The commands can do without it, and so can the messages."""
        try:
            self._staff.listener.open()
        except ControlRefused as error:
            _log.error(event("control.shut", code=error.code, error=str(error)))

    @property
    def told_to_stop(self) -> bool:
        """Whether a signal has said so: then nothing follows, whatever else was wished."""
        return self._signals > 0

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Sets flags and does nothing else; a second wish to stop is obeyed at once."""
        if number == signal.SIGUSR1:
            log.toggle_trace()
            return
        if number == signal.SIGHUP:
            self._wants_reload = True
            return
        self._signals += 1
        if self._signals > 1:
            os._exit(EX_SOFTWARE)
        self._stop.set()

    def _reload(self) -> dict[str, object]:
        """Read the configuration again, and go on with it in a new crew. From any thread.

        Raises `ControlRefused` with all its mistakes; the old one holds on then.
        """
        fresh = reread(self._config, self._environ)
        changed = changes(self._config, fresh)
        if not changed and community.rules(fresh).fingerprint != self._staff.rules_mark:
            changed = ("community.rules",)
        if changed:
            self.successor = fresh
            self._stop.set()
        _log.info(event("config.read", changed=",".join(changed) or "nothing"))
        return {"changed": list(changed)}

    def _hear(self) -> None:
        """What a signal or a person wished."""
        self._staff.verbosity.look()
        if self._wants_reload:
            self._wants_reload = False
            try:
                self._reload()
            except ControlRefused as error:
                _log.error(event("config.refused", error=str(error)))

    def _look(self) -> None:
        """Has another process written to the store, or a person plugged something in?"""
        try:
            version = self._db.data_version()
            corrected = self._guard.look()
        except (CorruptDatabase, StoreMoved) as error:
            self._give_up(error)
            return
        except StoreError as error:
            if self._said.worth(str(error), self._clock.monotonic()):
                _log.warning(event("store.unusable", error=str(error)))
            return
        self._said.over()
        if corrected:
            self._time_moved()
        if version != self._data_version or self._bus.look():
            self._data_version = version
            self._crew.wake()

    def _give_up(self, error: StoreError) -> None:
        """The store is of no more use as it is: end in order, so that it is opened anew."""
        _log.critical(event("store.unusable", error=str(error)))
        self.trouble = error
        self._stop.set()

    def _supervise(self) -> None:
        for error in (*self._crew.beaten_by(), self._jobs.beaten_by):
            if error is not None and self.trouble is None:
                self._give_up(error)
        step = self._step_watch.look()
        if step is not None:
            self._clock_stepped(step)
        if reserve.look(self._db.path):
            _quietly(self._db.checkpoint)
            self._crew.wake()
        sick = [health.name for health in self._crew.health() if not health.healthy]
        if not sick and self._jobs.healthy():
            systemd.notify(systemd.ALIVE, environ=self._environ)
            return
        _log.error(event("daemon.unhealthy", workers=",".join(sick) or "scheduler"))

    def _clock_stepped(self, seconds: float) -> None:
        """The computer's clock was set, or it slept: timers that follow it are set anew."""
        _log.warning(event("clock.stepped", seconds=seconds))
        now = self._clock.now()
        _quietly(lambda: self._facts.put(now, "clock.step", {"seconds": round(seconds)}))
        self._time_moved()

    def _time_moved(self) -> None:
        self._jobs.poke()
        _quietly(lambda: clamp(self._db, self._clock.now()))
        self._crew.wake()

    def _beat(self, state: str) -> None:
        facts: dict[str, object] = {
            f"worker.{health.name}": {"crashes": health.crashes, "trouble": health.trouble}
            for health in self._crew.health()
        }
        facts["clock"] = self._clock.fact()
        facts["daemon.beat"] = {"state": state, "pid": os.getpid(), "boot": self._boot}
        facts["daemon"] = {"state": state, "pid": os.getpid(), "version": relay.__version__}
        try:
            self._facts.put_all(self._clock.now(), facts)
        except StoreError as error:
            _log.warning(event("store.unwritable", error=str(error)))

    # --- stop -----------------------------------------------------------------------------------

    def _end(self) -> int:
        goes_on = not self.told_to_stop and (self.trouble or self.successor) is not None
        if goes_on:
            systemd.notify(systemd.ALIVE, systemd.watchdog(_ANEW_S), environ=self._environ)
        else:
            systemd.notify(systemd.STOPPING, environ=self._environ)
        _log.info(event("daemon.stopping"))
        left = {*self._jobs.shutdown(SYNC_STOP_S), *self._crew.stop()}
        for name, close in self._staff.closers:
            if name not in left:
                _quietly(close)
        if isinstance(self.trouble, StoreMoved):
            holding.rescue(self._db, self.trouble, self._clock.now())
        else:
            self._beat("stopped")
        if left:
            _log.warning(event("daemon.left_behind", workers=",".join(sorted(left))))
            # Their rows are as safe as in a power cut; the store must not be closed under them.
            return EX_SOFTWARE if goes_on else EX_OK
        _quietly(self._db.checkpoint)
        self._db.close()
        _log.info(event("daemon.stopped"))
        return EX_OK


def main(config: Config, environ: Mapping[str, str] = os.environ) -> int:
    """Run relay with this configuration until it is told to stop; the exit code (sysexits.h)."""
    _configure_log(config, environ)
    try:
        with holding.lock(config.store.path):
            return _run(config, SystemClock(), environ)
    except SchemaTooNew as error:
        return _refused(error, EX_SOFTWARE)
    except StoreBusy as error:
        return _refused(error, EX_TEMPFAIL)
    except StoreError as error:
        return _refused(error, EX_CANTCREAT)


def _configure_log(config: Config, environ: Mapping[str, str]) -> None:
    path, most = config.log.file, config.log.file_mb * 1_000_000
    file = BoundedFile(path, most) if path else None
    log.configure(config.log.level, trace=config.log.trace_modem, environ=environ, file=file)
    for warning in config.warnings:
        _log.warning(event("config.warning", detail=warning))


def _run(config: Config, clock: SystemClock, environ: Mapping[str, str]) -> int:
    """Again with a store that was mended, when the one at hand turns out to be unusable, and with
    the configuration as it was read anew."""
    trouble: StoreError | None = None
    before: Daemon | None = None
    while True:
        db = holding.opened(config.store.path, clock, trouble)
        daemon = Daemon(config, db, Timekeeper(clock), environ)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, daemon.on_signal)
        if not os.isatty(0):  # where a terminal is closed, that is meant
            signal.signal(signal.SIGHUP, daemon.on_signal)
        if before is not None and before.told_to_stop:  # while the store was opened
            daemon.on_signal(signal.SIGTERM, None)
        code = daemon.run()
        trouble, before = daemon.trouble, daemon
        if daemon.told_to_stop:
            return code
        if daemon.successor is not None:
            if code != EX_OK:
                _start_anew()
            config = daemon.successor
            _configure_log(config, environ)
        elif trouble is None or code != EX_OK:
            return code


def _start_anew() -> NoReturn:
    """A thread did not come back from what it was doing: this process begins once more, as it
    would after a power cut."""
    _log.warning(event("daemon.begins_anew"))
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  # our own words


def _refused(error: RelayError, code: int) -> int:
    _log.critical(event("daemon.not_started", error=str(error)))
    return code


def _quietly(act: Callable[[], object]) -> None:
    """What may fail without harm, as in trouble with the store; a line in the log says so."""
    try:
        act()
    except RelayError as error:
        _log.warning(event("daemon.not_done", error=str(error)))
