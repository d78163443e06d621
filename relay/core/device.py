"""What a modem tells and is told: slots, PDUs as they lie in memory, unsolicited results, facts.

The words are those of 3GPP TS 27.005 and 27.007. No port and no thread is known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# 3GPP TS 27.005 §3.1 <stat> in PDU mode
REC_UNREAD = 0
REC_READ = 1
STO_UNSENT = 2
STO_SENT = 3


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One place of a modem's message memory. `memory` is SM, ME, MT, SR, BM, …"""

    memory: str
    index: int


@dataclass(frozen=True, slots=True)
class ListedPdu:
    """A PDU as +CMGL or +CMGR shows it: upper-case hex with the SMSC address in front."""

    slot: Slot
    stat: int
    pdu: str = field(repr=False)


# --- unsolicited result codes -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewMessage:
    """+CMTI or +CDSI: something lies in a slot. A hint; the memory is the truth."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class DirectPdu:
    """+CMT, +CDS or +CBM: a PDU that lies nowhere else, so it is kept at once.

    What the modem did not say to its end (`cut`) is kept and not acknowledged: the network, which
    hears nothing, says it again.
    """

    via: str
    pdu: str = field(repr=False)
    needs_ack: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class LateReference:
    """A +CMGS with no submission outstanding: the answer to the one whose outcome was unknown."""

    mr: int


@dataclass(frozen=True, slots=True)
class MemoryFull:
    """The modem says that it has no room for the next message (^SMMEMFULL, +SMSFULL, …)."""

    memory: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """RDY, +CPIN, Call Ready …: the modem started anew and forgot its settings."""

    line: str


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """RING, +CRING or +CLIP. Never a reason to stop the SMS flow. `caller` is empty where it is
    not told, or hidden."""

    caller: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The caller, or we, hung up."""


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """Any other unsolicited line."""

    line: str = field(repr=False)


Urc = (
    NewMessage
    | DirectPdu
    | LateReference
    | MemoryFull
    | Restarted
    | IncomingCall
    | CallEnded
    | Unsolicited
)


# --- facts --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the modem and its SIM are. An empty string means: it would not say. `number` is the
    SIM's own (AT+CNUM), which most do not know."""

    manufacturer: str = ""
    model: str = ""
    revision: str = ""
    imei: str = ""
    imsi: str = ""
    iccid: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class MemoryUse:
    memory: str
    used: int
    total: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What a modem says about itself and its network. None means: it would not say.

    `signal_dbm` from +CSQ (TS 27.007 §8.5: -113 + 2·rssi, 99 is unknown);
    `registration` is <stat> of +CREG (§7.2: 0 idle, 1 home, 2 searching, 3 denied, 4 unknown,
    5 roaming), the best of +CREG, +CGREG and +CEREG; `access` the radio technology in words;
    `clock` what time +CCLK may mean (§8.15), in epoch milliseconds: there are modems that show
    UTC with the zone behind it.
    """

    signal_dbm: int | None = None
    registration: int | None = None
    operator: str | None = None
    access: str | None = None
    smsc: str | None = None
    memories: tuple[MemoryUse, ...] = ()
    clock: tuple[int, ...] = ()
