"""Everything outside of relay that doctor looks at, handed in: tests bring worlds with faults."""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relay.clock import SystemClock
from relay.control.client import ask
from relay.flows.ports import Clock
from relay.modem.discovery import Bus
from relay.modem.sysfs import Tree

_NAME_S = 5.0
_CALL_S = 5.0
_COMMAND_S = 10.0
_HTTP = 80


def resolve(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a name. Raises OSError; `TimeoutError` when nobody answers in time.

    The system's resolver cannot be interrupted, so it is left behind when it takes too long.
    """
    answers: queue.Queue[tuple[str, ...] | OSError] = queue.Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(tuple(dict.fromkeys(str(one[4][0]) for one in found)))
        except OSError as error:
            answers.put(error)
        except UnicodeError:
            answers.put(OSError("this is no name of a computer"))

    threading.Thread(target=ask, name="doctor-dns", daemon=True).start()
    try:
        answer = answers.get(timeout=_NAME_S)
    except queue.Empty:
        raise TimeoutError(f"no answer within {_NAME_S:g} s") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def call(host: str, port: int) -> socket.socket:
    """A TCP connection. Raises OSError."""
    return socket.create_connection((host, port), timeout=_CALL_S)


def run(words: Sequence[str]) -> tuple[int, str] | None:
    """Exit code and output of a program of the system, None where it is not there or hangs."""
    try:
        done = subprocess.run(  # noqa: S603  # words of ours, never a message's
            list(words), capture_output=True, text=True, timeout=_COMMAND_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.returncode, done.stdout + done.stderr


def may_use(path: str) -> bool:
    return os.access(path, os.R_OK | os.W_OK)


@dataclass(frozen=True)
class World:
    """`bus` is where modems are plugged in, `machine` the /sys and /proc of this computer.

    `ask` puts a question to a running relay; `udev` is the folder of the administrator's rules.
    """

    clock: Clock = field(default_factory=SystemClock)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    bus: Bus = field(default_factory=Bus)
    machine: Tree = field(default_factory=Tree)
    udev: Path = Path("/etc/udev/rules.d")
    resolve: Callable[[str, int], tuple[str, ...]] = resolve
    call: Callable[[str, int], socket.socket] = call
    run: Callable[[Sequence[str]], tuple[int, str] | None] = run
    may_use: Callable[[str], bool] = may_use
    ask: Callable[..., Mapping[str, Any]] = ask
    room: Callable[[Path], os.statvfs_result] = os.statvfs
    http_port: int = _HTTP
    trace: Callable[[str, str], None] | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str], clock: Clock, **more: object) -> World:
        """This computer; $RELAY_DEVICES is a folder with the devices of a simulation."""
        return cls(clock=clock, environ=environ, bus=Bus.of(environ), **more)  # type: ignore[arg-type]
