"""The user data header: what a part says of itself before its text (3GPP TS 23.040 §9.2.3.24)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum


class Iei(IntEnum):
    """Information element identifiers that relay reads."""

    CONCAT_8 = 0x00
    PORTS_8 = 0x04
    PORTS_16 = 0x05
    CONCAT_16 = 0x08
    SINGLE_SHIFT = 0x24
    LOCKING_SHIFT = 0x25


@dataclass(frozen=True, slots=True)
class Concat:
    """One part of `total` with a common reference `ref` of 8 or 16 `bits`; `seq` counts from 1."""

    ref: int
    total: int
    seq: int
    bits: int = 8


@dataclass(frozen=True, slots=True)
class Shift:
    """The numbers of the national language tables in use; 0 is the default table."""

    locking: int = 0
    single: int = 0


NO_SHIFT = Shift()


@dataclass(frozen=True, slots=True)
class Element:
    """An information element that relay carries but does not read (pictures, EMS formats, …)."""

    iei: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """A user data header, read. `ports` are (destination, source)."""

    concat: Concat | None = None
    ports: tuple[int, int] | None = None
    shift: Shift = NO_SHIFT
    elements: tuple[Element, ...] = ()

    def encode(self) -> bytes:
        """The information elements, without the length octet in front; empty if there are none."""
        return b"".join(
            bytes((element.iei, len(element.data))) + element.data for element in self._all()
        )

    def _all(self) -> Iterator[Element]:
        if self.concat:
            yield _concat_element(self.concat)
        if self.ports:
            yield _ports_element(self.ports)
        if self.shift.locking:
            yield Element(Iei.LOCKING_SHIFT, bytes((self.shift.locking,)))
        if self.shift.single:
            yield Element(Iei.SINGLE_SHIFT, bytes((self.shift.single,)))
        yield from self.elements


EMPTY = Header()


def decode(octets: bytes) -> Header:
    """The elements of a header (without its length octet), as far as they go.

    The last of several concatenation, port or shift elements counts (§9.2.3.24); one that says
    the impossible is kept as an `Element` and otherwise ignored.
    """
    header = EMPTY
    at = 0
    while at + 2 <= len(octets):
        end = at + 2 + octets[at + 1]
        if end > len(octets):
            break
        header = _with(header, Element(octets[at], octets[at + 2 : end]))
        at = end
    return header


def _with(header: Header, element: Element) -> Header:
    data = element.data
    match element.iei, len(data):
        case (Iei.CONCAT_8, 3) | (Iei.CONCAT_16, 4) if 1 <= data[-1] <= data[-2]:
            return replace(header, concat=_concat(data))
        case (Iei.PORTS_8, 2) | (Iei.PORTS_16, 4):
            return replace(header, ports=_halves(data))
        case Iei.SINGLE_SHIFT, 1:
            return replace(header, shift=replace(header.shift, single=data[0]))
        case Iei.LOCKING_SHIFT, 1:
            return replace(header, shift=replace(header.shift, locking=data[0]))
        case _:
            return replace(header, elements=(*header.elements, element))


def _concat(data: bytes) -> Concat:
    *ref, total, seq = data
    return Concat(int.from_bytes(ref, "big"), total, seq, bits=8 * len(ref))


def _halves(data: bytes) -> tuple[int, int]:
    middle = len(data) // 2
    return int.from_bytes(data[:middle], "big"), int.from_bytes(data[middle:], "big")


def _concat_element(concat: Concat) -> Element:
    iei = Iei.CONCAT_8 if concat.bits == 8 else Iei.CONCAT_16
    ref = concat.ref.to_bytes(concat.bits // 8, "big")
    return Element(iei, ref + bytes((concat.total, concat.seq)))


def _ports_element(ports: tuple[int, int]) -> Element:
    """In the short form where it can say both: it knows the ports 240 to 255 (§9.2.3.24.3)."""
    destination, source = ports
    if min(ports) >= 240 and max(ports) <= 255:
        return Element(Iei.PORTS_8, bytes(ports))
    return Element(Iei.PORTS_16, destination.to_bytes(2, "big") + source.to_bytes(2, "big"))
