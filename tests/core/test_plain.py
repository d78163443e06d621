"""Ages, counts and sizes in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core import plain


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 s"),
        (999, "0 s"),
        (12_000, "12 s"),
        (119_000, "1 min 59 s"),
        (121_000, "2 min"),
        (2 * plain.HOUR + 10 * plain.MINUTE, "2 h 10 min"),
        (plain.DAY + plain.MINUTE, "1 d"),
        (2 * plain.DAY + 4 * plain.HOUR + 59 * plain.MINUTE, "2 d 4 h"),
        (-5_000, "-5 s"),
    ],
)
def test_a_duration_has_two_units_at_most(ms: int, words: str) -> None:
    """Nobody acts on the seconds of an hour."""
    assert plain.duration(ms) == words


@given(st.integers(min_value=0, max_value=10**15))
def test_every_duration_can_be_said(ms: int) -> None:
    """Whatever a broken clock makes of it, it stays short."""
    assert 3 <= len(plain.duration(ms)) <= 16


def test_an_unknown_time_is_never() -> None:
    """None is not an age of 0."""
    assert plain.age(None, 1000) == "never"


def test_a_time_ahead_points_at_the_clock() -> None:
    """A fact from tomorrow means that a clock was set."""
    assert plain.age(plain.HOUR, 0) == "in the future (clock?)"
    assert plain.age(500, 0) == "0 s ago"


@pytest.mark.parametrize(
    ("octets", "words"),
    [(None, "?"), (999, "999 bytes"), (1_000, "1.0 kB"), (18_000_000_000, "18 GB"),
     (2_500_000_000_000, "2.5 TB"), (10**16, "10000 TB")],
)  # fmt: skip
def test_sizes_are_those_of_disks(octets: int | None, words: str) -> None:
    """Powers of ten, as on the box; unknown is a question mark."""
    assert plain.size(octets) == words


def test_unknown_counts_are_not_zero() -> None:
    """`?`, and thousands set apart where there is a number."""
    assert plain.count(None) == "?"
    assert plain.count(4821) == "4,821"


@pytest.mark.parametrize(
    ("dbm", "word"), [(None, "not known"), (-60, "good"), (-85, "fair"), (-100, "weak"),
                      (-110, "very weak")]
)  # fmt: skip
def test_a_signal_has_a_word(dbm: int | None, word: str) -> None:
    """Few technicians have dBm by heart."""
    assert word in plain.signal(dbm)


def test_sentences_and_lists() -> None:
    """Words from elsewhere begin with a capital and end with a stop, once."""
    assert plain.sentence(" the port is gone") == "The port is gone."
    assert plain.sentence("Really?") == "Really?"
    assert plain.sentence("") == ""
    assert plain.printable("plain") == "plain"
    assert plain.many(1, "SMS", "SMS") == "1 SMS"
    assert plain.many(2000, "message") == "2,000 messages"


def test_a_text_cannot_steer_the_terminal() -> None:
    """Escape sequences and turned directions of an SMS are shown as marks."""
    assert "\x1b" not in plain.printable("\x1b[2Jgone")
    assert plain.printable("a\u202eb") == "a\ufffdb"


def test_letters_keep_their_joiners() -> None:
    """Indic scripts and emoji need U+200D, and a text its lines."""
    text = "क\u200dष\nline 👩\u200d⚕️"
    assert plain.printable(text) == text
