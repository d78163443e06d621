"""A modem is bound by what it is, not by the number that the kernel gave its port today."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from relay.simulator.stick import Stick
from relay.simulator.usb_tree import HUAWEI_AS_DISK
from tests.station import GATEWAY, GATEWAY_TOO, MOTHER, Station, imei

pytestmark = [pytest.mark.pty, pytest.mark.slow]


@pytest.fixture
def station(tmp_path):
    with Station(tmp_path, port=Stick) as station:
        yield station


@pytest.fixture
def pair(tmp_path):
    with Station(tmp_path, port=Stick, modems=2) as station:
        yield station


def used(station: Station, modem: str = "usb") -> str:
    """The port that relay last used for a modem."""
    fact = station.fact(f"modem.{modem}.port") or {}
    return Path(fact.get("path", "")).name


def socket(station: Station, modem: str = "usb") -> str:
    """Where it was plugged in then."""
    return str((station.fact(f"modem.{modem}.port") or {}).get("usb_path"))


def up(station: Station, modem: str = "usb") -> bool:
    return (station.fact(f"modem.{modem}.link") or {}).get("state") == "READY"


def reason(station: Station, modem: str = "usb") -> str:
    return str((station.fact(f"modem.{modem}.link") or {}).get("code"))


def send(station: Station, text: str) -> None:
    station.eventually(lambda: up(station), "the modem to be up")
    assert station.command("send", MOTHER, text).returncode == 0
    station.eventually(lambda: station.screen()[text], f"{text} to arrive")


def test_a_modem_may_come_back_under_any_number(station):
    """Renumbered while relay runs, and in another socket: the IMEI finds it."""
    station.start()
    send(station, "one")
    before = used(station)
    station.modem.unplug()
    station.ports[0].socket = "1-4.2"
    station.modem.replug()
    send(station, "two")
    assert used(station) not in {"", before}
    assert socket(station) == "1-4.2"


def test_two_of_a_kind_stay_who_they_are(pair):
    """Both pulled out and put back in each other's socket, in the other order."""
    pair.start()
    pair.eventually(lambda: up(pair) and up(pair, "usb2"), "both modems to be up")
    for modem in pair.modems:
        modem.unplug()
    first, second = pair.ports
    first.socket, second.socket = second.socket, first.socket
    for modem in reversed(pair.modems):
        modem.replug()
    for name, number, port in (("usb", GATEWAY, first), ("usb2", GATEWAY_TOO, second)):
        pair.eventually(
            lambda name=name, port=port: socket(pair, name) == port.socket, f"{name} to be found"
        )
        assert pair.fact(f"modem.{name}.port")["imei"] == imei(number)


def test_a_modem_with_another_imei_is_never_used(tmp_path):
    """Nothing of it is read or sent; status says what is in the way."""
    changes = {"modem.usb": {"imei": imei(GATEWAY_TOO)}}
    with Station(tmp_path, port=Stick, changes=changes) as station:
        station.text("for somebody else")
        station.start()
        station.eventually(lambda: reason(station) == "MODEM_OTHER_IMEI", "the reason")
        assert station.command("send", MOTHER, "not through this one").returncode == 0
        said = station.command("status").stdout
        assert imei(GATEWAY) in said and "MODEM_OTHER_IMEI" in said
        assert station.left_in_memory() == 1
        assert not station.network.submissions


def test_a_modem_may_be_plugged_in_late_and_as_a_disk(station):
    """Missing, then a disk, then a modem: each is named, and the last one works at once."""
    station.modem.unplug()
    station.start()
    station.eventually(lambda: reason(station) == "PORT_MISSING", "the modem to be missed")
    station.bus.plug(HUAWEI_AS_DISK, "1-1", {})
    station.eventually(lambda: reason(station) == "USB_MASS_STORAGE", "the disk to be seen")
    assert "usb-modeswitch" in station.command("status").stdout
    station.modem.replug()
    send(station, "here I am")


def test_a_port_that_modem_manager_holds_is_left_alone(station, tmp_path):
    """It is named with the rule that keeps it off; when it is gone, relay goes on by itself."""
    path = station.ports[0].path
    with program("ModemManager", tmp_path, path):
        station.start()
        station.eventually(lambda: reason(station) == "PORT_MODEMMANAGER", "the reason")
        said = " ".join(station.command("status").stdout.split())
        assert 'ATTRS{idVendor}=="12d1"' in said and "ID_MM_DEVICE_IGNORE" in said
    send(station, "thank you")


# --- several modems -----------------------------------------------------------------------------

QUICK: dict[str, dict[str, Any]] = {
    "sending": {"takeover_s": 1},
    "modem.usb": {"prefixes": ["+2547"], "submission": "direct"},
}
LONG = "Your next visit is on Monday. " * 12  # three parts


def senders(station: Station) -> list[str]:
    return [submission.sender for submission in station.network.submissions]


def test_the_work_of_a_modem_that_is_gone_moves_to_another(tmp_path):
    """By prefix while it is there; by who is left when it is not; and back again."""
    with Station(tmp_path, port=Stick, modems=2, changes=QUICK) as pair:
        pair.start()
        pair.eventually(lambda: up(pair) and up(pair, "usb2"), "both modems to be up")
        send(pair, "one")
        assert senders(pair) == [GATEWAY]
        pair.modem.unplug()
        assert pair.command("send", MOTHER, "two").returncode == 0
        pair.eventually(lambda: pair.screen()["two"], "two to arrive by the other")
        assert senders(pair) == [GATEWAY, GATEWAY_TOO]
        pair.modem.replug()
        send(pair, "three")
        assert senders(pair) == [GATEWAY, GATEWAY_TOO, GATEWAY]


def test_a_long_message_is_never_a_mix_of_two_senders(tmp_path):
    """The SIM that began it is gone for good: all of it comes from the other, and can be read."""
    with Station(tmp_path, port=Stick, modems=2, changes=QUICK) as pair:
        pair.start()
        pair.eventually(lambda: up(pair) and up(pair, "usb2"), "both modems to be up")
        pair.modem.faults.answer_late("+CMGS", 0.5)
        assert pair.command("send", MOTHER, LONG).returncode == 0
        pair.eventually(lambda: senders(pair), "the first part to go")
        pair.modem.faults.refuse("+CMGS", 42, 100)  # congestion: the others wait
        pair.eventually(lambda: accepted(pair), "its answer")
        pair.modem.unplug()
        pair.eventually(lambda: pair.screen()[LONG], "the whole message", within_s=60)
        assert senders(pair)[-3:] == [GATEWAY_TOO] * 3
        assert pair.query("SELECT n FROM tally WHERE what = 'sent_anew'")[0]["n"] == 1


def accepted(station: Station) -> bool:
    return bool(station.query("SELECT 1 FROM part WHERE state = 'ACCEPTED'"))


@contextmanager
def program(name: str, folder: Path, holds: str) -> Iterator[None]:
    """A process of this name that has the port open and does nothing with it."""
    copy = folder / name
    shutil.copy("/bin/sleep", copy)
    with Path(holds).open("rb") as port:
        process = subprocess.Popen([copy, "600"], stdin=port)
    try:
        yield
    finally:
        process.kill()
        process.wait()
