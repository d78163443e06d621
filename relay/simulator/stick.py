"""A modem on a simulated USB bus: several ports, of which one is the right one."""

from __future__ import annotations

import os
import select
import tty
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from relay.simulator.port import PtyPort
from relay.simulator.usb_tree import UsbModel, UsbTree

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem
    from relay.simulator.outlet import Line


class Stick(PtyPort):
    """The port for commands, with the others beside it, in a socket of the bus.

    Plugged in again it has other numbers than before, as a modem whose old port was still open.
    """

    def __init__(
        self,
        modem: SimulatedModem,
        tree: UsbTree,
        socket: str,
        usb: UsbModel,
        *,
        serial: str = "",
        baud: int | None = None,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(modem, baud=baud, timer=timer)
        self.socket = socket
        self.usb = usb
        self._tree = tree
        self._serial = serial
        self._had: set[str] = set()
        self._files: dict[int, str] = {}
        self._plugged = False
        self._mute: list[int] = []
        self._data: _DataPort | None = None
        self._switch: int | None = None  # the pipe behind the file `authorized`
        self._withheld = False

    @property
    def path(self) -> str:
        """The device file of the port for commands, as it is numbered now."""
        return self._files.get(self.usb.at, str(self._tree.dev / "unplugged"))

    def file(self, interface: int) -> str:
        """The device file of another interface."""
        return self._files[interface]

    def come_back(self) -> None:
        super().come_back()
        if self._plugged:
            return
        self._plugged = True
        ttys = {self.usb.at: self.device}
        if self.usb.data is not None:
            self._data = self._data or _DataPort(self.modem).start()
            self._data.come_back()
            ttys[self.usb.data] = self._data.device
        ttys |= {interface: self._muted() for interface in self.usb.mute}
        files = self._tree.plug(
            self.usb, self.socket, dict(sorted(ttys.items())), serial=self._serial, avoid=self._had
        )
        self._files = {interface: str(path) for interface, path in files.items()}
        self._had = {path.name for path in files.values()}
        self._withheld = False
        self._leave_switch()
        self._switch = os.open(self._tree.authorized(self.socket), os.O_RDWR | os.O_NONBLOCK)
        self._epoll.register(self._switch, select.EPOLLIN)

    def _leave_switch(self) -> None:
        switch, self._switch = self._switch, None
        if switch is not None:
            os.close(switch)

    def _event(self, fd: int, mask: int) -> None:
        if fd != self._switch:
            super()._event(fd, mask)
            return
        for byte in os.read(fd, 64):
            self._withheld = byte == ord("0")
            self.modem.authorize(allowed=not self._withheld)

    def hang_up(self) -> None:
        if self._plugged:
            self._plugged = False
            if self._withheld:
                self._tree.withhold(self.socket)
            else:
                self._leave_switch()
                self._tree.unplug(self.socket)
            for descriptor in self._mute:
                os.close(descriptor)
            self._mute.clear()
            if self._data is not None:
                self._data.hang_up()
        super().hang_up()

    def close(self) -> None:
        super().close()
        if self._data is not None:
            self._data.close()

    def _muted(self) -> str:
        """A port that takes everything and says nothing: diagnostics, GPS without a fix."""
        master, slave = os.openpty()
        tty.setraw(slave)
        device = os.ttyname(slave)
        os.close(slave)
        self._mute.append(master)
        return device


class _Beside:
    """A modem as its second port sees it: commands go in, and nothing unasked comes out."""

    def __init__(self, modem: SimulatedModem) -> None:
        self.network = modem.network
        self._modem = modem
        self._line: Line | None = None

    def connect(self, line: Line | None) -> None:
        self._line = line

    def feed(self, data: bytes) -> None:
        self._modem.feed(data, self._line)

    def reopened(self) -> None:
        pass

    def unplug(self) -> None:
        raise NotImplementedError  # it goes with the first port

    replug = unplug


class _DataPort(PtyPort):
    """The second port of a modem that takes commands."""

    def __init__(self, modem: SimulatedModem) -> None:
        super().__init__(_Beside(modem))  # type: ignore[arg-type]  # all that a cable needs of it
