"""Short messages: read or refused, and what is composed says what was to be said."""

from __future__ import annotations

from relay.core import broadcast
from relay.core.foreign import foreign
from relay.core.pdu import Deliver, decode
from relay.core.segment import compose, join_text
from relay.errors import NumberError, PduError, TextError
from tests.fuzz import septets
from tests.fuzz.draw import Draw

_LANGUAGES = ((), ("turkish",), ("hindi", "urdu"), ("portuguese", "spanish"))
_RECIPIENTS = ("+254700000042", "0700000042", "20880", "112")
# Destination and source: WAP push, vCard, WAP over IANA's ports, and one that nobody knows.
_PORTS = (b"\x0b\x84\x23\xf0", b"\x00\xe2\x00\x00", b"\x23\xf0\x00\x00", b"\x12\x34\x56\x78")
# What a text can be made of, so that every alphabet and every joint of two parts is met.
_LETTERS = (
    septets.DEFAULT.replace("\x1b", ""),
    "".join(septets.EXTENSION.values()) + "a",
    "नमस्ते, आप कैसे हैं ",
    "😀é€ab",
    "ışğİ çÇ",
    "\0\ud800\udfffÿ`",
)


def any_octets(data: bytes) -> None:
    """Any octets at all."""
    survives(data.hex())


def page(data: bytes) -> None:
    """A page of a cell broadcast."""
    try:
        read = broadcast.read(data.hex())
    except PduError:
        assert len(data) < 6
    else:
        (read.text or "").encode("utf-8", "surrogatepass")


def any_characters(data: bytes) -> None:
    """What stands where a PDU should stand need not be hexadecimal."""
    survives(data.decode("latin-1"))


def shaped(data: bytes) -> None:
    """Octets with the shape of a message, so that they get past the first checks."""
    survives(shape(Draw(data)).hex())


def survives(pdu: str) -> None:
    try:
        read = decode(pdu)
    except PduError as error:
        assert error.pdu == pdu
        assert error.reason
        return
    if isinstance(read, Deliver):
        join_text([read]).encode()
        foreign([read])
    try:
        again = decode(read.encode())
    except (TextError, NumberError) as error:
        assert error.code
    else:
        assert type(again) is type(read)


def shape(draw: Draw) -> bytes:
    """A DELIVER, SUBMIT or STATUS-REPORT whose lengths are right, or a little wrong."""
    smsc = draw.take(draw.below(4) * 2)
    first = draw.byte()
    head = bytes((len(smsc),)) + smsc + bytes((first,))
    kind = first & 3
    if kind:
        head += bytes((draw.byte(),))  # TP-MR
    digits = draw.below(24)
    head += bytes((digits, draw.pick((0x91, 0x81, 0xD0, 0xA1, draw.byte()))))
    head += draw.take((digits + 1) // 2).ljust((digits + 1) // 2, b"\x21")
    if kind == 2:
        return head + draw.take(7).ljust(7, b"\x21") * 2 + draw.rest()
    head += bytes((draw.byte(), draw.pick((0x00, 0x08, 0x04, 0xF1, draw.byte()))))
    times = 7 if kind != 1 else (0, 7, 1, 7)[first >> 3 & 3]
    head += draw.take(times).ljust(times, b"\x21")
    wrong = draw.pick((0, 0, 0, 1, 255))
    body = _elements(draw) if first & 0x40 else b""
    body += draw.rest()
    return head + bytes((len(body) + wrong & 0xFF,)) + body


def _elements(draw: Draw) -> bytes:
    """A user data header: concatenation, ports, shift tables, and what nobody knows."""
    elements = b""
    for _ in range(draw.below(4)):
        kind = draw.pick((0x00, 0x08, 0x24, 0x25, 0x05, draw.byte()))
        size = {0x00: 3, 0x08: 4, 0x24: 1, 0x25: 1, 0x05: 4}.get(kind, draw.below(6))
        value = draw.pick(_PORTS) if kind == 0x05 else draw.take(size)
        elements += bytes((kind, size + draw.pick((0, 0, 0, 1)))) + value
    return bytes((len(elements) + draw.pick((0, 0, 0, 1)),)) + elements


def text(data: bytes) -> None:
    """Any text is composed so that another reader reads it, or refused with its reason."""
    draw = Draw(data)
    recipient, bits, national = draw.pick(_RECIPIENTS), draw.pick((8, 16)), draw.pick(_LANGUAGES)
    reference, said = draw.byte(), written(draw)
    try:
        parts = compose(
            recipient, said, concat_ref=reference, validity_s=3600, national=national,
            ref_bits=bits,
        )  # fmt: skip
    except TextError as error:
        assert error.code in {"text.nul", "text.surrogate", "text.too_long"}
        return
    if national:
        assert _read_by_relay(parts) == said
        return
    pieces = [septets.read(part) for part in parts]
    assert "".join(piece.text for piece in pieces) == said
    total = len(pieces)
    places = [(reference, total, seq) for seq in range(1, total + 1)] if total > 1 else [None]
    assert [piece.concat for piece in pieces] == places


def written(draw: Draw) -> str:
    """A text of runs of letters; the length of a run is what brings the joints about."""
    runs: list[str] = []
    while draw.left:
        letters, count, step = draw.pick(_LETTERS), draw.byte(), draw.byte()
        runs += [letters[(step + place * (step | 1)) % len(letters)] for place in range(count)]
    return "".join(runs)


def _read_by_relay(parts: tuple[str, ...]) -> str:
    return "".join(str(getattr(decode(part), "text", "")) for part in parts)
