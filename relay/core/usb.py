"""What is plugged in, and which of its ports is the one that a modem section means.

A USB modem shows several serial ports: one or two take AT commands, others speak a protocol of
their own (diagnostics, GPS). What the kernel says of each (sysfs) is data here; the order in which
they are tried, and which modem a section means, are decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

from relay.core.usb_ids import AT_PORTS, DATA_PORTS, MODEM_VENDORS, OTHER_PORTS, STORAGE_MODES

_MASS_STORAGE = 0x08  # USB class codes: bInterfaceClass
_VENDOR_SPECIFIC = 0xFF
_HUAWEI = "12d1"
# From bInterfaceProtocol of Huawei's own interfaces (class ff, subclass 01 and 02), as the udev
# rules of ModemManager read it: 01 is the port for data calls, 02 the one that announces.
_HUAWEI_ROLES = {0x01: "data", 0x02: "at", 0x03: "other", 0x05: "other", 0x14: "other"}


class Role(IntEnum):
    """What a port is for, the best to be tried first."""

    AT = 0  # takes commands and carries unsolicited results
    UNKNOWN = 1
    DATA = 2  # takes commands; what the modem announces may go to the other one
    OTHER = 3  # diagnostics, GPS


@dataclass(frozen=True, slots=True)
class UsbInterface:
    """One interface of a USB device; `driver` is '' where none is bound to it."""

    number: int
    kind: int  # bInterfaceClass
    driver: str = ""


@dataclass(frozen=True, slots=True)
class UsbDevice:
    """`path` is where it is plugged in, as the kernel names it: 1-1.2 is port 2 of a hub."""

    path: str
    vendor: str
    product: str
    name: str = ""
    interfaces: tuple[UsbInterface, ...] = ()

    @property
    def usb(self) -> str:
        return f"{self.vendor}:{self.product}"


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial device file, with what the kernel knows of the USB device behind it, if it does.

    `link` is its name under /dev/serial/by-id or by-path, `name` the device's own.
    """

    path: str
    vendor: str = ""
    product: str = ""
    interface: int | None = None
    protocol: int | None = None
    usb_path: str = ""
    name: str = ""
    link: str = ""

    @property
    def usb(self) -> str:
        return f"{self.vendor}:{self.product}" if self.vendor else ""

    @property
    def device(self) -> str:
        """What two ports of one modem have in common."""
        return self.usb_path or self.path


@dataclass(frozen=True, slots=True)
class Plugged:
    """All that is plugged in at one moment."""

    ports: tuple[SerialPort, ...] = ()
    devices: tuple[UsbDevice, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """Which modem a section means; every key that is not empty must hold.

    `foreign` are the IMEIs that other sections claim.
    """

    port: str = ""
    imei: str = ""
    usb: str = ""
    usb_path: str = ""
    foreign: frozenset[str] = field(default=frozenset())

    @property
    def fixed(self) -> str:
        """The path or URL of a port that needs no looking for, or ''."""
        return "" if self.port == "auto" else self.port

    def means(self, vendor: str, product: str, usb_path: str) -> bool:
        """Whether a device in this place may be the one; its IMEI is asked for later."""
        return self.usb in {"", f"{vendor}:{product}"} and self.usb_path in {"", usb_path}

    def takes(self, imei: str) -> bool:
        """Whether a modem with this IMEI is the one, where the section names one."""
        if self.imei:
            return same_imei(self.imei, imei)
        return not any(same_imei(other, imei) for other in self.foreign)

    def __str__(self) -> str:
        keys = {"port": self.port, "imei": self.imei, "usb": self.usb, "usb_path": self.usb_path}
        return ", ".join(f'{key} = "{value}"' for key, value in keys.items() if value)


def same_imei(one: str, other: str) -> bool:
    """By type and serial number, the first 14 digits (TS 23.003 §6.2.1): the last one is a check
    digit, 0 or a version, as the modem likes."""
    return len(one) >= 14 and one[:14] == other[:14]


def check_digit(digits: str) -> int:
    """The fifteenth digit of an IMEI, by Luhn's formula over the first 14 (TS 23.003 annex B)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(digits[:14]))
    return -sum(value // 10 + value % 10 for value in doubled) % 10


# --- which port first ---------------------------------------------------------------------------


def role(port: SerialPort) -> Role:
    """What the port is for, by what is known of its family."""
    if port.interface is None:
        return Role.UNKNOWN
    if port.vendor == _HUAWEI and port.protocol in _HUAWEI_ROLES:
        return Role[_HUAWEI_ROLES[port.protocol].upper()]
    for key in (port.usb, port.vendor):
        for table, meant in ((AT_PORTS, Role.AT), (DATA_PORTS, Role.DATA)):
            if port.interface in table.get(key, ()):
                return meant
        if port.interface in OTHER_PORTS.get(key, ()):
            return Role.OTHER
    return Role.UNKNOWN


def in_order(ports: Iterable[SerialPort], last: SerialPort | None = None) -> list[SerialPort]:
    """The ports in the order in which to try them.

    First where `last` would be now: the same device in the same place, then the same kind of
    device; within a device by what its family uses, then the port that worked.
    """
    return sorted(ports, key=lambda port: _rank(port, last))


def _rank(port: SerialPort, last: SerialPort | None) -> tuple[object, ...]:
    alike = last is not None and port.usb == last.usb
    here = last is not None and alike and port.device == last.device
    proven = last is not None and alike and port.interface == last.interface
    number = -1 if port.interface is None else port.interface
    return (not here, not alike, port.device, role(port), not proven, number, port.path)


# --- what stands in the way ---------------------------------------------------------------------


def in_storage_mode(device: UsbDevice) -> bool:
    """Whether a modem still shows the disk with its Windows software, and nothing else."""
    kinds = {interface.kind for interface in device.interfaces}
    storage_only = bool(kinds) and kinds <= {_MASS_STORAGE}
    if device.usb in STORAGE_MODES:
        return not kinds or _MASS_STORAGE in kinds
    return device.vendor in MODEM_VENDORS and storage_only


def without_driver(device: UsbDevice, ports: Iterable[SerialPort]) -> bool:
    """Whether a modem has interfaces of its own, no driver on them, and so no port at all."""
    if device.vendor not in MODEM_VENDORS or any(p.usb_path == device.path for p in ports):
        return False
    own = [one for one in device.interfaces if one.kind in {_VENDOR_SPECIFIC, 0x02, 0x0A}]
    return bool(own) and not any(one.driver for one in own)
