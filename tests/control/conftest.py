"""A listener in a thread of its own, as the daemon has it, and clients on real sockets."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from relay.clock import SystemClock
from relay.control.listener import Limits, Listener
from relay.control.peer import Peer
from relay.control.promise import Answer, Promise, result
from relay.control.words import Request
from relay.workers import Worker


class FakeClerk:
    """Answers pings at once and surveys when a test says so; `held` counts who holds something."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.promised: list[Future[Any]] = []
        self.peers: list[Peer] = []
        self.gone = threading.Semaphore(0)
        self.promise_s = 20.0
        self.answers: Answer = {"pong": True}

    def answer(self, request: Request, peer: Peer) -> Answer | Promise:
        self.asked.append(request)
        self.peers.append(peer)
        if request.ask == "survey":
            self.promised.append(Future())
            return Promise(
                [self.promised[-1]], lambda done: result(done[0], "Modem x"), self.promise_s
            )
        return self.answers

    def holds(self, peer: Peer) -> bool:
        return False

    def left(self, peer: Peer) -> None:
        self.gone.release()


class Running:
    """A listener that runs; `client()` makes connections that end with the test."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self.clerk = FakeClerk()
        clock = SystemClock()
        self.listener = Listener(path, self.clerk, clock.monotonic, limits)
        self.listener.open()
        self._stop = threading.Event()
        self.worker = Worker(
            "control", self.listener.step, bell=self.listener, stop=self._stop,
            monotonic=clock.monotonic,
        )  # fmt: skip
        self.worker.start()
        self._open = ExitStack()

    def client(self, line: bytes = b"") -> socket.socket:
        made = self._open.enter_context(closing(socket.socket(socket.AF_UNIX)))
        made.connect(str(self.path))  # without a time limit it waits for a place in the queue
        made.settimeout(20)
        if line:
            made.sendall(line)
        return made

    def end(self) -> None:
        self._open.close()
        self._stop.set()
        self.worker.wake()
        assert self.worker.join(20)
        assert self.worker.health(0).crashes == 0
        self.listener.close()


def hear(line: socket.socket) -> dict[str, Any]:
    """The next answer on a connection; {} when it was hung up instead."""
    data = b""
    while not data.endswith(b"\n"):
        try:
            more = line.recv(65_536)
        except ConnectionError:
            return {}
        if not more:
            return {}
        data += more
    found: dict[str, Any] = json.loads(data)
    return found


@pytest.fixture
def running(place: Path) -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def make(**limits: Any) -> Running:
        made.append(Running(place / "control.sock", Limits(**limits)))
        return made[-1]

    yield make
    for one in made:
        one.end()
