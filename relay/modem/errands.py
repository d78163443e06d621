"""The driver's smaller errands: what is asked of SIM and network beside messages."""

from __future__ import annotations

from abc import ABC, abstractmethod

from relay.core.device import MemoryUse
from relay.modem.bringup import imsi_of
from relay.modem.calls import hang_up
from relay.modem.centre import set_centre
from relay.modem.opened import Opened
from relay.modem.unlocking import pin_tries


class Errands(ABC):
    """A part of `GsmDriver`. Everything may raise `PortLost` or `NoReply`."""

    @abstractmethod
    def _open_line(self) -> Opened:
        """Raises `PortLost` where the modem is not open."""

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
