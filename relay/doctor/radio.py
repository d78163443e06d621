"""Looking at one modem: at its socket and port, then at what it says, or said to relay last.

While relay runs it has the port: then its facts are read, and it is asked for a fresh survey. Else
doctor opens the port itself, enters no PIN, and gives it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from relay.config import ModemConfig
from relay.core.card import Card
from relay.core.deliver import Deliver
from relay.core.device import Identity, ListedPdu, MemoryUse, Survey
from relay.core.doctor.seen import PortSeen, RadioSeen, UsbSeen
from relay.core.foreign import foreign, named
from relay.core.link import LinkState
from relay.core.number import masked
from relay.core.pdu import decode
from relay.core.plain import DAY
from relay.core.room import is_short
from relay.core.station import ModemFacts
from relay.doctor.socket import Socket
from relay.doctor.world import World
from relay.errors import Ailing, ModemError, NoReply, PduError, PortLost, SimProblem
from relay.modem.discovery import Discovery
from relay.modem.driver import GsmDriver
from relay.modem.patience import Patience
from relay.modem.probe import Care
from relay.store.sims import InModem

_COMMAND_S = 5.0
_WAKE_S = 8.0
_RECENT = 2 * DAY


@dataclass(frozen=True, slots=True)
class Past:
    """What the store knows of a modem: its SIM, the port that it had last, its usual signal, and
    the process of the relay that has it."""

    sim: InModem = InModem()  # noqa: RUF009  # frozen
    used: Mapping[str, Any] = field(default_factory=dict)
    usual_dbm: int | None = None
    relay: int | None = None


class Radio:
    """One modem as doctor sees it."""

    def __init__(
        self,
        world: World,
        config: ModemConfig,
        facts: ModemFacts,
        past: Past,
        *,
        daemon: bool,
        now: int,
    ) -> None:
        self._world = world
        self._config = config
        self._facts = facts
        self._past, self._sim = past, past.sim
        self._daemon = daemon
        self._now = now
        self.socket = Socket(world, config, past.used, past.relay)
        self._tries: int | None = None
        self._seen: RadioSeen | None = None

    @property
    def centre_before(self) -> str:
        """The service centre that the SIM had when relay saw it last with one."""
        return self._config.smsc or self._sim.smsc or self._sim.smsc_before

    def usb(self) -> UsbSeen:
        return self.socket.usb()

    def port(self) -> PortSeen:
        """What is in the way of its port; relay itself is not."""
        if self._daemon and self._facts.state is not LinkState.LOST:
            return PortSeen(str(self._past.used.get("path", "")), by_relay=True)
        return self.socket.port()

    # --- what it says ---------------------------------------------------------------------------

    def seen(self) -> RadioSeen:
        """Asked once; every check that wants to know more reads the same answer."""
        if self._seen is None:
            self._seen = self._said() if self._daemon else self._opened()
        return self._seen

    def _base(self) -> RadioSeen:
        facts, sim = self._facts, self._sim
        changed = sim.smsc_at is not None and 0 <= self._now - sim.smsc_at < _RECENT
        return RadioSeen(
            name=self._config.name,
            now=self._now,
            tries=facts.pin_tries,
            pin_set=bool(self._config.pin),
            usual_dbm=self._past.usual_dbm,
            smsc_before=sim.smsc_before or sim.smsc,
            smsc_changed=changed and bool(sim.smsc_before),
            smsc_wanted=self._config.smsc,
            held_sim=sim.held_since is not None,
            sim=masked(sim.card.iccid or sim.card.imsi) if sim.card.known else "",
            sim_accepted=masked(sim.accepted.iccid or sim.accepted.imsi),
            stuck=facts.stuck,
            daemon=self._daemon,
        )

    def _said(self) -> RadioSeen:
        """As relay saw it last."""
        facts = self._facts
        survey = Survey(
            facts.signal_dbm,
            facts.registration,
            facts.operator,
            facts.access,
            facts.smsc,
            tuple(MemoryUse(one.memory, one.used, one.total) for one in facts.memories),
        )
        return replace(
            self._base(),
            state=facts.state,
            code=facts.code,
            detail=facts.detail,
            at=facts.answered_at or facts.seen_at,
            identity=Identity(model=facts.model, imei=facts.imei),
            survey=survey,
        )

    def _opened(self) -> RadioSeen:
        driver = self.driver()
        began = self._world.clock.monotonic()
        base = replace(self._base(), asked=True, at=self._now)
        try:
            driver.open()
            took = round((self._world.clock.monotonic() - began) * 1000)
            return replace(self._surveyed(base, driver), took_ms=took)
        except ModemError as error:
            return self._failed(base, driver, error)
        finally:
            driver.close()

    def _surveyed(self, base: RadioSeen, driver: GsmDriver) -> RadioSeen:
        survey = driver.survey()
        card, accepted = Card(driver.identity.iccid, driver.identity.imsi), self._sim.accepted
        changed = card.known and accepted.known and not card.is_same(accepted)
        return replace(
            base,
            state=driver.link,
            identity=driver.identity,
            survey=survey,
            tries=driver.pin_tries(),
            held_sim=changed,
            sim=masked(card.iccid or card.imsi) if card.known else base.sim,
            smsc_before=self.centre_before,
            smsc_changed=bool(self._sim.smsc and survey.smsc not in {"", self._sim.smsc}),
            junk=_junk(driver) if _is_crowded(survey) else "",
        )

    def _failed(self, base: RadioSeen, driver: GsmDriver, error: ModemError) -> RadioSeen:
        state = driver.link
        if isinstance(error, SimProblem):
            known_bad = self._facts.state is LinkState.PIN_REFUSED and base.pin_set
            if state is LinkState.PIN_REQUIRED and known_bad:
                state = LinkState.PIN_REFUSED
            return replace(base, state=state, detail=error.detail, tries=self._tries)
        if isinstance(error, PortLost):
            return replace(base, state=state, code=error.code, detail=error.cause)
        if isinstance(error, NoReply):
            words = f"the modem does not answer ({error})"
            return replace(base, state=state, code="MODEM_SILENT", detail=words)
        code = "MODEM_ERROR" if isinstance(error, Ailing) else "MODEM_SILENT"
        return replace(base, state=state, code=code, detail=str(error))

    # --- the modem itself -----------------------------------------------------------------------

    def driver(self) -> GsmDriver:
        """The modem, not opened yet, with no PIN to enter. For whoever holds the store's lock."""
        config, usual = self._config, Patience()
        finder = Discovery(
            config.name,
            config.binding,
            bus=self._world.bus,
            memory=_NoMemory(self._past.used),
            baud=config.baud,
            care=Care(tries=2, answer_s=min(1.0, config.wake_timeout_s / 5)),
        )
        command_s = min(_COMMAND_S, config.command_timeout_s)
        return GsmDriver(
            config.name,
            finder=finder,
            baud=config.baud,
            pin=None,
            pins=_NoPins(self),
            command_timeout_s=command_s,
            patience=replace(
                usual,
                wake_s=min(_WAKE_S, config.wake_timeout_s) / usual.wake_tries,
                resync_s=min(usual.resync_s, command_s),
                quiet_s=min(usual.quiet_s, 2.5 * command_s),
            ),
            monotonic=self._world.clock.monotonic,
            trace=self._world.trace,
        )

    def note_tries(self, left: int) -> None:
        self._tries = left


def _is_crowded(survey: Survey) -> bool:
    return any(is_short(use.used, use.total) for use in survey.memories)


def _junk(driver: GsmDriver) -> str:
    """What of the messages in it no person has written: `7 MMS notices`."""
    try:
        listed = driver.list_pdus()
    except ModemError:
        return ""
    kinds = Counter(filter(None, map(_kind, listed)))
    return ", ".join(named(kind, n) for kind, n in kinds.most_common(2))


def _kind(listed: ListedPdu) -> str | None:
    try:
        pdu = decode(listed.pdu)
    except PduError:
        return None
    return foreign([pdu]) if isinstance(pdu, Deliver) else None


class _NoMemory:
    """Where the modem was; doctor leaves no trace of where it found it."""

    def __init__(self, used: Mapping[str, Any]) -> None:
        self._used = dict(used)

    def recall(self) -> dict[str, Any]:
        return self._used

    def remember(self, found: dict[str, Any]) -> None:
        del found


class _NoPins:
    """Without a PIN none is entered, so that there is nothing to record but the SIM's counter."""

    def __init__(self, radio: Radio) -> None:
        self._radio = radio

    def refused(self, iccid: str, pin: str) -> bool:
        del iccid, pin
        return True

    def unsettled(self, iccid: str, pin: str) -> bool:
        del iccid, pin
        return False

    def used_up(self, iccid: str) -> int:
        del iccid
        return 0

    def record_attempt(self, iccid: str, pin: str) -> None:
        raise AssertionError("doctor enters no PIN")

    def record_result(self, iccid: str, pin: str, accepted: bool) -> None:
        raise AssertionError("doctor enters no PIN")

    def record_untried(self, iccid: str, pin: str) -> None:
        raise AssertionError("doctor enters no PIN")

    def note_tries(self, left: int) -> None:
        self._radio.note_tries(left)
