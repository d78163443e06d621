"""A station under doctor's eyes: a real modem on a pty, a real server, and a computer of files."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

from relay.clock import SystemClock
from relay.core.doctor.graph import Result, roots
from relay.doctor.examination import Report, examine
from relay.doctor.world import World, call, resolve
from relay.modem.discovery import Bus
from relay.modem.sysfs import Tree
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.server import CentralServer
from relay.simulator.stick import Stick
from relay.simulator.usb_tree import HUAWEI, UsbTree
from tests.clinic import Clinic
from tests.station import imei, new_sim

NUMBER = "+254711000000"
UNIT = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "Result": "success",
    "UnitFileState": "enabled",
    "WatchdogUSec": "1min",
}
ROUTES = """\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
wlan0\t00000000\t0108A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
wlan0\t0008A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0
"""


class Now(SystemClock):
    """The computer's clock, which the traces of a daemon cannot put forward."""

    def advance(self, seconds: float) -> None:
        del seconds


class Ward:
    """All is well until a test breaks something. `runs` says whether a relay seems to run."""

    def __init__(self, folder: Path, certificate: Any, *, runs: bool) -> None:
        self.folder, self.runs = folder, runs
        self.network = Network(Now().now)
        self.modem = SimulatedModem(
            self.network, NUMBER, sim=new_sim(NUMBER, "huawei-e17x"), imei=imei(NUMBER)
        )
        self.bus = UsbTree(folder / "devices")
        self.stick = Stick(self.modem, self.bus, "1-1.2", HUAWEI)
        self.server = CentralServer(
            user="gateway", password="secret", certificate=certificate.path, key=certificate.key
        )
        self.url = ""
        self.ca = certificate.path
        self.modem_keys = [f'imei = "{self.modem.imei}"', "wake_timeout_s = 1",
                           "command_timeout_s = 0.5"]  # fmt: skip
        self.unit: dict[str, str] | None = dict(UNIT)
        self.resolve: Callable[[str, int], tuple[str, ...]] = resolve
        self.call: Callable[[str, int], socket.socket] = call
        self.may_use: Callable[[str], bool] = lambda _: True
        self.room: Callable[[Path], Any] = os.statvfs
        self.http_port = 9  # discard: nobody answers
        self.ran: list[tuple[str, ...]] = []
        self.sys, self.proc = folder / "machine" / "sys", folder / "machine" / "proc"
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self.network)
        self._open.enter_context(self.stick)
        self._open.enter_context(self.server)
        self._computer()
        self.clinic = self._open.enter_context(Clinic(self.folder, self.toml()))
        self.clinic.clock = Now()  # type: ignore[assignment]  # it need not be put forward
        self.clinic.put(
            modem__usb1__port={"path": self.stick.path, "usb_path": "1-1.2", "imei": imei(NUMBER)}
        )
        if self.runs:
            self.clinic.works()
        else:
            self.clinic.put(daemon={"pid": 1, "state": "stopped"}, daemon__beat={})
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    # --- the computer ---------------------------------------------------------------------------

    def _computer(self) -> None:
        self.write("sys/class/net/lo/operstate", "unknown")
        self.write("sys/class/net/wlan0/operstate", "up")
        self.write("proc/net/route", ROUTES)
        self.write("sys/class/power_supply/AC/type", "Mains")
        self.write("sys/class/power_supply/AC/online", "1")
        self.write("sys/class/power_supply/BAT0/type", "Battery")
        self.write("sys/class/power_supply/BAT0/capacity", "61")
        self.write("sys/class/power_supply/BAT0/status", "Charging")

    def write(self, name: str, text: str) -> Path:
        """A file of the kernel's, under sys/ or proc/."""
        path = self.folder / "machine" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n" * (not text.endswith("\n")), "utf-8")
        return path

    def device(self, name: str, text: str) -> None:
        """A file of the modem's USB device."""
        path = self.bus.sys / "devices" / "usb1" / "1-1.2" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", "ascii")

    def holds_port(self, program: str) -> None:
        """Another process has the modem's port open."""
        self.write("proc/4711/comm", program)
        link = self.proc / "4711" / "fd" / "3"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.realpath(self.stick.path))

    def systemctl(self, words: Sequence[str]) -> tuple[int, str] | None:
        self.ran.append(tuple(words))
        if words[:2] != ("systemctl", "show"):
            return 0, ""
        if self.unit is None:
            return None
        return 0, "".join(f"{key}={value}\n" for key, value in self.unit.items())

    # --- the configuration ----------------------------------------------------------------------

    def toml(self) -> str:
        url = self.url or self.server.url.replace("127.0.0.1", "localhost")
        ca = [f'ca_file = "{self.ca}"'] if self.ca and url.startswith("https") else []
        lines = [
            "[gateway]", 'name = "Mwase clinic"', "[store]", 'path = "state/relay.db"',
            "[modem.usb1]", *self.modem_keys,
            "[server.main]", f'url = "{url}"', 'user = "gateway"', 'password = "secret"', *ca,
        ]  # fmt: skip
        return "\n".join(lines) + "\n"

    def rewrite(self, text: str = "") -> None:
        """The configuration, as it is changed by a person."""
        self.clinic.path.write_text(text or self.toml(), "utf-8")
        self.clinic.path.chmod(0o600)

    # --- the examination ------------------------------------------------------------------------

    def world(self) -> World:
        tree = Tree(self.bus.dev, self.bus.sys, self.proc)
        return World(
            clock=self.clinic.clock,
            environ={},
            bus=Bus(tree),
            machine=Tree(self.bus.dev, self.sys, self.proc),
            udev=self.folder / "udev",
            resolve=self.resolve,
            call=self.call,
            run=self.systemctl,
            may_use=self.may_use,
            room=self.room,
            http_port=self.http_port,
        )

    def examine(self, *names: str) -> Report:
        return examine(self.world(), str(self.clinic.path), names)

    def roots(self) -> list[Result]:
        """The faults; that relay was stopped to free the modem is not one of them."""
        found = list(roots(self.examine().results))
        if not self.runs and self.unit == UNIT:
            stopped = [one for one in found if one.finding.code == "DAEMON_STOPPED"]
            found = [one for one in found if one not in stopped]
        return found


def room(**changes: int) -> Callable[[Path], Any]:
    """What statvfs says of a disk with 18 GB free."""
    usual = {"f_bavail": 18_000, "f_frsize": 1_000_000, "f_flag": 0, "f_files": 10**6,
             "f_favail": 10**6}  # fmt: skip
    return lambda _: SimpleNamespace(**{**usual, **changes})


def nobody(error: OSError) -> Callable[[str, int], Any]:
    def fails(host: str, port: int) -> Any:
        del host, port
        raise error

    return fails


__all__ = ["NUMBER", "UNIT", "Now", "Ward", "nobody", "room"]
