"""Where the lines of the control prompt come from: a person, a pipe, a Unix socket.

One loop serves them all, without a thread. Over the socket a line is text, answered by text and
a line with a dot; or a JSON object {"command": "…"}, answered by {"output": "…"}.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from relay.simulator.prompt import Console

_READ = 65536
_SEND_WITHIN_S = 5.0
# A signal that comes just before the wait does not end it: Python sees to it after the wait.
_LOOK_S = 0.5


@dataclass(slots=True)
class Speaker:
    """Someone who says lines: a descriptor, and how to answer."""

    fd: int
    answer: Callable[[str], None]
    close: Callable[[], None]
    prompted: bool = False
    unfinished: bytearray = field(default_factory=bytearray)

    def lines(self) -> list[str] | None:
        """The lines that are complete by now; None at the end of the input."""
        data = os.read(self.fd, _READ)
        if not data:
            return None
        *whole, rest = (bytes(self.unfinished) + data).split(b"\n")
        self.unfinished[:] = rest
        return [line.decode(errors="replace") for line in whole]


class Conversation:
    """Listens until somebody says quit. `person` is a descriptor, usually standard input."""

    def __init__(
        self,
        console: Console,
        *,
        person: int | None = None,
        say: Callable[[str], None],
        ask: Callable[[], None] = lambda: None,
        control: Path | None = None,
    ) -> None:
        self._console = console
        self._ask = ask
        self._control = control
        self._selector = selectors.SelectSelector()  # unlike epoll, it takes plain files too
        self._listener: socket.socket | None = None
        if person is not None:
            self._listen_to(Speaker(person, say, lambda: None, prompted=True))

    def run(self) -> None:
        """Obey until it is over; takes the control socket away at the end."""
        try:
            if self._control is not None:
                self._listener = _listen(self._control)
                self._selector.register(self._listener, selectors.EVENT_READ)
            self._ask()
            while not self._console.over:
                for key, _ in self._selector.select(_LOOK_S):
                    self._attend(key.data)
        finally:
            self._close()

    def _attend(self, speaker: Speaker | None) -> None:
        if speaker is None:
            self._accept()
            return
        try:
            lines = speaker.lines()
            if lines is None:
                self._dismiss(speaker)
                return
            for line in lines:
                speaker.answer(self._reply(line))
            if speaker.prompted and lines and not self._console.over:
                self._ask()
        except OSError:  # the other side is gone
            self._dismiss(speaker)

    def _reply(self, line: str) -> str:
        if not line.lstrip().startswith("{"):
            return self._console.execute(line)
        try:
            command = json.loads(line)["command"]
        except (ValueError, KeyError, TypeError):
            return json.dumps({"error": 'expected {"command": "..."}; nothing was done'})
        return json.dumps({"output": self._console.execute(str(command))})

    def _accept(self) -> None:
        assert self._listener is not None
        connection, _ = self._listener.accept()
        connection.settimeout(_SEND_WITHIN_S)

        def answer(text: str) -> None:
            end = "" if text.startswith("{") else ".\n"
            connection.sendall(f"{text}\n{end}".encode())

        self._listen_to(Speaker(connection.fileno(), answer, connection.close))

    def _listen_to(self, speaker: Speaker) -> None:
        self._selector.register(speaker.fd, selectors.EVENT_READ, speaker)

    def _dismiss(self, speaker: Speaker) -> None:
        self._selector.unregister(speaker.fd)
        speaker.close()

    def _close(self) -> None:
        for key in list(self._selector.get_map().values()):
            if isinstance(key.data, Speaker):
                self._dismiss(key.data)
        self._selector.close()
        if self._listener is not None and self._control is not None:
            self._listener.close()
            self._control.unlink(missing_ok=True)


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # of a simulation that was killed
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    path.chmod(0o600)
    listener.listen()
    return listener
