"""config/community/words as it is shipped: all languages, the same fields, no word twice."""

from __future__ import annotations

from configparser import ConfigParser
from importlib import resources
from pathlib import Path

import pytest

from relay.community.lengths import sms_of
from relay.community.spelling import fold
from relay.community.wording import SHIPPED, fill, placeholders
from relay.community_words import wording
from relay.core.segment import segment

WORDS = wording()
TEXTS = sorted(WORDS.texts)

# What does not fit one SMS in every language, and why that is right.
MORE_THAN_ONE: dict[tuple[str, str], int] = {}


def test_what_is_shipped_is_what_is_kept_here() -> None:
    """A package of relay carries these files, every folder of them."""
    root = Path(__file__).parents[2]
    shipped = Path(str(resources.files("relay"))) / "data/community"
    assert shipped.samefile(root / "config/community")
    setup = ConfigParser()
    setup.read(root / "setup.cfg", "utf-8")
    packed = setup["options.package_data"]["relay"]
    for file in shipped.rglob("*.toml"):
        folder = file.parent.relative_to(shipped.parents[1])
        assert f"{folder}/*.toml" in packed, file


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_is_there_in_every_language(key: str) -> None:
    assert [one for one in SHIPPED if not WORDS.texts[key].get(one)] == []
    assert set(WORDS.texts[key]) == set(SHIPPED)


@pytest.mark.parametrize("key", TEXTS)
def test_every_language_has_the_same_fields(key: str) -> None:
    fields = {language: placeholders(said) for language, said in WORDS.texts[key].items()}
    assert {language for language in fields if fields[language] != fields["en"]} == set()


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_fits_one_sms(key: str) -> None:
    """With what its fields usually hold; the exceptions are named above."""
    for language, said in WORDS.texts[key].items():
        assert sms_of(said) <= MORE_THAN_ONE.get((key, language), 1), f"{language}: {said}"


@pytest.mark.parametrize("key", sorted(WORDS.commands))
def test_every_command_has_words_in_every_language(key: str) -> None:
    """An empty list says that its words are among those that must stand alone."""
    said = WORDS.commands[key]
    assert [one for one in SHIPPED if one not in said] == []
    assert all(any(said[one]) or said.get("alone") for one in SHIPPED)


def test_every_word_is_understood_as_it_is_written() -> None:
    """Wording itself refuses a word that means two things."""
    for key, said in WORDS.commands.items():
        for phrases in said.values():
            for phrase in phrases:
                assert WORDS.command(phrase) == (key, ""), phrase
                assert WORDS.command(fold(phrase).upper() + " 31") == (key, "31"), phrase


def test_no_word_of_a_command_begins_another_command() -> None:
    """`BAND` of one and `BAND KARO` of another: what follows a word must be free."""
    words = {phrase: key for key in WORDS.commands for phrase in WORDS.words(key)}
    for phrase, key in words.items():
        for longer, other in words.items():
            if longer.startswith(f"{phrase} "):
                assert key == other, (phrase, longer)


def test_the_gsm_alphabet_is_used_where_the_language_allows() -> None:
    """One letter outside of it makes every SMS less than half as long."""
    for key in TEXTS:
        for language in ("en", "sw"):
            said = fill(WORDS.texts[key][language], {})
            odd = [letter for letter in said if segment(letter).encoding.name != "GSM7"]
            assert odd == [], (key, language, said)
