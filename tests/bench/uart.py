"""A serial line that is as slow as a real one, and that counts what crosses it.

The pacing of the simulator keeps the average speed, but lets the beginning of each burst through
at once. Here a byte has arrived when its stop bit has, so that a dialogue of short commands takes
its real time.
"""

from __future__ import annotations

import fcntl
import os
import select
import struct
import termios
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.outlet import Line
from relay.simulator.pacing import Pacer
from relay.simulator.port import PtyPort
from relay.simulator.rules import Verdict

# Bytes pass in pieces of this size, or all at once when fewer are left: 4 ms at 115,200 baud.
_PIECE = 48
_ROOM = 200


class Uart(Pacer):
    """One direction of the line. `pending` counts what waits, where the caller does not know."""

    def __init__(self, baud: int | None, pending: Callable[[], int] | None = None) -> None:
        super().__init__(baud)
        self._pending = pending
        self._due_at = 0.0

    def room(self, now: float, waiting: int) -> int:
        if self._rate is None:
            return waiting
        there = self._pending() if self._pending else waiting
        if there == 0:
            return waiting
        if self._resting:
            self._free_at, self._resting = max(self._free_at, now), False
        crossed = int((now - self._free_at) * self._rate + 0.01)
        piece = min(there, _PIECE)
        self._due_at = self._free_at + piece / self._rate
        return min(there, crossed) if crossed >= piece else 0

    def passed(self, count: int, now: float, *, more: bool) -> None:
        if self._rate is not None:
            self._free_at += count / self._rate
            self._resting = not more

    def wait(self, now: float) -> float:
        return max(1e-6, self._due_at - now)


@dataclass(slots=True)
class Traffic:
    """What crossed the line, in bytes, and how long either side took to answer, in seconds."""

    to_host: int = 0
    to_modem: int = 0
    modem_s: float = 0.0
    host_s: float = 0.0  # from the last byte to the host to its next one
    host_turns: dict[str, list[float]] = field(default_factory=dict)
    first_at: float = 0.0  # monotonic
    last_at: float = 0.0

    @property
    def total(self) -> int:
        return self.to_host + self.to_modem


class WatchedModem(SimulatedModem):
    """Times its own work, and how long each +CMTI waits for the deletion that follows it."""

    def __init__(self, network: Network, number: str, *, profile: str) -> None:
        self.traffic = Traffic()
        self._last_said = ""
        self.delivered: list[str] = []
        self.announced: dict[str, float] = {}
        self.freed_after_s: list[float] = []
        super().__init__(network, number, profile=profile)

    def receive(self, pdu: str) -> Verdict:
        if self.memory("ME").used >= _ROOM:
            return Verdict.REFUSED  # the network waits; a full memory would complain each time
        verdict = super().receive(pdu)
        if verdict is Verdict.TAKEN:
            self.delivered.append(pdu)
        return verdict

    def feed(self, data: bytes, aside: Line | None = None) -> None:
        began = monotonic()
        if data.startswith(b"AT+CMGD="):
            self._freed(data, began)
        super().feed(data, aside)
        self.traffic.modem_s += monotonic() - began
        self.traffic.to_modem += len(data)
        self.traffic.last_at = began

    def _freed(self, data: bytes, now: float) -> None:
        index = data.removeprefix(b"AT+CMGD=").strip().decode("latin-1")
        at = self.announced.pop(index, None)
        if at is not None:
            self.freed_after_s.append(now - at)

    def host_turn(self, seconds: float) -> None:
        """The host took so long to say something after what it was told last."""
        self.traffic.host_s += seconds
        self.traffic.host_turns.setdefault(self._last_said, []).append(seconds)

    def said(self, data: bytes) -> None:
        now = monotonic()
        self.traffic.to_host += len(data)
        self._last_said = data.strip().rpartition(b"\n")[2].decode("latin-1")[:5]
        self.traffic.first_at = self.traffic.first_at or now
        self.traffic.last_at = now
        if data.startswith(b"\r\n+CMTI"):
            self.announced[data.strip().rpartition(b",")[2].decode("latin-1")] = now


class WatchedPort(PtyPort):
    """A pty with two `Uart`s, whose waits are exact to some 50 µs instead of a millisecond."""

    modem: WatchedModem

    def __init__(self, modem: WatchedModem, link: Path, baud: int | None) -> None:
        super().__init__(modem, link, baud=baud)
        self._to_host, self._to_modem = Uart(baud), Uart(baud, self._pending)
        self._host_since: float | None = None

    def send(self, data: bytes) -> None:
        self.modem.said(data)
        super().send(data)

    def _write(self, fd: int, room: int, now: float) -> bool:
        sent = super()._write(fd, room, now)
        self._host_since = None if self._unsent else now
        return sent

    def _event(self, fd: int, mask: int) -> None:
        if mask & select.EPOLLIN and self._host_since is not None:
            self.modem.host_turn(monotonic() - self._host_since)
            self._host_since = None
        super()._event(fd, mask)

    def _pending(self) -> int:
        assert self._fd is not None
        (count,) = struct.unpack("i", fcntl.ioctl(self._fd, termios.FIONREAD, b"\0\0\0\0"))
        return int(count)

    def _run(self) -> None:
        while not self._stopping:
            pause = self._carry()
            select.select([self._epoll.fileno()], [], [], pause)
            for fd, mask in self._epoll.poll(0):
                if fd == self._wake:
                    os.eventfd_read(fd)
                else:
                    self._event(fd, mask)
