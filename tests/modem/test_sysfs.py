"""What the kernel shows of USB modems is read as it stands there, whatever is missing."""

from __future__ import annotations

import pytest

from relay.core.usb import SerialPort, in_storage_mode, without_driver
from relay.modem.sysfs import Tree, plugged
from relay.simulator.usb_tree import HUAWEI, HUAWEI_AS_DISK, Interface, UsbModel, UsbTree


@pytest.fixture
def bus(tmp_path):
    return UsbTree(tmp_path)


def look(bus):
    return plugged(Tree.under(str(bus.folder)))


def test_a_port_is_read_with_its_device(bus):
    """Vendor, product, interface, protocol, socket, name and lasting link."""
    bus.plug(HUAWEI, "1-1.2", {0: "/dev/null", 2: "/dev/null"})
    first, second = look(bus).ports
    assert second == SerialPort(
        str(bus.dev / "ttyUSB1"), "12d1", "1001", 2, 2, "1-1.2", "HUAWEI Technology HUAWEI Mobile",
        str(bus.dev / "serial/by-id/usb-HUAWEI_Technology_HUAWEI_Mobile-if02-port0"),
    )  # fmt: skip
    assert first.interface == 0
    (device,) = look(bus).devices
    assert (device.usb, device.path, len(device.interfaces)) == ("12d1:1001", "1-1.2", 5)


def test_numbers_are_given_out_anew(bus):
    """As by the kernel: the lowest that is free."""
    bus.plug(HUAWEI, "1-1", {0: "/dev/null"})
    bus.plug(HUAWEI, "1-2", {0: "/dev/null"})
    bus.unplug("1-1")
    assert [(p.path[-7:], p.usb_path) for p in look(bus).ports] == [("ttyUSB1", "1-2")]
    bus.plug(HUAWEI, "1-3", {0: "/dev/null"})
    assert {(p.path[-7:], p.usb_path) for p in look(bus).ports} == {
        ("ttyUSB0", "1-3"), ("ttyUSB1", "1-2"),
    }  # fmt: skip


def test_a_machine_without_usb_has_nothing(tmp_path):
    """No /sys/bus/usb and no /dev/serial is an empty answer, not an error."""
    found = plugged(Tree.under(str(tmp_path / "nowhere")))
    assert (found.ports, found.devices) == ((), ())


def test_a_port_without_sysfs_is_a_port(tmp_path):
    """A container may be given the device file and nothing else."""
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "ttyACM0").symlink_to("/dev/null")
    (port,) = plugged(Tree.under(str(tmp_path))).ports
    assert (port.usb, port.interface, port.device) == ("", None, port.path)


def test_what_is_no_modem_yet_is_known_as_such(bus):
    """A stick that shows its disk, and one without a driver."""
    bare = UsbModel("12d1", "1001", "", "", (Interface(0, driver=""), Interface(1, driver="")))
    bus.plug(HUAWEI_AS_DISK, "1-1", {})
    bus.plug(bare, "1-2", {})
    bus.plug(HUAWEI, "1-3", {0: "/dev/null"})
    found = look(bus)
    assert [in_storage_mode(device) for device in found.devices] == [True, False, False]
    assert [without_driver(d, found.ports) for d in found.devices] == [False, True, False]
