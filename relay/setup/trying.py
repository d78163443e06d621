"""Trying what was said: does the modem answer, does the SIM open, does the server let us in?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from relay.core.device import Identity, Survey
from relay.core.link import LinkState
from relay.core.outcome import OK, Outcome, outcome_of
from relay.core.usb import Binding
from relay.errors import ModemError, PortLost, ServerError, SimProblem
from relay.modem.discovery import Bus, Discovery
from relay.modem.driver import GsmDriver
from relay.servers.cht import ChtServer
from relay.servers.credentials import Credentials
from relay.servers.http import Timeouts

_SERVER_S = 15.0


class Tries:
    """A ledger for one setup. It remembers no PIN over a restart, so the SIM's own counter must:
    where the modem does not tell it, no PIN is tried here."""

    def __init__(self) -> None:
        self.left: int | None = None
        self._refused: set[str] = set()

    def refused(self, iccid: str, pin: str) -> bool:
        return pin in self._refused

    def unsettled(self, iccid: str, pin: str) -> bool:
        return False

    def used_up(self, iccid: str) -> int:
        return 99  # without a counter, none is left for us

    def record_attempt(self, iccid: str, pin: str) -> None:
        self._refused.add(pin)

    def record_result(self, iccid: str, pin: str, accepted: bool) -> None:
        if accepted:
            self._refused.discard(pin)

    def record_untried(self, iccid: str, pin: str) -> None:
        self._refused.discard(pin)

    def note_tries(self, left: int) -> None:
        self.left = left


class _NoMemory:
    def recall(self) -> dict[str, Any]:
        return {}

    def remember(self, found: dict[str, Any]) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Met:
    """What a modem said. `problem` is empty when it can be used; `sim` is a state of the link
    where the SIM is the problem, `tries` its counter."""

    identity: Identity = field(default_factory=Identity)
    survey: Survey | None = None
    state: str = ""
    problem: str = ""
    sim: str = ""
    tries: int | None = None


def meet(bus: Bus, binding: Binding, pin: str | None, tries: Tries) -> Met:
    """Open the modem as relay would, ask it, and close it. Sends nothing."""
    finder = Discovery("setup", binding, bus=bus, memory=_NoMemory())
    modem = GsmDriver("setup", finder=finder, pins=tries, pin=pin)
    try:
        modem.open()
        return Met(modem.identity, modem.survey(), str(modem.link))
    except SimProblem as error:
        return Met(problem=str(error.detail or error), sim=str(error.kind), tries=tries.left)
    except PortLost as error:
        return Met(problem=error.cause)
    except ModemError as error:
        return Met(problem=str(error))
    finally:
        modem.close()


# What is known of a modem whose SIM waits for its PIN.
PIN_WANTED = Met(problem="the SIM asks for its PIN", sim=str(LinkState.PIN_REQUIRED))


def last_try(tries: Tries) -> str:
    """Why no PIN may be tried any more; empty when one may."""
    if tries.left is None or tries.left > 1:
        return ""
    return (
        f"The SIM has {tries.left} PIN tries left, and relay never uses the last one. Enter the "
        "right PIN in a phone once, then put the SIM back."
    )


def binding_of(key: str, value: str) -> Binding:
    """Of one key of a modem's section."""
    return Binding(
        port=value if key == "port" else "",
        imei=value if key == "imei" else "",
        usb=value if key == "usb" else "",
        usb_path=value if key == "usb_path" else "",
    )


def wants_pin(met: Met) -> bool:
    return met.sim in {LinkState.PIN_REQUIRED, LinkState.PIN_REFUSED}


def knock(url: str, user: str, password: str) -> Outcome:
    """GET the server's entrance with these credentials. Changes nothing there."""
    try:
        server = ChtServer(
            "setup",
            Credentials(url, user, password),
            timeouts=Timeouts(_SERVER_S, _SERVER_S, 2 * _SERVER_S),
        )
    except ValueError as error:
        return Outcome("URL", str(error))
    try:
        server.check()
    except ServerError as error:
        return outcome_of(error)
    finally:
        server.close()
    return OK
