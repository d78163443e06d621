"""Where a dialogue is played: the whole relay in one thread and a time that stands still.

Modem, network and server are the simulator's, the store is a file. Between two moments in which
something is due time leaps: of a modem that is looked after for four weeks nobody learns anything.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

from relay.cli.desk import Desk
from relay.cli.main import main
from relay.clock import from_local
from relay.flows.answering.flow import Answering
from relay.simulator.profiles import profile_named
from relay.simulator.schedule import SteppedTime
from relay.store.database import Database
from relay.timekeeper import Timekeeper
from relay.workers import Worker
from tests.campaign.still import GATEWAY, StillCounter, StillDisk, World, still

# A Monday, at the beginning of a week and of a month's last week but one.
BEGINS = "2026-11-23 09:00"
MEMORY = Path("/dev/shm")  # a disk that costs nothing: no power is cut here
HERE = "<here>"  # in settings: the folder in which the page's own files lie
# Nothing has moved for so long: what was to come by itself has come.
REST_S = 15.0
_PATIENCE_S = 6 * 3600.0
_ROUNDS = 50_000
_HOUR_S = 3600.0
_TOML = """\
[gateway]
name = "Bura clinic"
[store]
path = "{folder}/relay.db"
[modem.usb]
port = "socket://127.0.0.1:9"
submission = "{submission}"
[server.cht]
url = "http://127.0.0.1:9/api/sms"
user = "gateway"
password = "unused"
"""
_UNDER_WAY = (
    "SELECT count(*), (SELECT count(*) FROM outbound), (SELECT count(*) FROM raw_pdu),"
    " (SELECT json_group_array(state || n) FROM"
    "  (SELECT state, count(*) AS n FROM part GROUP BY state)) FROM inbound"
)


class Unrest(Exception):
    """Something goes on and on, and no time is enough for it."""


class Stage(World):
    """One station, its phones and its server. Opened by `stage`."""

    def __init__(self, folder: Path, settings: str = "", submission: str = "stored") -> None:
        spelled = settings.replace("{", "{{").replace("}", "}}").replace(HERE, "{folder}")
        self.toml = _TOML + spelled
        super().__init__(
            folder,
            profile_named("huawei-e17x"),
            submission,
            time=SteppedTime(from_local(BEGINS)),
        )
        self.folder = folder
        self.failures = Failures()
        self._texts: list[tuple[str, str]] = []  # sender and text, in order
        self._mark = 0  # of the submissions, when somebody last said something

    # --- the store is a file ---

    def new_disk(self) -> StillDisk:
        self.config.store.path.write_bytes(empty_store())
        self.config.store.path.chmod(0o600)
        return self._connected()

    def open_store(self) -> Database:
        """What was not committed is gone with the connection."""
        sqlite3.Connection.close(self.disk)
        self.disk = self._connected()
        return Database(self.config.store.path, self.disk)

    def _connected(self) -> StillDisk:
        disk = sqlite3.connect(
            self.config.store.path,
            isolation_level=None,
            check_same_thread=False,
            factory=StillDisk,
        )
        disk.world = self
        disk.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = OFF", "foreign_keys = ON"):
            sqlite3.Connection.execute(disk, f"PRAGMA {pragma}").fetchall()
        return disk

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """What staff write beside relay."""
        with Database(self.config.store.path, self.disk).transaction() as tx:
            yield tx

    # --- people and the server ---

    def say(self, number: str, text: str) -> None:
        """Text the station; a sender may be a short code or letters."""
        self._texts.append((number, text))
        self._mark = len(self.network.submissions)
        phone = self.network.handset(number if number.startswith("+") else "+254799999999")
        phone.send(text, to=GATEWAY, sender=None if number.startswith("+") else number)

    def screens(self) -> dict[str, list[tuple[int, str]]]:
        """By number, what came and when."""
        return {
            number: [(one.at, one.text or "") for one in phone.inbox]
            for number, phone in self.network.handsets.items()
        }

    def sends(self, number: str, text: str) -> None:
        """The server has a message to send."""
        self.hub.state.queue(f"m{len(self.hub.state.states())}", number, text)

    @property
    def texts(self) -> list[tuple[str, str]]:
        return list(self._texts)

    @property
    def reports(self) -> list[tuple[str, str]]:
        """What the server has: sender and text, in the order in which they came."""
        return [(str(one.sender), str(one.content)) for one in self.hub.state.reports()]

    # --- relay ---

    def come_to_rest(self) -> None:
        """Until nobody has anything to do now. Raises `Unrest`."""
        since, before = self.time.monotonic(), self._under_way()

        def rest() -> bool:
            nonlocal since, before
            if (now := self._under_way()) != before:
                since, before = self.time.monotonic(), now
            return self.time.monotonic() - since >= REST_S and self._told()

        self._go_on(rest)

    def until_sent(self, count: int) -> None:
        """Until so many SMS have left since somebody last said something."""
        self._go_on(lambda: len(self.network.submissions) >= self._mark + count)

    def kill(self) -> None:
        """The process is gone; what it has committed and the modem's memory are what is left."""
        if self.relay is not None:
            self.end()

    def leap(self, seconds: float) -> None:
        """Time goes by, from one thing that is due to the next."""
        end = self.time.monotonic() + seconds
        if self.relay is None:
            self.come_to_rest()
        while (left := end - self.time.monotonic()) > 0:
            before = self._under_way()
            self._by_the_clock()
            if self._under_way() != before or self._ready():
                self.come_to_rest()
            if (left := end - self.time.monotonic()) > 0:
                self.time.advance(min(left, self._next_due_s()))
                self.network.run_due()
        self.come_to_rest()

    def run(self, *words: str) -> tuple[int, str]:
        """A command of relay's, as staff type it: its exit code, and what it says."""
        if self.relay is None:
            self.come_to_rest()
        desk = Desk(
            clock=Timekeeper(self.time, StillCounter(self.time)),  # type: ignore[arg-type]
            environ={"RELAY_CONFIG": str(self.folder / "relay.toml")},
        )
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            done = CliRunner().invoke(main, list(words), obj=desk)
        finally:
            os.chdir(before)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        for worker in self._workers():
            worker.wake()
        return done.exit_code, done.output

    # --- how relay goes on ---

    def _go_on(self, done: Callable[[], bool]) -> None:
        end = self.time.monotonic() + _PATIENCE_S
        for _ in range(_ROUNDS):
            if self.relay is None:
                self.start()
            wait = self._round()
            if wrong := (*self.crashes, *self.failures.words, *self._faults()):
                raise Unrest(wrong[0])
            if done():
                return
            if self.time.monotonic() > end:
                break
            self._idle(wait)
        raise Unrest(f"relay does not come to rest; under way: {self._stuck()}")

    def _under_way(self) -> tuple[object, ...]:
        return tuple(self.rows(_UNDER_WAY)[0])

    def _told(self) -> bool:
        """Whether what was said is in the store, and at a server that can be reached."""
        if self.left_in_memory() or self.network.smsc.waiting(GATEWAY):
            return False
        return self.hub.down or len(self.reports) >= len(self._texts)

    def _faults(self) -> list[str]:
        """What is wrong with the rule sets."""
        ((found,),) = self.rows("SELECT max(value) FROM fact WHERE key = 'community'")
        faults = json.loads(found)["faults"] if found else []
        return ["{file}:{line}: {what}; {do}".format(**fault) for fault in faults]

    def _stuck(self) -> str:
        told = {
            "in the modem's memory": self.left_in_memory(),
            "at the server": len(self.reports),
            "said": len(self._texts),
        }
        return json.dumps(told) + f", store: {self._under_way()}"

    def _ready(self) -> bool:
        """Whether something may go, or waits for its hour: then every one is looked at."""
        sql = f"SELECT 1 FROM part WHERE state = 'QUEUED' AND coalesce(due_at, 0) <= {self._now}"
        return bool(self.rows(f"{sql} LIMIT 1"))

    def _next_due_s(self) -> float:
        """How far time may leap."""
        if self._ready():
            return _HOUR_S - self._now / 1000 % _HOUR_S
        ((next_part,),) = self.rows("SELECT min(due_at) FROM part WHERE state = 'QUEUED'")
        due = [at for at in (next_part, *self._rules_due_at()) if at is not None]
        soonest = min(due, default=self._now + 24 * 3_600_000)
        return (soonest - self._now) / 1000 if soonest > self._now else _HOUR_S

    def _by_the_clock(self) -> None:
        for worker in self._workers():
            if worker.name == "answering":
                worker.turn()

    def _rules_due_at(self) -> Iterator[int | None]:
        for worker in self._workers():
            if isinstance(flow := getattr(worker._step, "__self__", None), Answering):
                with flow._db.transaction() as tx:
                    yield from [one.next_due_at(tx, self._now) for one in flow._primitives]

    def _workers(self) -> tuple[Worker, ...]:
        return tuple(self.relay._crew._workers) if self.relay else ()

    @property
    def _now(self) -> int:
        return self.time.now()


class Failures(logging.Handler):
    """What relay swallows of a rule that fails, so that the next one goes on."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words.append(record.getMessage())


@cache
def empty_store() -> bytes:
    """A file that all migrations have run on, which takes longer than most dialogues."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        path = Path(folder) / "relay.db"
        db = Database.open(path)
        db.checkpoint()
        db.close()
        return path.read_bytes()


@contextmanager
def stage(settings: str = "", files: dict[str, str] | None = None) -> Iterator[Stage]:
    """A stage with a folder of its own, in which `files` lie."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        for name, text in (files or {}).items():
            (Path(folder) / name).write_text(text, "utf-8")
        log = logging.getLogger("relay.answering")
        with still(Stage(Path(folder), settings)) as made:
            log.addHandler(made.failures)
            log.setLevel(logging.ERROR)
            try:
                yield made
            finally:
                log.removeHandler(made.failures)
                log.setLevel(logging.NOTSET)
