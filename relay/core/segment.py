"""From a text to its parts and back: the cheapest alphabet, the cuts, the joints.

Parts cost money, so the alphabet that needs the fewest of them wins. Among equals a phone's
certainty to show it decides: the default alphabet, UCS-2, then national language tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from relay.core import gsm7, udh
from relay.core.address import Address
from relay.core.dcs import Encoding, dcs_of
from relay.core.national import alphabet, has_locking, language
from relay.core.pdu import Deliver, Submit
from relay.core.userdata import MOST_OCTETS
from relay.errors import TextError

# TP-UDH counts the parts in one octet (3GPP TS 23.040 §9.2.3.24.1).
MOST_PARTS = 255
_SHIFT_OCTETS = 3
_FLASH = 0
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Segments:
    """A text cut into parts. `units` are septets or UTF-16 code units, without any header."""

    encoding: Encoding
    shift: udh.Shift
    parts: tuple[str, ...]
    units: int


def segment(text: str, *, national: Sequence[str] = (), ref_bits: int = 8) -> Segments:
    """Cut a text into as few parts as it can have; an empty text is one empty part.

    `national` names the languages whose shift tables may be used (ISO 639-1 code or English
    name); without any, it is the default alphabet or UCS-2. `ref_bits` is the width of the
    concatenation reference, 8 or 16. Never cuts a surrogate pair or an escape sequence.

    Raises `TextError`: 'text.nul' for U+0000, 'text.surrogate' for half of a surrogate pair,
    'text.too_long' for more than 255 parts; ValueError for a language without tables.
    """
    _require_carriable(text)
    languages = [_language(name) for name in national]
    choices = _choices(text, languages, ref_bits)
    cheapest = min(choices, key=lambda segments: len(segments.parts))
    if len(cheapest.parts) > MOST_PARTS:
        raise TextError("text.too_long", f"{len(cheapest.parts)} parts; {MOST_PARTS} is the most")
    return cheapest


def compose(
    recipient: str,
    text: str,
    *,
    concat_ref: int,
    validity_s: int | None,
    report: bool = True,
    flash: bool = False,
    national: Sequence[str] = (),
    ref_bits: int = 8,
) -> tuple[str, ...]:
    """One SMS-SUBMIT for each part of a text, through the modem's own service centre.

    `concat_ref` ties the parts together (only its lowest `ref_bits` travel); a text of one part
    has no such header. `flash` asks for class 0. Raises `NumberError` and `TextError`.
    """
    to = Address.parse(recipient)
    segments = segment(text, national=national, ref_bits=ref_bits)
    dcs = dcs_of(segments.encoding, _FLASH if flash else None)
    ref, total = concat_ref % (1 << ref_bits), len(segments.parts)
    return tuple(
        Submit(
            recipient=to,
            dcs=dcs,
            text=part,
            concat=udh.Concat(ref, total, seq, ref_bits) if total > 1 else None,
            shift=segments.shift,
            validity_s=validity_s,
            report=report,
        ).encode()
        for seq, part in enumerate(segments.parts, start=1)
    )


def join_text(parts: Sequence[Deliver]) -> str:
    """The text of decoded parts, put in their order; a part that came twice counts once.

    Surrogate pairs that were cut between neighbouring parts become whole, halves without their
    other half become U+FFFD, so the text is always valid Unicode. Data parts add nothing.
    """
    return "".join(_healed("".join(run)) for run in _runs(parts))


def _require_carriable(text: str) -> None:
    if "\0" in text:
        raise TextError("text.nul", "the character U+0000; phones end the text there")
    if _SURROGATE.search(text):
        raise TextError("text.surrogate", "half of a surrogate pair, which is no character")


def _language(name: str) -> int:
    number = language(name)
    if number is None:
        raise ValueError(f"no national language tables for {name!r}")
    return number


def _choices(text: str, languages: Sequence[int], ref_bits: int) -> Iterator[Segments]:
    """Every way to write the text, the one that phones know best first."""
    plain = _in_septets(text, udh.NO_SHIFT, ref_bits)
    if plain is not None:
        yield plain
        if len(plain.parts) == 1 or not languages:
            return  # nothing beats one part, nor a septet the two octets of UCS-2
    yield _in_ucs2(text, ref_bits)
    for shift in _shifts(languages):
        if (shifted := _in_septets(text, shift, ref_bits)) is not None:
            yield shifted


def _shifts(languages: Sequence[int]) -> Iterator[udh.Shift]:
    locking = [number for number in languages if has_locking(number)]
    yield from (udh.Shift(single=number) for number in languages)
    yield from (udh.Shift(locking=number) for number in locking)
    yield from (udh.Shift(locking=one, single=two) for one in locking for two in languages)


def _in_septets(text: str, shift: udh.Shift, ref_bits: int) -> Segments | None:
    septets = alphabet(shift.locking, shift.single).encode(text)
    if septets is None:
        return None
    header = _SHIFT_OCTETS * (bool(shift.locking) + bool(shift.single))
    if len(septets) <= _septet_room(header):
        return Segments(Encoding.GSM7, shift, (text,), len(septets))
    parts = tuple(_cut_septets(text, septets, _septet_room(header + _concat_octets(ref_bits))))
    return Segments(Encoding.GSM7, shift, parts, len(septets))


def _septet_room(header: int) -> int:
    """Septets beside `header` octets of information elements and their length octet."""
    return (MOST_OCTETS - (header + 1 if header else 0)) * 8 // 7


def _concat_octets(ref_bits: int) -> int:
    return 4 + ref_bits // 8


def _cut_septets(text: str, septets: bytes, room: int) -> Iterator[str]:
    start = at = 0
    while start < len(septets):
        end = start + room
        if end < len(septets) and septets[end - 1] == gsm7.ESCAPE:
            end -= 1
        characters = len(septets[start:end]) - septets.count(gsm7.ESCAPE, start, end)
        yield text[at : at + characters]
        start, at = end, at + characters


def _in_ucs2(text: str, ref_bits: int) -> Segments:
    octets = text.encode("utf-16-be")
    parts: tuple[str, ...] = (text,)
    if len(octets) > MOST_OCTETS:
        room = (MOST_OCTETS - 1 - _concat_octets(ref_bits)) // 2 * 2
        parts = tuple(_cut_ucs2(octets, room))
    return Segments(Encoding.UCS2, udh.NO_SHIFT, parts, len(octets) // 2)


def _cut_ucs2(octets: bytes, room: int) -> Iterator[str]:
    start = 0
    while start < len(octets):
        end = start + room
        if end < len(octets) and 0xDC <= octets[end] <= 0xDF:
            end -= 2  # the next unit is the second half of a pair
        yield octets[start:end].decode("utf-16-be")
        start = end


def _runs(parts: Sequence[Deliver]) -> Iterator[list[str]]:
    """The texts of neighbouring parts: only across their joints can a pair have been cut."""
    by_seq: dict[int, str] = {}
    for place, part in enumerate(parts, start=1):
        by_seq.setdefault(part.concat.seq if part.concat else place, part.text or "")
    order = sorted(by_seq)
    run = [by_seq[seq] for seq in order[:1]]
    for before, seq in pairwise(order):
        if seq != before + 1:
            yield run
            run = []
        run.append(by_seq[seq])
    yield run


def _healed(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
