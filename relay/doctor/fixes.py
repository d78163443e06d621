"""What `relay doctor --fix` does itself: only what can be undone, costs nothing and loses nothing.

Each step is written into the journal of interventions before it is taken, with its outcome after.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

from relay.assembly import inbox_of
from relay.core import plain
from relay.core.doctor.graph import roots
from relay.core.number import masked
from relay.core.station import Running
from relay.core.usb_ids import MODEM_VENDORS
from relay.doctor.examination import Patient, Report, admit, stale_socket
from relay.doctor.radio import Radio
from relay.doctor.world import World
from relay.errors import ModemError, RelayError, StoreError
from relay.flows.receiving import Receiving
from relay.modem.obstacles import udev_rule
from relay.modem.sysfs import plugged
from relay.store import journal
from relay.store.database import Database

RULES = "61-relay-doctor.rules"


@dataclass(frozen=True, slots=True)
class Fix:
    """`does` says in words what is changed, for `--list` and before it is done."""

    name: str
    does: str
    take: Callable[[Patient, str], str]
    starts_relay: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken, or not: `outcome` in words."""

    fix: Fix
    subject: str
    done: bool
    outcome: str


class CannotFix(RelayError):
    """Something is in the way of a step; nothing was changed."""


# --- the steps ----------------------------------------------------------------------------------


def _config(patient: Patient, _: str) -> str:
    mode = patient.path.stat().st_mode
    patient.path.chmod(stat.S_IMODE(mode) & ~stat.S_IRWXO)
    return f"only its owner and group may read {patient.path} now"


def _store(patient: Patient, _: str) -> str:
    with _database(patient) as db:
        db.checkpoint()
    return "the log is folded into the database"


def _socket(patient: Patient, _: str) -> str:
    path = stale_socket(patient)
    if path is None or not patient.taken:
        raise CannotFix("there is no such socket any more")
    path.unlink()
    return f"{path} is gone"


def _usb(patient: Patient, modem: str) -> str:
    control = patient.radios[modem].usb().control
    if not control:
        raise CannotFix("the modem is not there any more")
    Path(control).write_text("on\n", "ascii")
    return "the kernel lets it awake, until it is plugged in again"


def _modemmanager(patient: Patient, modem: str) -> str:
    """One rule for each make that is plugged in, in a file of doctor's own."""
    world = patient.world
    rules = dict.fromkeys(
        udev_rule(port)
        for port in plugged(world.bus.tree).ports
        if port.vendor and (port.vendor in MODEM_VENDORS or modem)
    )
    if not rules:
        raise CannotFix("no modem of a known make is plugged in")
    world.udev.mkdir(parents=True, exist_ok=True)
    text = "# Written by relay doctor: ModemManager keeps off these.\n" + "\n".join(rules) + "\n"
    (world.udev / RULES).write_text(text, "utf-8")
    for words in _RELOAD:
        world.run(words)
    return f"the rule is in {world.udev / RULES}; ModemManager was started anew"


_RELOAD = (
    ("udevadm", "control", "--reload"),
    ("udevadm", "trigger", "--subsystem-match=usb", "--subsystem-match=tty"),
    ("systemctl", "try-restart", "ModemManager"),
)


def _storage(patient: Patient, modem: str) -> str:
    """Keep, then free, as relay does when it runs; the messages go on when it is started."""
    config = patient.config
    assert config is not None  # without one no modem is known
    driver = _free_radio(patient, modem).driver()
    with _database(patient) as db:
        try:
            driver.open()
            before = sum(use.used for use in driver.memories())
            Receiving(driver, inbox_of(db, config), patient.world.clock, _NoBell()).step()
            after = sum(use.used for use in driver.survey().memories)
        finally:
            driver.close()
    moved = plain.many(before - after, "message")
    return f"{moved} kept here and taken off the SIM; {after} left on it"


def _smsc(patient: Patient, modem: str) -> str:
    radio = _free_radio(patient, modem)
    number = radio.centre_before
    if not number:
        raise CannotFix("nobody knows which one it had")
    driver = radio.driver()
    try:
        driver.open()
        if not driver.set_centre(number):
            raise CannotFix("the SIM does not take it; write it as smsc into the configuration")
    finally:
        driver.close()
    return f"the SIM has its service centre {masked(number)} again"


def _service(patient: Patient, _: str) -> str:
    """One that works is only enabled: a restart would stop what it does at the moment."""
    _systemctl(patient, "enable")
    if patient.station.daemon.running is Running.SILENT:
        _systemctl(patient, "restart")
        return "relay is started anew"
    if patient.held:
        return "relay starts with the computer from now on"
    patient.world.run(("systemctl", "reset-failed", "relay"))
    _systemctl(patient, "start")
    return "relay is started, and starts with the computer"


def _systemctl(patient: Patient, verb: str) -> None:
    done = patient.world.run(("systemctl", verb, "relay"))
    if done is None or done[0] != 0:
        raise CannotFix((done[1].strip() if done else "") or "systemctl is not there")


FIXES: Mapping[str, Fix] = {
    fix.name: fix
    for fix in (
        Fix("config", "take the right to read the configuration from strangers", _config),
        Fix("store", "fold the log of the database back into it", _store),
        Fix("socket", "remove the socket that a relay which is gone has left", _socket),
        Fix("usb", "tell the kernel not to put the modem to sleep", _usb),
        Fix("modemmanager", "write the udev rule that keeps ModemManager off", _modemmanager),
        Fix("storage", "keep what is on the SIM, then make room there", _storage),
        Fix("smsc", "give the SIM back the service centre that it had", _smsc),
        Fix("service", "enable relay as a service and start it", _service, starts_relay=True),
    )
}


class _NoBell:
    """Nobody waits to forward anything while relay does not run."""

    def ring(self) -> None:
        pass


def _free_radio(patient: Patient, modem: str) -> Radio:
    if not patient.taken:
        raise CannotFix("relay runs and has the modem; it does this by itself")
    return patient.radios[modem]


def _database(patient: Patient) -> closing[Database]:
    """The store of a relay that has run: a new one would belong to whoever asks doctor."""
    assert patient.config is not None  # nothing is offered without one
    if not patient.station.store.exists or patient.station.store.trouble:
        raise CannotFix("there is no database to keep anything in; start relay, it does this too")
    return closing(Database.open(patient.config.store.path, check=False))


# --- taking them --------------------------------------------------------------------------------


def offered(report: Report, names: Collection[str]) -> tuple[tuple[Fix, str], ...]:
    """What may be mended of what was found; only of these names, if there are any."""
    found = {
        (r.finding.fix, r.subject): None
        for r in roots(report.results)
        if r.finding.fix and (not names or r.finding.fix in names)
    }
    steps = [(FIXES[name], subject) for name, subject in found]
    return tuple(sorted(steps, key=lambda step: step[0].starts_relay))


def mend(
    world: World, path: str | None, steps: Collection[tuple[Fix, str]], who: str
) -> Iterator[Taken]:
    """Take them; relay is started last, when its lock has been given back."""
    with ExitStack() as stack:
        patient = admit(world, path, stack)
        for fix, subject in steps:
            if not fix.starts_relay:
                yield _take(patient, fix, subject, who)
    for fix, subject in steps:
        if fix.starts_relay:
            yield _take(patient, fix, subject, who)


def _take(patient: Patient, fix: Fix, subject: str, who: str) -> Taken:
    entry = _noted(patient, fix, subject, who)
    try:
        outcome, done = fix.take(patient, subject), True
    except PermissionError as error:
        done, outcome = False, f"{error.filename or 'this'}: not allowed; try it with sudo"
    except (OSError, ModemError, StoreError, CannotFix) as error:
        done, outcome = False, str(error)
    _settled(patient, entry, outcome if done else f"not done: {outcome}")
    return Taken(fix, subject, done, outcome)


def _noted(patient: Patient, fix: Fix, subject: str, who: str) -> int | None:
    """Its place in the journal; None where there is no store to write into, or it is damaged."""
    if patient.config is None:
        return None
    detail = f"{fix.does}{f' ({subject})' if subject else ''}"
    try:
        with _database(patient) as db:
            return journal.note(db, patient.station.now, who, f"fix {fix.name}", detail)
    except (StoreError, CannotFix):
        return None  # to mend goes before to write it down


def _settled(patient: Patient, entry: int | None, outcome: str) -> None:
    if entry is not None:
        with suppress(StoreError), _database(patient) as db:
            journal.settle(db, entry, outcome)
