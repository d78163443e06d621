"""TP-DCS, the data coding scheme, as 3GPP TS 23.038 §4 divides its 256 values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Encoding(StrEnum):
    """What the user data of a part is made of."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    DATA = "8bit"


class Waiting(StrEnum):
    """What a message waiting indication tells of."""

    VOICEMAIL = "voicemail"
    FAX = "fax"
    EMAIL = "email"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Indication:
    """Switches a sign on the handset on or off (`active`)."""

    waiting: Waiting
    active: bool


@dataclass(frozen=True, slots=True)
class Coding:
    """What a TP-DCS says. Class 0 is shown at once and not stored by handsets ('flash')."""

    encoding: Encoding
    message_class: int | None = None
    compressed: bool = False
    auto_delete: bool = False
    indication: Indication | None = None


_ALPHABETS = (Encoding.GSM7, Encoding.DATA, Encoding.UCS2, Encoding.GSM7)
_WAITING = tuple(Waiting)


def _coding(dcs: int) -> Coding:
    match dcs >> 4:
        case group if group < 0b1000:
            return _general(dcs)
        case 0b1100 | 0b1101:
            return Coding(Encoding.GSM7, indication=_indication(dcs))
        case 0b1110:
            return Coding(Encoding.UCS2, indication=_indication(dcs))
        case 0b1111:
            encoding = Encoding.DATA if dcs & 0b100 else Encoding.GSM7
            return Coding(encoding, message_class=dcs & 0b11)
        case _:  # "Any reserved codings shall be assumed to be the GSM 7 bit default alphabet."
            return Coding(Encoding.GSM7)


def _general(dcs: int) -> Coding:
    """Groups 00xx and 01xx. Compressed text (TS 23.042) is data to us."""
    compressed = bool(dcs & 0x20)
    return Coding(
        encoding=Encoding.DATA if compressed else _ALPHABETS[dcs >> 2 & 0b11],
        message_class=dcs & 0b11 if dcs & 0x10 else None,
        compressed=compressed,
        auto_delete=bool(dcs & 0x40),
    )


def _indication(dcs: int) -> Indication:
    return Indication(_WAITING[dcs & 0b11], active=bool(dcs & 0b1000))


CODINGS = tuple(_coding(dcs) for dcs in range(256))

_PLAIN = {Encoding.GSM7: 0x00, Encoding.DATA: 0x04, Encoding.UCS2: 0x08}


def dcs_of(encoding: Encoding, message_class: int | None = None) -> int:
    """The TP-DCS of the general group for an encoding, with a class (0 to 3) or without."""
    return _PLAIN[encoding] | (0 if message_class is None else 0x10 | message_class)
