"""Why a message was refused, and whether another try makes sense: one table to each standard.

`again` is False only where the cause lies in the message, its destination or the subscription,
so that the same try would end the same way. What we do not know may pass: it is tried again, on
the bounded schedule of `relay.core.backoff`. The reason codes are stable: servers store them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from relay.core.outbound import ReportDelivered, ReportFailed, ReportTrying
from relay.errors import Refused


@dataclass(frozen=True, slots=True)
class Cause:
    """`reason` is for machines, `words` (the wording of the standard) for people."""

    again: bool
    reason: str
    words: str


_NOW, _NEVER = True, False

# 3GPP TS 24.011 annex E (1 to 127), TS 23.040 §9.2.3.22 TP-FCS (128 to 255),
# TS 27.005 §3.2.5 (300 on).
_CMS: Mapping[int, tuple[bool, str, str]] = {
    1: (_NEVER, "destination.unassigned", "Unassigned (unallocated) number"),
    8: (_NEVER, "subscription.barred", "Operator determined barring"),
    10: (_NEVER, "subscription.call_barred", "Call barred"),
    17: (_NOW, "network.failure", "Network failure"),
    # Permanent by the standard, but it is what prepaid networks say when the airtime is used up:
    # a whole queue must not fail because of that.
    21: (_NOW, "network.rejected", "Short message transfer rejected"),
    22: (_NOW, "destination.memory_full", "Memory capacity exceeded"),
    27: (_NEVER, "destination.out_of_order", "Destination out of order"),
    28: (_NEVER, "destination.unidentified", "Unidentified subscriber"),
    29: (_NOW, "network.facility_rejected", "Facility rejected"),
    30: (_NEVER, "subscription.unknown", "Unknown subscriber"),
    38: (_NOW, "network.out_of_order", "Network out of order"),
    41: (_NOW, "network.temporary_failure", "Temporary failure"),
    42: (_NOW, "network.congestion", "Congestion"),
    47: (_NOW, "network.resources_unavailable", "Resources unavailable, unspecified"),
    50: (_NEVER, "subscription.facility_missing", "Requested facility not subscribed"),
    69: (_NEVER, "network.facility_missing", "Requested facility not implemented"),
    81: (_NEVER, "message.reference_invalid", "Invalid short message transfer reference value"),
    95: (_NEVER, "message.invalid", "Invalid message, unspecified"),
    96: (_NEVER, "message.information_invalid", "Invalid mandatory information"),
    97: (_NEVER, "message.type_unknown", "Message type non-existent or not implemented"),
    98: (_NOW, "network.out_of_step", "Message not compatible with short message protocol state"),
    99: (_NEVER, "message.element_unknown", "Information element non-existent or not implemented"),
    111: (_NOW, "network.protocol_error", "Protocol error, unspecified"),
    127: (_NOW, "network.interworking", "Interworking, unspecified"),
    128: (_NEVER, "message.interworking", "Telematic interworking not supported"),
    129: (_NEVER, "message.type0", "Short message Type 0 not supported"),
    130: (_NEVER, "message.not_replaceable", "Cannot replace short message"),
    143: (_NEVER, "message.pid", "Unspecified TP-PID error"),
    144: (_NEVER, "message.alphabet", "Data coding scheme (alphabet) not supported"),
    145: (_NEVER, "message.class", "Message class not supported"),
    159: (_NEVER, "message.dcs", "Unspecified TP-DCS error"),
    160: (_NEVER, "message.command", "Command cannot be actioned"),
    161: (_NEVER, "message.command_unsupported", "Command unsupported"),
    175: (_NEVER, "message.command_error", "Unspecified TP-Command error"),
    176: (_NEVER, "message.tpdu", "TPDU not supported"),
    192: (_NOW, "smsc.busy", "SC busy"),
    193: (_NEVER, "subscription.none", "No SC subscription"),
    194: (_NOW, "smsc.failure", "SC system failure"),
    195: (_NEVER, "destination.invalid", "Invalid SME address"),
    196: (_NEVER, "destination.barred", "Destination SME barred"),
    197: (_NEVER, "message.duplicate", "SM Rejected-Duplicate SM"),
    198: (_NEVER, "message.validity_format", "TP-VPF not supported"),
    199: (_NEVER, "message.validity", "TP-VP not supported"),
    208: (_NOW, "sim.full", "(U)SIM SMS storage full"),
    209: (_NOW, "sim.no_storage", "No SMS storage capability in (U)SIM"),
    210: (_NOW, "modem.error", "Error in MS"),
    211: (_NOW, "modem.memory_exceeded", "Memory Capacity Exceeded"),
    212: (_NOW, "sim.toolkit_busy", "(U)SIM Application Toolkit Busy"),
    213: (_NOW, "sim.download_error", "(U)SIM data download error"),
    255: (_NOW, "smsc.unspecified", "Unspecified error cause"),
    300: (_NOW, "modem.failure", "ME failure"),
    301: (_NOW, "modem.reserved", "SMS service of ME reserved"),
    302: (_NOW, "modem.not_allowed", "Operation not allowed"),
    303: (_NEVER, "modem.not_supported", "Operation not supported"),
    304: (_NEVER, "message.pdu_parameter", "Invalid PDU mode parameter"),
    305: (_NEVER, "message.text_parameter", "Invalid text mode parameter"),
    310: (_NOW, "sim.absent", "(U)SIM not inserted"),
    311: (_NOW, "sim.pin_required", "(U)SIM PIN required"),
    312: (_NOW, "modem.pin_required", "PH-(U)SIM PIN required"),
    313: (_NOW, "sim.failure", "(U)SIM failure"),
    314: (_NOW, "sim.busy", "(U)SIM busy"),
    315: (_NOW, "sim.wrong", "(U)SIM wrong"),
    316: (_NOW, "sim.puk_required", "(U)SIM PUK required"),
    317: (_NOW, "sim.pin2_required", "(U)SIM PIN2 required"),
    318: (_NOW, "sim.puk2_required", "(U)SIM PUK2 required"),
    320: (_NOW, "modem.memory_failure", "Memory failure"),
    321: (_NOW, "modem.memory_index", "Invalid memory index"),
    322: (_NOW, "modem.memory_full", "Memory full"),
    330: (_NOW, "smsc.unknown", "SMSC address unknown"),
    331: (_NOW, "network.no_service", "No network service"),
    332: (_NOW, "network.timeout", "Network timeout"),
    340: (_NOW, "modem.no_ack_expected", "No +CNMA acknowledgement expected"),
    500: (_NOW, "modem.unknown_error", "Unknown error"),
    # 512 on is for the manufacturers; these two are shared by most of them.
    512: (_NOW, "modem.aborted", "User abort"),
    515: (_NOW, "modem.busy", "Please wait, initialising or another command is running"),
}

# 3GPP TS 27.007 §9.2
_CME: Mapping[int, tuple[bool, str, str]] = {
    0: (_NOW, "modem.failure", "Phone failure"),
    1: (_NOW, "modem.no_connection", "No connection to phone"),
    2: (_NOW, "modem.reserved", "Phone-adaptor link reserved"),
    3: (_NOW, "modem.not_allowed", "Operation not allowed"),
    4: (_NEVER, "modem.not_supported", "Operation not supported"),
    5: (_NOW, "modem.pin_required", "PH-SIM PIN required"),
    6: (_NOW, "modem.fixed_sim_pin", "PH-FSIM PIN required"),
    7: (_NOW, "modem.fixed_sim_puk", "PH-FSIM PUK required"),
    10: (_NOW, "sim.absent", "SIM not inserted"),
    11: (_NOW, "sim.pin_required", "SIM PIN required"),
    12: (_NOW, "sim.puk_required", "SIM PUK required"),
    13: (_NOW, "sim.failure", "SIM failure"),
    14: (_NOW, "sim.busy", "SIM busy"),
    15: (_NOW, "sim.wrong", "SIM wrong"),
    16: (_NEVER, "sim.pin_refused", "Incorrect password"),
    17: (_NOW, "sim.pin2_required", "SIM PIN2 required"),
    18: (_NOW, "sim.puk2_required", "SIM PUK2 required"),
    20: (_NOW, "modem.memory_full", "Memory full"),
    21: (_NOW, "modem.memory_index", "Invalid index"),
    22: (_NOW, "modem.not_found", "Not found"),
    23: (_NOW, "modem.memory_failure", "Memory failure"),
    24: (_NEVER, "message.too_long", "Text string too long"),
    25: (_NEVER, "message.characters", "Invalid characters in text string"),
    26: (_NEVER, "destination.too_long", "Dial string too long"),
    27: (_NEVER, "destination.invalid", "Invalid characters in dial string"),
    30: (_NOW, "network.no_service", "No network service"),
    31: (_NOW, "network.timeout", "Network timeout"),
    32: (_NOW, "network.emergency_only", "Network not allowed - emergency calls only"),
    40: (_NOW, "modem.network_locked", "Network personalization PIN required"),
    41: (_NOW, "modem.network_puk", "Network personalization PUK required"),
    42: (_NOW, "modem.subset_locked", "Network subset personalization PIN required"),
    43: (_NOW, "modem.subset_puk", "Network subset personalization PUK required"),
    44: (_NOW, "modem.provider_locked", "Service provider personalization PIN required"),
    45: (_NOW, "modem.provider_puk", "Service provider personalization PUK required"),
    46: (_NOW, "modem.corporate_locked", "Corporate personalization PIN required"),
    47: (_NOW, "modem.corporate_puk", "Corporate personalization PUK required"),
    50: (_NEVER, "modem.parameters", "Incorrect parameters"),
    51: (_NOW, "modem.not_implemented", "Command implemented but currently disabled"),
    52: (_NOW, "modem.aborted", "Command aborted by user"),
    53: (_NOW, "modem.not_attached", "Not attached to network due to MT functionality"),
    100: (_NOW, "modem.unknown_error", "Unknown"),
    103: (_NOW, "network.illegal_ms", "Illegal MS"),
    106: (_NOW, "network.illegal_me", "Illegal ME"),
    111: (_NOW, "network.plmn_denied", "PLMN not allowed"),
    112: (_NOW, "network.area_denied", "Location area not allowed"),
    113: (_NOW, "network.roaming_denied", "Roaming not allowed in this location area"),
    515: (_NOW, "modem.busy", "Please wait, initialising or another command is running"),
}

_TABLES: Mapping[str, Mapping[int, tuple[bool, str, str]]] = {"CMS": _CMS, "CME": _CME}


def _plain(text: str) -> str:
    # Manufacturers differ in "(U)SIM", hyphens, blanks and capitals.
    return re.sub(r"[^a-z0-9]", "", text.lower().replace("(u)sim", "sim"))


_BY_TEXT: Mapping[str, Mapping[str, int]] = {
    family: {_plain(words): code for code, (_, _, words) in table.items()}
    for family, table in _TABLES.items()
}
_MORE_TEXTS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "CMS": (("simfull", 322), ("memoryfull", 322), ("simstoragefull", 322), ("nonetwork", 331)),
    "CME": (("simfull", 20), ("nosim", 10), ("siminvalid", 15), ("unknownerror", 100)),
}


def code_of(family: str, text: str) -> int | None:
    """The number of a verbose +CMS or +CME ERROR text (AT+CMEE=2), or None."""
    wanted = _plain(text)
    more = dict(_MORE_TEXTS.get(family, ()))
    return _BY_TEXT.get(family, {}).get(wanted, more.get(wanted))


def cause(family: str, code: int | None, text: str = "") -> Cause:
    """Why, and whether again. An unknown code or a plain ERROR is worth another try."""
    number = code if code is not None else code_of(family, text)
    row = _TABLES.get(family, {}).get(number) if number is not None else None
    if row is not None:
        return Cause(*row)
    if number is not None and family:
        return Cause(_NOW, f"{family.lower()}.{number}", f"+{family} ERROR: {number}")
    return Cause(_NOW, "modem.error", text or "ERROR")


def cause_of(refused: Refused) -> Cause:
    """The cause behind a `Refused`."""
    return cause(refused.family, refused.code, refused.text)


def refusal(family: str, code: int | None, text: str = "") -> Refused:
    """The error for a final result code, its number filled in from a verbose text."""
    number = code if code is not None else code_of(family, text)
    return Refused(family, number, text, cause(family, number, text).again)


# --- status reports -----------------------------------------------------------------------------


class Fate(StrEnum):
    """What a status report says of its message."""

    DELIVERED = "delivered"
    TRYING = "trying"
    FAILED = "failed"


_TP_ST: Mapping[int, tuple[str, str]] = {
    0x00: ("received", "received by the phone"),
    0x01: ("forwarded", "forwarded, but the service centre cannot confirm delivery"),
    0x02: ("replaced", "replaced by the service centre"),
    0x20: ("congestion", "congestion"),
    0x21: ("busy", "the phone is busy"),
    0x22: ("no_response", "no response from the phone"),
    0x23: ("service_rejected", "service rejected"),
    0x24: ("quality_not_available", "quality of service not available"),
    0x25: ("phone_error", "error in the phone"),
    0x40: ("remote_procedure_error", "remote procedure error"),
    0x41: ("incompatible_destination", "incompatible destination"),
    0x42: ("rejected_by_phone", "connection rejected by the phone"),
    0x43: ("not_obtainable", "the phone cannot be obtained"),
    0x44: ("quality_not_available", "quality of service not available"),
    0x45: ("no_interworking", "no interworking available"),
    0x46: ("validity_expired", "its validity period expired"),
    0x47: ("deleted_by_sender", "deleted by the sender"),
    0x48: ("deleted_by_centre", "deleted by the administration of the service centre"),
    0x49: ("unknown_to_centre", "the service centre does not know the message"),
    0x60: ("congestion", "congestion"),
    0x61: ("busy", "the phone is busy"),
    0x62: ("no_response", "no response from the phone"),
    0x63: ("service_rejected", "service rejected"),
    0x64: ("quality_not_available", "quality of service not available"),
    0x65: ("phone_error", "error in the phone"),
}


@dataclass(frozen=True, slots=True)
class Status:
    """The meaning of a TP-ST."""

    fate: Fate
    reason: str
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
    reason, words = _TP_ST.get(value, (f"st_{value:02x}", f"status {value:02X}"))
    return Status(fate, f"report.{reason}", words)


def delivery(tp_st: int) -> ReportDelivered | ReportTrying | ReportFailed:
    """What a status report does to the part that it speaks of.

    The reason begins as cht-gateway's does (DeliveryReportHandler.java:64-125).
    """
    status = status_of(tp_st)
    if status.fate is Fate.DELIVERED:
        return ReportDelivered(tp_st)
    if status.fate is Fate.TRYING:
        return ReportTrying(tp_st)
    return ReportFailed(tp_st, f"Delivery failed: {status.words}")
