"""The daemon as systemd and a technician meet it: start, trouble, stop, and start again."""

from __future__ import annotations

import resource
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from relay import config
from relay.clock import SystemClock
from relay.daemon import Daemon
from relay.modem.driver import GsmDriver
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.outbox import Outbox
from relay.timekeeper import Counter, Timekeeper
from tests.fakes import FakeClock
from tests.station import MOTHER, RelayProcess, Station

pytestmark = pytest.mark.pty

TEMPFAIL, CONFIG, SOFTWARE, KILLED = 75, 78, 70, -9
YEAR_MS = 365 * 24 * 3600 * 1000


class ServiceManager:
    """The socket on which systemd listens (sd_notify(3))."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self.environ = {"NOTIFY_SOCKET": str(folder / "notify")}

    def hear(self, seconds: float = 15) -> str:
        """The next datagram."""
        self._socket.settimeout(seconds)
        return self._socket.recv(4096).decode()

    def heard(self) -> list[str]:
        """What lies there already."""
        self._socket.setblocking(False)
        found = []
        while True:
            try:
                found.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[ServiceManager]:
    manager = ServiceManager(tmp_path)
    yield manager
    manager.close()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(tmp_path) as made:
        yield made


def up(station: Station) -> RelayProcess:
    """A daemon whose modem is open and whose server has answered."""
    relay = station.start()
    station.eventually(
        lambda: (
            (station.fact("modem.usb.link") or {}).get("state") == "READY"
            and station.fact("server.cht.outcome")
        ),
        "relay is up",
    )
    return relay


# --- start --------------------------------------------------------------------------------------


def test_no_modem_and_no_server_are_ordinary(station, systemd):
    """relay is ready without either; the facts say what is missing."""
    station.modem.unplug()
    station.server.stop()
    relay = station.start(environ=systemd.environ)
    assert "READY=1" in systemd.hear().splitlines()
    station.eventually(lambda: station.fact("modem.usb.link"), "the missing modem is a fact")
    station.eventually(lambda: station.fact("server.cht.outcome"), "the silent server is a fact")
    assert station.fact("modem.usb.link")["state"] == "LOST"
    assert station.fact("server.cht.outcome")["code"].startswith("NET_")
    assert station.fact("daemon")["state"] == "running"
    assert relay.exit_code is None
    assert relay.stop() == 0
    assert systemd.heard()[-1] == "STOPPING=1"


def test_a_mistake_in_the_configuration_starts_nothing(tmp_path):
    """Exit 78 (EX_CONFIG), every problem is named, and no store is made."""
    mistakes = {"modem.usb": {"answer_timeout_s": "soon"}, "sending": {"on_uncertian": "hold"}}
    with Station(tmp_path, changes=mistakes) as station:
        relay = station.start()
        assert relay.wait() == CONFIG
        assert "answer_timeout_s" in relay.log
        assert "on_uncertian" in relay.log
        assert not station.store.exists()


def test_a_second_daemon_is_refused(station):
    """Two daemons on one store would send everything twice: exit 75 and a sentence."""
    up(station)
    second = station.start()
    assert second.wait() == TEMPFAIL
    assert "another program holds the database" in second.log
    second_is_gone = station._processes.pop()
    assert second_is_gone is second
    station.passes(1)


def test_a_newer_database_is_left_alone(station):
    """An older relay does not touch what a newer one wrote, and says what to do."""
    up(station).stop()
    with closing(sqlite3.connect(station.store)) as conn, conn:
        conn.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
                     " VALUES ('relay', 'm999_from_the_future', '')")  # fmt: skip
    before = station.store.read_bytes()
    relay = station.start()
    assert relay.wait() == SOFTWARE
    assert "Install the newer relay again" in relay.log
    assert station.store.read_bytes() == before


def test_a_damaged_database_is_set_aside_and_salvaged(station):
    """It is never deleted; what can be read of it goes on, and the messages with it."""
    relay = up(station)
    station.passes(1)
    relay.stop()
    whole = station.store.read_bytes()
    place = whole.rindex(b"table_info") if b"table_info" in whole else len(whole) // 2
    station.store.write_bytes(whole[:place] + b"\xa5" * 4096 + whole[place + 4096 :])
    up(station)
    salvaged = station.fact("store.salvaged")
    assert Path(salvaged["path"]).exists()
    assert salvaged["rows"]["meta"] == 3  # who we are, the mark of the file, the key of opt-outs
    station.passes(2)
    assert station.forwarded["report 1"] == 1


# --- stop ---------------------------------------------------------------------------------------


def test_an_idle_daemon_stops_at_once(station, capsys):
    """SIGTERM, exit 0; how long it took is printed and not judged."""
    relay = up(station)
    began = station.clock.monotonic()
    assert relay.stop() == 0
    with capsys.disabled():
        print(  # noqa: T201  # a figure for whoever reads the run
            f"\n[an idle relay stopped in {station.clock.monotonic() - began:.2f} s]"
        )


def test_stop_waits_for_the_answer_of_the_network(tmp_path):
    """Between Ctrl-Z and +CMGS nothing is broken off: the part is accepted, not in doubt."""
    with Station(tmp_path, changes={"modem.usb": {"answer_timeout_s": 20}}) as station:
        relay = up(station)
        station.network.submit_delay_s = 1.0
        station.server.queue("m1", MOTHER, "Come on Monday")
        station.eventually(
            lambda: station.query("SELECT 1 FROM part WHERE state = 'SUBMITTING'"), "submitting"
        )
        assert relay.stop() == 0
        (part,) = station.query("SELECT state, uncertain_count FROM part")
        assert tuple(part) == ("ACCEPTED", 0)


def test_a_second_signal_is_obeyed_at_once(tmp_path):
    """Whoever presses Ctrl-C twice means it."""
    with Station(tmp_path, changes={"modem.usb": {"answer_timeout_s": 60}}) as station:
        relay = up(station)
        station.network.submit_delay_s = 50.0
        station.server.queue("m1", MOTHER, "Come on Monday")
        station.eventually(
            lambda: station.query("SELECT 1 FROM part WHERE state = 'SUBMITTING'"), "submitting"
        )
        relay.tell(signal.SIGTERM)
        station.eventually(lambda: "daemon.stopping" in relay.log, "it begins to stop")
        assert relay.exit_code is None
        relay.tell(signal.SIGTERM)
        assert relay.wait() == SOFTWARE


def test_a_killed_daemon_goes_on_where_it_was(station):
    """kill -9, start again: nothing is lost and nothing comes twice."""
    relay = up(station)
    station.passes(1)
    station.text("report 2")
    assert relay.kill() == KILLED
    station.text("report 3")
    up(station)
    station.passes(4)
    station.eventually(station.at_rest, "rest")
    assert station.forwarded == {f"report {n}": 1 for n in (1, 2, 3, 4)}


# --- trouble ------------------------------------------------------------------------------------


def test_an_unplugged_modem_may_come_back(station):
    """What came in and what was queued meanwhile goes its way when the modem is there again."""
    up(station)
    station.passes(1)
    station.modem.unplug()
    station.eventually(lambda: station.fact("modem.usb.link")["state"] == "LOST", "it is missed")
    station.text("report 2")
    station.server.queue("m2", MOTHER, "reply 2")
    station.modem.replug()
    station.passes(3)
    assert station.forwarded["report 2"] == 1
    assert station.screen()["reply 2"] == 1


def test_a_server_that_was_down_gets_everything(station):
    """Nothing waits for the network: messages are kept, and go up when the server is back."""
    up(station)
    station.server.stop()
    for number in range(30):
        station.text(f"report {number}")
    station.eventually(
        lambda: len(station.query("SELECT 1 FROM forwarding WHERE state = 'WAITING'")) == 30,
        "all are kept",
    )
    assert station.left_in_memory() == 0
    station.server.start()
    station.eventually(lambda: len(station.server.reports) == 30, "all are up", within_s=40)
    station.eventually(station.at_rest, "rest")
    # One nurse, thirty texts in a second: their time stamps cannot tell which came first.
    assert sorted(report.content for report in station.server.reports) == sorted(
        f"report {number}" for number in range(30)
    )


def test_a_message_of_another_process_is_noticed(station):
    """`relay send` writes into the store beside the daemon, which looks once a second."""
    up(station)
    done = station.command("send", MOTHER, "The ambulance is on its way")
    assert done.returncode == 0, done.stderr
    station.eventually(lambda: station.screen()["The ambulance is on its way"] == 1, "it is sent")


def test_a_full_disk_keeps_messages_on_the_sim(station):
    """What cannot be written is not deleted from the SIM; with room again it goes on."""
    relay = up(station)
    station.passes(1)
    log = station.store.with_name("relay.db-wal")
    resource.prlimit(relay.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, -1))
    station.text("report 2")
    station.eventually(lambda: "worker.waiting worker=modem-usb" in relay.log, "it says so")
    assert station.left_in_memory() == 1
    assert "Free some space" in relay.log
    resource.prlimit(relay.pid, resource.RLIMIT_FSIZE, (-1, -1))
    station.passes(3)  # whose ring wakes it before its half minute is over
    station.eventually(station.at_rest, "rest")
    assert station.forwarded == {f"report {n}": 1 for n in (1, 2, 3)}


def test_a_modem_that_falls_silent_is_opened_again(station):
    """No answer to a command: the port is opened anew, and the modem is brought up again."""
    up(station)
    station.modem.faults.silence(1.5)
    # Even a listing, which may take long, is given up when nothing at all comes.
    station.passes(1, within_s=80)


# --- supervision --------------------------------------------------------------------------------


class Steered(FakeClock, SystemClock):
    """A clock for a daemon whose main loop is turned by hand."""


class SteeredCounter(Counter):
    """Counts what that clock lets pass."""

    def __init__(self, clock: Steered) -> None:
        super().__init__()
        self._clock = clock

    def ms(self) -> int:
        return round(self._clock.monotonic() * 1000)


class Hand:
    """A daemon in this process, turned by hand; its modem hangs until it is let go."""

    def __init__(self, station: Station, environ: dict[str, str]) -> None:
        self.clock = Steered(now=station.clock.now(), monotonic=1_000.0)
        self.db = Database.open(station.store)
        settings = config.load(station.write_config(), {})
        self.keeper = Timekeeper(self.clock, SteeredCounter(self.clock))
        self.daemon = Daemon(settings, self.db, self.keeper, environ)
        self.daemon._start()

    def end(self) -> int:
        self.daemon._stop.set()
        return self.daemon._end()


@pytest.fixture
def hang(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Every opening of a modem hangs until the event is set."""
    let_go, entered = threading.Event(), threading.Event()

    def forever(_: GsmDriver) -> None:
        entered.set()
        assert let_go.wait(30)

    monkeypatch.setattr(GsmDriver, "open", forever)
    let_go.entered = entered  # type: ignore[attr-defined]
    yield let_go
    let_go.set()


@pytest.fixture
def hand(tmp_path: Path, systemd: ServiceManager, hang: threading.Event) -> Iterator[Hand]:
    with Station(tmp_path, server="") as station:
        one = Hand(station, systemd.environ)
        yield one
        hang.set()
        assert one.end() == 0


def test_the_watchdog_is_not_fed_while_a_worker_hangs(hand, hang, systemd):
    """systemd restarts a relay whose modem thread does not come back."""
    assert hang.entered.wait(10)
    systemd.heard()
    hand.daemon._supervise()
    assert systemd.heard() == ["WATCHDOG=1"]
    hand.clock.advance(3600)
    hand.daemon._supervise()
    assert systemd.heard() == []


def test_the_watchdog_waits_while_relay_begins_anew(tmp_path, systemd):
    """The end of a submission and the check of a large store take longer than its usual time."""
    environ = {**systemd.environ, "WATCHDOG_USEC": "60000000"}
    with Station(tmp_path, server="") as station:
        one = Hand(station, environ)
        assert "WATCHDOG_USEC=60000000" in systemd.heard()[-1].splitlines()
        one.daemon.successor = config.load(station.write_config(), {})
        assert one.end() == 0
    assert systemd.heard()[0].splitlines() == ["WATCHDOG=1", "WATCHDOG_USEC=600000000"]


def test_a_clock_that_was_set_back_holds_nothing_up(hand):
    """A part that was to be tried again in years by the new clock is tried soon."""
    one = hand
    outbox = Outbox(one.db)
    outbox.enqueue(one.keeper.now(), recipient=MOTHER, text="Come on Monday")
    with one.db.transaction() as tx:
        tx.execute("UPDATE part SET due_at = ?", (one.keeper.now() + 60_000,))
    one.clock.step(-YEAR_MS / 1000)
    one.daemon._supervise()
    due_at = outbox.next_due_at(one.clock.now())
    assert due_at is not None
    assert due_at <= one.keeper.now() + 60_000
    fact = Facts(one.db).get("clock.step")
    assert fact is not None
    assert fact.value == {"seconds": -YEAR_MS // 1000}
