"""A whole station in one thread, in a time that stands still until somebody waits.

The modem is the simulator's, the store, the flows, the driver and its reader are relay's own. The
bytes of the line, the commits and the exchanges with the server are its moments: at each of them
a hook may look, fork, or strike. Nothing here races, so that a case can be repeated by its number.

The store is a database in memory: a fork copies it with everything else, and what a power cut
leaves of it is what was committed. Files, and disks that lie, are the business of `powercut`.
"""

from __future__ import annotations

import json
import logging
import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import serial
from sqlite_utils import Database as SqliteUtils

from relay import config, daemon
from relay.core.cht import Answer, Report, Update, read_answer, request_body
from relay.core.pdu import Submit, decode
from relay.errors import Unreachable
from relay.modem.wire import Wire
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.profiles import Profile
from relay.simulator.rules import ReportRule
from relay.simulator.schedule import SteppedTime
from relay.simulator.server_state import CentralState
from relay.simulator.simcard import SimCard
from relay.store.database import Database
from relay.store.schema import migrations
from relay.timekeeper import Counter as Counts
from relay.timekeeper import Timekeeper

GATEWAY, NURSE, MOTHER = "+254711000000", "+254700000001", "+254700000042"
ON_AIR_S = 1.5  # a submission is with the network for so long
# A report that a modem does not keep is lost when nobody hears it.
ARRIVED = {"sent", "delivered"}
KNOCK_S = 300.0
RESTART_S = 5.0  # from the death of a process to the start of the next
_ROUNDS = 5_000
_TOML = """\
[gateway]
name = "test"
[store]
path = "{folder}/relay.db"
[sending]
uncertain_wait_s = 60
[modem.usb]
port = "socket://127.0.0.1:9"
submission = "{submission}"
answer_timeout_s = 40
[server.cht]
url = "http://127.0.0.1:9/api/sms"
user = "gateway"
password = "unused"
"""


Made = TypeVar("Made", bound="World")


class Moment(Enum):
    """What has just happened. Of a byte: it has arrived, and nothing was done about it yet."""

    TO_MODEM = "byte to the modem"
    TO_HOST = "byte to the host"
    COMMIT = "commit"
    SERVER = "exchange"


class Killed(BaseException):
    """The process is gone; whatever runs in it any more has no effect."""


class StillCounter(Counts):
    """The computer's own count, in the same time."""

    def __init__(self, time: SteppedTime) -> None:
        super().__init__()
        self._time = time

    def ms(self) -> int:
        return round(self._time.monotonic() * 1000)


class World:
    """Everything that outlives relay, and the relay that runs in it now."""

    toml = _TOML

    def __init__(
        self,
        folder: Path,
        profile: Profile,
        submission: str = "stored",
        *,
        reports: bool = True,
        time: SteppedTime | None = None,
    ) -> None:
        self.time = time or SteppedTime()
        self.network = Network(self.time.now, timer=self.time.monotonic)
        self.network.submit_delay_s = ON_AIR_S
        if not reports:
            self.network.reports = ReportRule.absent()
        card = SimCard(GATEWAY, "89254990000000000", "639990711000000", capacity=20)
        self.modem = SimulatedModem(
            self.network, GATEWAY, profile=profile, sim=card, boot_s=profile.boot_s
        )
        self.port = StillPort(self)
        self._knock()
        self.hub = Hub(self)
        self.said: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        path = folder / "relay.toml"
        path.write_text(self.toml.format(folder=folder, submission=submission), "utf-8")
        path.chmod(0o600)
        self.config = config.load(path, {}, hostname=lambda: "test")
        self.relay: daemon.Daemon | None = None
        self.hook: Callable[[Moment], None] | None = None
        self.dead = False
        self.owed: Callable[[], None] | None = None  # done as soon as the modem is not at work
        self.powerless_on_air = False  # the modem lost its power with a command under way
        self.crashes: list[str] = []
        self.disk = self.new_disk()

    def _knock(self) -> None:
        """A service centre tries again, now and then, what a mobile did not take."""
        self.network.available(GATEWAY)
        self.network.scheduler.after(KNOCK_S, self._knock)

    # --- people ---------------------------------------------------------------------------------

    def text(self, text: str, *, after_s: float = 0.0, flash: bool = False) -> None:
        """The nurse texts the gateway, now or then."""
        self.said[text] += 1

        def send() -> None:
            self.network.handset(NURSE).send(text, to=GATEWAY, flash=flash)

        self.network.scheduler.after(after_s, send)
        self.network.run_due()

    def ask(self, text: str) -> None:
        """The server has a message to send."""
        self.asked[text] += 1
        self.hub.state.queue(f"m{sum(self.asked.values())}", MOTHER, text)

    # --- what befalls ---------------------------------------------------------------------------

    def moment(self, what: Moment) -> None:
        if self.hook is not None and not self.dead:
            self.hook(what)

    def kill(self) -> None:
        """From inside a moment: relay is dead, the modem goes on."""
        self.dead = True

    def settle(self) -> None:
        """The modem is not at work any more: what was to happen then. Raises `Killed`."""
        owed, self.owed = self.owed, None
        if owed is not None:
            owed()
            self.port.severed = False
        if self.dead:
            raise Killed

    def break_off(self, action: Callable[[], None]) -> None:
        """No byte passes any more until the modem is not at work; then do `action`."""
        self.port.severed, self.owed = True, action

    def pass_time(self, seconds: float) -> None:
        """Time goes by, and what is due in it happens at its time."""
        end = self.time.monotonic() + seconds
        while (due := self.network.scheduler.due_in()) is not None:
            if self.time.monotonic() + due > end:
                break
            self.time.advance(due)
            self.network.run_due()
        self.time.advance(max(0.0, end - self.time.monotonic()))

    # --- relay ----------------------------------------------------------------------------------

    def start(self) -> None:
        """A new process over what the last one has committed."""
        self.dead = False
        self.port.forsake()
        db = self.open_store()
        clock = Timekeeper(self.time, StillCounter(self.time))  # type: ignore[arg-type]
        self.relay = daemon.Daemon(self.config, db, clock, {})
        with ExitStack() as stack:
            for part in (self.relay._crew, self.relay._jobs):
                stack.enter_context(patch.object(part, "start"))
            self.relay._start()
        self.relay._staff.listener.close()  # nobody asks over a socket here

    def new_disk(self) -> StillDisk:
        """A store without messages, in memory."""
        self.config.store.path.touch()  # its place is looked at, and nothing else
        disk = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False, factory=StillDisk
        )
        disk.world = self
        disk.row_factory = sqlite3.Row
        disk.execute("PRAGMA foreign_keys = ON")
        migrations.apply(SqliteUtils(disk, execute_plugins=False))
        return disk

    def open_store(self) -> Database:
        """What a start opens."""
        return Database(self.config.store.path, self.disk)

    def end(self) -> None:
        """The process is gone; `live` starts another one."""
        self.relay, self.dead = None, False
        self.disk.revive()
        self.port.forsake()
        self.pass_time(RESTART_S)

    def live(self, done: Callable[[], bool], limit_s: float) -> bool:
        """Let relay run, and start again whenever it is killed, until `done`; whether it was so
        within `limit_s`."""
        end = self.time.monotonic() + limit_s
        for _ in range(_ROUNDS):
            try:
                if self.relay is None:
                    self.start()
                wait = self._round()
                if wait and done():
                    return True
                if wait and self.time.monotonic() >= end:
                    return False
                self._idle(wait)
            except Killed:
                self.end()
        return False

    def _round(self) -> float:
        """Every worker takes a turn; seconds until the next, 0 while anything moves."""
        assert self.relay is not None
        before = self.disk.changes, self.port.bytes, self.hub.exchanges
        waits = []
        for worker in self.relay._crew._workers:
            if worker.name == "control":
                continue
            waits.append(worker.turn())
            if (trouble := worker.health(0).trouble) and trouble not in self.crashes:
                self.crashes.append(trouble)
        self.port.deliver()
        moved = before != (self.disk.changes, self.port.bytes, self.hub.exchanges)
        return 0 if moved else max(0.01, min(waits))

    def _idle(self, seconds: float) -> None:
        if seconds == 0:
            return
        due = self.network.scheduler.due_in()
        self.time.advance(min(seconds, 3600.0 if due is None else due))
        self.network.run_due()
        self.settle()
        self.port.deliver()

    # --- what is to be seen ---------------------------------------------------------------------

    @property
    def forwarded(self) -> Counter[str]:
        return Counter(str(report.content) for report in self.hub.state.reports())

    @property
    def screen(self) -> Counter[str]:
        return Counter(one.text or "" for one in self.network.handset(MOTHER).inbox)

    def left_in_memory(self) -> int:
        names = (x for x in self.modem.memory_names if x not in self.modem.profile.memory_alias)
        return sum(self.modem.memory(name).used for name in names)

    def all_is_told(self) -> bool:
        """Everybody has what was sent to them, and nothing is on its way in relay."""
        return (
            not self.said - self.forwarded
            and not self.asked - self.screen
            and set(self.hub.state.states().values()) <= ARRIVED
            and not self.left_in_memory()
            and not self.rows("SELECT 1 FROM part WHERE state NOT IN ('ACCEPTED', 'DELIVERED')")
        )

    def rows(self, sql: str) -> list[sqlite3.Row]:
        return sqlite3.Connection.execute(self.disk, sql).fetchall()

    def references(self) -> Counter[int]:
        """How many references of concatenation the texts on the air have."""
        submits = [decode(one.pdu) for one in self.network.submissions]
        return Counter(
            one.concat.ref for one in submits if isinstance(one, Submit) and one.concat is not None
        )


# --- the line -----------------------------------------------------------------------------------


class StillPort:
    """Both ends of a cable: what the simulator calls a line, and what pyserial calls a port."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.plugged, self.severed = True, False
        self.bytes = 0
        self._reader: StillWire | None = None
        self._unread = bytearray()
        world.modem.connect(self)

    def opened(self) -> StillPort:
        """Somebody opens the device."""
        if not self.plugged:
            raise serial.SerialException(2, "could not open port: no such device")
        self.forsake()
        self._world.modem.reopened()
        return self

    def read_by(self, reader: StillWire) -> None:
        self._reader = reader

    def forsake(self) -> None:
        """The process that had it open is gone."""
        self._reader = None
        self._unread.clear()

    # --- the host's end ---

    def write(self, data: bytes) -> int:
        # Where nobody looks, all bytes pass at once.
        size = 1 if self._world.hook is not None else len(data)
        for at in range(0, len(data), size):
            if not self.plugged:
                raise serial.SerialException("the device is gone")
            self.bytes += size
            self._world.modem.feed(data[at : at + size])
            self._world.settle()
            self._world.moment(Moment.TO_MODEM)
            self._world.settle()
        return len(data)

    def close(self) -> None:
        self.forsake()

    def deliver(self) -> bool:
        """Give the reader what has arrived; whether anything had."""
        data, self._unread = bytes(self._unread), bytearray()
        if self._reader is not None and data:
            self._reader._take(data)
        if self._reader is not None and not self.plugged and self._reader.down is None:
            self._reader._go_down("the modem is gone")
            return True
        return bool(data)

    # --- the modem's end ---

    def send(self, data: bytes) -> None:
        size = 1 if self._world.hook is not None else len(data)
        for at in range(0, len(data), size):
            if self.severed or not self.plugged or self._world.modem.outlet.silent:
                return
            if self._reader is None or self._world.dead:
                return
            self.bytes += size
            self._unread += data[at : at + size]
            self._world.moment(Moment.TO_HOST)

    def hang_up(self) -> None:
        self.plugged = False

    def come_back(self) -> None:
        self.plugged = True


class StillCondition:
    """Waiting is what makes time pass."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> None:
        """There is only one thread."""

    def __exit__(self, *_: object) -> None:
        """There is only one thread."""

    def notify_all(self) -> None:
        """Nobody else waits."""

    def wait_for(self, happened: Callable[[], Any], seconds: float) -> Any:
        world = self._world
        end = world.time.monotonic() + seconds
        while not (found := happened()):
            if world.port.deliver():
                continue
            left = end - world.time.monotonic()
            if left <= 0:
                return found
            due = world.network.scheduler.due_in()
            world.time.advance(left if due is None else min(left, due))
            world.network.run_due()
            world.settle()
        return found


class StillWire(Wire):
    """relay's own wire, whose reader reads whenever somebody waits."""

    def __init__(self, world: World, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._world = world
        self._cond = StillCondition(world)  # type: ignore[assignment]

    def open(self) -> None:
        port = self._world.port
        with (
            patch("relay.modem.reader.open_port", lambda *_: port.opened()),
            patch("relay.modem.reader.threading.Thread"),
        ):
            super().open()
        self.rxThread = None
        port.read_by(self)


# --- the disk and the server --------------------------------------------------------------------


class StillDisk(sqlite3.Connection):
    """A database in memory that says when it commits, and keeps nothing of a dead process."""

    world: World
    changes = 0  # as far as they are committed

    def execute(self, sql: str, *params: Any) -> sqlite3.Cursor:
        if self.world.dead and sql != "ROLLBACK":
            raise Killed
        result = super().execute(sql, *params)
        if sql == "COMMIT" and self.total_changes != self.changes:
            self.changes = self.total_changes
            self.world.moment(Moment.COMMIT)
            self.world.settle()
        return result

    def revive(self) -> None:
        """What was not committed is gone."""
        if self.in_transaction:
            super().execute("ROLLBACK")

    def close(self) -> None:
        """It is the world's."""


class Hub:
    """The rules of a CHT server, and no network in between."""

    name = "cht"

    def __init__(self, world: World) -> None:
        self.state = CentralState()
        self.exchanges = 0
        self.down = False
        self._world = world

    def check(self) -> None:
        """Always there."""

    def close(self) -> None:
        """Nothing to close."""

    def exchange(self, reports: Sequence[Report], updates: Sequence[Update]) -> Answer:
        if self.down:
            raise Unreachable("no route to the server")
        body = json.loads(request_body(reports, updates))
        self.exchanges += 1
        answer = json.dumps(self.state.exchange(body)).encode()
        self._world.moment(Moment.SERVER)
        self._world.settle()
        return read_answer(answer, None)


@contextmanager
def world(
    folder: Path,
    profile: Profile,
    submission: str = "stored",
    *,
    reports: bool = True,
    kind: type[World] = World,
) -> Iterator[World]:
    """A world with nobody in it yet: `live` starts relay."""
    with still(kind(folder, profile, submission, reports=reports)) as made:
        yield made


@contextmanager
def still(made: Made) -> Iterator[Made]:
    """Have relay open this world's line and this world's server, whatever it is configured to."""
    log = logging.getLogger("relay")
    level = log.level
    with ExitStack() as stack:
        stack.callback(log.setLevel, level)
        stack.callback(lambda: sqlite3.Connection.close(made.disk))
        stack.enter_context(
            patch("relay.modem.driver.Wire", lambda *args, **more: StillWire(made, *args, **more))
        )
        stack.enter_context(patch("relay.assembly.ChtServer", lambda *_, **__: made.hub))
        log.setLevel(logging.CRITICAL + 1)
        random.seed(1)
        yield made
