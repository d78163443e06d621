"""The two ports of a simulated modem: a pseudo-terminal, and TCP for socket:// URLs."""

from __future__ import annotations

import os
import select
import socket
import tty
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from relay.simulator.cable import Cable
from relay.simulator.openings import Openings

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem


class PtyPort(Cable):
    """A real pty under a stable name: `link` points to wherever the modem is plugged in now.

    Unplugged, the link is gone and an open port hangs up. Plugged in again, it is another pty, as
    a USB modem comes back as another ttyUSB. The host may close, die and open it at any time.
    """

    def __init__(
        self,
        modem: SimulatedModem,
        link: str | Path | None = None,
        *,
        baud: int | None = None,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(modem, baud=baud, timer=timer)
        self.link = Path(link) if link is not None else None
        self.device = ""
        self._openings: Openings | None = None

    @property
    def path(self) -> str:
        """What to open: the link if there is one, else the pty itself."""
        return str(self.link) if self.link is not None else self.device

    def come_back(self) -> None:
        with self._lock:
            if self._fd is not None:
                return
            master, device = _another_pty(self.device)
            self.device, self._openings = device, Openings(device)
            self._use(master)
        if self.link is not None:
            self.link.parent.mkdir(parents=True, exist_ok=True)
            fresh = self.link.with_name(f".{self.link.name}.new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(device)
            fresh.replace(self.link)

    def hang_up(self) -> None:
        if self.link is not None and _points_to(self.link, self.device):
            self.link.unlink()
        super().hang_up()
        with self._lock:
            if self._openings is not None:
                self._openings.close()
                self._openings = None

    def _opened_again(self) -> bool:
        with self._lock:
            again = self._openings is not None and self._openings.opened_again()
            if again:
                self._unsent.clear()  # it was meant for the one who is gone
            return again


def _points_to(link: Path, device: str) -> bool:
    """Whether the name is still ours: another simulation may have taken it over."""
    return link.is_symlink() and str(link.readlink()) == device


def _another_pty(last: str) -> tuple[int, str]:
    """A new pty in raw mode, whose name differs from the last one."""
    master, slave = os.openpty()
    device = os.ttyname(slave)
    if device == last:
        other = _another_pty("")
        os.close(master)
        os.close(slave)
        return other
    tty.setraw(slave)
    os.close(slave)
    return master, device


class TcpPort(Cable):
    """Listens on `host`:`port` (0: any free one). One host at a time; others are turned away."""

    def __init__(
        self,
        modem: SimulatedModem,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        baud: int | None = None,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(modem, baud=baud, timer=timer)
        self.host, self.port = host, port
        self._listener: socket.socket | None = None

    @property
    def path(self) -> str:
        """The URL for pyserial."""
        return f"socket://{self.host}:{self.port}"

    def come_back(self) -> None:
        with self._lock:
            if self._listener is not None:
                return
            self._listener = socket.create_server((self.host, self.port))
            self._listener.setblocking(False)
            self.port = self._listener.getsockname()[1]
            self._epoll.register(self._listener.fileno(), select.EPOLLIN)

    def hang_up(self) -> None:
        with self._lock:
            listener, self._listener = self._listener, None
            if listener is not None:
                listener.close()
        super().hang_up()

    def _event(self, fd: int, mask: int) -> None:
        if self._listener is not None and fd == self._listener.fileno():
            self._accept()
            return
        super()._event(fd, mask)

    def _ended(self) -> None:
        self._drop()

    def _accept(self) -> None:
        with self._lock:
            self._readable = self._fd is not None
        self._carry()  # the last words of the one before
        with self._lock:
            if self._listener is None:
                return
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._fd is not None:
                connection.close()
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._use(connection.detach())
        self.modem.reopened()
