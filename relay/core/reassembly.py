"""Putting the parts of a long SMS together: by sender, reference, number of parts and time.

An 8-bit reference comes round again after 256 messages, some phones use the same one for ever,
networks repeat and reorder parts. So a part joins the open assembly that lacks it and lies
nearest in time; a part that is already there with other content starts a new assembly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """One part that came in. `payload` identifies its content; times are epoch milliseconds."""

    seq: int
    payload: str
    sc_time: int | None
    kept_at: int


@dataclass(frozen=True, slots=True)
class Assembly:
    """An unfinished message of the same sender, reference, reference width and total."""

    id: int
    total: int
    pieces: Mapping[int, Piece]

    def holds(self, piece: Piece) -> bool:
        mine = self.pieces.get(piece.seq)
        return mine is not None and mine.payload == piece.payload

    def lacks(self, piece: Piece) -> bool:
        return piece.seq not in self.pieces

    @property
    def missing(self) -> tuple[int, ...]:
        return tuple(seq for seq in range(1, self.total + 1) if seq not in self.pieces)


@dataclass(frozen=True, slots=True)
class Join:
    """The piece belongs to this assembly."""

    assembly: Assembly


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The network brought a part twice; the assembly has it already."""

    assembly: Assembly


@dataclass(frozen=True, slots=True)
class Start:
    """The piece is the first of a new message."""


def place(
    piece: Piece, assemblies: Sequence[Assembly], max_age_ms: int = DAY_MS
) -> Join | Duplicate | Start:
    """Where a piece belongs, among the open assemblies with its key."""
    near = [a for a in assemblies if _distance(piece, a) <= max_age_ms]
    lacking = [a for a in near if a.lacks(piece)]
    holding = [a for a in near if a.holds(piece)]
    if holding and not lacking:
        return Duplicate(min(holding, key=lambda a: _distance(piece, a)))
    if lacking:
        return Join(min(lacking, key=lambda a: (_distance(piece, a), a.id)))
    return Start()


def _distance(piece: Piece, assembly: Assembly) -> int:
    """How far apart in time, by the service centre's clock where both sides have it."""
    return min(_apart(piece, other) for other in assembly.pieces.values())


def _apart(one: Piece, other: Piece) -> int:
    if one.sc_time is not None and other.sc_time is not None:
        return abs(one.sc_time - other.sc_time)
    return abs(one.kept_at - other.kept_at)


def gap(seqs: Sequence[int], total: int) -> str:
    """What stands in the text where parts are missing."""
    which = ", ".join(str(seq) for seq in seqs)
    word = "part" if len(seqs) == 1 else "parts"
    return f"[... {word} {which} of {total} missing ...]"
