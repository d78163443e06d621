"""The right port is found, whatever its number, and no port is touched that is not ours."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from relay.core.device import Identity
from relay.core.usb import Binding, SerialPort
from relay.errors import PortLost
from relay.modem.claims import Claims
from relay.modem.discovery import Bus, Discovery
from relay.modem.probe import Answered, Care, probe
from relay.modem.sysfs import Tree
from relay.simulator.usb_tree import (
    HUAWEI,
    HUAWEI_AS_DISK,
    QUECTEL,
    SIMCOM,
    Interface,
    UsbModel,
    UsbTree,
)

MINE, OTHER = "353142039999993", "861107039999991"


class Notes:
    """A memory of the port that is as short as the test."""

    def __init__(self, **known: object) -> None:
        self.known: dict[str, object] = known

    def recall(self) -> dict[str, object]:
        return self.known

    def remember(self, found: dict[str, object]) -> None:
        self.known = found


class Bench:
    """A bus with modems of which each interface says what a test makes it say."""

    def __init__(self, folder: Path) -> None:
        self.bus = UsbTree(folder)
        (folder / "proc").mkdir()
        self.tree = replace(Tree.under(str(folder)), proc=folder / "proc")
        self.claims = Claims()
        self.says: dict[str, str | PortLost | None] = {}
        self.asked: list[str] = []

    def plug(self, model: UsbModel, socket: str, imei: str | None = None, **more: int) -> None:
        """`imei` is what its `at` and `data` ports answer; None: they are silent."""
        ports = {model.at, *([model.data] if model.data is not None else []), *model.mute}
        files = self.bus.plug(model, socket, {n: f"/nowhere/{socket}/{n}" for n in sorted(ports)})
        for interface, path in files.items():
            self.says[str(path)] = None if interface in model.mute else imei

    def ask(self, path: str, _baud: int, _care: Care) -> Answered | None:
        self.asked.append(Path(path).name)
        said = self.says[path]
        if isinstance(said, PortLost):
            raise said
        return None if said is None else Answered(said)

    def discovery(self, name: str = "usb", notes: Notes | None = None, **keys: Any):
        return Discovery(
            name, Binding(**keys), bus=Bus(self.tree, self.claims), memory=notes or Notes(),
            ask=self.ask,
        )  # fmt: skip

    def found(self, **keys: Any) -> str:
        return Path(self.discovery(**keys).find()).name

    def refusal(self, **keys: Any) -> PortLost:
        with pytest.raises(PortLost) as refused:
            self.discovery(**keys).find()
        return refused.value


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


# --- which one ----------------------------------------------------------------------------------


def test_the_only_modem_is_found_at_the_port_that_announces(bench):
    """ttyUSB2 is interface 2 of this family; one question is enough."""
    bench.plug(HUAWEI, "1-1", MINE)
    assert bench.found(port="auto") == "ttyUSB2"
    assert bench.asked == ["ttyUSB2"]


def test_an_imei_finds_its_modem_among_others(bench):
    """Of two of the same model, the one with the number; in either numbering."""
    bench.plug(HUAWEI, "1-1", OTHER)
    bench.plug(HUAWEI, "1-2", MINE)
    assert bench.found(imei=MINE) == "ttyUSB5"
    bench.bus.unplug("1-1")
    bench.bus.unplug("1-2")
    bench.plug(HUAWEI, "1-2", MINE)
    bench.plug(HUAWEI, "1-1", OTHER)
    assert bench.found(imei=MINE) == "ttyUSB2"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"usb": "2c7c:0125"}, "ttyUSB5"),
        ({"usb_path": "1-2"}, "ttyUSB5"),
        ({"usb": "12d1:1001"}, "ttyUSB2"),
        ({"usb_path": "1-1", "imei": MINE}, "ttyUSB2"),
        ({"port": "auto", "usb_path": "1-1"}, "ttyUSB2"),
        ({"port": "auto", "foreign": frozenset({MINE})}, "ttyUSB5"),
    ],
)
def test_each_key_finds_its_modem(bench, keys, expected):
    bench.plug(HUAWEI, "1-1", MINE)
    bench.plug(QUECTEL, "1-2", OTHER)
    assert bench.found(**keys) == expected


def test_a_port_that_says_nothing_gives_way_to_the_next_one(bench):
    """A phantom at the best interface: then the one for data calls must do."""
    bench.plug(HUAWEI, "1-1", MINE)
    bench.says[str(bench.bus.dev / "ttyUSB2")] = None
    assert bench.found(imei=MINE) == "ttyUSB0"
    assert bench.asked == ["ttyUSB2", "ttyUSB0"]


def test_two_that_fit_are_told_apart_by_a_person_or_by_what_was_used(bench):
    """relay does not guess; where it has used one of them before, it stays with that one."""
    bench.plug(HUAWEI, "1-1", OTHER)
    bench.plug(HUAWEI, "1-2", MINE)
    refused = bench.refusal(port="auto")
    assert refused.code == "MODEM_AMBIGUOUS"
    assert MINE in refused.cause and OTHER in refused.cause
    assert bench.found(port="auto", notes=Notes(imei=MINE)) == "ttyUSB5"


def test_the_port_that_worked_is_asked_first(bench):
    """With the model unknown to our tables, memory saves the questions."""
    model = UsbModel("1a86", "7523", "", "", tuple(map(Interface, range(4))), at=3, mute=(0, 1, 2))
    bench.plug(model, "1-1", MINE)
    notes = Notes()
    first = bench.discovery(notes=notes, imei=MINE)
    first.find()
    first.accept(Identity(imei=MINE))
    first.leave()
    bench.asked.clear()
    assert bench.found(notes=notes, imei=MINE) == "ttyUSB3"
    assert bench.asked == ["ttyUSB3"]


def test_another_socket_is_no_obstacle(bench):
    """The IMEI counts, the memory only says where to begin."""
    was = asdict(SerialPort("/dev/ttyUSB2", "12d1", "1001", 2, 2, "1-1"))
    bench.plug(HUAWEI, "2-4.1", MINE)
    assert bench.found(imei=MINE, notes=Notes(**was, imei=MINE)) == "ttyUSB2"


# --- what is left alone -------------------------------------------------------------------------


def test_the_ports_of_another_modem_of_this_relay_are_not_touched(bench):
    """Not the one it uses, and not the others of the same stick."""
    bench.plug(HUAWEI, "1-1", MINE)
    bench.plug(HUAWEI, "1-2", OTHER)
    bench.discovery("first", imei=MINE).find()
    bench.asked.clear()
    assert bench.found(imei=OTHER) == "ttyUSB5"
    assert bench.asked == ["ttyUSB5"]


def test_a_port_that_is_given_back_can_be_found_again(bench):
    bench.plug(HUAWEI, "1-1", MINE)
    first = bench.discovery("first", imei=MINE)
    first.find()
    assert bench.refusal(usb_path="1-1").code == "PORT_MISSING"
    first.leave()
    assert bench.found(usb_path="1-1") == "ttyUSB2"


def test_only_one_modem_searches_at_a_time(bench):
    """Else two would find each other's ports busy, for no reason."""
    bench.plug(HUAWEI, "1-1", MINE)
    with bench.claims.search():
        other = threading.Thread(target=bench.discovery(imei=MINE).find)
        other.start()
        assert not bench.asked
    other.join(10)
    assert bench.asked


def test_a_modem_with_another_number_is_refused_before_anything_reaches_its_sim(bench):
    """Somebody may have plugged another one into the same port."""
    bench.plug(HUAWEI, "1-1", None)
    notes = Notes(**asdict(SerialPort("x", "12d1", "1001", 2, 2, "1-1")))
    finder = bench.discovery(imei=MINE, notes=notes)
    finder.find()
    with pytest.raises(PortLost) as refused:
        finder.accept(Identity(imei=OTHER))
    assert refused.value.code == "MODEM_OTHER_IMEI"
    with pytest.raises(PortLost):
        finder.accept(Identity(imei=""))
    finder.accept(Identity(imei=MINE[:14] + "0"))


def test_a_modem_of_another_program_is_left_alone_whichever_port_it_holds(bench, tmp_path):
    """Two programs that send through one modem spoil each other's work; a data call does not."""
    bench.plug(HUAWEI, "1-1", MINE)
    for name, code in (("smsd", "PORT_BUSY"), ("ModemManager", "PORT_MODEMMANAGER")):
        with process(tmp_path, name, bench.bus.dev / "ttyUSB0"):
            refused = bench.refusal(imei=MINE)
        assert (refused.code, bench.asked) == (code, [])
        assert f"{name} (pid 77)" in refused.cause
    for name, port in (("pppd", "ttyUSB0"), ("gpsd", "ttyUSB1")):
        with process(tmp_path, name, bench.bus.dev / port):
            assert bench.found(imei=MINE) == "ttyUSB2"


@contextmanager
def process(folder, name, holds):
    """A process as /proc shows it."""
    entry = folder / "proc" / "77"
    (entry / "fd").mkdir(parents=True)
    (entry / "comm").write_text(name + "\n")
    (entry / "fd" / "3").symlink_to(os.path.realpath(holds))
    yield
    shutil.rmtree(entry)


# --- what is in the way -------------------------------------------------------------------------


def test_nothing_is_plugged_in(bench):
    refused = bench.refusal(port="auto")
    assert refused.code == "PORT_MISSING"
    assert "no USB modem is plugged in at all" in refused.cause


def test_another_modem_is_plugged_in(bench):
    bench.plug(QUECTEL, "1-1", OTHER)
    refused = bench.refusal(imei=MINE)
    assert refused.code == "MODEM_OTHER_IMEI"
    assert OTHER in refused.cause and "relay modems" in refused.cause
    assert bench.refusal(usb="12d1:1001").code == "PORT_MISSING"
    assert "Quectel EC25" in bench.refusal(usb="12d1:1001").cause


@pytest.mark.parametrize("keys", [{"port": "auto"}, {"imei": MINE}, {"usb": "12d1:1001"}])
def test_a_stick_that_is_still_a_disk(bench, keys):
    """Under its other product number; the remedy is a package."""
    bench.bus.plug(HUAWEI_AS_DISK, "1-1", {})
    refused = bench.refusal(**keys)
    assert refused.code == "USB_MASS_STORAGE"
    assert "usb-modeswitch" in refused.cause and "12d1:14fe" in refused.cause


def test_a_stick_without_a_driver(bench):
    bare = UsbModel("2c7c", "0900", "Quectel", "New", (Interface(0, driver=""),))
    bench.bus.plug(bare, "1-1", {})
    refused = bench.refusal(usb="2c7c:0900")
    assert refused.code == "PORT_NO_DRIVER"
    assert "2c7c 0900" in refused.cause and "new_id" in refused.cause


def test_a_port_that_may_not_be_opened(bench):
    """The first thing to mend, whatever else is not there."""
    bench.plug(HUAWEI, "1-1", MINE)
    bench.bus.plug(HUAWEI_AS_DISK, "1-2", {})
    for path in bench.says:
        bench.says[path] = PortLost(path, "permission denied", "PORT_PERMISSION")
    assert bench.refusal(imei=MINE).code == "PORT_PERMISSION"


def test_modem_manager_is_named_with_the_rule_for_this_modem(bench):
    """By name where /proc shows it."""
    bench.plug(QUECTEL, "1-1", MINE)
    for path in bench.says:
        cause = "it is held by ModemManager (pid 7)"
        bench.says[path] = PortLost(path, cause, "PORT_MODEMMANAGER")
    refused = bench.refusal(imei=MINE)
    assert refused.code == "PORT_MODEMMANAGER"
    assert 'ATTRS{idVendor}=="2c7c", ATTRS{idProduct}=="0125"' in refused.cause
    assert 'ENV{ID_MM_DEVICE_IGNORE}="1"' in refused.cause


def test_modem_manager_is_suspected_where_it_runs_and_nobody_is_seen(bench):
    """A service may not look into the processes of root; the unit's cgroup is open to all."""
    bench.plug(QUECTEL, "1-1", MINE)
    for path in bench.says:
        bench.says[path] = PortLost(path, "it is held by another program", "PORT_BUSY")
    assert bench.refusal(imei=MINE).code == "PORT_BUSY"
    (bench.bus.sys / "fs/cgroup/system.slice/ModemManager.service").mkdir(parents=True)
    assert bench.refusal(imei=MINE).code == "PORT_MODEMMANAGER"


def test_a_modem_that_hangs_is_handed_over_where_it_can_only_be_that_one(bench):
    """Its bring-up is more patient than a search, and compares the IMEI all the same."""
    bench.plug(HUAWEI, "1-1", None)
    assert bench.found(imei=MINE) == "ttyUSB2"


def test_a_modem_that_hangs_is_left_to_its_own_section(bench):
    """Another section, whose modem is away, must not open it and cure it."""
    bench.plug(HUAWEI, "1-1", None)
    refused = bench.refusal(imei=MINE, foreign=frozenset({OTHER}))
    assert refused.code == "MODEM_SILENT"


def test_a_silent_port_that_is_no_modem_is_no_silent_modem(bench):
    """A sensor on a converter, while the modem is out."""
    model = UsbModel("1a86", "7523", "", "", (Interface(0),))
    bench.plug(model, "1-1", None)
    assert bench.refusal(imei=MINE, foreign=frozenset({OTHER})).code == "PORT_MISSING"


def test_a_modem_of_another_section_is_refused_at_a_port_that_is_named(bench):
    bench.plug(HUAWEI, "1-1", OTHER)
    finder = bench.discovery(port=str(bench.bus.dev / "ttyUSB2"), foreign=frozenset({OTHER}))
    finder.find()
    with pytest.raises(PortLost) as refused:
        finder.accept(Identity(imei=OTHER))
    assert refused.value.code == "MODEM_OTHER_IMEI"
    assert "of another section" in refused.value.cause


def test_of_two_that_hang_none_is_taken_unless_one_was_used(bench):
    bench.plug(HUAWEI, "1-1", None)
    bench.plug(SIMCOM, "1-2", None)
    assert bench.refusal(imei=MINE).code == "MODEM_SILENT"
    was = asdict(SerialPort("/dev/ttyUSB9", "1e0e", "9001", 2, None, "1-2"))
    assert bench.found(imei=MINE, notes=Notes(**was)) == "ttyUSB5"


# --- a port that is named -----------------------------------------------------------------------


def test_a_named_port_needs_no_question(bench):
    """A device file, its lasting name or a URL."""
    bench.plug(HUAWEI, "1-1", MINE)
    link = bench.bus.dev / "serial/by-path/usb-1-1:1.2-port0"
    for path in (str(bench.bus.dev / "ttyUSB2"), str(link), "socket://10.0.0.9:2000"):
        assert bench.discovery(port=path).find() == path
    assert not bench.asked


def test_a_named_port_must_be_what_the_other_keys_say(bench):
    bench.plug(HUAWEI, "1-1", MINE)
    path = str(bench.bus.dev / "ttyUSB2")
    assert bench.discovery(port=path, usb="12d1:1001").find() == path
    assert bench.refusal(port=path, usb="2c7c:0125").code == "MODEM_OTHER_IMEI"
    assert bench.refusal(port=str(bench.bus.dev / "ttyUSB9")).code == "PORT_MISSING"


# --- the question itself ------------------------------------------------------------------------

HASTY = Care(tries=2, answer_s=0.3)


def test_a_modem_answers_with_its_imei(peer):
    """Whatever it says besides, and however it writes the number."""
    for said in (
        f"{MINE}\r\n\r\nOK",
        f'+CGSN: "{MINE}"\r\n\r\nOK',
        f"\r\n^BOOT:1\r\n{MINE}\r\nOK",
    ):
        assert probe(peer({"AT+CGSN": said}).path, 115_200, HASTY) == Answered(MINE)


def test_a_modem_that_will_not_tell_is_a_modem_all_the_same(peer):
    script = {"AT+CGSN": "ERROR", "AT+GSN": "ERROR"}
    assert probe(peer(script).path, 115_200, HASTY) == Answered("")


def test_a_port_that_says_nothing_is_none(tmp_path):
    """Within a bounded time, and the port is free again."""
    master, slave = os.openpty()
    try:
        assert probe(os.ttyname(slave), 115_200, HASTY) is None
        fcntl.flock(slave, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(master)
        os.close(slave)


def test_a_port_that_another_reads_is_not_asked():
    """The lock is that of pySerial: two relays see each other by it."""
    master, slave = os.openpty()
    try:
        fcntl.flock(slave, fcntl.LOCK_EX)
        with pytest.raises(PortLost) as refused:
            probe(os.ttyname(slave), 115_200, HASTY)
        assert refused.value.code == "PORT_BUSY"
    finally:
        os.close(master)
        os.close(slave)


# --- what comes and goes ------------------------------------------------------------------------


def test_what_is_plugged_in_or_pulled_out_is_noticed(bench):
    """So that a modem which is missed is looked for at once, and not a minute later."""
    bus = Bus(bench.tree)
    assert not bus.look()
    bench.plug(HUAWEI, "1-1", MINE)
    assert bus.look() and not bus.look()
    bench.bus.unplug("1-1")
    assert bus.look()
    assert bus.plugs == 2
