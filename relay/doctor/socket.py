"""Looking at where a modem is plugged in: its USB device, its ports, who holds them."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relay.config import ModemConfig
from relay.core.doctor.seen import PortSeen, UsbSeen
from relay.core.usb import Plugged, SerialPort, in_order
from relay.doctor.world import World
from relay.errors import PortLost
from relay.modem.obstacles import blocked, missing, modem_manager_runs
from relay.modem.port import calls_only, held, holder_of, refused
from relay.modem.sysfs import plugged


class Socket:
    """The socket of one modem. No port is opened here.

    `used` is the port that it had last, `relay` the process that has a right to it.
    """

    def __init__(
        self, world: World, config: ModemConfig, used: Mapping[str, Any], relay: int | None
    ) -> None:
        self._relay = relay
        self._world = world
        self._config = config
        self._used = used
        self._network = "://" in config.port  # then it is one of another computer

    def usb(self) -> UsbSeen:
        binding = self._config.binding
        if self._network:
            return UsbSeen(str(binding), network=True)
        now = plugged(self._world.bus.tree)
        ports = self._ports(now)
        if not ports:
            error = missing(now, binding)
            return UsbSeen(str(binding), code=error.code, detail=error.cause)
        first = ports[0]
        control = self._control(first)
        return UsbSeen(
            str(binding),
            name=first.name,
            usb=first.usb,
            socket=first.usb_path,
            ports=sum(port.device == first.device for port in now.ports),
            sleeps=_read(control) == "auto",
            control=str(control or ""),
        )

    def _ports(self, now: Plugged) -> list[SerialPort]:
        """The serial ports that may be meant, the one that worked last first."""
        binding = self._config.binding
        if binding.fixed:
            if not os.path.lexists(binding.fixed):
                return []
            real = os.path.realpath(binding.fixed)
            same = [port for port in now.ports if os.path.realpath(port.path) == real]
            return same or [SerialPort(binding.fixed)]
        fitting = [p for p in now.ports if binding.means(p.vendor, p.product, p.usb_path)]
        return in_order(fitting, self._last())

    def _last(self) -> SerialPort | None:
        known = {k: self._used[k] for k in SerialPort.__dataclass_fields__ if k in self._used}
        return SerialPort(**known) if known.get("path") else None

    def _control(self, port: SerialPort) -> Path | None:
        """Its power/control: `auto` lets the kernel suspend it, `on` does not."""
        if not port.usb_path:
            return None
        devices = self._world.bus.tree.sys / "bus" / "usb" / "devices"
        return devices / port.usb_path / "power" / "control"

    def port(self) -> PortSeen:
        if self._network:
            return PortSeen(self._config.port)
        ports = self._ports(plugged(self._world.bus.tree))
        if not ports:
            return PortSeen("", code="PORT_MISSING", detail="its port has just gone")
        for port in ports:
            if port.device == ports[0].device and (error := self._obstacle(port)) is not None:
                return PortSeen(port.path, code=error.code, detail=error.cause)
        return PortSeen(ports[0].path)

    def _obstacle(self, port: SerialPort) -> PortLost | None:
        tree = self._world.bus.tree
        if not self._world.may_use(port.path):
            return refused(port.path, PermissionError(errno.EACCES, ""))
        holder = holder_of(port.path, tree.proc)
        if holder and not calls_only(holder) and not holder.endswith(f"(pid {self._relay})"):
            manager = modem_manager_runs(self._world.machine.sys)
            return blocked(held(port.path, holder), port, manager_runs=manager)
        return None


def _read(file: Path | None) -> str:
    try:
        return file.read_text("ascii").strip() if file is not None else ""
    except (OSError, UnicodeDecodeError):
        return ""
