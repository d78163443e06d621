"""The short message PDUs: SMS-DELIVER, SMS-SUBMIT and SMS-STATUS-REPORT (3GPP TS 23.040 §9.2.2).

A PDU is the hexadecimal text that goes through AT+CMGL, AT+CMGR and AT+CMGS: the address of the
service centre, then the TPDU. `decode` reads any of the three by its TP-MTI; each class encodes
itself.
"""

from __future__ import annotations

from relay.core import address, deliver, status_report, submit
from relay.core.address import Address
from relay.core.dcs import Coding, Encoding, Indication, Waiting
from relay.core.deliver import Deliver
from relay.core.octets import Octets
from relay.core.status_report import StatusReport
from relay.core.submit import Submit
from relay.core.tpdu import STATUS_REPORT, SUBMIT
from relay.core.udh import Concat, Element, Shift
from relay.errors import PduError

__all__ = [
    "Address",
    "Coding",
    "Concat",
    "Deliver",
    "Element",
    "Encoding",
    "Indication",
    "Pdu",
    "Shift",
    "StatusReport",
    "Submit",
    "Waiting",
    "decode",
    "is_cut",
    "tpdu_octets",
]

Pdu = Deliver | Submit | StatusReport


def decode(pdu: str) -> Pdu:
    """Read a PDU, whatever its octets. Raises `PduError`, and nothing else, if it is none."""
    octets = Octets(pdu)
    smsc = address.read_smsc(octets)
    first = octets.byte("the first octet")
    kind = first & 0b11
    if kind == SUBMIT:
        return submit.read(octets, smsc, first)
    if kind == STATUS_REPORT:
        return status_report.read(octets, smsc, first)
    return deliver.read(octets, smsc, first)


def tpdu_octets(pdu: str) -> int:
    """The <length> of AT+CMGS, AT+CMGW and +CMGL: the octets behind the service centre's.

    Raises `PduError` where that address is cut off.
    """
    octets = Octets(pdu)
    octets.take(octets.byte("the service centre"), "the service centre")
    return octets.left


def is_cut(pdu: str, announced: int) -> bool:
    """Whether the end of a line is missing: fewer octets than the modem announced, and fewer than
    the PDU itself counts. (A modem that only announces too many cuts nothing.)
    """
    try:
        if tpdu_octets(pdu) >= announced:
            return False
        read = decode(pdu)
    except PduError:
        return True
    return isinstance(read, Deliver) and read.missing > 0
