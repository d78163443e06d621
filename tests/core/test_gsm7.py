"""The default alphabet, its escape code, and septets in octets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.gsm7 import DEFAULT, DEFAULT_BASE, DEFAULT_EXTENSION, pack, unpack

SEPTETS = st.binary(max_size=255).map(lambda octets: bytes(octet & 0x7F for octet in octets))


@pytest.mark.parametrize(
    ("text", "septets"),
    [
        ("@£$¥", "00010203"),
        ("ΔΦΓΛΩΠΨΣΘΞ", "1012131415161718191a"),
        ("_§¿à", "115f607f"),
        ("1!YYYY!a#1", "31215959595921612331"),
        ("\n\r\f", "0a0d1b0a"),
        ("[~]{|}\\^€", "1b3c1b3d1b3e1b281b401b291b2f1b141b65"),
        ("", ""),
    ],
)
def test_every_character_has_its_septets(text, septets):
    """TS 23.038 §6.2.1 and its extension."""
    assert DEFAULT.encode(text) == bytes.fromhex(septets)
    assert DEFAULT.decode(bytes.fromhex(septets)) == text


@pytest.mark.parametrize(
    "character", ["`", "\t", "\x1b", "\x00", "ç", "ÿ", "ş", "क", "😀", "\x7f"]
)
def test_what_the_alphabet_lacks_is_not_replaced(character):
    """A backtick is no §, a small cedilla no capital one, and the escape code no character."""
    assert DEFAULT.encode("abc" + character) is None


def test_the_alphabet_has_127_characters_and_ten_more():
    """128 codes less the escape code; ten characters behind it."""
    known = {chr(point) for point in range(0x10000) if DEFAULT.encode(chr(point)) is not None}
    assert known == (set(DEFAULT_BASE) | set(DEFAULT_EXTENSION.values()))
    assert len(known) == 137


@pytest.mark.parametrize(
    ("septets", "text"),
    [
        ("61 1b 63", "ac"),
        ("61 1b", "a"),
        ("1b", ""),
        ("61 1b 1b 62", "a b"),
        ("61 1b 1b", "a "),
        ("1b 1b 1b 65", " €"),
        ("1b 1b 1b", " "),
        ("1b 0d", "\r"),
        ("1b 65 1b 65", "€€"),
    ],
)
def test_an_escape_code_without_meaning_costs_no_letter(septets, text):
    """Unknown: the base character. Doubled: a blank. Last: nothing."""
    assert DEFAULT.decode(bytes.fromhex(septets)) == text


@given(SEPTETS, st.integers(0, 6))
def test_packing_lays_septets_end_to_end(septets, fill):
    """Septet n occupies the seven bits from 7n, behind the fill bits, lowest first."""
    bits = sum(septet << (7 * place + fill) for place, septet in enumerate(septets))
    octets = pack(septets, fill)
    assert octets == bits.to_bytes((len(septets) * 7 + fill + 7) // 8, "little")
    assert unpack(octets, len(septets), fill) == septets
    assert unpack(octets + b"\xff", len(septets), fill) == septets


@given(SEPTETS, st.integers(0, 300), st.integers(0, 6))
def test_what_is_missing_is_left_out(septets, count, fill):
    """More septets asked for than there are: those that are whole."""
    octets = pack(septets)
    whole = max(0, (len(octets) * 8 - fill) // 7)
    assert len(unpack(octets, count, fill)) == min(count, whole)


def test_a_known_packing():
    """The classic: ten septets in nine octets."""
    assert pack(b"hellohello").hex().upper() == "E8329BFD4697D9EC37"


@given(
    st.text(st.sampled_from(DEFAULT_BASE.replace(" ", "") + "".join(DEFAULT_EXTENSION.values())))
)
def test_every_text_comes_back(text):
    """decode(encode(x)) == x."""
    septets = DEFAULT.encode(text)
    assert septets is not None
    assert DEFAULT.decode(septets) == text


@given(SEPTETS)
def test_any_septets_have_a_text(septets):
    """There is no septet string that cannot be shown, and no control code in what is shown."""
    assert "\x1b" not in DEFAULT.decode(septets)
