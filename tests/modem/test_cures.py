"""The steps past the port: prompts, blind commands, USB and power, on a fake /sys of a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from relay.core.ladder import Step
from relay.core.link import LinkState
from relay.errors import CannotCure, NoReply, PortShut
from relay.modem.cures import Cures, Socket
from relay.modem.driver import GsmDriver
from relay.modem.sysfs import Tree
from tests.modem.conftest import Ledger
from tests.modem.peer import Peer, Reply

pytestmark = pytest.mark.pty

Opened = Callable[..., tuple[Peer, GsmDriver]]


class Machine:
    """/dev and /sys with one serial port on one USB device, as Linux lays them out."""

    def __init__(self, root: Path, place: str = "1-1.4") -> None:
        self.tree = Tree(root / "dev", root / "sys")
        self.port = str(root / "dev" / "ttyUSB0")
        self.device = root / "sys" / "devices" / "pci0000:00" / "usb1" / place
        self.authorized = self.device / "authorized"
        self._node = root / "sys" / "class" / "tty" / "ttyUSB0"
        self._link = root / "sys" / "bus" / "usb" / "devices" / place

    def plug(self) -> None:
        interface = self.device / f"{self.device.name}:1.0"
        (interface / "ttyUSB0").mkdir(parents=True)
        (interface / "bInterfaceNumber").write_text("00\n")
        (self.device / "idVendor").write_text("12d1\n")
        self.authorized.write_text("1\n")
        for link, target in ((self._node, interface / "ttyUSB0"), (self._link, self.device)):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
        Path(self.port).parent.mkdir(exist_ok=True)
        Path(self.port).touch()

    def unplug(self) -> None:
        Path(self.port).unlink()
        self._node.unlink()
        self._link.unlink()

    def cures(self, *, seen: bool = True, **how: object) -> Cures:
        made = Cures(self.tree, **{"pause": lambda _: None, **how})  # type: ignore[arg-type]
        if seen:
            made.seen(self.port)
        return made


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.plug()
    return made


def program(folder: Path, *lines: str) -> str:
    """A program that notes how it was called, and does these lines."""
    path = folder / "uhubctl"
    path.write_text("\n".join(["#!/bin/sh", f'echo "$@" >> {folder}/called', *lines]) + "\n")
    path.chmod(0o755)
    return str(path)


# --- USB ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "hub", "number"),
    [("1-1.4", "1-1", "4"), ("1-2", "1", "2"), ("3-1.4.2", "3-1.4", "2")],
)
def test_hub_and_port_as_uhubctl_writes_them(place: str, hub: str, number: str) -> None:
    assert (Socket(place).hub, Socket(place).number) == (hub, number)


@pytest.mark.parametrize("port", ["/dev/ttyS0", "socket://127.0.0.1:7000", "/dev/ttyUSB9"])
def test_a_port_that_is_not_on_the_usb(machine: Machine, port: str) -> None:
    cures = machine.cures(seen=False)
    cures.seen(port)
    with pytest.raises(CannotCure, match="no USB device"):
        cures.reauthorise()


def test_the_device_is_taken_away_and_given_back(machine: Machine) -> None:
    seen = []
    machine.cures(pause=lambda _: seen.append(machine.authorized.read_text())).reauthorise()
    assert seen[0][0] == "0"
    assert machine.authorized.read_text()[0] == "1"


def test_what_may_not_be_written_is_named(machine: Machine) -> None:
    """As under systemd, where /sys is read-only; here a folder stands in the way, for root too."""
    machine.authorized.unlink()
    machine.authorized.mkdir()
    with pytest.raises(CannotCure, match=r"authorized cannot be written \(Is a directory\)"):
        machine.cures().reauthorise()


def test_a_device_that_is_gone_is_said_to_be(machine: Machine) -> None:
    cures = machine.cures()
    machine.unplug()
    with pytest.raises(CannotCure, match="No such file"):
        cures.reauthorise()


# --- power --------------------------------------------------------------------------------------


def test_uhubctl_is_told_hub_and_port_also_of_a_modem_that_has_vanished(
    machine: Machine, tmp_path: Path
) -> None:
    cures = machine.cures(uhubctl=program(tmp_path))
    machine.unplug()
    cures.cycle_power()
    assert (tmp_path / "called").read_text() == "-l 1-1 -p 4 -a cycle -d 5\n"


def test_a_hub_that_cannot_switch_its_power_is_named(machine: Machine, tmp_path: Path) -> None:
    unable = program(
        tmp_path, "echo No compatible devices detected at location 1-1! >&2", "exit 1"
    )
    with pytest.raises(CannotCure, match="No compatible devices"):
        machine.cures(uhubctl=unable).cycle_power()


def test_a_command_of_ones_own_goes_first(machine: Machine, tmp_path: Path) -> None:
    own = program(tmp_path)
    machine.cures(uhubctl="no-such-program", power_cycle=(own, "usb1")).cycle_power()
    assert (tmp_path / "called").read_text() == "usb1\n"


@pytest.mark.parametrize("missing", [(), ("/no/such/program",)])
def test_without_any_program_it_is_said_so(machine: Machine, missing: tuple[str, ...]) -> None:
    with pytest.raises(CannotCure, match=r"not installed|did not work"):
        machine.cures(uhubctl="no-such-program", power_cycle=missing).cycle_power()


# --- the modem itself ---------------------------------------------------------------------------


def test_esc_leaves_the_line_open(opened: Opened) -> None:
    _, gsm = opened()
    gsm.cure(Step.ESC)
    assert gsm.link is LinkState.READY


def test_a_modem_that_stays_silent_after_esc_is_no_longer_believed(opened: Opened) -> None:
    modem, gsm = opened()
    modem.script = dict.fromkeys(modem.script)
    with pytest.raises(NoReply):
        gsm.cure(Step.ESC)


@pytest.mark.parametrize(("step", "said"), [(Step.ATZ, "ATZ"), (Step.CFUN, "AT+CFUN=1,1")])
@pytest.mark.parametrize("answer", ["OK", None, "ERROR"])
def test_commands_are_given_blindly_on_a_line_of_their_own(
    opened: Opened, step: Step, said: str, answer: Reply
) -> None:
    modem, gsm = opened({said: answer})
    gsm.cure(step)
    assert gsm.link is LinkState.CLOSED
    assert said in modem.heard
    gsm.open()
    assert gsm.link is LinkState.READY


@pytest.mark.parametrize("step", [Step.ATZ, Step.CFUN])
def test_a_port_that_is_gone_is_said_to_be_gone(opened: Opened, step: Step) -> None:
    modem, gsm = opened()
    modem.unplug()
    assert not gsm.present
    with pytest.raises(PortShut):
        gsm.cure(step)


@pytest.mark.parametrize("step", [Step.CFUN, Step.USB, Step.POWER])
def test_no_reset_where_the_pin_could_not_be_given_again(
    opened: Opened, ledger: Ledger, step: Step
) -> None:
    """The SIM was unlocked by hand, or its PIN changed since: a reset would lock us out."""
    modem, gsm = opened(pin="1234")
    ledger.record_attempt(gsm.identity.iccid, "1234")
    ledger.record_result(gsm.identity.iccid, "1234", accepted=False)
    with pytest.raises(CannotCure, match="PIN"):
        gsm.cure(step)
    assert "AT+CFUN=1,1" not in modem.heard
