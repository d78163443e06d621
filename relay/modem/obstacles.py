"""Why a modem's port is not there or cannot be used, found on the machine, with the remedy.

Each is a `PortLost` with a stable code; `relay status` and docs/operations.md name the same codes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from relay.core.usb import (
    Binding,
    Plugged,
    SerialPort,
    UsbDevice,
    in_storage_mode,
    without_driver,
)
from relay.core.usb_ids import MODEM_VENDORS
from relay.errors import PortLost

# The most telling reason first: a port that is there and blocked beats one that is missing.
_ORDER = (
    "PORT_PERMISSION",
    "PORT_MODEMMANAGER",
    "PORT_BUSY",
    "MODEM_AMBIGUOUS",
    "USB_MASS_STORAGE",
    "PORT_NO_DRIVER",
    "MODEM_OTHER_IMEI",
    "MODEM_SILENT",
    "PORT_MISSING",
)


def worst(reasons: Sequence[PortLost]) -> PortLost:
    """The reason that a person should hear of first. There must be one."""
    return min(reasons, key=lambda x: _ORDER.index(x.code) if x.code in _ORDER else len(_ORDER))


def missing(plugged: Plugged, binding: Binding) -> PortLost:
    """Why no port fits: the first thing that can be mended."""
    where = str(binding)
    return next(_reasons(plugged, binding, where), _absent(plugged, where))


def _reasons(plugged: Plugged, binding: Binding, where: str) -> Iterator[PortLost]:
    fitting = [device for device in plugged.devices if _may_be(binding, device)]
    found = [missing_of(device, plugged.ports, where) for device in fitting]
    yield from sorted(filter(None, found), key=lambda reason: _ORDER.index(reason.code))


def missing_of(device: UsbDevice, ports: Sequence[SerialPort], where: str = "") -> PortLost | None:
    """Why a modem that is plugged in shows no port; None if it shows some, or is no modem."""
    if in_storage_mode(device):
        return PortLost(
            where or device.path,
            f"the stick {_named(device)} still shows the disk with its Windows software and "
            "not its modem. Run: sudo apt install usb-modeswitch, then unplug it, count to "
            "ten and plug it in again",
            "USB_MASS_STORAGE",
        )
    if without_driver(device, ports):
        return PortLost(
            where or device.path,
            f"the modem {_named(device)} is plugged in and has no driver. Run: "
            "sudo modprobe option, then: echo "
            f"{device.vendor} {device.product} | "
            "sudo tee /sys/bus/usb-serial/drivers/option1/new_id",
            "PORT_NO_DRIVER",
        )
    return None


def _absent(plugged: Plugged, where: str) -> PortLost:
    others = [device for device in plugged.devices if device.vendor in MODEM_VENDORS]
    if others:
        named = ", ".join(f"{_named(device)} at {device.path}" for device in others)
        seen = f"plugged in: {named}. `relay modems` prints the lines for what is there"
    elif plugged.ports:
        seen = "other serial ports are there; `relay modems` shows them"
    else:
        seen = "no USB modem is plugged in at all. Plug it in; try another socket, cable or hub"
    return PortLost(where, f"there is no such modem; {seen}", "PORT_MISSING")


def _may_be(binding: Binding, device: UsbDevice) -> bool:
    """A stick has another product number while it is a disk: then its place or vendor must do."""
    if binding.usb_path:
        return binding.usb_path == device.path
    if binding.usb:
        return binding.usb == device.usb or (
            binding.usb[:4] == device.vendor and in_storage_mode(device)
        )
    return True


def _named(device: UsbDevice) -> str:
    return f"{device.name} ({device.usb})" if device.name else device.usb


# --- ModemManager -------------------------------------------------------------------------------

# The cgroup of a unit exists while it runs, and everybody may see it: cgroup v2, then v1.
_UNITS = (
    "fs/cgroup/system.slice/ModemManager.service",
    "fs/cgroup/systemd/system.slice/ModemManager.service",
)


def modem_manager_runs(sys: Path) -> bool:
    return any((sys / unit).is_dir() for unit in _UNITS)


def udev_rule(port: SerialPort | None) -> str:
    """The line that keeps ModemManager off this very kind of modem."""
    vendor, product = (port.vendor, port.product) if port and port.vendor else ("VVVV", "PPPP")
    return (
        f'ATTRS{{idVendor}}=="{vendor}", ATTRS{{idProduct}}=="{product}", '
        'ENV{ID_MM_DEVICE_IGNORE}="1"'
    )


def blocked(error: PortLost, port: SerialPort | None, *, manager_runs: bool) -> PortLost:
    """The error with ModemManager's remedy, where it holds the port or may be the one."""
    if "ID_MM_DEVICE_IGNORE" in error.cause:
        return error  # it has been said
    unknown = error.code == "PORT_BUSY" and "another program" in error.cause
    if error.code != "PORT_MODEMMANAGER" and not (unknown and manager_runs):
        return error
    who = error.cause if error.code == "PORT_MODEMMANAGER" else "most likely ModemManager holds it"
    return PortLost(
        error.port,
        f"{who}. Keep it off this modem: write the line {udev_rule(port)} into "
        "/etc/udev/rules.d/60-relay.rules, then run: sudo udevadm control --reload && "
        "sudo udevadm trigger && sudo systemctl restart ModemManager. Or, if nothing else needs "
        "it: sudo systemctl disable --now ModemManager",
        "PORT_MODEMMANAGER",
    )
