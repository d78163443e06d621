"""What the three PDUs have in common (3GPP TS 23.040 §9.2.2 and §9.2.3)."""

from __future__ import annotations

from enum import IntFlag

from relay.core import timestamp
from relay.core.address import INTERNATIONAL, UNKNOWN, Address
from relay.core.octets import Octets
from relay.core.timestamp import Timestamp

# TP-MTI as a mobile station receives it; what it submits has 1 too. 3 is reserved and read as 0
# (§9.2.3.1).
DELIVER = 0
SUBMIT = 1
STATUS_REPORT = 2


class First(IntFlag):
    """The flags of the first octet (§9.2.3.1 to §9.2.3.26); some bits mean two things."""

    TP_RD = 0x04
    TP_MMS = 0x04  # inverted: set where no more messages wait
    TP_SRI = 0x20
    TP_SRR = 0x20
    TP_SRQ = 0x20
    TP_UDHI = 0x40
    TP_RP = 0x80


def flag(mask: int, condition: object) -> int:
    """The mask where the condition holds, no bits otherwise."""
    return mask if condition else 0


def service_centre(number: str) -> bytes:
    """The address in front of the TPDU; one zero octet means the modem's own."""
    return Address(number, INTERNATIONAL if number.startswith("+") else UNKNOWN).encode_smsc()


def hexed(*fields: bytes) -> str:
    """The octets as modems write them."""
    return b"".join(fields).hex().upper()


def read_time(octets: Octets) -> Timestamp:
    return timestamp.decode(octets.take(timestamp.LENGTH, "a timestamp"))
