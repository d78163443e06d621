"""Putting the parts of long messages together: any order, doubles, and references that return."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from relay.core.reassembly import DAY_MS, Assembly, Duplicate, Join, Piece, Start, gap, place

NOON = 1_700_000_000_000
HOUR_MS = 3600 * 1000


@dataclass
class Desk:
    """Where the pieces of one sender and one reference are laid out."""

    total: int
    open: dict[int, dict[int, Piece]] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)
    doubles: int = 0

    def lay(self, piece: Piece) -> None:
        match place(piece, [Assembly(id_, self.total, p) for id_, p in self.open.items()]):
            case Duplicate():
                self.doubles += 1
            case Join(assembly):
                self._add(assembly.id, piece)
            case Start():
                self._add(1 + max(self.open, default=0), piece)

    def _add(self, id_: int, piece: Piece) -> None:
        pieces = self.open.setdefault(id_, {})
        assert piece.seq not in pieces
        pieces[piece.seq] = piece
        if len(pieces) == self.total:
            del self.open[id_]
            self.whole.append("".join(pieces[seq].payload for seq in sorted(pieces)))


def pieces(word: str, *, at: int = NOON, clock: bool = True) -> list[Piece]:
    """A message of one letter a part, its parts a second apart."""
    return [
        Piece(seq, letter, at + seq * 1000 if clock else None, at + seq * 1000)
        for seq, letter in enumerate(word, 1)
    ]


@given(data=st.data(), word=st.text("abcdef", min_size=2, max_size=8), clock=st.booleans())
def test_any_order_gives_the_message(data, word, clock):
    """With or without the time stamps of the service centre."""
    desk = Desk(len(word))
    for piece in data.draw(st.permutations(pieces(word, clock=clock))):
        desk.lay(piece)
    assert desk.whole == [word]
    assert not desk.open


@given(data=st.data(), word=st.text("abcdef", min_size=3, max_size=8))
def test_a_part_that_comes_twice_before_the_end_is_a_double(data, word):
    """Networks repeat: the double is noticed and not joined."""
    parts = data.draw(st.permutations(pieces(word)))
    again = data.draw(st.integers(0, len(parts) - 2))
    desk = Desk(len(word))
    for piece in (*parts[: again + 1], parts[again], *parts[again + 1 :]):
        desk.lay(piece)
    assert desk.whole == [word]
    assert desk.doubles == 1


@given(data=st.data(), size=st.integers(2, 6))
def test_two_messages_with_one_reference_are_told_apart_by_time(data, size):
    """A phone that always uses the same reference, two messages an hour apart, mixed up."""
    early, late = "abcdef"[:size], "uvwxyz"[:size]
    mixed = data.draw(st.permutations(pieces(early) + pieces(late, at=NOON + HOUR_MS)))
    desk = Desk(size)
    for piece in _first_part_of_each_first(mixed):
        desk.lay(piece)
    assert sorted(desk.whole) == [early, late]


def _first_part_of_each_first(mixed: list[Piece]) -> list[Piece]:
    """Both messages have begun before the rest comes in any order."""
    early = next(piece for piece in mixed if piece.payload in "abcdef")
    late = next(piece for piece in mixed if piece.payload in "uvwxyz" and piece.seq == early.seq)
    return [early, late, *(piece for piece in mixed if piece not in (early, late))]


def test_a_reference_that_comes_round_again_starts_anew():
    """256 messages later: the remainder of the old one is left alone."""
    desk = Desk(2)
    desk.lay(pieces("ab")[0])
    for piece in pieces("uv", at=NOON + 2 * DAY_MS):
        desk.lay(piece)
    assert desk.whole == ["uv"]
    assert list(desk.open) == [1]


def test_the_same_part_with_other_words_is_another_message():
    desk = Desk(2)
    desk.lay(pieces("ab")[0])
    desk.lay(pieces("ub")[0])
    assert len(desk.open) == 2


def test_parts_arrive_a_little_before_a_day_is_over():
    first, second = Piece(1, "a", NOON, NOON), Piece(2, "b", NOON + DAY_MS, NOON)
    assert place(second, [Assembly(1, 2, {1: first})]) == Join(Assembly(1, 2, {1: first}))
    late = Piece(2, "b", NOON + DAY_MS + 1, NOON)
    assert place(late, [Assembly(1, 2, {1: first})]) == Start()


def test_what_is_missing_is_named():
    assembly = Assembly(1, 4, {2: Piece(2, "b", NOON, NOON)})
    assert assembly.missing == (1, 3, 4)
    assert gap([1], 4) == "[... part 1 of 4 missing ...]"
    assert gap([3, 4], 4) == "[... parts 3, 4 of 4 missing ...]"


def test_where_a_time_stamp_is_missing_our_own_clock_decides() -> None:
    """Some networks send none: a part of yesterday is still not one of today."""
    old = Assembly(1, 2, {1: Piece(1, "one", None, 0)})
    assert place(Piece(2, "two", None, 60_000), [old]) == Join(old)
    assert place(Piece(2, "two", 5, DAY_MS + 1), [old]) == Start()
