"""What the kernel says is plugged in: serial ports and USB devices, from /sys and /dev.

Only files are read here; no port is opened. What vanishes while it is read is not there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from relay.core.usb import Plugged, SerialPort, UsbDevice, UsbInterface

_PATTERNS = ("ttyUSB*", "ttyACM*")


@dataclass(frozen=True, slots=True)
class Tree:
    """Where devices are looked for. Tests and `relay simulate` have trees of their own."""

    dev: Path = Path("/dev")
    sys: Path = Path("/sys")
    proc: Path = Path("/proc")

    @classmethod
    def under(cls, folder: str) -> Tree:
        """The tree of a simulation; '' is the machine itself."""
        return cls(Path(folder, "dev"), Path(folder, "sys")) if folder else cls()


def plugged(tree: Tree) -> Plugged:
    """All serial ports of USB devices, and all USB devices, as they are now."""
    links = _links(tree.dev)
    ports = tuple(_port(tree, name, links) for name in sorted(_names(tree)))
    return Plugged(ports, tuple(_devices(tree.sys / "bus" / "usb" / "devices")))


def names(tree: Tree) -> frozenset[str]:
    """The names of all ports and USB devices: cheap to compare every second."""
    return frozenset({*_names(tree), *_listed(tree.sys / "bus" / "usb" / "devices")})


def _listed(folder: Path) -> list[str]:
    try:
        return [one.name for one in folder.iterdir()]
    except OSError:
        return []


def _names(tree: Tree) -> set[str]:
    """A device file is enough: a container may have the one and not the other."""
    return {
        found.name
        for pattern in _PATTERNS
        for found in tree.dev.glob(pattern)
        if os.path.lexists(found)
    }


def _links(dev: Path) -> dict[str, str]:
    """The lasting name of each device file; by-id is the one that people read best."""
    found: dict[str, str] = {}
    for folder in ("by-path", "by-id"):
        for link in sorted((dev / "serial" / folder).glob("*")):
            found[Path(os.path.normpath(link.parent / _target(link))).name] = str(link)
    return found


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def _port(tree: Tree, name: str, links: dict[str, str]) -> SerialPort:
    path = str(tree.dev / name)
    start = Path(os.path.realpath(tree.sys / "class" / "tty" / name))
    interface = _upwards(start, "bInterfaceNumber", tree.sys)
    device = interface and _upwards(interface, "idVendor", tree.sys)
    if interface is None or device is None:
        return SerialPort(path, link=links.get(name, ""))
    return SerialPort(
        path,
        vendor=_read(device / "idVendor"),
        product=_read(device / "idProduct"),
        interface=_hex(interface / "bInterfaceNumber"),
        protocol=_hex(interface / "bInterfaceProtocol"),
        usb_path=device.name,
        name=_name(device),
        link=links.get(name, ""),
    )


def _upwards(start: Path, having: str, top: Path) -> Path | None:
    """The nearest folder from `start` on that has this file; devices lie inside their buses."""
    root = Path(os.path.realpath(top))
    for folder in (start, *start.parents):
        if folder == root or not folder.is_relative_to(root):
            return None
        if (folder / having).is_file():
            return folder
    return None


def _devices(folder: Path) -> Iterator[UsbDevice]:
    for device in sorted(folder.glob("*")):
        vendor = _read(device / "idVendor")
        if vendor and ":" not in device.name:
            yield UsbDevice(
                device.name,
                vendor,
                _read(device / "idProduct"),
                _name(device),
                tuple(_interfaces(device)),
            )


def _interfaces(device: Path) -> Iterator[UsbInterface]:
    for folder in sorted(device.glob(f"{device.name}:*")):
        number, kind = _hex(folder / "bInterfaceNumber"), _hex(folder / "bInterfaceClass")
        if number is not None and kind is not None:
            driver = _target(folder / "driver")
            yield UsbInterface(number, kind, Path(driver).name)


def _name(device: Path) -> str:
    said = (_read(device / "manufacturer"), _read(device / "product"))
    return " ".join(filter(None, said))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _hex(file: Path) -> int | None:
    try:
        return int(_read(file), 16)
    except ValueError:
        return None
