"""The guard of a modem's SIM: another card may receive, and sends only when a person says so.

It also looks after the number of the service centre, without which nothing leaves: a SIM that
has forgotten it is told it again, as it was last known of this very SIM.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from relay.core.card import Card, Standing
from relay.core.device import Survey, Urc
from relay.core.number import masked
from relay.errors import PortLost
from relay.flows.ports import Clock, Modem
from relay.log import event
from relay.store.notices import Notices
from relay.store.sims import Sighting, Sims

_log = logging.getLogger("relay.sim")

_IDLE_S = 3600.0
_LOOK_AGAIN_S = 10.0  # before more is sent


class SimGuard:
    """Only used by the modem's thread. `gateway` is the name that the server knows us by."""

    def __init__(
        self, modem: Modem, sims: Sims, notices: Notices, clock: Clock, gateway: str
    ) -> None:
        self._modem = modem
        self._sims = sims
        self._notices = notices
        self._clock = clock
        self._gateway = gateway
        self._seen = False  # whether `opened` has run to its end
        self._sim_id: int | None = None
        self._smsc: str | None = None
        self._looked_at = 0.0  # monotonic

    def opened(self) -> None:
        """After every bring-up: see which SIM it is, and tell the server of another one."""
        self._seen, self._sim_id, self._smsc = False, None, None
        self._looked_at = self._clock.monotonic()
        seen = self._sims.see(self._clock.now(), self._modem.name, self._modem.identity)
        self._seen = True
        if seen is None:
            return
        self._sim_id = seen.id
        if seen.news:
            _log.info(
                event(
                    "sim.seen",
                    modem=self._modem.name,
                    sim=shown(seen.card),
                    standing=seen.standing,
                )
            )
        if seen.standing is Standing.CHANGED:
            self._tell(seen)

    def _tell(self, seen: Sighting) -> None:
        name, now = self._modem.name, self._clock.now()
        self._notices.post(
            now,
            f"sim.{name}.{seen.since}",
            f"relay {self._gateway}: the SIM in modem {name} has changed ({shown(seen.before)} → "
            f"{shown(seen.card)}). Receiving goes on, sending waits for: relay sim accept",
            modem=name,
        )

    def notice(self, urcs: Sequence[Urc]) -> None:
        """A SIM that is taken out restarts the modem: it is seen when it is opened again."""

    def step(self) -> float:
        return _IDLE_S

    def holds(self) -> bool:
        """Whether nothing may be sent, because nobody has accepted the SIM.

        Raises `PortLost` where another SIM has come without a word from the modem.
        """
        if not self._seen:
            self.opened()  # it was broken off
        if self._sim_id is None:
            return False
        self._look_again()
        return self._sims.holds(self._modem.name)

    def _look_again(self) -> None:
        now = self._clock.monotonic()
        if now - self._looked_at < _LOOK_AGAIN_S:
            return
        self._looked_at = now
        known = self._modem.identity.imsi
        found = self._modem.imsi() if known else ""
        if found and found != known:
            raise PortLost(self._modem.name, "another SIM was put in")

    # --- the service centre ---------------------------------------------------------------------

    @property
    def lacks_centre(self) -> bool:
        """Whether the SIM has no service centre, by the last survey."""
        return self._smsc == ""

    def surveyed(self, survey: Survey) -> None:
        """Note the service centre of this SIM, and give back the one that it has lost."""
        self._smsc = survey.smsc
        if self._sim_id is None or survey.smsc is None:
            return
        now, name = self._clock.now(), self._modem.name
        if survey.smsc:
            before = self._sims.see_smsc(now, self._sim_id, survey.smsc)
            if before:
                _log.warning(
                    event("smsc.changed", modem=name, before=masked(before),
                          now=masked(survey.smsc))
                )  # fmt: skip
            return
        known = self._sims.smsc(self._sim_id)
        if known and self._modem.set_centre(known):
            self._smsc = known
            _log.warning(event("smsc.restored", modem=name, smsc=masked(known)))


def shown(card: Card) -> str:
    """A SIM by its last digits, as it may be told to people."""
    return masked(card.iccid or card.imsi)
