"""An opened line with its patience: how commands are asked that may be refused or left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from relay.errors import NoReply, Refused
from relay.modem.patience import Patience
from relay.modem.wire import Wire

# Answers that mean "wait": TS 27.007 CME 14, TS 27.005 CMS 314, and 515 of many families.
_BUSY = {("CME", 14), ("CMS", 314), ("CMS", 515), ("CME", 515)}
_BUSY_TRIES = 5
# An optional command that was not answered so often is left alone until the next opening.
_UNANSWERED = 2


@dataclass(slots=True)
class Session:
    """Only used by the modem thread."""

    wire: Wire
    patience: Patience
    _unanswered: Counter[str] = field(default_factory=Counter)

    def ask(
        self, command: str, timeout: float | None = None, quiet: float | None = None
    ) -> list[str]:
        """The answer's lines; a busy modem is asked again a few times, then the refusal stands.

        Raises `Refused`, `NoReply` or `PortLost`.
        """
        limit = self.patience.command_s if timeout is None else timeout
        for _ in range(_BUSY_TRIES - 1):
            try:
                return self.wire.execute(command, limit, quiet)
            except Refused as error:
                if (error.family, error.code) not in _BUSY:
                    raise
            self.wire.pause(self.patience.pause_s)
        return self.wire.execute(command, limit, quiet)

    def ask_if_known(self, command: str, timeout: float | None = None) -> list[str] | None:
        """The answer's lines, or None where the modem refuses or does not answer this one.

        Raises `PortLost`, and `NoReply` when the modem answers nothing at all any more.
        """
        if self._unanswered[command] >= _UNANSWERED:
            return None
        try:
            return self.ask(command, timeout)
        except Refused:
            return None
        except NoReply:
            if not self.wire.in_step:
                raise
            self._unanswered[command] += 1
            return None
