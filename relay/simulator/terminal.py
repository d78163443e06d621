"""A host without a port: type at a modem and see what it says, in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relay.simulator.modem import SimulatedModem


class Terminal:
    """The other end of the cable, for tests, drills and the console's `at` command."""

    def __init__(self, modem: SimulatedModem) -> None:
        self.plugged = True
        self._modem = modem
        self._heard = bytearray()
        modem.connect(self)

    def send(self, data: bytes) -> None:
        self._heard += data

    def hang_up(self) -> None:
        self.plugged = False

    def come_back(self) -> None:
        self.plugged = True

    def heard(self) -> bytes:
        """Everything that the modem said since the last time."""
        with self._modem.lock:
            data = bytes(self._heard)
            self._heard.clear()
        return data

    def type(self, data: bytes) -> bytes:
        """Send bytes; returns what the modem says to them. What it said before is forgotten."""
        self.heard()
        self._modem.feed(data)
        return self.heard()

    def say(self, line: str) -> list[str]:
        """Send a command line; returns the lines of the reply, without empty ones."""
        return lines(self.type(line.encode() + b"\r"))


def lines(data: bytes) -> list[str]:
    """The lines in `data`, without empty ones."""
    return [line for line in data.decode("latin-1").replace("\r", "\n").split("\n") if line]
