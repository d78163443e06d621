"""What exists between the opening of a modem and its loss: the session, its set-up, its memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relay.core.device import Identity, Restarted, Unsolicited, Urc
from relay.core.replies import flag
from relay.core.urc import is_reboot
from relay.modem.bringup import Setup, bring_up, notifications
from relay.modem.patience import Patience
from relay.modem.session import Session
from relay.modem.storage import Storage
from relay.modem.unlocking import PinLedger
from relay.modem.wire import Wire

# "SMS Ready" and its like may come this long after a modem that was starting answered AT.
_BOOT_TALK_S = 60.0


@dataclass(slots=True)
class Opened:
    """Only used by the modem thread."""

    session: Session
    setup: Setup
    storage: Storage
    monotonic: Callable[[], float]
    talk_until: float
    echoes: int

    @classmethod
    def on(
        cls,
        wire: Wire,
        patience: Patience,
        pin: str | None,
        pins: PinLedger,
        monotonic: Callable[[], float],
        accept: Callable[[Identity], None],
    ) -> Opened:
        """Bring up the modem on an open line. Raises like `bring_up`."""
        session = Session(wire, patience)
        setup = bring_up(session, pin, pins, accept)
        storage = Storage(session, setup.memories, monotonic)
        talk_until = monotonic() + _BOOT_TALK_S if setup.booting else float("-inf")
        return cls(session, setup, storage, monotonic, talk_until, wire.echoes)

    def has_our_settings(self) -> bool:
        """Whether the modem is still as bring-up left it: PDU mode, notifications, no echo."""
        mode = flag(self.session.ask("AT+CMGF?"), "+CMGF")
        if mode not in {0, None} or notifications(self.session) != self.setup.cnmi:
            return False
        return self.setup.echoing or self.session.wire.echoes == self.echoes

    def heard(self, urcs: list[Urc]) -> list[Urc]:
        """The rest of a start that we have already seen is no new start."""
        if self.monotonic() >= self.talk_until:
            return urcs
        return [_as_talk(urc) for urc in urcs]


def _as_talk(urc: Urc) -> Urc:
    if isinstance(urc, Restarted) and not is_reboot(urc):
        return Unsolicited(urc.line)
    return urc
