"""One examination: the checks in their order, each made where all it rests on is sound."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relay import status_facts
from relay.config import USUAL_PATH, Config, load
from relay.control.client import ControlRefused, NobodyThere
from relay.core.doctor.chain import CAUSES, CHECKS
from relay.core.doctor.graph import Check, Done, Each, Result, unknown, wanted
from relay.core.doctor.seen import CreditSeen, ReceiveSeen, SendSeen, TripSeen
from relay.core.station import ModemFacts, Station, StoreFacts
from relay.doctor import machine, uplink
from relay.doctor.radio import Past, Radio
from relay.doctor.uplink import Uplink
from relay.doctor.world import World
from relay.errors import ConfigError, RelayError, StoreError
from relay.holding import lock
from relay.status import is_held, observe
from relay.store.history import usual_signal
from relay.store.reading import Reader
from relay.store.sims import looked_up

# A modem may be in the middle of a submission; status has what it said before.
_SURVEY_S = 20.0
_AS_ROOT = "Ask as another user: sudo relay doctor. If it stays, report it with these words"


@dataclass(frozen=True)
class Report:
    """What was found; `now` is relay's time, `took_s` how long it took."""

    results: tuple[Result, ...]
    station: Station
    config: Config | None
    took_s: float = 0.0


@dataclass
class Patient:
    """The station under examination, and all that was opened to look at it."""

    world: World
    path: Path
    config: Config | None
    problems: tuple[str, ...]
    station: Station
    held: bool | None = None
    taken: bool = False  # the store's lock is doctor's own: no relay can start meanwhile
    radios: dict[str, Radio] = field(default_factory=dict)
    uplinks: dict[str, Uplink] = field(default_factory=dict)
    last_in: int | None = None
    send: Callable[[Patient, str], SendSeen] = lambda *_: SendSeen()

    def subjects(self, check: Check) -> tuple[str, ...]:
        if check.each is Each.STATION:
            return ("",)
        return tuple(self.radios if check.each is Each.MODEM else self.uplinks)


def examine(
    world: World,
    path: str | None,
    names: Collection[str] = (),
    send: Callable[[Patient, str], SendSeen] = lambda *_: SendSeen(),
    listen: Callable[[Check, str], None] = lambda *_: None,
) -> Report:
    """Make the checks of these names and what they rest on; `listen` hears of each before it.

    `send` is what tries whether an SMS goes out; by itself it does not. Raises nothing of relay's.
    """
    began = world.clock.monotonic()
    with ExitStack() as stack:
        checks = wanted(CHECKS, names)
        live = any(check.each is Each.MODEM for check in checks)
        patient = admit(world, path, stack, live=live)
        patient.send = send
        done = Done(CAUSES)
        for check in checks:
            for subject in patient.subjects(check):
                barred = done.barred(check, subject)
                if barred is None:
                    listen(check, subject)
                done.settle(check, subject, barred or _judged(check, patient, subject))
    took = world.clock.monotonic() - began
    return Report(tuple(done.results), patient.station, patient.config, took)


def _judged(check: Check, patient: Patient, subject: str) -> Any:
    try:
        return check.judge(PROBES[check.name](patient, subject))
    except (OSError, RelayError, ValueError) as error:
        return unknown(f"it could not be looked at ({error})", "CHECK_FAILED", _AS_ROOT)


# --- taking in ----------------------------------------------------------------------------------


def admit(world: World, path: str | None, stack: ExitStack, *, live: bool = False) -> Patient:
    """Read the configuration and the store; without a running relay, keep one from starting.

    With `live` a running relay is asked to look at its modems first.
    """
    now = world.clock.now()
    where = Path(path or world.environ.get("RELAY_CONFIG") or USUAL_PATH).absolute()
    try:
        config = load(path, world.environ)
    except ConfigError as error:
        station = Station(now, store=StoreFacts(exists=False), config_problems=error.problems)
        return Patient(world, where, None, error.problems, station)
    held = is_held(config.store.path)
    if live and held:
        with suppress(NobodyThere, ControlRefused):  # then what it saw last must do
            world.ask(config.control.path, "survey", timeout_s=_SURVEY_S)
    patient = Patient(world, where, config, (), observe(config, world.clock.now()), held)
    if patient.held is False:
        # On a disk that takes no writing no daemon can start, and no lock can be had.
        patient.taken = patient.station.store.read_only or _take(config, stack)
    _fill(patient, config)
    for one in patient.uplinks.values():
        stack.callback(one.close)
    return patient


def _take(config: Config, stack: ExitStack) -> bool:
    """Hold the daemon's lock, where its folder is there and this user may."""
    if not config.store.path.parent.is_dir():
        return True  # no daemon can run without it
    with suppress(StoreError, OSError):
        held = stack.enter_context(lock(config.store.path))
        if os.geteuid() == 0:  # the daemon's own user must be able to take it afterwards
            owner = config.store.path.parent.stat()
            os.fchown(held.fileno(), owner.st_uid, owner.st_gid)
        return True
    return False


def _fill(patient: Patient, config: Config) -> None:
    known = {modem.name: modem for modem in patient.station.modems}
    for modem, past in zip(config.modems, _pasts(patient, config), strict=True):
        facts = known.get(modem.name, ModemFacts(modem.name))
        patient.radios[modem.name] = Radio(
            patient.world, modem, facts, past, daemon=not patient.taken, now=patient.station.now
        )
    patient.uplinks = {one.name: Uplink(patient.world, one) for one in config.servers}


def _pasts(patient: Patient, config: Config) -> list[Past]:
    """What the store knows of each modem beyond what status shows; nothing without a store."""
    try:
        with Reader.open(config.store.path) as reader:
            facts = reader.facts()
            newest = "SELECT kept_at FROM inbound ORDER BY id DESC LIMIT 1"
            patient.last_in = reader.value(newest)
            return [
                Past(
                    looked_up(reader, modem.name),
                    status_facts.table(facts, f"modem.{modem.name}.port"),
                    usual_signal(reader, modem.name),
                    patient.station.daemon.pid if patient.held else None,
                )
                for modem in config.modems
            ]
    except StoreError:
        return [Past() for _ in config.modems]


# --- what each check looks at -------------------------------------------------------------------


def _config(patient: Patient, _: str) -> Any:
    return machine.config(patient.path, patient.config or patient.problems)


def _service(patient: Patient, _: str) -> Any:
    return machine.service(patient.world, patient.station, patient.held, stale_socket(patient))


def stale_socket(patient: Patient) -> Path | None:
    """The control socket that a relay which is gone has left behind."""
    path = patient.config.control.path if patient.config is not None else None
    return path if path is not None and path.is_socket() else None


def _link(patient: Patient, _: str) -> Any:
    assert patient.config is not None  # `link` rests on `config`
    return uplink.link(patient.world, patient.config)


def _credit(patient: Patient, modem: str) -> CreditSeen:
    purses = {one.modem: one for one in patient.station.airtime}
    return CreditSeen(purses.get(modem), patient.station.now)


def _receive(patient: Patient, modem: str) -> ReceiveSeen:
    known = {one.name: one for one in patient.station.modems}
    return ReceiveSeen(known.get(modem), patient.last_in, patient.station.now)


def _trip(patient: Patient, server: str) -> TripSeen:
    known = {one.name: one for one in patient.station.servers}
    return TripSeen(known.get(server), patient.station)


def _server_clock(patient: Patient, server: str) -> Any:
    return patient.uplinks[server].clock(patient.station.now)


PROBES: Mapping[str, Callable[[Patient, str], Any]] = {
    "config": _config,
    "disk": lambda patient, _: machine.disk(patient.world, patient.station),
    "power": lambda patient, _: machine.power(patient.world, patient.station),
    "clock": lambda patient, _: patient.station,
    "store": lambda patient, _: machine.store(patient.world, patient.station),
    "service": _service,
    "socket": _service,
    "watchdog": _service,
    "usb": lambda patient, name: patient.radios[name].usb(),
    "port": lambda patient, name: patient.radios[name].port(),
    "at": lambda patient, name: patient.radios[name].seen(),
    "pin": lambda patient, name: patient.radios[name].seen(),
    "sim": lambda patient, name: patient.radios[name].seen(),
    "storage": lambda patient, name: patient.radios[name].seen(),
    "network": lambda patient, name: patient.radios[name].seen(),
    "signal": lambda patient, name: patient.radios[name].seen(),
    "smsc": lambda patient, name: patient.radios[name].seen(),
    "credit": _credit,
    "send": lambda patient, name: patient.send(patient, name),
    "receive": _receive,
    "link": _link,
    "dns": lambda patient, name: patient.uplinks[name].name(),
    "captive": lambda patient, name: patient.uplinks[name].portal(),
    "reach": lambda patient, name: patient.uplinks[name].reach(),
    "tls": lambda patient, name: patient.uplinks[name].tls(),
    "login": lambda patient, name: patient.uplinks[name].login(),
    "trip": _trip,
    "server-clock": _server_clock,
}
