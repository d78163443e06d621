"""TP-UD: the user data header, and the text or the octets behind it (3GPP TS 23.040 §9.2.3.24)."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.core import gsm7, national, udh
from relay.core.dcs import CODINGS, Coding, Encoding
from relay.core.octets import Octets
from relay.errors import TextError

# §9.2.3.16: the octets that fit into one short message.
MOST_OCTETS = 140
MOST_SEPTETS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class UserData:
    """What a part carries, and how.

    `text` is None where the coding is 8-bit data or compressed text; `data` has the octets then,
    and is None otherwise. A text in UCS-2 may begin or end with half of a surrogate pair whose
    other half is in the neighbouring part; `relay.core.segment.join_text` heals that. `shift`
    names the national language tables of a GSM 7 bit text, `ports` are (destination, source).
    `missing` are the octets that TP-UDL counts and that are not there.
    """

    dcs: int = 0
    text: str | None = None
    data: bytes | None = None
    concat: udh.Concat | None = None
    ports: tuple[int, int] | None = None
    shift: udh.Shift = udh.NO_SHIFT
    elements: tuple[udh.Element, ...] = ()
    missing: int = field(default=0, compare=False)

    @property
    def coding(self) -> Coding:
        """Everything that TP-DCS says."""
        return CODINGS[self.dcs]

    @property
    def encoding(self) -> Encoding:
        return CODINGS[self.dcs].encoding

    @property
    def message_class(self) -> int | None:
        """0 (shown at once, 'flash') to 3, or None."""
        return CODINGS[self.dcs].message_class

    @property
    def has_header(self) -> bool:
        """TP-UDHI."""
        return bool(self.concat or self.ports or self.elements or self.shift != udh.NO_SHIFT)


def read(octets: Octets, dcs: int, *, has_header: bool) -> UserData:
    """TP-UDL and TP-UD: octets beyond the length are ignored, missing ones go without."""
    length = octets.byte("the user data")
    coding = CODINGS[dcs].encoding
    seven_bit = coding is Encoding.GSM7
    counted = gsm7.packed_length(length) if seven_bit else length
    there = octets.rest(counted)
    header_length = there[0] + 1 if has_header and there else 0
    header = udh.decode(there[1:header_length]) if header_length else udh.EMPTY
    body = there[header_length:]
    if seven_bit:
        fill = -header_length * 8 % 7
        count = length - (header_length * 8 + fill) // 7
        alphabet = national.alphabet(header.shift.locking, header.shift.single)
        text = alphabet.decode(gsm7.unpack(body, count, fill))
    elif coding is Encoding.UCS2:
        # An odd octet at the end is half of a character that was cut off.
        text = body[: len(body) // 2 * 2].decode("utf-16-be", "surrogatepass")
    return UserData(
        dcs=dcs,
        text=None if coding is Encoding.DATA else text,
        data=body if coding is Encoding.DATA else None,
        concat=header.concat,
        ports=header.ports,
        shift=header.shift,
        elements=header.elements,
        missing=counted - len(there),
    )


def encode(part: UserData) -> bytes:
    """TP-UDL and TP-UD. Raises `TextError` where the coding or the part cannot hold the text."""
    header = udh.Header(part.concat, part.ports, part.shift, part.elements).encode()
    if header:
        header = bytes((len(header),)) + header
    if part.encoding is Encoding.GSM7:
        length, field = _seven_bit(part, header)
    else:
        field = header + _whole_octets(part)
        length = len(field)
    if len(field) > MOST_OCTETS:
        raise TextError("text.part_too_long", f"{len(field)} octets do not fit into one part")
    return bytes((length,)) + field


def _seven_bit(part: UserData, header: bytes) -> tuple[int, bytes]:
    septets = national.alphabet(part.shift.locking, part.shift.single).encode(part.text or "")
    if septets is None:
        raise TextError("text.alphabet", "a character that the GSM alphabet does not have")
    if len(septets) > MOST_SEPTETS:
        raise TextError("text.part_too_long", f"{len(septets)} septets do not fit into one part")
    fill = -len(header) * 8 % 7
    length = (len(header) * 8 + fill) // 7 + len(septets)
    return length, header + gsm7.pack(septets, fill)


def _whole_octets(part: UserData) -> bytes:
    if part.encoding is Encoding.UCS2:
        return (part.text or "").encode("utf-16-be", "surrogatepass")
    if part.text is not None:
        raise TextError("text.alphabet", "8-bit data carries no text")
    return part.data or b""
