"""What comes in by SMS and is no person's text: notices, signs and data for phones and SIMs.

Each is kept, named by a stable reason, and set aside: a server could do nothing with it. The
tables are 3GPP TS 23.040 §9.2.3.9 (TP-PID), TS 23.038 §4 (TP-DCS), TS 23.040 §9.2.3.24 (user data
header) and the WAP ports of the IANA registry. In doubt a text is a person's: it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relay.core.deliver import Deliver
from relay.core.said import Said, figure, joined, plural, some

# TP-PID
_SILENT = 0x40  # short message type 0: "discard its contents"
_RETURN_CALL = 0x5F
_ME_DATA, _ME_DEPERSONALISATION, _SIM_DATA = 0x7D, 0x7E, 0x7F

_SPECIAL_INDICATION = 0x01  # information element "Special SMS Message Indication"
_FLASH = 0  # message class
_SHORT = 7  # a sender of fewer digits is no subscriber

# WAP push and its secure twin, connectionless WAP, OMA push.
_WAP_PORTS = frozenset({2948, 2949, 9200, 9201, 9202, 9203, 49_999})
# vCard and vCalendar with their secure twins, Nokia's ringtones, logos, pictures and settings.
_PHONE_PORTS = frozenset(
    {226, 228, 5505, 5506, 5507, 5508, 5512, 5514, 5580, 9204, 9205, 9206, 9207}
)
# The content type of an MMS notification, as text and as WSP's short integer (0x3E with bit 8).
_MMS_TYPE, _MMS_SHORT = b"application/vnd.wap.mms-message", 0xBE
_WSP_PUSH = 0x06

# What a reason means: of one, of many.
NAMES: Mapping[str, tuple[str, str]] = {
    "mms.notice": plural("{n} MMS notice", "{n} MMS notices"),
    "wap.push": plural("{n} WAP push", "{n} WAP pushes"),
    "flash.operator": plural(
        "{n} flash message of the operator", "{n} flash messages of the operator"
    ),
    "silent.sms": plural("{n} silent SMS", "{n} silent SMS"),
    "voicemail.sign": plural("{n} voicemail sign", "{n} voicemail signs"),
    "sim.data": plural("{n} SIM update", "{n} SIM updates"),
    "phone.content": plural("{n} card or ringtone", "{n} cards or ringtones"),
    "data.message": plural("{n} data message", "{n} data messages"),
    "cell.broadcast": plural("{n} cell broadcast", "{n} cell broadcasts"),
    "stored.draft": plural("{n} draft found on the SIM", "{n} drafts found on the SIM"),
    "stored.sent": plural("{n} sent SMS found on the SIM", "{n} sent SMS found on the SIM"),
    "empty.content": plural("{n} empty SMS", "{n} empty SMS"),
    "empty.sender": plural("{n} SMS without a sender", "{n} SMS without a sender"),
    "message.repeated": plural("{n} repeated SMS", "{n} repeated SMS"),
    "part.repeated": plural("{n} repeated part", "{n} repeated parts"),
}


def named(reason: str, n: int) -> Said:
    """`7 MMS notices`; an unknown reason is told as it is."""
    if reason not in NAMES:
        return joined([figure(n), f"SMS ({reason})"], " ")
    return some(n, *NAMES[reason])


def foreign(parts: Sequence[Deliver]) -> str | None:
    """Why a message is no person's text; None where it may be one. `parts` are in order.

    None are left of a message whose parts lay on a damaged page of the database.
    """
    if not parts:
        return None
    first = parts[0]
    by_protocol = _by_protocol(first.pid)
    if by_protocol is not None:
        return by_protocol
    if _is_sign(first):
        return "voicemail.sign"
    if first.ports is not None and (found := _by_port(parts, first.ports[0])) is not None:
        return found
    if all(part.text is None for part in parts):
        return "data.message"
    if first.message_class == _FLASH and not _is_subscriber(first):
        return "flash.operator"
    return None


def _by_protocol(pid: int) -> str | None:
    if pid == _SILENT:
        return "silent.sms"
    if pid == _RETURN_CALL:
        return "voicemail.sign"
    if pid in {_ME_DATA, _ME_DEPERSONALISATION, _SIM_DATA}:
        return "sim.data"
    return None


def _is_sign(part: Deliver) -> bool:
    if part.coding.indication is not None:
        return True
    return any(element.iei == _SPECIAL_INDICATION for element in part.elements)


def _by_port(parts: Sequence[Deliver], port: int) -> str | None:
    """Text for a port that we do not know may be a form of somebody's phone: it goes on."""
    if port in _WAP_PORTS:
        data = b"".join(part.data or _octets(part.text or "") for part in parts)
        return "mms.notice" if _is_mms(data) else "wap.push"
    return "phone.content" if port in _PHONE_PORTS else None


def _octets(text: str) -> bytes:
    """A part may begin or end with half a surrogate pair, or hold one on purpose."""
    return text.encode("utf-8", "replace")


def _is_mms(data: bytes) -> bool:
    """WSP push: transaction, PDU type, length of the headers, content type (WAP-230 §8.2.4)."""
    if _MMS_TYPE in data:
        return True
    return len(data) > 3 and data[1] == _WSP_PUSH and data[3] == _MMS_SHORT


def _is_subscriber(part: Deliver) -> bool:
    digits = part.sender.number.removeprefix("+")
    return digits.isdigit() and len(digits) >= _SHORT
