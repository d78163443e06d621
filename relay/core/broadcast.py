"""Cell broadcast pages as +CBM brings them (3GPP TS 23.041 §9.4.1.2)."""

from __future__ import annotations

from dataclasses import dataclass

from relay.core import gsm7, national
from relay.core.octets import Octets

_SEPTETS = 93  # of a page of 82 octets


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One page of `pages`. `message_id` is the channel, 50 for instance; `text` without padding,
    None where it is data."""

    serial: int
    message_id: int
    page: int
    pages: int
    text: str | None


def read(pdu: str) -> Broadcast:
    """Raises `PduError` where the octets end before the page begins."""
    octets = Octets(pdu)
    head = octets.take(6, "the head of a cell broadcast")
    dcs, place = head[4], head[5]
    return Broadcast(
        serial=int.from_bytes(head[:2], "big"),
        message_id=int.from_bytes(head[2:4], "big"),
        page=place >> 4 or 1,
        pages=place & 0x0F or 1,
        text=_text(octets.rest(octets.left), dcs),
    )


def _text(content: bytes, dcs: int) -> str | None:
    """TS 23.038 §5: two groups begin with a language, three characters and a line end."""
    if dcs == 0x11:
        return _trimmed(content[2:].decode("utf-16-be", "replace"))
    if 0x40 <= dcs < 0x80 and dcs >> 2 & 0b11:
        wide = dcs >> 2 & 0b11 == 0b10
        return _trimmed(content.decode("utf-16-be", "replace")) if wide else None
    count = min(_SEPTETS, len(content) * 8 // 7)
    text = national.alphabet().decode(gsm7.unpack(content, count))
    return _trimmed(text[3:] if dcs == 0x10 else text)


def _trimmed(text: str) -> str:
    return text.rstrip("\r\n\0 ")
