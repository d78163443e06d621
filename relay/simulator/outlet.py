"""What the modem says, on its way to the line: here noise, dribble and cuts get at it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from relay.simulator.schedule import Action, Scheduler


class Line(Protocol):
    """A cable with a port at its other end."""

    def send(self, data: bytes) -> None: ...

    def hang_up(self) -> None:
        """The port vanishes."""
        ...

    def come_back(self) -> None:
        """The port is there again."""
        ...


class Direction(Enum):
    TO_HOST = "to the host"
    TO_MODEM = "to the modem"


@dataclass(slots=True)
class Cut:
    """Something that happens after exactly `left` more bytes went in one direction."""

    direction: Direction
    left: int
    action: Action


@dataclass(frozen=True, slots=True)
class Dribble:
    """`size` bytes at a time, `every_s` apart."""

    size: int = 1
    every_s: float = 0.0


class Outlet:
    """The modem's end of the line. `silent` swallows everything.

    `aside` is a second port of the modem while the host speaks through that one: there it gets
    its answers, and what the modem says by itself goes to `line` all the same.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.line: Line | None = None
        self.aside: Line | None = None
        self.silent = False
        self.line_end = "\r\n"
        self.dribble: Dribble | None = None
        self.cuts: list[Cut] = []
        self._scheduler = scheduler
        self._slow: deque[bytes] = deque()
        self._captured: list[str] | None = None

    def write(self, text: str) -> None:
        """Say `text`, in which \\r\\n stands for this modem's line end."""
        if self._captured is not None:
            self._captured.append(text)
            return
        if self.line_end != "\r\n":
            text = text.replace("\r\n", self.line_end)
        self.write_raw(text.encode("latin-1", "replace"))

    def announce(self, text: str) -> None:
        """Say `text` unasked: at the port for that, whoever asked something last."""
        if self.aside is None or self._captured is not None:
            self.write(text)
        elif self.line is not None and not self.silent:
            self.line.send(text.replace("\r\n", self.line_end).encode("latin-1", "replace"))

    def write_raw(self, data: bytes) -> None:
        """Put these very bytes on the line."""
        if self.silent or self.line is None:
            return
        if self.dribble or self._slow:
            self._write_slowly(data)
        else:
            self._pass(data)

    @contextmanager
    def capture(self) -> Iterator[list[str]]:
        """Collect what is said meanwhile instead of saying it."""
        before, self._captured = self._captured, []
        try:
            yield self._captured
        finally:
            self._captured = before

    def forget(self) -> None:
        """The modem lost power: nothing of what it had to say will come."""
        self.aside = None
        self._slow.clear()

    def meter(self, direction: Direction, data: bytes, move: Callable[[bytes], None]) -> None:
        """Move `data` in one or more pieces, so that each cut happens at its very byte."""
        while cut := next((cut for cut in self.cuts if cut.direction is direction), None):
            piece, data = data[: cut.left], data[cut.left :]
            cut.left -= len(piece)
            if piece:
                move(piece)
            if cut.left:
                return
            self.cuts.remove(cut)
            cut.action()
        if data:
            move(data)

    def _pass(self, data: bytes) -> None:
        if self.cuts:
            self.meter(Direction.TO_HOST, data, self._send)
        else:
            self._send(data)

    def _send(self, data: bytes) -> None:
        line = self.aside or self.line
        if line is not None and not self.silent:
            line.send(data)

    def _write_slowly(self, data: bytes) -> None:
        size = self.dribble.size if self.dribble else len(data)
        idle = not self._slow
        self._slow.extend(data[at : at + size] for at in range(0, len(data), size))
        if idle:
            self._drip()

    def _drip(self) -> None:
        pause = self.dribble.every_s if self.dribble else 0.0
        while self._slow:
            self._pass(self._slow.popleft())
            if pause and self._slow:
                self._scheduler.after(pause, self._drip)
                return
