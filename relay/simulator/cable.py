"""The cable: one thread carries bytes between a file descriptor and a modem, at a line's speed.

The thread sleeps until something moves. What the descriptor is, is in `relay.simulator.port`.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

from relay.simulator.pacing import Pacer

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem

READ_SIZE = 65536
# What nobody reads is lost beyond this, as in the buffers of a USB modem.
UNREAD_LIMIT = 256 * 1024
_WATCHED = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET


class Cable:
    """One end of a cable whose other end is the modem. A context manager."""

    def __init__(
        self,
        modem: SimulatedModem,
        *,
        baud: int | None = None,
        timer: Callable[[], float] = monotonic,
    ) -> None:
        self.modem = modem
        self._timer = timer
        self._to_host, self._to_modem = Pacer(baud), Pacer(baud)
        self._lock = threading.Lock()  # guards what follows, down to the blank line
        self._fd: int | None = None
        self._unsent = bytearray()
        self._readable = False
        self._congested = False
        self._deaf = False

        self._epoll: select.epoll
        self._wake: int
        self._thread: threading.Thread | None = None
        self._stopping = False

    @property
    def path(self) -> str:
        """What to give to pyserial."""
        raise NotImplementedError

    # --- life -------------------------------------------------------------------------------

    def start(self) -> Self:
        """Open the port and begin to carry bytes."""
        self._epoll, self._wake = select.epoll(), os.eventfd(0, os.EFD_NONBLOCK)
        self._epoll.register(self._wake, select.EPOLLIN)
        self.come_back()
        self.modem.connect(self)
        self.modem.network.start()
        self._thread = threading.Thread(target=self._run, name="simulator-cable")
        self._thread.start()
        return self

    def close(self) -> None:
        """Take the port away for good and end the thread. Safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self.modem.connect(None)
        self._stopping = True
        self._ring()
        thread.join()
        self.hang_up()
        self.modem.network.stop()
        self._epoll.close()
        os.close(self._wake)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def unplug(self) -> None:
        """Pull the modem out: the port is gone when this returns."""
        self.modem.unplug()

    def replug(self) -> None:
        self.modem.replug()

    def stop_reading(self) -> None:
        """Take nothing more from the host: its writes fill the line's buffer, then block."""
        with self._lock:
            self._deaf = True

    def read_on(self) -> None:
        with self._lock:
            self._deaf = False
        self._ring()

    # --- the line, as the modem sees it -----------------------------------------------------

    def send(self, data: bytes) -> None:
        """Bytes for the host. They are lost if the port is closed, as on a USB modem."""
        with self._lock:
            if self._fd is None or self._host_is_away(self._fd):
                return
            if len(self._unsent) < UNREAD_LIMIT:
                self._unsent += data
        if threading.current_thread() is not self._thread:
            self._ring()

    def hang_up(self) -> None:
        """The port vanishes; what was on its way still leaves, if it fits."""
        with self._lock:
            self._leave()
            self._drop()

    def come_back(self) -> None:
        raise NotImplementedError

    # --- file descriptors -------------------------------------------------------------------

    def _use(self, fd: int) -> None:
        """Carry bytes from and to this descriptor; needs the lock."""
        os.set_blocking(fd, False)
        self._fd, self._readable, self._congested = fd, False, False
        self._epoll.register(fd, _WATCHED)

    def _drop(self) -> None:
        """Close the descriptor; needs the lock."""
        fd, self._fd = self._fd, None
        self._unsent.clear()
        self._readable = False
        if fd is not None:
            os.close(fd)

    def _leave(self) -> None:
        """Write what fits of what is unsent; needs the lock."""
        if self._fd is not None and self._unsent:
            with suppress(OSError):
                os.write(self._fd, self._unsent)

    def _host_is_away(self, fd: int) -> bool:
        """Whether nobody holds the other end: then a write would wait there for the next one."""
        poll = select.poll()
        poll.register(fd, 0)
        return bool(poll.poll(0))

    # --- the thread -------------------------------------------------------------------------

    def _ring(self) -> None:
        os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        while not self._stopping:
            pause = self._carry()
            for fd, mask in self._epoll.poll(pause):
                if fd == self._wake:
                    os.eventfd_read(fd)
                else:
                    self._event(fd, mask)

    def _carry(self) -> float | None:
        """Move everything that may move now; returns seconds until more may, None: on an event."""
        while not self._stopping:
            sent, until_send = self._send_some()
            heard, until_read = self._read_some()
            if heard:
                if self._opened_again():
                    self.modem.reopened()
                self.modem.feed(heard)
            elif not sent:
                return min((at for at in (until_send, until_read) if at), default=None)
        return None

    def _send_some(self) -> tuple[bool, float | None]:
        with self._lock:
            if self._fd is None or not self._unsent or self._congested:
                return False, None
            if self._host_is_away(self._fd):
                self._unsent.clear()
                return False, None
            now = self._timer()
            room = self._to_host.room(now, len(self._unsent))
            if room == 0:
                return False, self._to_host.wait(now)
            return self._write(self._fd, room, now), None

    def _write(self, fd: int, room: int, now: float) -> bool:
        try:
            count = os.write(fd, self._unsent[:room])
        except BlockingIOError:
            self._congested = True
            return False
        except OSError:
            self._unsent.clear()
            return False
        del self._unsent[:count]
        self._to_host.passed(count, now, more=bool(self._unsent))
        return True

    def _read_some(self) -> tuple[bytes, float | None]:
        with self._lock:
            if self._fd is None or not self._readable or self._deaf:
                return b"", None
            now = self._timer()
            room = self._to_modem.room(now, READ_SIZE)
            if room == 0:
                return b"", self._to_modem.wait(now)
            data = self._read(self._fd, room)
            self._readable = bool(data)
            self._to_modem.passed(len(data), now, more=self._readable)
            return data, None

    def _read(self, fd: int, room: int) -> bytes:
        try:
            data = os.read(fd, room)
        except BlockingIOError:
            return b""
        except OSError:  # EIO: the host has closed a pseudo-terminal
            data = b""
        if not data:
            self._ended()
        return data

    def _ended(self) -> None:
        """The host closed its end; needs the lock."""

    def _opened_again(self) -> bool:
        """Whether another host, or the same anew, is at the other end since the last call."""
        return False

    def _event(self, fd: int, mask: int) -> None:
        with self._lock:
            if fd == self._fd:
                self._readable = self._readable or bool(mask & select.EPOLLIN)
                self._congested = self._congested and not mask & select.EPOLLOUT
