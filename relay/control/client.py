"""Asking a running relay. Light: the commands import it, and it imports no library.

answer = ask(config.control.path, "survey", timeout_s=30, modem="usb1")
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from relay.control.words import ANSWER_LIMIT, ControlRefused, read_answer, request
from relay.errors import RelayError

__all__ = ["ControlRefused", "Conversation", "NobodyThere", "ask"]

# sun_path of unix(7), without its NUL.
PATH_LIMIT = 107


@dataclass(eq=False)
class NobodyThere(RelayError):
    """No daemon listens at `path`."""

    path: Path
    cause: str = ""

    def __str__(self) -> str:
        return (
            f"relay is not running, or does not listen at {self.path}. Nothing was done. "
            "Start it: sudo systemctl start relay"
        )


def ask(path: Path, name: str, /, *, timeout_s: float = 10.0, **with_: Any) -> dict[str, Any]:
    """One question and its answer, within `timeout_s`.

    Raises `NobodyThere`, or `ControlRefused` with the daemon's own words (TIMEOUT, FORBIDDEN and
    BAD_ANSWER are this side's).
    """
    with Conversation(path, timeout_s) as conversation:
        return conversation.ask(name, timeout_s=timeout_s, **with_)


class Conversation:
    """Several questions over one connection, which holds what they lock. A context manager."""

    def __init__(self, path: Path, timeout_s: float = 10.0) -> None:
        """Raises `NobodyThere` or `ControlRefused`."""
        self._path = path
        self._timeout_s = timeout_s
        self._rest = b""
        self._line = _connected(path, timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._line.close()

    def ask(self, name: str, /, *, timeout_s: float | None = None, **with_: Any) -> dict[str, Any]:
        """As the function `ask`. None among the values means: not given."""
        given: Mapping[str, Any] = {key: v for key, v in with_.items() if v is not None}
        self._line.settimeout(self._timeout_s if timeout_s is None else timeout_s)
        try:
            self._send(request(name, given))
            return read_answer(self._read())
        except TimeoutError:
            raise _slow() from None

    def _send(self, line: bytes) -> None:
        try:
            self._line.sendall(line)
        except TimeoutError:
            raise
        except OSError:
            pass  # it hung up; what it had to say about that may still be read

    def _read(self) -> bytes:
        while b"\n" not in self._rest:
            try:
                data = self._line.recv(65_536)
            except ConnectionError:
                data = b""
            if not data or len(self._rest) > ANSWER_LIMIT:
                raise NobodyThere(self._path, "it hung up")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line


def _connected(path: Path, timeout_s: float) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # A full queue is waited at by the kernel; a Python timeout would be an error at once.
    whole, part = divmod(timeout_s, 1)
    line.setsockopt(
        socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(whole), int(part * 1e6))
    )
    try:
        line.connect(str(path))
    except PermissionError:
        line.close()
        raise ControlRefused(
            "FORBIDDEN",
            f"This user may not speak with the running relay ({path}). Nothing was done.",
            "Try it with sudo, or join the group: sudo usermod -aG relay $USER (and log in anew)",
        ) from None
    except (BlockingIOError, TimeoutError):
        line.close()
        raise _slow() from None
    except OSError as error:  # not there, nobody listens, or a path that is too long
        line.close()
        raise NobodyThere(path, error.strerror or str(error)) from None
    return line


def _slow() -> ControlRefused:
    return ControlRefused(
        "TIMEOUT",
        "relay runs, and did not answer in time.",
        "Try again in a minute; if it stays so: relay status",
    )
