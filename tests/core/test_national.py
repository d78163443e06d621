"""The national language tables of 3GPP TS 23.038, annex A."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.gsm7 import DEFAULT
from relay.core.national import LANGUAGES, alphabet, has_locking, language

ALL = sorted(LANGUAGES.values())
ASIAN = range(4, 14)
INDIC = range(4, 13)
with_locking = pytest.mark.parametrize("number", [n for n in ALL if has_locking(n)])

# One sentence each; all of it can be written with both tables of its language.
SENTENCES = {
    1: "Çocuğun aşısı için yarın İstanbul'a gidin: ŞĞİŞ",
    3: "Ação às três: não há vacinação, só amanhã. ÂÊÔ",
    4: "আপনার শিশুর টিকা আগামীকাল, ১০ টায়",
    5: "તમારા બાળકની રસી આવતીકાલે, ૧૦ વાગ્યે",
    6: "आपके बच्चे का टीका कल है, १० बजे",
    7: "ನಿಮ್ಮ ಮಗುವಿನ ಲಸಿಕೆ ನಾಳೆ, ೧೦ ಗಂಟೆಗೆ ಡ",
    8: "നിങ്ങളുടെ കുട്ടിക്ക് നാളെ, ൧൦ മണിക്ക്",
    9: "ଆପଣଙ୍କ ଶିଶୁର ଟୀକା ଆସନ୍ତାକାଲି, ୧୦ ଟାରେ",
    10: "ਤੁਹਾਡੇ ਬੱਚੇ ਦਾ ਟੀਕਾ ਕੱਲ੍ਹ, ੧੦ ਵਜੇ",
    11: "உங்கள் குழந்தைக்கு நாளை, ௧௦ மணிக்கு",
    12: "మీ బిడ్డకు టీకా రేపు, ౧౦ గంటలకు €5",
    13: "آپ کے بچے کا ٹیکہ کل, ۱۰ بجے",
}


def shown(number: int) -> str:
    """The 128 places of the locking table as a phone shows them."""
    return "".join(alphabet(locking=number).decode(bytes((code,))) or " " for code in range(128))


def behind_escape(number: int) -> str:
    """The 128 places of the single shift table; what it lacks shows as in the default one."""
    return "".join(alphabet(single=number).decode(bytes((0x1B, code))) for code in range(128))


@pytest.mark.parametrize(("number", "sentence"), list(SENTENCES.items()))
def test_a_sentence_of_every_language_fits_its_tables(number, sentence):
    """Written with its locking and its single shift table, it comes back letter for letter."""
    septets = alphabet(number, number).encode(sentence)
    assert septets is not None
    assert alphabet(number, number).decode(septets) == sentence


def test_spanish_has_only_a_single_shift_table():
    """With it, the accents that the default alphabet lacks cost two septets each."""
    assert not has_locking(2)
    spanish = alphabet(single=2)
    assert spanish.encode("á") == b"\x1ba"
    assert spanish.decode(b"\x1ba\x1bO\x1b\x09") == "áÓç"
    assert alphabet(locking=2) is DEFAULT


def test_the_letters_of_turkish_stand_where_their_latin_cousins_do():
    """Single shift: Ğ İ Ş ç ğ ı ş behind the escape code."""
    assert alphabet(single=1).encode("ĞİŞçğış") == b"\x1bG\x1bI\x1bS\x1bc\x1bg\x1bi\x1bs"
    assert alphabet(locking=1).encode("ĞİŞçğış") == bytes.fromhex("0b 40 1c 60 0c 07 1d")


def test_portuguese_has_its_own_backslash():
    """The locking table has characters that elsewhere hide behind the escape code."""
    assert alphabet(locking=3).encode("ã~`\\€|^") == bytes.fromhex("7b 60 7d 17 18 1a 16")


@pytest.mark.parametrize("number", ASIAN)
def test_the_frame_of_the_asian_tables(number):
    """Digits, punctuation and small Latin letters; 0x2C is the comma."""
    table = shown(number)
    assert table[0x2C] == ","
    assert table[0x30:0x3C] == "0123456789:;"
    assert table[0x61:0x7B] == "abcdefghijklmnopqrstuvwxyz"
    assert table[0x20:0x22] + table[0x28:0x2A] + table[0x2E] + table[0x3F] == " !)(.?"
    assert table[0x0A] + table[0x0D] == "\n\r"


@pytest.mark.parametrize("number", INDIC)
def test_indic_letters_stand_in_the_order_of_their_block(number):
    """All from one Unicode block, ascending but for the vowel length and sign at the end."""
    letters = [c for c in shown(number) if ord(c) > 0x7F]
    assert len({ord(c) >> 7 for c in letters}) == 1
    main = [c for c in shown(number)[:0x61] if ord(c) > 0x7F]
    assert main == sorted(set(main))
    assert all(unicodedata.name(c, "") for c in letters)


@pytest.mark.parametrize(
    ("number", "letters"),
    list(zip(ASIAN, (67, 73, 80, 73, 73, 69, 63, 55, 73, 80), strict=True)),
)
def test_each_asian_table_has_the_letters_of_annex_a(number, letters):
    """How many places of the locking table the standard fills with letters."""
    assert sum(ord(c) > 0x7F for c in shown(number)) == letters


@pytest.mark.parametrize("number", ASIAN)
def test_the_frame_of_the_asian_shift_tables(number):
    """Capitals, brackets and the euro stand behind the escape code."""
    table = behind_escape(number)
    assert table[0x41:0x5B] == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert table[:0x0B] == "@£$¥¿\"¤%&'\f"
    assert table[0x28:0x2A] + table[0x2F] + table[0x3C:0x3F] + table[0x40] == "{}\\[~]|"
    assert table[0x65] == "€"
    digits = [unicodedata.digit(c) for c in table[0x19:0x28] if c.isdigit() and ord(c) > 0x7F]
    assert digits == list(range(10))


def test_the_shift_table_of_urdu_is_full():
    """From the number sign to the full stop, and no letter twice."""
    letters = [c for c in behind_escape(13) if ord(c) > 0x5FF and c != "€"]
    assert len(letters) == len(set(letters)) == 32
    assert (letters[0], letters[-1]) == ("\u0600", "\u06d4")


@with_locking
def test_every_letter_of_a_table_comes_back(number):
    """Each place that shows a letter is also the way to write it."""
    both = alphabet(number, number)
    for letter in set(shown(number) + behind_escape(number)):
        septets = both.encode(letter)
        assert septets is None or both.decode(septets) == letter
        assert septets is not None or letter not in shown(number)


@given(st.sampled_from(ALL), st.sampled_from(ALL), st.data())
def test_every_text_in_any_two_tables_comes_back(locking, single, data):
    """decode(encode(x)) == x, also for tables of different languages."""
    both = alphabet(locking, single)
    letters = sorted(c for c in set(shown(locking) + behind_escape(single)) if both.encode(c))
    text = data.draw(st.text(st.sampled_from(letters), max_size=80))
    septets = both.encode(text)
    assert septets is not None
    assert both.decode(septets) == text


def test_a_language_has_a_name_and_a_code():
    """Both may be written in any case."""
    assert [language(name) for name in ("Hindi", "hi", " TR ", "urdu", "klingon")] == [
        6,
        6,
        1,
        13,
        None,
    ]
    assert sorted(LANGUAGES.values()) == list(range(1, 14))
