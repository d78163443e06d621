"""`relay modems`: what is plugged in, whose it is, and what to paste."""

from __future__ import annotations

import fcntl
import json
import os
import tomllib

import pytest
from click.testing import CliRunner

from relay.cli.desk import Desk
from relay.cli.main import main
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.stick import Stick
from relay.simulator.usb_tree import HUAWEI, HUAWEI_AS_DISK, Interface, UsbModel, UsbTree
from relay.status import lock_path
from relay.store.facts import Facts
from tests.station import imei

pytestmark = pytest.mark.pty

NUMBER, OTHER = "+254711000000", "+254711000001"


@pytest.fixture
def bus(tmp_path):
    return UsbTree(tmp_path / "devices")


@pytest.fixture
def stick(bus, clinic):
    """A modem with three ports, of which two answer."""
    network = Network(clinic.clock.now)
    modem = SimulatedModem(network, NUMBER, imei=imei(NUMBER))
    with network, Stick(modem, bus, "1-1.2", HUAWEI) as stick:
        yield stick


@pytest.fixture
def run(clinic, bus):
    def run(*words, config=True):
        environ = {"RELAY_DEVICES": str(bus.folder)}
        environ["RELAY_CONFIG"] = str(clinic.path if config else bus.folder / "none.toml")
        desk = Desk(clock=clinic.clock, environ=environ)
        return CliRunner().invoke(main, ["modems", *words], obj=desk)

    return run


@pytest.fixture
def listed(run):
    return lambda *words: json.loads(run("--json", *words).stdout)["modems"]


def test_a_modem_is_shown_with_what_it_says_and_a_section_to_paste(run, stick):
    """Also before there is a configuration: that is when it is needed."""
    result = run(config=False)
    assert result.exit_code == 0
    row = result.stdout.splitlines()[1].split()
    assert row == ["1-1.2", "12d1:1001", imei(NUMBER), "E173", "-", "free", stick.path]
    assert result.stdout.splitlines()[1].index(stick.path) < 66  # a path of /dev has room
    pasted = tomllib.loads(result.stdout[result.stdout.index("[modem") :])
    assert pasted == {"modem": {"usb1": {"imei": imei(NUMBER)}}}


def test_a_section_that_means_it_is_named(clinic, listed, stick):
    clinic.path.write_text(f'[modem.ward]\nimei = "{imei(NUMBER)}"\n')
    (found,) = listed()
    assert (found["modem"], found["state"], found["port"]) == ("ward", "free", stick.path)


def test_nothing_is_touched_where_nobody_wants_it(listed, stick):
    (found,) = listed("--no-ask")
    assert (found["state"], found["imei"]) == ("not asked", None)


def test_a_modem_that_relay_uses_is_not_disturbed(clinic, listed, stick):
    """Its facts are shown; not one byte goes to its ports."""
    clinic.path.write_text(
        f'[modem.usb1]\nimei = "{imei(NUMBER)}"\n[store]\npath = "{clinic.config.store.path}"\n'
    )
    now = clinic.clock.now()
    Facts(clinic.db).put_all(
        now,
        {
            "modem.usb1.port": {"path": stick.path, "usb_path": "1-1.2"},
            "modem.usb1.identity": {"imei": "known", "model": "E173"},
            "modem.usb1.link": {"state": "READY"},
        },
    )
    with lock_path(clinic.config.store.path).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (found,) = listed()
    assert (found["state"], found["imei"], found["modem"]) == ("in use", "known", "usb1")
    assert stick.modem.settings.echo is True  # nobody has talked to it


def test_what_is_in_the_way_is_said_with_its_remedy(run, bus, tmp_path):
    """A disk, a missing driver, a port that is locked, a port where nobody answers."""
    bare = UsbModel("2c7c", "0900", "Quectel", "New", (Interface(0, driver=""),))
    phantom = UsbModel("1a86", "7523", "QinHeng", "CH340", (Interface(0, driver="ch341"),))
    bus.plug(HUAWEI_AS_DISK, "1-1", {})
    bus.plug(bare, "1-2", {})
    master, slave = os.openpty()
    try:
        bus.plug(phantom, "1-3", {0: os.ttyname(slave)})
        fcntl.flock(slave, fcntl.LOCK_EX)
        result = run(config=False)
    finally:
        os.close(master)
        os.close(slave)
    states = [row.split()[-2] for row in result.stdout.splitlines()[1:4]]
    assert states == ["USB_MASS_STORAGE", "PORT_NO_DRIVER", "PORT_BUSY"]
    assert "usb-modeswitch" in result.stderr and "new_id" in result.stderr


def test_nothing_is_plugged_in(run):
    result = run(config=False)
    assert result.exit_code == 1
    assert "No USB modem is plugged in" in result.stderr
