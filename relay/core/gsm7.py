"""The GSM 7 bit alphabet and its packing into octets (3GPP TS 23.038 §6.1.2 and §6.2.1).

A message travels as septets: values 0 to 127, which an `Alphabet` turns into text and back, and
which `pack` lays end to end into octets. Septets are `bytes` here, one septet to a byte.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping

ESCAPE = 0x1B
_ESC = bytes([ESCAPE])

# §6.2.1. The escape code itself shows as a blank where nothing follows from it.
DEFAULT_BASE = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

# §6.2.1.1. 0x0A is the page break.
DEFAULT_EXTENSION: Mapping[int, str] = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

# What stands in a table where the standard defines no character; it shows as a blank.
UNDEFINED = "\0"
# Anything that is not ASCII will do: `encode` looks only for that.
_NOT_IN_ALPHABET = "\uffff"


class Alphabet:
    """A base table of 128 characters, and an extension table behind the escape code."""

    __slots__ = ("_extended", "_plain", "_septets")

    def __init__(self, base: str, extension: Mapping[int, str]) -> None:
        self._plain = base.replace(UNDEFINED, " ")
        # §6.2.1.1: what the extension does not have shows as in the base table; escape escape
        # announces a further table that nobody ever defined, and shows as a blank.
        self._extended = "".join(
            " " if code == ESCAPE else extension.get(code, shown)
            for code, shown in enumerate(self._plain)
        )
        self._septets = _encoder(base, extension)

    def encode(self, text: str) -> bytes | None:
        """The septets of `text`, or None where the alphabet lacks one of its characters."""
        septets = text.translate(self._septets)
        return septets.encode("ascii") if septets.isascii() else None

    def decode(self, septets: bytes) -> str:
        """The text of any septets; an escape code that nothing follows is left out."""
        if _ESC not in septets:
            return self._base_text(septets)
        pieces = iter(septets.split(_ESC))
        shown = [self._base_text(next(pieces))]
        for piece in pieces:
            if piece:
                shown.append(self._extended[piece[0]] + self._base_text(piece[1:]))
            elif (after_pair := next(pieces, None)) is not None:
                shown.append(" " + self._base_text(after_pair))
        return "".join(shown)

    def _base_text(self, septets: bytes) -> str:
        return codecs.charmap_decode(septets, "strict", self._plain)[0]


def _encoder(base: str, extension: Mapping[int, str]) -> dict[int, str]:
    """A table for `str.translate`: every ASCII character and every one of ours has an entry."""
    table = dict.fromkeys(range(128), _NOT_IN_ALPHABET)
    for code in sorted(extension, reverse=True):
        table[ord(extension[code])] = chr(ESCAPE) + chr(code)
    for code, character in enumerate(base):
        if code != ESCAPE and character != UNDEFINED:
            table[ord(character)] = chr(code)
    return table


DEFAULT = Alphabet(DEFAULT_BASE, DEFAULT_EXTENSION)


# --- packing ------------------------------------------------------------------------------------

# Eight septets in eight bytes are squeezed into seven bytes by closing, in every 64-bit lane of
# one large integer at once, the gaps of 1, then 2, then 4 bits. 32 lanes hold the 255 septets
# that a length octet can count.
_LANES = 32


def _mask(lane: int) -> int:
    return int.from_bytes(lane.to_bytes(8, "little") * _LANES, "little")


_STEPS = (
    (1, _mask(0x007F007F007F007F), _mask(0x7F007F007F007F00)),
    (2, _mask(0x00003FFF00003FFF), _mask(0x3FFF00003FFF0000)),
    (4, _mask(0x000000000FFFFFFF), _mask(0x0FFFFFFF00000000)),
)
_UNSTEPS = tuple((gap, low, high >> gap) for gap, low, high in reversed(_STEPS))


def packed_length(count: int, fill: int = 0) -> int:
    """Octets that `count` septets take up behind `fill` bits."""
    return (count * 7 + fill + 7) // 8


def pack(septets: bytes, fill: int = 0) -> bytes:
    """Up to 255 septets as octets (§6.1.2.1), behind `fill` (0 to 6) bits of zero."""
    bits = int.from_bytes(septets, "little")
    for gap, low, high in _STEPS:
        bits = (bits & low) | (bits & high) >> gap
    lanes = bytearray(bits.to_bytes((len(septets) + 7) // 8 * 8, "little"))
    del lanes[7::8]
    length = packed_length(len(septets), fill)
    if not fill:
        return bytes(lanes[:length])
    return (int.from_bytes(lanes, "little") << fill).to_bytes(length + 1, "little")[:length]


def unpack(octets: bytes, count: int, fill: int = 0) -> bytes:
    """The first `count` (at most 255) septets behind `fill` bits, or as many as are there."""
    count = min(count, (len(octets) * 8 - fill) // 7)
    if count <= 0:
        return b""
    if fill:
        octets = (int.from_bytes(octets, "little") >> fill).to_bytes(len(octets), "little")
    lanes = (count + 7) // 8
    whole = octets[: lanes * 7].ljust(lanes * 7, b"\0")
    spread = bytearray(lanes * 8)
    for place in range(7):
        spread[place::8] = whole[place::7]
    bits = int.from_bytes(spread, "little")
    for gap, low, high in _UNSTEPS:
        bits = (bits & low) | (bits & high) << gap
    return bits.to_bytes(lanes * 8, "little")[:count]
