"""Recipients as people write them, and numbers in logs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.number import dialable, masked
from relay.errors import NumberError


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+254700000001", "+254700000001"),
        (" +254 (700) 000-001 ", "+254700000001"),
        ("0712\u00a0345\u2011678", "0712345678"),
        ("\u202a+254700000001\u202c", "+254700000001"),
        ("40404", "40404"),
        ("112", "112"),
        ("00254700000001", "00254700000001"),
        ("+123456789012345", "+123456789012345"),
        ("1" * 20, "1" * 20),
    ],
)
def test_decoration_is_taken_off(written, number):
    """Blanks, hyphens, brackets and invisible marks are not dialled."""
    assert dialable(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "+",
        "12",
        "+12",
        "MPESA",
        "not a number",
        "tel:+254700000001",
        "++254700000001",
        "254+700000001",
        "*144#",
        "٠٧١٢٣٤٥٦٧٨",
        "+९७७९८४१२३२३२३",
        "0712.345.678",
        "0712345678;0712345679",
        "+1234567890123456",
        "1" * 21,
        "0712345678\x00",
    ],
)
def test_what_cannot_be_dialled_is_refused(written):
    """The code goes to the server as the reason."""
    with pytest.raises(NumberError) as caught:
        dialable(written)
    assert caught.value.code == "destination.invalid"


@given(st.text())
def test_any_text_is_a_number_or_refused(text):
    """And what is a number is plain ASCII."""
    try:
        number = dialable(text)
    except NumberError:
        return
    assert number.isascii()
    assert number.removeprefix("+").isdigit()


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+254700000123", "…123"), ("40404", "…404"), ("112", "…"), ("", "…"), ("MPESA", "…ESA")],
)
def test_a_log_shows_the_last_three_digits(number, shown):
    """Enough to tell two patients apart, not enough to call one."""
    assert masked(number) == shown


def test_an_error_shows_no_more_than_a_log():
    """The error may be logged."""
    with pytest.raises(NumberError) as caught:
        dialable("07123456789x")
    assert "0712" not in str(caught.value)
