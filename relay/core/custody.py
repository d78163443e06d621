"""The chain of custody: a number and a hash for everything that came in, each built on the last.

A link is made of what the link before was, of its own number and time, and of a commitment to the
message: a hash of its content behind a salt of its own. So a message can be erased with its salt,
the chain holds, and nobody finds out what was in it by trying out phone numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

START = bytes(32)
SALT_OCTETS = 16
_MANY = 200  # so many bad links are looked at for where they belong


class Link(NamedTuple):
    """One row of the chain. `stamp` is when it was taken into custody (epoch ms)."""

    no: int
    stamp: int
    commitment: bytes
    chain: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with number `no` (and all up to `last`), as a stable code and in words."""

    no: int
    code: str
    what: str
    last: int = 0

    def __str__(self) -> str:
        span = f"{self.no:,} to {self.last:,}" if self.last > self.no else f"{self.no:,}"
        return f"{span}: {self.what}"


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain had come, as somebody has seen it."""

    no: int
    chain: bytes

    def __str__(self) -> str:
        return f"{self.no}:{self.chain.hex()}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Raises `ValueError` for anything but `4821:` and 64 hexadecimal digits."""
        no, _, digits = text.strip().partition(":")
        head = cls(int(no), bytes.fromhex(digits))
        if head.no < 0 or len(head.chain) != len(START):
            raise ValueError(text)
        return head


def content(values: Iterable[str | int | None]) -> bytes:
    """What is committed to: each value behind its length, so that none can pass for another."""
    told = ["-" if v is None else f"{len(text := str(v))}:{text}" for v in values]
    return "\n".join(told).encode("utf-8", "surrogatepass")


def commitment(salt: bytes, octets: bytes) -> bytes:
    return hashlib.sha256(salt + octets).digest()


def chained(before: bytes, no: int, stamp: int, committed: bytes) -> bytes:
    """The hash that stands for this link and all before it."""
    head = before + no.to_bytes(8, "big") + stamp.to_bytes(8, "big", signed=True)
    return hashlib.sha256(head + committed).digest()


def joined(before: Head, stamp: int, committed: bytes) -> Link:
    """The link that follows."""
    no = before.no + 1
    return Link(no, stamp, committed, chained(before.chain, no, stamp, committed))


# --- going along the chain ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Run:
    """Links in a row that do not follow, behind the chain as it was before them."""

    before: bytes
    shift: int
    links: tuple[Link, ...]
    inserted: bool = False
    taken_out: bool = False


@dataclass(eq=False)
class Walk:
    """Goes along the links in the order of their numbers, in memory that does not grow.

    `seen` are heads that somebody keeps from earlier.
    """

    seen: Mapping[int, bytes] = field(default_factory=dict)
    no: int = 0
    chain: bytes = START
    _shift: int = 0  # by how much the numbers were moved up
    _run: tuple[Link, ...] = ()
    _runs: list[_Run] = field(default_factory=list)

    def step(self, link: Link) -> Iterator[Fault]:
        if link.no != self.no + 1:
            self._close()
            yield Fault(self.no + 1, "RECORD_MISSING", "its record is missing", last=link.no - 1)
            self.chain = link.chain  # what it was built on is not known
        else:
            self._follow(link)
        self.no = link.no
        if link.no in self.seen and self.seen[link.no] != link.chain:
            yield Fault(
                link.no, "FORKED", "was another message when this head was noted: the store has "
                "been taken back to an older copy since, or its record was written anew",
            )  # fmt: skip

    def end(self) -> Iterator[Fault]:
        """What is left to say when the last link was seen."""
        self._close()
        spare = [link for run in self._runs for link in run.links][:_MANY]
        for run in self._runs:
            yield from _explained(run, spare)
        last = max(self.seen, default=0)
        if last > self.no:
            yield Fault(
                self.no + 1, "OLDER", "was given out before, and is not here: this store is "
                "older than what has been seen of it, or its end is lost", last=last,
            )  # fmt: skip

    def _follow(self, link: Link) -> None:
        if not self._run:
            if self._fits(self.chain, link, self._shift):
                self.chain = link.chain
            else:
                self._run = (link,)
            return
        last = self._run[-1]
        mended = chained(self._base(), last.no - self._shift, last.stamp, last.commitment)
        if any(self._fits(base, link, self._shift) for base in (last.chain, mended)):
            self._close()
        elif self._fits(self.chain, link, self._shift + len(self._run)):
            if self._fits(link.chain, last._replace(no=link.no), self._shift):
                self._close(swapped=link)
                return
            self._close(inserted=True)
        elif self._fits(last.chain, link, self._shift - 1):
            self._close(taken_out=True)
        else:
            self._run = (*self._run, link)[-_MANY:]
            return
        self.chain = link.chain

    def _base(self) -> bytes:
        """What the last link of the run should be built on."""
        return self._run[-2].chain if len(self._run) > 1 else self.chain

    @staticmethod
    def _fits(base: bytes, link: Link, shift: int) -> bool:
        own = link.no - shift
        return own > 0 and chained(base, own, link.stamp, link.commitment) == link.chain

    def _close(
        self, *, inserted: bool = False, taken_out: bool = False, swapped: Link | None = None
    ) -> None:
        if not self._run:
            return
        if len(self._runs) < _MANY:
            links = (*self._run, swapped) if swapped else self._run
            run = _Run(self.chain, self._shift, links, inserted, taken_out)
            self._runs.append(run)
        self._shift += len(self._run) * inserted - taken_out
        self.chain = self._run[-1].chain
        self._run = ()


def _explained(run: _Run, spare: Sequence[Link]) -> Iterator[Fault]:
    """One word for each link of a run: inserted, moved here from another number, or changed."""
    if run.inserted:
        for link in run.links:
            yield Fault(link.no, "INSERTED", "was put in between: the chain goes on without it")
        return
    if run.taken_out:
        yield Fault(run.links[0].no, "TAKEN_OUT", "one before it was taken out, and those behind "
                    "it were given other numbers")  # fmt: skip
        return
    base = run.before
    for link in run.links:
        here = next(
            (one for one in (link, *spare) if _belongs(base, one, link.no - run.shift)), None
        )
        if here is None:
            yield Fault(link.no, "RECORD_CHANGED", "its record was changed")
        elif here.no != link.no:
            yield Fault(
                link.no,
                "REORDERED",
                f"its record stands at number {here.no:,}: the order was changed",
            )
        base = link.chain if here is None else here.chain


def _belongs(base: bytes, link: Link, no: int) -> bool:
    return no > 0 and chained(base, no, link.stamp, link.commitment) == link.chain
