"""The whole way: a real store, the real client, real HTTP, and a server that behaves as CHT."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from relay.core.outbound import Accepted, ReportDelivered
from relay.servers.cht import ChtServer
from relay.servers.credentials import read_credentials
from relay.servers.http import Timeouts
from relay.simulator.server import CentralServer
from relay.simulator.server_state import names
from tests.cht_rows import REPORT_TEXTS
from tests.flows.sync_station import MOTHER, SyncStation, open_station

Open = Callable[..., SyncStation]
SHORT = Timeouts(connect_s=5, read_s=0.3, total_s=5)


@pytest.fixture
def central() -> Iterator[CentralServer]:
    with CentralServer(user="gateway", password="pässword") as server:
        yield server


@pytest.fixture
def station_of(tmp_path: Path) -> Iterator[Open]:
    """Opens a station that speaks with the given server."""
    with ExitStack() as opened:

        def make(server: CentralServer, *, timeouts: Timeouts | None = None) -> SyncStation:
            credentials = read_credentials(server.url_with_login)
            client = ChtServer("cht", credentials, timeouts=timeouts or Timeouts(5, 5, 10))
            opened.callback(client.close)
            station = open_station(tmp_path, real_server=client)
            opened.callback(station.db.close)
            return station

        yield make


@pytest.fixture
def station(central: CentralServer, station_of: Open) -> SyncStation:
    return station_of(central)


def contents(server: CentralServer) -> list[str]:
    return [report.content for report in server.reports]


def test_every_known_report_reaches_the_server_byte_for_byte(
    central: CentralServer, station: SyncStation
) -> None:
    station.receive(*REPORT_TEXTS)
    station.rest()
    assert [text.encode() for text in contents(central)] == [
        text.encode() for text in REPORT_TEXTS
    ]
    assert {report.sender for report in central.reports} == {"+254700000001"}


def test_a_message_goes_through_all_its_states_at_the_server(
    central: CentralServer, station: SyncStation
) -> None:
    central.queue("m1", MOTHER, "Karibu")
    station.rest()
    station.send(Accepted(41), ReportDelivered(0))
    station.live(station.pace.linger_s + 1)
    assert names(central.history("m1")) == [
        "forwarded-to-gateway",
        "received-by-gateway",
        "forwarded-by-gateway",
        "sent",
        "delivered",
    ]


def test_a_number_that_cannot_be_dialled_comes_back_as_failed(
    central: CentralServer, station: SyncStation
) -> None:
    central.queue("m1", "MPESA", "Karibu")
    station.rest()
    assert central.state("m1") == "failed"
    assert central.history("m1")[-1].details == {"reason": "destination.invalid"}


def test_a_text_with_a_lone_surrogate_comes_back_as_failed(
    central: CentralServer, station: SyncStation
) -> None:
    central.queue("m1", MOTHER, "smile \ud83d")
    station.rest()
    assert central.state("m1") == "failed"


def test_a_long_queue_is_drained_in_one_go(central: CentralServer, station: SyncStation) -> None:
    for number in range(80):
        central.queue(f"m{number}", MOTHER, f"text {number}")
    station.rest()
    assert set(central.states.values()) == {"received-by-gateway"}
    assert station.db.value("SELECT count(*) FROM outbound") == 80


def test_an_answer_that_got_lost_makes_no_duplicate(
    central: CentralServer, station: SyncStation
) -> None:
    station.receive("N Jane")
    central.queue("m1", MOTHER, "Karibu")
    central.faults.lose_answer()
    assert station.rest() >= 60
    assert station.waiting == 1
    station.clock.advance(61)
    station.rest()
    assert contents(central) == ["N Jane"]
    assert (station.waiting, central.state("m1")) == (0, "received-by-gateway")


def test_a_server_that_still_works_when_we_give_up_gets_no_duplicate(
    central: CentralServer, station_of: Open
) -> None:
    """The measured way to duplicates: a timeout, then the same again while it is at work."""
    station = station_of(central, timeouts=SHORT)
    station.receive(*[f"report {number}" for number in range(5)])
    central.faults.work_s = 0.1
    wait = station.rest()
    assert wait >= 60
    assert len(central.requests[0].body) > 0  # it has finished, as a minute later it would have
    central.faults.clear()
    station.clock.advance(wait)
    station.rest()
    assert sorted(contents(central)) == [f"report {number}" for number in range(5)]


def test_a_station_that_was_killed_during_an_exchange_makes_no_duplicate(
    central: CentralServer, station: SyncStation
) -> None:
    station.receive("N Jane")
    station.exchanges.begin(station.clock.now(), [1], [])
    report = station.exchanges.waiting(1)
    assert station.real_server is not None
    station.real_server.exchange(report, [])  # it arrived, and then the power went
    station.restart()
    assert station.rest() == 60
    station.clock.advance(60)
    station.rest()
    assert contents(central) == ["N Jane"]
    assert station.waiting == 0


KILLED = """
import random, sys
from relay.clock import SystemClock
from relay.flows.syncing import Syncing
from relay.servers.cht import ChtServer
from relay.servers.credentials import read_credentials
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.facts import Facts
from relay.store.outbox import Outbox
db = Database.open(sys.argv[1])
exchanges = Exchanges(db, "cht", Outbox(db))
exchanges.adopt()
server = ChtServer("cht", read_credentials(sys.argv[2]))
Syncing(server, exchanges, Facts(db), SystemClock(), chance=random.random).step()
"""


def test_after_a_real_kill_9_in_an_exchange_the_next_process_waits_first(
    central: CentralServer, station: SyncStation
) -> None:
    station.receive("N Jane")
    central.faults.delay_s = 0.5
    arguments = [str(station.db.path), central.url_with_login]
    with subprocess.Popen([sys.executable, "-c", KILLED, *arguments]) as process:
        assert central.wait_for_request(timeout_s=30)
        process.kill()
    assert len(central.requests) == 1  # by now the server has finished with it
    central.faults.clear()
    since = station.exchanges.in_flight()
    assert since is not None
    station.clock.step((since.since - station.clock.now()) / 1000)
    station.restart()
    assert station.rest() == 60
    station.clock.advance(60)
    station.rest()
    assert contents(central) == ["N Jane"]
    assert station.waiting == 0


def test_reports_wait_through_an_outage_and_arrive_after_it(
    central: CentralServer, station: SyncStation
) -> None:
    station.rest()
    central.stop()
    station.clock.advance(20)
    station.receive("first", "second")
    wait = station.rest()
    assert station.waiting == 2
    central.start()
    station.clock.advance(wait)
    station.rest()
    assert contents(central) == ["first", "second"]
    assert station.code == "OK"


def test_a_poisoned_report_is_set_aside_and_everything_else_arrives(
    central: CentralServer, station: SyncStation
) -> None:
    station.receive(*[f"report {number}" for number in range(9)], "poison", "last")
    central.queue("m1", MOTHER, "Karibu")
    central.faults.poison = "poison"
    station.live(3600)
    assert sorted(contents(central)) == sorted(
        [*[f"report {number}" for number in range(9)], "last"]
    )
    assert [text for text, _ in station.parked()] == ["poison"]
    assert central.state("m1") == "received-by-gateway"


@pytest.mark.parametrize("status", [200, 302, 511])
def test_behind_the_login_page_of_a_network_nothing_is_lost(
    central: CentralServer, station: SyncStation, status: int
) -> None:
    station.receive("N Jane")
    central.faults.portal(status=status)
    wait = station.rest()
    assert (station.waiting, contents(central)) == (1, [])
    central.faults.clear()
    station.clock.advance(wait)
    station.rest()
    assert contents(central) == ["N Jane"]


def test_a_message_that_failed_is_sent_again_only_when_someone_asks_for_it(
    central: CentralServer, station: SyncStation
) -> None:
    central.queue("m1", "MPESA", "Karibu")
    station.rest()
    history = len(central.history("m1"))
    station.live(600)
    assert len(central.history("m1")) == history
    central.resend("m1")
    station.live(600)
    assert central.state("m1") == "failed"
    assert len(central.history("m1")) > history


def test_the_demo_server_gets_every_report_once_and_its_messages_are_kept(
    station_of: Open,
) -> None:
    with CentralServer(user="gateway", password="pässword", demo_server=True) as demo:
        station = station_of(demo)
        demo.queue("m1", MOTHER, "Karibu")
        station.receive(*[f"report {number}" for number in range(30)])
        station.live(600)
        assert contents(demo) == [f"report {number}" for number in range(30)]
        assert station.db.value("SELECT text FROM outbound WHERE server_id = 'm1'") == "Karibu"


def test_a_day_of_an_idle_station_costs_little(
    central: CentralServer, station: SyncStation
) -> None:
    station.live(24 * 3600)
    assert len(central.requests) < 450
    assert sum(entry.bytes_in + entry.bytes_out for entry in central.requests) < 250_000


def test_only_one_exchange_is_under_way(central: CentralServer, station: SyncStation) -> None:
    central.faults.delay_s = 0.2
    station.receive("N Jane")
    turn = threading.Thread(target=station.rest)
    turn.start()
    central.wait_for_request()
    assert station.exchanges.in_flight() is not None
    turn.join(10)
    assert len(central.requests) == 1
