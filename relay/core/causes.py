"""Why a message was refused, and whether another try makes sense.

`NEVER` stands only where the cause lies in the message or its destination, so that the same try
would end the same way. What lies in the SIM or the network as a whole is no fault of any single
message: it holds the modem up, and no message fails for it. What we do not know may pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from relay.core.cause_tables import CME, CMS, TP_ST
from relay.core.outbound import ReportDelivered, ReportFailed, ReportTrying
from relay.errors import Refused


class Retry(StrEnum):
    """Again, and on which schedule (`relay.core.backoff.retry_ms`), or never."""

    NEVER = "never"
    SOON = "soon"  # something is busy: seconds
    LATER = "later"  # the schedule of cht-gateway: minutes to half a day
    DAYS = "days"  # it may take a person and some money: a week
    HELD = "held"  # the SIM or the network as a whole: no try is counted


_NEVER_BUT = frozenset({
    "DEST_BARRED", "DEST_INVALID", "DEST_OUT_OF_ORDER", "DEST_TOO_LONG", "DEST_UNASSIGNED",
    "DEST_UNKNOWN", "MODEM_NOT_SUPPORTED", "MODEM_PARAMETERS", "NET_NOT_IMPLEMENTED",
    "SIM_CALLS_BARRED",
})  # fmt: skip
_SOON = frozenset({
    "MODEM_ABORTED", "MODEM_BUSY", "MODEM_RESERVED", "NET_OUT_OF_STEP", "SIM_BUSY",
    "SIM_TOOLKIT_BUSY",
})  # fmt: skip
# NET_REJECTED is permanent by the standard, but it is what prepaid networks say when the airtime
# is used up; the others of these end when a bill is paid. A queue must not fail because of that.
_DAYS = frozenset({
    "NET_REJECTED", "SIM_BARRED", "SIM_NO_SMS", "SIM_UNKNOWN", "SMSC_NO_SUBSCRIPTION",
})  # fmt: skip
_HELD = frozenset({
    "MODEM_CORPORATE_LOCKED", "MODEM_CORPORATE_PUK", "MODEM_FIXED_SIM_PIN",
    "MODEM_FIXED_SIM_PUK", "MODEM_NETWORK_LOCKED", "MODEM_NETWORK_PUK", "MODEM_NOT_ATTACHED",
    "MODEM_NO_CONNECTION", "MODEM_PIN_REQUIRED", "MODEM_PROVIDER_LOCKED", "MODEM_PROVIDER_PUK",
    "MODEM_SUBSET_LOCKED", "MODEM_SUBSET_PUK", "NET_AREA_DENIED", "NET_DENIED",
    "NET_EMERGENCY_ONLY", "NET_ILLEGAL_MODEM", "NET_ILLEGAL_SIM", "NET_NO_SERVICE",
    "NET_ROAMING_DENIED", "PIN_REFUSED", "PIN_REQUIRED", "PUK_BLOCKED", "SIM_ABSENT",
    "SIM_PIN2_REQUIRED", "SIM_PUK2_REQUIRED", "SIM_WRONG", "SMSC_UNKNOWN",
})  # fmt: skip


def retry_of(code: str) -> Retry:
    """What follows from a stable code of `relay.core.cause_tables`."""
    if code.startswith("MSG_") or code in _NEVER_BUT:
        return Retry.NEVER
    if code in _SOON:
        return Retry.SOON
    if code in _DAYS:
        return Retry.DAYS
    return Retry.HELD if code in _HELD else Retry.LATER


@dataclass(frozen=True, slots=True)
class Cause:
    """`code` is stable: servers store it. `words` are those of the standard or the modem."""

    code: str
    words: str

    @property
    def retry(self) -> Retry:
        return retry_of(self.code)

    @property
    def again(self) -> bool:
        return self.retry is not Retry.NEVER

    @property
    def of_one(self) -> bool:
        """Whether it lies in this message or its destination, and not with the modem."""
        return self.code.startswith(("MSG_", "DEST_"))


_TABLES: Mapping[str, Mapping[int, tuple[str, str]]] = {"CMS": CMS, "CME": CME}


def _plain(text: str) -> str:
    # Manufacturers differ in "(U)SIM", hyphens, blanks and capitals.
    return re.sub(r"[^a-z0-9]", "", text.lower().replace("(u)sim", "sim"))


_BY_TEXT: Mapping[str, Mapping[str, int]] = {
    family: {_plain(words): number for number, (_, words) in table.items()}
    for family, table in _TABLES.items()
}
_MORE_TEXTS: Mapping[str, Mapping[str, int]] = {
    "CMS": {"simfull": 322, "memoryfull": 322, "simstoragefull": 322, "nonetwork": 331},
    "CME": {"simfull": 20, "nosim": 10, "siminvalid": 15, "unknownerror": 100},
}


def number_of(family: str, text: str) -> int | None:
    """The number of a verbose +CMS or +CME ERROR text (AT+CMEE=2), or None."""
    wanted = _plain(text)
    more = _MORE_TEXTS.get(family, {})
    return _BY_TEXT.get(family, {}).get(wanted, more.get(wanted))


def cause(family: str, number: int | None, text: str = "") -> Cause:
    """Why, and whether again. An unknown number or a plain ERROR is worth another try."""
    if number is None:
        number = number_of(family, text)
    row = _TABLES.get(family, {}).get(number) if number is not None else None
    if row is not None:
        return Cause(*row)
    if number is not None and family:
        return Cause(f"{family}_{number}", f"+{family} ERROR: {number}")
    return Cause("MODEM_ERROR", text or "ERROR")


def cause_of(refused: Refused) -> Cause:
    """The cause behind a `Refused`."""
    return cause(refused.family, refused.code, refused.text)


def refusal(family: str, number: int | None, text: str = "") -> Refused:
    """The error for a final result code, its number filled in from a verbose text."""
    if number is None:
        number = number_of(family, text)
    return Refused(family, number, text, cause(family, number, text).again)


# --- status reports -----------------------------------------------------------------------------


class Fate(StrEnum):
    """What a status report says of its message."""

    DELIVERED = "delivered"
    TRYING = "trying"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Status:
    """The meaning of a TP-ST."""

    fate: Fate
    code: str
    words: str


def status_of(tp_st: int) -> Status:
    """TP-ST (3GPP TS 23.040 §9.2.3.15).

    00-1F the transaction is completed; 20-3F the service centre still tries; 40-5F permanent
    and 60-7F temporary error, and it tries no more. From 80 on all is reserved, which the
    clause wants read as 'service rejected' (63).
    """
    value = tp_st if 0 <= tp_st < 0x80 else 0x63
    if value < 0x20:
        fate = Fate.DELIVERED
    elif value < 0x40:
        fate = Fate.TRYING
    else:
        fate = Fate.FAILED
    code, words = TP_ST.get(value, (f"REPORT_{value:02X}", f"status {value:02X}"))
    return Status(fate, code, words)


def delivery(tp_st: int) -> ReportDelivered | ReportTrying | ReportFailed:
    """What a status report does to the part that it speaks of.

    A failed delivery is never tried again by itself: the centre has tried for days, and another
    try costs again. The reason begins as cht-gateway's does (DeliveryReportHandler.java:64-125).
    """
    status = status_of(tp_st)
    if status.fate is Fate.DELIVERED:
        return ReportDelivered(tp_st)
    if status.fate is Fate.TRYING:
        return ReportTrying(tp_st)
    return ReportFailed(tp_st, f"Delivery failed: {status.words}")
