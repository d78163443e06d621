"""What a running relay can be asked beside its work, with a real daemon and a simulated modem."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import relay
from relay.control.client import ControlRefused, ask
from relay.errors import RelayError
from relay.simulator.ussd import UssdAnswer
from tests.station import Station

pytestmark = pytest.mark.pty


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short name: the path of a socket has little room."""
    folder = tempfile.mkdtemp(prefix="relay-")
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture
def station(place: Path) -> Iterator[Station]:
    with Station(place, changes={"airtime": {"ussd_timeout_s": 5}}) as one:
        one.start()
        one.eventually(
            lambda: (one.fact("modem.usb.link") or {}).get("state") == "READY", "the modem is up"
        )
        yield one


@pytest.fixture
def told(station: Station) -> Callable[..., dict[str, Any]]:
    """`told("ping")` asks the daemon."""
    path = station.store.with_name("control.sock")
    return lambda name, **given: ask(path, name, timeout_s=60, **given)


def test_it_says_who_it_is_and_how_the_modem_is_now(station, told):
    """A survey is fresh: it asks the modem, and status knows it afterwards."""
    pong = told("ping")
    assert (pong["version"], pong["pid"]) == (relay.__version__, station.relays[0].pid)
    station.modem.radio.rssi = 9  # -95 dBm, 3GPP TS 27.007 §8.5
    (modem,) = told("survey")["modems"]
    assert modem["error"] is None
    assert modem["survey"]["signal_dbm"] == -95
    assert modem["identity"]["imei"] == station.modem.imei
    assert station.fact("modem.usb.survey")["signal_dbm"] == -95


def test_a_modem_that_is_away_is_said_to_be(station, told):
    station.modem.unplug()
    station.eventually(lambda: station.fact("modem.usb.link")["state"] == "LOST", "it is missed")
    (modem,) = told("survey")["modems"]
    assert (modem["state"], modem["survey"]) == ("LOST", None)
    with pytest.raises(ControlRefused) as error:
        told("ussd", code="*100#")
    assert error.value.code == "AWAY"


def test_a_ussd_code_is_dialled_and_journaled(station, told):
    """It may cost money: who dialled what is written down, without the voucher."""
    station.network.ussd_codes["*100#"] = UssdAnswer("Your balance is K 5.00")
    assert told("ussd", code="*100#")["text"] == "Your balance is K 5.00"
    with pytest.raises(ControlRefused):
        told("ussd", code="*114*1234567890123#")
    rows = station.query("SELECT what, detail, outcome FROM journal ORDER BY id")
    assert [tuple(row)[:2] for row in rows] == [
        ("ussd", "usb: *100#"),
        ("ussd", "usb: *114*…123#"),
    ]
    assert rows[0]["outcome"] == "OK"


def test_messages_flow_while_the_socket_is_flooded(station, told):
    """Surveys without end delay a message by a command at a time, and lose none."""
    path = station.store.with_name("control.sock")
    for number in range(5):
        station.text(f"report {number}")
        told("survey")
        with pytest.raises(ControlRefused):
            ask(path, "no such ask")
    station.eventually(lambda: len(station.forwarded) == 5, "all are up")


def test_the_socket_comes_back_after_kill_9(station, told):
    first = told("ping")["pid"]
    station.relays[-1].kill()
    second = station.start()
    station.eventually(lambda: _pid(told) == second.pid, "it is there again")
    assert second.pid != first


def _pid(told: Callable[..., dict[str, Any]]) -> int | None:
    try:
        return int(told("ping")["pid"])
    except RelayError:
        return None


def test_a_path_that_is_too_long_costs_only_the_socket(place):
    long = place / ("x" * 100) / "control.sock"
    with Station(place, changes={"control": {"path": str(long)}}) as station:
        daemon = station.start()
        station.text("report 1")
        station.eventually(lambda: station.forwarded["report 1"] == 1, "it works without")
        assert "control.shut code=PATH_TOO_LONG" in daemon.log
