"""The life of what comes in: the raw PDU as it was kept, and the message that it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from relay.core.machine import Table


class RawState(StrEnum):
    """A raw PDU, kept byte for byte before anything else happened to it."""

    KEPT = "KEPT"
    DECODED = "DECODED"
    UNDECODABLE = "UNDECODABLE"


@dataclass(frozen=True, slots=True)
class Decoded:
    pass


@dataclass(frozen=True, slots=True)
class NotDecodable:
    reason: str


RAW_TRANSITIONS: Table[RawState] = {
    RawState.KEPT: {Decoded: RawState.DECODED, NotDecodable: RawState.UNDECODABLE},
    # A later version of the decoder may read what this one could not.
    RawState.UNDECODABLE: {Decoded: RawState.DECODED},
    RawState.DECODED: {},
}


class InboundState(StrEnum):
    """A message on its way from a handset to the server (webapp-terminating)."""

    WAITING_PARTS = "WAITING_PARTS"
    INCOMPLETE = "INCOMPLETE"
    WAITING = "WAITING"
    FORWARDED = "FORWARDED"
    PARKED = "PARKED"


@dataclass(frozen=True, slots=True)
class Completed:
    """The last missing part came in."""


@dataclass(frozen=True, slots=True)
class GaveUpWaiting:
    """A part is missing for longer than any network holds one: what there is goes on."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The server acknowledged it."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Set aside for a person: the server refused it for good, or it cannot be sent as it is."""

    reason: str


@dataclass(frozen=True, slots=True)
class Released:
    """A person says: try again."""


INBOUND_TRANSITIONS: Table[InboundState] = {
    InboundState.WAITING_PARTS: {
        Completed: InboundState.WAITING,
        GaveUpWaiting: InboundState.INCOMPLETE,
    },
    InboundState.WAITING: {Forwarded: InboundState.FORWARDED, Parked: InboundState.PARKED},
    InboundState.INCOMPLETE: {Forwarded: InboundState.FORWARDED, Parked: InboundState.PARKED},
    InboundState.PARKED: {Released: InboundState.WAITING},
    InboundState.FORWARDED: {},
}
