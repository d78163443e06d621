"""However a phone or a person writes it, it is the same word; and nothing takes long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.community.spelling import first_word, fold, lookalike, nearest


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("  Join   PEACE ", "join peace"),
        ("ＳＴＯＰ！", "stop"),
        ("ok ٣٧", "ok 37"),
        ("ok ३७", "ok 37"),
        ("ＹＥＳ　１２", "yes 12"),
        ("ST\u200bO\u200dP\ufeff", "stop"),
        ("\u202estop\u202c", "stop"),
        ("stop\x00now\x1b", "stop now"),
        ("Arrêt.", "arret"),
        ("Arre\u0302t", "arret"),
        ("NÃO!!!", "nao"),
        ("¡Sí!", "si"),
        ('"STOP"', "stop"),
        ("रोक।", "रोक"),
        ("n\u2019djamena", "n'djamena"),
        ("O-", "o-"),
        ("O\u2013", "o-"),
        ("AB＋", "ab+"),
        ("#12#", "#12#"),
        ("...", ""),
        ("", ""),
    ],
)
def test_what_is_written_in_another_way_is_the_same(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_vowel_signs_of_devanagari_are_no_accents() -> None:
    assert len({fold("रोक"), fold("रक"), fold("रुक")}) == 3


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert once == once.strip()
    assert "  " not in once


@given(st.text(), st.sampled_from([" ", "\u3000", "\ufeff", "\u200b", "\t", "\n"]))
def test_case_and_what_surrounds_it_change_nothing(text: str, blank: str) -> None:
    assert fold(f"{blank}{text}{blank}") == fold(text)
    assert fold(text.casefold()) == fold(text)


@given(st.text())
def test_the_first_word_is_a_word_and_the_rest_is_as_it_was_written(text: str) -> None:
    word, rest = first_word(text)
    assert fold(word) == word
    assert rest == rest.strip()
    assert text.strip().endswith(rest)


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("JOIN PEACE huruma", "join", "PEACE huruma"),
        ("\ufeff ... Join, PEACE  Huruma. ", "join", "PEACE  Huruma."),
        ("stop", "stop", ""),
        (" . ! ", "", ""),
    ],
)
def test_the_first_word_and_the_rest(text: str, word: str, rest: str) -> None:
    assert first_word(text) == (word, rest)


@pytest.mark.parametrize(
    "bomb",
    [
        "\ufdfa" * 2_000,
        "a" + "\u0591\u05b0" * 20_000,  # quadratic for a plain normalisation
        ("a" + "\u0323\u0300" * 15) * 1_000,
        " " * 40_000,
        "." * 40_000,
        "\x00" * 40_000,
        "( " * 20_000,
    ],
)
@pytest.mark.timeout(20)
def test_hostile_texts_take_no_longer_than_others(bomb: str) -> None:
    fold(bomb)
    first_word(bomb)


# --- near misses --------------------------------------------------------------------------------

PLACES = ["huruma", "kibera", "korogocho", "ward 1", "ward 2", "bo"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("huruma", "huruma"),
        ("hurma", "huruma"),
        ("hurruma", "huruma"),
        ("hurmua", "huruma"),
        ("hxruma", "huruma"),
        ("horoma", None),  # two slips in six letters
        ("korogosho", "korogocho"),
        ("korogsoho", "korogocho"),
        ("ward 3", None),  # another ward, and not a slip
        ("wad 1", "ward 1"),
        ("ba", None),  # too short to tell
        ("", None),
        ("h" * 5_000, None),
    ],
)
def test_the_near_miss(word: str, meant: str | None) -> None:
    assert nearest(word, PLACES) == meant


def test_several_near_misses_are_none() -> None:
    assert nearest("mara", ["maro", "mars"]) is None
    assert nearest("maro", ["maro", "mars"]) == "maro"


@given(st.text(alphabet="abcd", min_size=4, max_size=12), st.data())
def test_one_letter_less_is_forgiven(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word) - 1))
    assert nearest(word[:at] + word[at + 1 :], [word]) == word


@pytest.mark.parametrize("written", ["SТOP", "SΤOΡ", "ST0P", "5TOP", "Ѕтор"])
def test_letters_that_look_alike(written: str) -> None:
    assert lookalike(fold(written)) == "stop"
