"""Columns: nothing is wider than a terminal, in any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.layout import WIDTH, columns, padded, with_tail, wrapped

TEXTS = st.text(st.sampled_from("ab नि्क्षष\u200d界é\u0301… 😀"), max_size=300)


@pytest.mark.parametrize(
    ("text", "n"), [("", 0), ("SMS", 3), ("निर", 3), ("e\u0301", 1), ("क\u094d", 1), ("界", 2)]
)
def test_marks_take_no_column_and_wide_letters_two(text: str, n: int) -> None:
    assert columns(text) == n
    assert columns(padded(text, 5)) == 5


@given(TEXTS, st.sampled_from(["", "x" * 79, " 1. ", " मोडेम  "]))
def test_no_line_is_too_wide_and_nothing_is_lost(text: str, first: str) -> None:
    lines = wrapped(text, first, " " * 4)
    assert max(map(columns, lines)) <= WIDTH or len(first) == 79  # a wide letter has no room there
    told = "".join(lines).replace(" ", "")
    assert told == (first + text).replace(" ", "")


def test_a_long_word_is_cut_and_its_marks_stay_with_it() -> None:
    lines = wrapped("नि" * 100, "", "")
    assert len(lines) > 1
    assert not any(line.startswith("\u093f") for line in lines)


@given(TEXTS, TEXTS)
def test_a_tail_stands_at_the_edge_or_below(line: str, tail: str) -> None:
    (line,) = wrapped(line, "", "")[:1]
    tail = " ".join(tail.split())
    lines = with_tail(line, tail)
    assert max(map(columns, lines)) <= WIDTH
    assert lines[0].startswith(line)
