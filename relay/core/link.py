"""The link to one modem: from a closed port to a modem that sends and receives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from relay.core.machine import Table, step


class LinkState(StrEnum):
    CLOSED = "CLOSED"
    OPENING = "OPENING"
    INITIALISING = "INITIALISING"
    READY = "READY"
    SEARCHING = "SEARCHING"
    DENIED = "DENIED"
    SIM_ABSENT = "SIM_ABSENT"
    PIN_REQUIRED = "PIN_REQUIRED"
    PIN_REFUSED = "PIN_REFUSED"
    PUK_BLOCKED = "PUK_BLOCKED"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class Opening:
    pass


@dataclass(frozen=True, slots=True)
class PortOpened:
    pass


@dataclass(frozen=True, slots=True)
class Registered:
    """Home or roaming (+CREG 1 or 5, or +CEREG, or +CGREG)."""


@dataclass(frozen=True, slots=True)
class NotRegistered:
    pass


@dataclass(frozen=True, slots=True)
class RegistrationDenied:
    pass


@dataclass(frozen=True, slots=True)
class SimMissing:
    pass


@dataclass(frozen=True, slots=True)
class PinNeeded:
    pass


@dataclass(frozen=True, slots=True)
class PinWrong:
    pass


@dataclass(frozen=True, slots=True)
class PukNeeded:
    pass


@dataclass(frozen=True, slots=True)
class Vanished:
    """The port is gone, the modem is silent, or it restarted behind our back."""


@dataclass(frozen=True, slots=True)
class Closed:
    """We closed it on purpose."""


_ANYWHERE: dict[type, LinkState] = {Vanished: LinkState.LOST, Closed: LinkState.CLOSED}
_REGISTRATION: dict[type, LinkState] = {
    Registered: LinkState.READY,
    NotRegistered: LinkState.SEARCHING,
    RegistrationDenied: LinkState.DENIED,
}
_SIM: dict[type, LinkState] = {
    SimMissing: LinkState.SIM_ABSENT,
    PinNeeded: LinkState.PIN_REQUIRED,
    PinWrong: LinkState.PIN_REFUSED,
    PukNeeded: LinkState.PUK_BLOCKED,
}
# A SIM that cannot be used is looked at again from the start: someone may have changed it.
_START_OVER: dict[type, LinkState] = {Opening: LinkState.OPENING, **_ANYWHERE}

LINK_TRANSITIONS: Table[LinkState] = {
    LinkState.CLOSED: {Opening: LinkState.OPENING, Closed: LinkState.CLOSED},
    LinkState.LOST: _START_OVER,
    LinkState.OPENING: {PortOpened: LinkState.INITIALISING, **_ANYWHERE},
    LinkState.INITIALISING: {**_REGISTRATION, **_SIM, **_ANYWHERE},
    LinkState.READY: {**_REGISTRATION, **_SIM, **_ANYWHERE},
    LinkState.SEARCHING: {**_REGISTRATION, **_SIM, **_ANYWHERE},
    LinkState.DENIED: {**_REGISTRATION, **_SIM, **_ANYWHERE},
    LinkState.SIM_ABSENT: _START_OVER,
    LinkState.PIN_REQUIRED: _START_OVER,
    LinkState.PIN_REFUSED: _START_OVER,
    LinkState.PUK_BLOCKED: _START_OVER,
}

# States in which the port is open and the SIM can be read.
READABLE = frozenset({LinkState.READY, LinkState.SEARCHING, LinkState.DENIED})


def move(state: LinkState, event: object) -> LinkState:
    """The link's next state; raises `IllegalTransition`."""
    return step(LINK_TRANSITIONS, state, event)
