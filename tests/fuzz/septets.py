"""A reader of SMS-SUBMITs, written from 3GPP TS 23.040 and 23.038 and nothing of relay.

It exists to disagree: what relay composes must say to it what was to be said.
"""

from __future__ import annotations

from dataclasses import dataclass

# TS 23.038 §6.2.1 and §6.2.1.1
DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]",
    0x40: "|", 0x65: "€",
}  # fmt: skip
_ESCAPE = 0x1B
_VALIDITY_OCTETS = (0, 7, 1, 7)


@dataclass(frozen=True)
class Piece:
    """A part: its text, and (reference, total, seq) of its header, or None."""

    text: str
    concat: tuple[int, int, int] | None


def read(pdu: str) -> Piece:
    octets = bytes.fromhex(pdu)
    octets = octets[1 + octets[0] :]
    first, digits = octets[0], octets[2]
    assert first & 3 == 1, "no SMS-SUBMIT"
    at = 4 + (digits + 1) // 2
    dcs, at = octets[at + 1], at + 2 + _VALIDITY_OCTETS[first >> 3 & 3]
    udl, data = octets[at], octets[at + 1 :]
    assert len(data) <= 140
    header = data[: data[0] + 1] if first & 0x40 else b""
    text = _ucs2(data, udl, header) if dcs & 0x0C == 0x08 else _septets(data, udl, header)
    return Piece(text, _concat(header[1:]))


def _ucs2(data: bytes, udl: int, header: bytes) -> str:
    assert len(data) == udl
    return data[len(header) :].decode("utf-16-be")


def _septets(data: bytes, udl: int, header: bytes) -> str:
    assert len(data) == (udl * 7 + 7) // 8
    bits = int.from_bytes(data, "little")
    text, escaped = "", False
    for place in range((len(header) * 8 + 6) // 7, udl):
        code = bits >> 7 * place & 0x7F
        if escaped:
            text, escaped = text + EXTENSION[code], False
        elif code == _ESCAPE:
            escaped = True
        else:
            text += DEFAULT[code]
    assert not escaped, "an escape sequence was cut"
    return text


def _concat(elements: bytes) -> tuple[int, int, int] | None:
    while elements:
        kind, size = elements[0], elements[1]
        value, elements = elements[2 : 2 + size], elements[2 + size :]
        if kind == 0x00:
            return value[0], value[1], value[2]
        if kind == 0x08:
            return value[0] << 8 | value[1], value[2], value[3]
    return None
