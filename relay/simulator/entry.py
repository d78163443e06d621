"""What a modem makes of the bytes that come down the line: lines, PDUs, an abort. Pure.

It can be fed in pieces of any size; the result is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

CTRL_Z, ESC = 0x1A, 0x1B
_ERASE = b"\x08\x7f"
_END_OF_BODY = bytes((CTRL_Z, ESC))
MAX_BACKLOG = 64 * 1024


class Kind(Enum):
    LINE = "line"
    BODY = "body"
    ABORT = "abort"
    PARTIAL = "partial"  # nothing but an echo


@dataclass(frozen=True, slots=True)
class Taken:
    """One piece of input, with what the modem echoes of it if echo is on."""

    kind: Kind
    data: bytes = b""
    echo: bytes = b""


class Entry:
    """Collects input. In the body of a message only Ctrl-Z and ESC mean anything."""

    def __init__(self) -> None:
        self.in_body = False
        self._backlog = bytearray()
        self._echoed = 0

    def push(self, data: bytes) -> None:
        """More bytes; what no buffer could hold is lost, as on a real UART."""
        self._backlog += data[: MAX_BACKLOG - len(self._backlog)]

    def clear(self) -> None:
        """Forget everything: the modem restarted."""
        self.in_body = False
        self._backlog.clear()
        self._echoed = 0

    def take(self) -> Taken | None:
        """The next piece, or None if there is nothing more to say about what came so far."""
        end = self._end()
        if end is None:
            return self._partial()
        data, last = bytes(self._backlog[:end]), self._backlog[end]
        echo = bytes(self._backlog[self._echoed : end])
        del self._backlog[: end + 1]
        self._echoed = 0
        if not self.in_body:
            return Taken(Kind.LINE, tidy(data), echo + b"\r")
        self.in_body = False
        kind = Kind.ABORT if last == ESC else Kind.BODY
        return Taken(kind, data, echo)

    def _end(self) -> int | None:
        if not self.in_body:
            place = self._backlog.find(b"\r")
            return None if place < 0 else place
        places = [place for place in map(self._backlog.find, _END_OF_BODY) if place >= 0]
        return min(places, default=None)

    def _partial(self) -> Taken | None:
        if self._echoed == len(self._backlog):
            return None
        echo = bytes(self._backlog[self._echoed :])
        self._echoed = len(self._backlog)
        return Taken(Kind.PARTIAL, echo=echo)


def tidy(line: bytes) -> bytes:
    """A command line as the modem reads it: erased characters gone, control characters ignored."""
    if line.isascii() and line.isalnum():
        return line
    kept = bytearray()
    for byte in line:
        if byte in _ERASE:
            del kept[-1:]
        elif byte >= 0x20:
            kept.append(byte)
    return bytes(kept)
