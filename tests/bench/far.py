"""The far side in a process of its own: modem, network and central server.

Nothing of it shares the interpreter's lock, or the processor's time, with the daemon that is
measured.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event
from time import monotonic
from types import TracebackType
from typing import Any, Self

from relay.clock import SystemClock
from relay.simulator.network import Network
from relay.simulator.rules import ReportRule
from relay.simulator.server import CentralServer
from tests.bench.uart import Traffic, WatchedModem, WatchedPort

OWN, OTHER = "+254711000000", "+254700000001"
USER, PASSWORD = "gateway", "gateway"
_PATIENCE_S = 120.0

# 140 characters of a report form, as a health worker types it
TEXT = (
    "P {n:05d} 21 F 07 1989 G2 P1 LMP 12 03 2026 EDD 17 12 2026 BP 110 70 HB 11.2 WT 58.5 "
    "MUAC 24.5 VISIT 2 REFER N NOTES next visit on the 14th of June"
)


def text(n: int) -> str:
    return TEXT.format(n=n)[:140]


class _FarSide:
    """What the pipe calls; every method returns something that can be pickled."""

    def __init__(self, network: Network, modem: WatchedModem, server: CentralServer) -> None:
        self.network, self.modem, self.server = network, modem, server

    def url(self) -> str:
        return self.server.url

    def delivery_reports(self, wanted: bool) -> None:
        self.network.reports = ReportRule() if wanted else ReportRule.absent()

    def forget(self) -> None:
        self.modem.traffic = Traffic()
        self.modem.freed_after_s.clear()
        self.modem.delivered.clear()
        self.network.submissions.clear()

    def traffic(self) -> Traffic:
        return self.modem.traffic

    def text_in(self, first: int, count: int) -> None:
        """All at once; what the modem's memory cannot hold waits in the network."""
        handset = self.network.handset(OTHER)
        for n in range(first, first + count):
            handset.send(text(n), to=OWN)

    def trickle(self, first: int, count: int, every_s: float) -> list[float]:
        """One by one; how long each took from +CMTI to the deletion after the commit."""
        handset, never = self.network.handset(OTHER), Event()
        self.modem.freed_after_s.clear()
        for n in range(first, first + count):
            handset.send(text(n), to=OWN)
            never.wait(every_s)
        return list(self.modem.freed_after_s)

    def freed(self) -> int:
        return len(self.modem.freed_after_s)

    def held(self) -> int:
        """Messages for the modem that its host has not taken over and deleted yet."""
        names = set(self.modem.memory_names) - set(self.modem.profile.memory_alias)
        stored = sum(self.modem.memory(name).used for name in names)
        return stored + self.network.smsc.waiting(OWN)

    def emptied(self) -> int:
        """1 when none is held."""
        return int(self.held() == 0)

    def submitted(self) -> int:
        return len(self.network.submissions)

    def submissions(self) -> list[tuple[int, str]]:
        """When each was accepted (epoch ms), and its PDU."""
        return [(one.at, one.pdu) for one in self.network.submissions]

    def delivered_pdus(self) -> list[str]:
        """Every SMS-DELIVER that was put into the modem's memory since `forget`."""
        return self.modem.delivered

    def queue(self, first: int, count: int) -> None:
        """To many handsets: within a second TP-MR, one octet, must not come round for any."""
        for n in range(first, first + count):
            self.server.queue(f"m{n}", f"+2547000{n // 100:05d}", text(n))

    def finished(self) -> int:
        """Reports that the server has, and messages that it knows as delivered."""
        states = self.server.states.values()
        return len(self.server.reports) + sum(state == "delivered" for state in states)

    def requests(self) -> list[tuple[int, int, int]]:
        """Of every request: bytes in, bytes out, the client's port."""
        return [(one.bytes_in, one.bytes_out, one.peer) for one in self.server.requests]


def _serve(pipe: Connection, link: Path, baud: int | None, profile: str) -> None:
    network = Network(SystemClock().now)
    modem = WatchedModem(network, OWN, profile=profile)
    with (
        network,
        WatchedPort(modem, link, baud),
        CentralServer(user=USER, password=PASSWORD) as server,
    ):
        far = _FarSide(network, modem, server)
        pipe.send(None)
        while (call := pipe.recv()) is not None:
            name, args = call
            pipe.send(getattr(far, name)(*args))


class FarSide:
    """The handle on that process. A context manager."""

    def __init__(self, folder: Path, *, baud: int | None, profile: str = "quectel-ec2x") -> None:
        self.link = folder / "ttyMODEM"
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs, self.link, baud, profile))

    def __enter__(self) -> Self:
        self._process.start()
        self._pipe.recv()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipe.send(None)
        self._process.join(10)
        self._pipe.close()

    def ask(self, name: str, *args: Any) -> Any:
        self._pipe.send((name, args))
        return self._pipe.recv()

    def until(self, name: str, count: int, every_s: float = 0.1) -> None:
        """Ask until the answer is at least `count`. Raises `TimeoutError`."""
        never, end = Event(), monotonic() + _PATIENCE_S
        seen: deque[Any] = deque(maxlen=1)
        while monotonic() < end:
            seen.append(self.ask(name))
            if seen[0] >= count:
                return
            never.wait(every_s)
        raise TimeoutError(f"{name} stayed at {seen} and never reached {count}")
