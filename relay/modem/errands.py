"""The driver's smaller errands: what is asked of SIM and network beside messages."""

from __future__ import annotations

from abc import ABC, abstractmethod

from relay.core.device import MemoryUse
from relay.modem.bringup import imsi_of
from relay.modem.calls import hang_up
from relay.modem.centre import set_centre
from relay.modem.discovery import Finder
from relay.modem.opened import Opened
from relay.modem.unlocking import pin_tries
from relay.modem.wire import Wire

_WAKE_TRIES, _WAKE_S = 3, 1.0


class Errands(ABC):
    """A part of `GsmDriver`. Everything may raise `PortLost` or `NoReply`."""

    _finder: Finder
    _up: Opened | None
    _port: str

    @abstractmethod
    def _open_line(self) -> Opened:
        """Raises `PortLost` where the modem is not open."""

    @abstractmethod
    def _new_wire(self) -> Wire:
        """To `_port`."""

    def converse(self, command: str, timeout_s: float) -> list[str]:
        """One command as a person typed it; the lines of its answer. Raises `Refused`.

        A modem that is not open, as one without its PIN, is spoken to all the same: its port is
        opened for the one command, and nothing is set up.
        """
        if self._up is not None:
            return self._up.session.wire.execute(command, timeout_s)
        self._port = self._finder.find()
        wire = self._new_wire()
        try:
            wire.open()
            for _ in range(_WAKE_TRIES):
                if wire.probe("AT", _WAKE_S):
                    break
            return wire.execute(command, timeout_s)
        finally:
            wire.close()
            self._finder.leave()

    def memories(self) -> tuple[MemoryUse, ...]:
        """How full each memory was when it was last looked at; never touches the port."""
        return self._open_line().storage.use

    def imsi(self) -> str:
        """The IMSI of the SIM that is in it now; empty where it would not say."""
        return imsi_of(self._open_line().session)

    def hang_up(self) -> None:
        """End the call that rings. Raises `Refused` where the modem knows no way."""
        hang_up(self._open_line().session)

    def pin_tries(self) -> int | None:
        """How many PIN tries the SIM has left; None where the modem does not tell."""
        up = self._open_line()
        return pin_tries(up.session, up.setup.profile.tries_left)

    def set_centre(self, number: str) -> bool:
        """Tell the SIM its service centre; whether it reads the same afterwards."""
        return set_centre(self._open_line().session, number)
