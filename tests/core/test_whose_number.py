"""Whose number it is, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.number import alike, semi_octets
from relay.core.pdu import Address, Deliver

ALIKE = [
    ("+254700000001", "+254 700-000 001"),
    ("+254700000001", "00254700000001"),
    ("+254700000001", "254700000001"),
    ("+254700000001", "0700000001"),
    ("+254700000001", "(0700) 000 001"),
    ("+254700000001", "700000001"),
    ("0700000001", "700000001"),
    ("+390612345678", "0612345678"),
    ("+2250712345678", "0712345678"),
    ("40404", "40404"),
]
OTHERS = [
    ("+254700000001", "+255700000001"),
    ("0700000001", "0100000001"),
    ("+254700000001", "0100000001"),
    ("+254700000001", "+254100000001"),
    ("0712345678", "12345678"),
    ("+254700040404", "40404"),
    ("+254700000001", "MPESA"),
    ("MPESA", "MPESA"),
    ("", ""),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_spellings_of_one_number(one: str, other: str) -> None:
    assert alike(one, other)
    assert alike(other, one)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_two_numbers(one: str, other: str) -> None:
    assert not alike(one, other)
    assert not alike(other, one)


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
def test_a_pdu_has_it_in_one_of_its_spellings(number: str) -> None:
    pdu = Deliver(sender=Address.parse(number), dcs=0, sc_time=0, text="x").encode()
    assert any(spelled in pdu for spelled in semi_octets(number))
