"""The parts of /dev and /sys that show USB modems, as a folder of files and links.

A simulated modem is plugged into a socket of it, gets the lowest free ttyUSB numbers as from the
kernel, and loses them when it is pulled out. relay looks there instead of at the machine when
RELAY_DEVICES names the folder.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Interface:
    """bInterfaceNumber, -Class, -SubClass and -Protocol; without a `driver` it has no port."""

    number: int
    kind: int = 0xFF
    subclass: int = 0xFF
    protocol: int = 0xFF
    driver: str = "option"


@dataclass(frozen=True, slots=True)
class UsbModel:
    """How a modem shows itself on the bus.

    Its serial interfaces: `at` takes commands and announces, `data` only takes commands, and
    `mute` ones speak something else.
    """

    vendor: str
    product: str
    manufacturer: str
    name: str
    interfaces: tuple[Interface, ...]
    at: int = 0
    data: int | None = None
    mute: tuple[int, ...] = ()

    def interface(self, number: int) -> Interface:
        return next(one for one in self.interfaces if one.number == number)


class UsbTree:
    """One bus. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dev, self.sys = folder / "dev", folder / "sys"
        self._lock = threading.Lock()
        self._ttys: dict[str, list[str]] = {}  # guarded by _lock
        self._avoid: frozenset[str] = frozenset()  # guarded by _lock
        for place in ("bus/usb/devices", "bus/usb/drivers", "class/tty", "devices/usb1"):
            (self.sys / place).mkdir(parents=True, exist_ok=True)
        for kind in ("by-id", "by-path"):
            (self.dev / "serial" / kind).mkdir(parents=True, exist_ok=True)

    def plug(
        self,
        model: UsbModel,
        socket: str,
        ttys: Mapping[int, str],
        *,
        serial: str = "",
        avoid: Collection[str] = (),
    ) -> dict[int, Path]:
        """Plug a modem into a socket (1-1.2); `ttys` is the file behind each serial interface.

        The device files by interface number. The names in `avoid` are not given out, as if some
        program still had them open.
        """
        with self._lock:
            self._avoid = frozenset(avoid)
            self._pull(socket)
            device = self.sys / "devices" / "usb1" / socket
            self._write(
                device,
                idVendor=model.vendor,
                idProduct=model.product,
                manufacturer=model.manufacturer,
                product=model.name,
                bNumInterfaces=f"{len(model.interfaces):2d}",
                **({"serial": serial} if serial else {}),
            )
            os.mkfifo(device / "authorized", 0o600)
            for interface in model.interfaces:
                self._interface(device / f"{socket}:1.{interface.number}", interface)
            self._link(self.sys / "bus" / "usb" / "devices" / socket, device)
            return {
                number: self._tty(model, device, number, target, serial)
                for number, target in ttys.items()
            }

    def unplug(self, socket: str) -> None:
        """Pull it out: its files are gone."""
        with self._lock:
            self._pull(socket)

    def withhold(self, socket: str) -> None:
        """What 0 in its `authorized` does: it stays on the bus, and its ports are gone."""
        with self._lock:
            self._pull_ports(socket)
            for interface in self.authorized(socket).parent.glob(f"{socket}:*"):
                shutil.rmtree(interface)

    def authorized(self, socket: str) -> Path:
        """A pipe, so that whoever holds its other end hears of what is written."""
        return self.sys / "devices" / "usb1" / socket / "authorized"

    def _interface(self, folder: Path, interface: Interface) -> None:
        self._write(
            folder,
            bInterfaceNumber=f"{interface.number:02x}",
            bInterfaceClass=f"{interface.kind:02x}",
            bInterfaceSubClass=f"{interface.subclass:02x}",
            bInterfaceProtocol=f"{interface.protocol:02x}",
        )
        if interface.driver:
            driver = self.sys / "bus" / "usb" / "drivers" / interface.driver
            driver.mkdir(exist_ok=True)
            self._link(folder / "driver", driver)

    def _tty(self, model: UsbModel, device: Path, number: int, target: str, serial: str) -> Path:
        """One serial port, under the lowest free number, as the kernel gives them out."""
        kind = "ttyACM" if model.interface(number).driver == "cdc_acm" else "ttyUSB"
        taken = self._avoid.union(*self._ttys.values())
        name = next(x for x in (f"{kind}{n}" for n in range(256)) if x not in taken)
        self._ttys.setdefault(device.name, []).append(name)
        folder = device / f"{device.name}:1.{number}" / name / "tty" / name
        folder.mkdir(parents=True)
        self._link(self.sys / "class" / "tty" / name, folder)
        words = "_".join(filter(None, (model.manufacturer, model.name, serial)))
        label = f"usb-{words.replace(' ', '_')}-if{number:02d}-port0"
        (self.dev / name).symlink_to(target)
        for place, link in (("by-id", label), ("by-path", f"usb-{device.name}:1.{number}-port0")):
            self._link(self.dev / "serial" / place / link, self.dev / name)
        return self.dev / name

    def _pull(self, socket: str) -> None:
        self._pull_ports(socket)
        (self.sys / "bus" / "usb" / "devices" / socket).unlink(missing_ok=True)
        shutil.rmtree(self.sys / "devices" / "usb1" / socket, ignore_errors=True)

    def _pull_ports(self, socket: str) -> None:
        for name in self._ttys.pop(socket, []):
            for link in [self.dev / name, *(self.dev / "serial").glob("*/*")]:
                if link.name == name or (link.is_symlink() and link.readlink().name == name):
                    link.unlink(missing_ok=True)
            (self.sys / "class" / "tty" / name).unlink(missing_ok=True)

    @staticmethod
    def _write(folder: Path, **files: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text + "\n", encoding="ascii")

    @staticmethod
    def _link(link: Path, target: Path) -> None:
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(target, link.parent))


def _serial(*protocols: int) -> tuple[Interface, ...]:
    return tuple(
        Interface(number, subclass=1, protocol=protocol)
        for number, protocol in enumerate(protocols)
    )


_DISK = Interface(0, kind=0x08, subclass=0x06, protocol=0x50, driver="usb-storage")
_DISKS = tuple(
    Interface(number, kind=0x08, subclass=0x06, protocol=0x50, driver="usb-storage")
    for number in (3, 4)
)

# As they show themselves to `lsusb -v`, by the name of the profile in `profiles`.
HUAWEI = UsbModel(
    "12d1", "1001", "HUAWEI Technology", "HUAWEI Mobile", (*_serial(0x01, 0x03, 0x02), *_DISKS),
    at=2, data=0, mute=(1,),
)  # fmt: skip
HUAWEI_AS_DISK = UsbModel("12d1", "14fe", "HUAWEI Technology", "HUAWEI Mobile", (_DISK,))
SIMCOM = UsbModel(
    "1e0e", "9001", "SimTech, Incorporated", "SimTech SIM7600",
    tuple(Interface(number) for number in range(5)), at=2, data=3, mute=(0, 1),
)  # fmt: skip
SIM800 = UsbModel("10c4", "ea60", "Silicon Labs", "CP2102 USB to UART Bridge Controller", (
    Interface(0, driver="cp210x"),
))  # fmt: skip
QUECTEL = UsbModel(
    "2c7c", "0125", "Quectel", "EC25", tuple(Interface(number) for number in range(4)),
    at=2, data=3, mute=(0, 1),
)  # fmt: skip
MODELS: Mapping[str, UsbModel] = {
    "huawei-e17x": HUAWEI,
    "sim800": SIM800,
    "quectel-ec2x": QUECTEL,
}
