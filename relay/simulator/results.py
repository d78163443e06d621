"""Final result codes and their three forms (TS 27.007 §9.2, TS 27.005 §3.2.5, V.250 §5.7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Family(StrEnum):
    CME = "CME"
    CMS = "CMS"


class Cme(IntEnum):
    NOT_ALLOWED = 3
    NOT_SUPPORTED = 4
    NO_SIM = 10
    SIM_PIN = 11
    SIM_PUK = 12
    SIM_FAILURE = 13
    SIM_BUSY = 14
    WRONG_PASSWORD = 16
    NOT_FOUND = 22
    NO_NETWORK = 30
    INVALID = 50


class Cms(IntEnum):
    NOT_ALLOWED = 302
    NOT_SUPPORTED = 303
    INVALID_PDU = 304
    INVALID_PARAMETER = 305
    NO_SIM = 310
    SIM_PIN = 311
    SIM_BUSY = 314
    SIM_PUK = 316
    INVALID_INDEX = 321
    MEMORY_FULL = 322
    SMSC_UNKNOWN = 330
    NO_NETWORK = 331
    NO_ACK_EXPECTED = 340
    UNKNOWN = 500


CME_TEXT = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    16: "incorrect password",
    22: "not found",
    30: "no network service",
    50: "Incorrect parameters",
    100: "unknown",
}

CMS_TEXT = {
    1: "Unassigned (unallocated) number",
    8: "Operator determined barring",
    10: "Call barred",
    21: "Short message transfer rejected",
    27: "Destination out of service",
    28: "Unidentified subscriber",
    29: "Facility rejected",
    30: "Unknown subscriber",
    38: "Network out of order",
    41: "Temporary failure",
    42: "Congestion",
    47: "Resources unavailable, unspecified",
    50: "Requested facility not subscribed",
    69: "Requested facility not implemented",
    81: "Invalid short message transfer reference value",
    96: "Invalid mandatory information",
    111: "Protocol error, unspecified",
    300: "ME failure",
    301: "SMS service of ME reserved",
    302: "Operation not allowed",
    303: "Operation not supported",
    304: "Invalid PDU mode parameter",
    305: "Invalid text mode parameter",
    310: "SIM not inserted",
    311: "SIM PIN required",
    313: "SIM failure",
    314: "SIM busy",
    316: "SIM PUK required",
    321: "Invalid memory index",
    322: "SIM full",
    330: "SMSC address unknown",
    331: "no network service",
    332: "Network timeout",
    340: "NO +CNMA ACK EXPECTED",
    500: "unknown error",
    512: "User abort",
    515: "Modem busy",
}


@dataclass(eq=False)
class Fault(Exception):
    """A command that fails. Without a family it is a plain ERROR."""

    family: Family | None = None
    code: int = 0
    literal: str = ""


def cme(code: int) -> Fault:
    return Fault(Family.CME, code)


def cms(code: int) -> Fault:
    return Fault(Family.CMS, code)


ERROR = Fault


def fault_of(error: str | int) -> Fault:
    """A fault as a person writes it: 38 is a +CMS ERROR, "CME 14" too, anything else literal."""
    if isinstance(error, int):
        return cms(error)
    family, _, code = error.replace("ERROR:", "").strip("+ ").partition(" ")
    if family in Family.__members__ and code.strip().isdigit():
        return Fault(Family(family), int(code))
    return Fault(literal=error)


def final_line(fault: Fault, cmee: int, *, cms_always: bool) -> str:
    """How a modem says it: AT+CMEE=0 ERROR, 1 numbers, 2 words.

    `cms_always`: the family tells the number of a +CMS ERROR even under AT+CMEE=0.
    """
    if fault.literal:
        return fault.literal
    if fault.family is None or (cmee == 0 and not (cms_always and fault.family == Family.CMS)):
        return "ERROR"
    texts = CMS_TEXT if fault.family == Family.CMS else CME_TEXT
    shown = texts.get(fault.code, str(fault.code)) if cmee == 2 else str(fault.code)
    return f"+{fault.family} ERROR: {shown}"
