"""What line noise, worn SIMs and cut answers make of short messages: read, or refused and kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.pdu import decode
from relay.errors import NumberError, PduError, TextError

VECTORS = json.loads(
    (Path(__file__).parent.parent / "data" / "pdu.json").read_text(encoding="utf-8")
)
ONE_LETTER = "07917238010010F5040B917228000000F10000425010010000800178"
REMINDER = "0031000A8180020000100000A702E834"
REPORT = "0006C80C915274000000104250100100008042501001010080"


@pytest.mark.parametrize(
    "pdu",
    [
        "",
        "0",
        "xyz",
        "OK",
        "\ud800",
        "07",
        "0791",
        "00",
        "0004",
        "00040B91",
        REPORT,
        REMINDER[:12],
        REMINDER[:18],
        ONE_LETTER[:40],
        ONE_LETTER[:52],
        ONE_LETTER[:-1],
        "FF" * 3,
    ],
)
def test_what_is_no_message_is_an_error_that_keeps_it(pdu):
    """Whatever is missing before the text makes it unreadable; nothing is guessed."""
    with pytest.raises(PduError) as caught:
        decode(pdu)
    assert caught.value.pdu == pdu
    assert str(caught.value)


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets):
    """Line noise may come out as anything, except as another exception."""
    _survives(octets)


@given(st.data(), st.sampled_from([bytes.fromhex(vector["pdu"]) for vector in VECTORS]))
def test_any_damage_is_read_or_refused(data, octets):
    """Real messages with octets changed, dropped or doubled never crash the reader."""
    damaged = bytearray(octets)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(damaged) - 1)))
        damaged[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    _survives(bytes(damaged))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    """Not even the characters need to be hexadecimal."""
    try:
        decode(text)
    except PduError as error:
        assert error.pdu == text


def _survives(octets: bytes) -> None:
    pdu = octets.hex()
    try:
        read = decode(pdu)
    except PduError as error:
        assert error.pdu == pdu
    else:
        try:
            read.encode()
        except (TextError, NumberError) as error:
            assert error.code
