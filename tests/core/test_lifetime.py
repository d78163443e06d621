"""How long a message is of use, and how long the network may keep it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.lifetime import useful_until, within_life
from relay.core.pdu import Submit, decode
from relay.core.segment import compose
from relay.core.validity import relative_octet, within

HOUR_S = 3600
TEXTS = ("Come on Monday", "Visit on Monday. " * 20, "ਤੁਹਾਡਾ ਸੁਆਗਤ ਹੈ " * 8, "Çok güzel ğ", "😀" * 90)


@pytest.mark.parametrize(
    ("wished", "not_before", "usual", "expected"),
    [
        (None, None, 0, None),
        (None, None, 100, 1_100),
        (1_050, None, 100, 1_050),
        (1_050, None, 0, 1_050),
        (None, 5_000, 100, 5_100),
        (None, 500, 100, 1_100),
    ],
)
def test_the_end_of_a_message(
    wished: int | None, not_before: int | None, usual: int, expected: int | None
) -> None:
    assert useful_until(1_000, wished, not_before, usual) == expected


@given(st.integers(0, 10**8))
def test_a_period_is_never_longer_than_what_is_left(seconds: int) -> None:
    assert within(seconds) <= max(seconds, 300)


@given(st.sampled_from(TEXTS), st.integers(300, 100 * HOUR_S), st.booleans())
def test_nothing_but_the_validity_changes(text: str, left_s: int, report: bool) -> None:
    """The same text, reference and flags, as if it had been composed with what is left."""

    def composed(validity_s: int) -> tuple[str, ...]:
        return compose(
            "+254700000001", text, concat_ref=7, validity_s=validity_s, report=report,
            national=("punjabi", "turkish"),
        )  # fmt: skip

    shorter = composed(min(72 * HOUR_S, within(left_s)))
    assert tuple(within_life(pdu, left_s * 1000) for pdu in composed(72 * HOUR_S)) == shorter


def test_what_has_no_validity_gets_one() -> None:
    (pdu,) = compose("+254700000001", "x", concat_ref=0, validity_s=None)
    read = decode(within_life(pdu, HOUR_S * 1000))
    assert isinstance(read, Submit)
    assert read.validity_s == HOUR_S


def test_a_part_with_time_to_spare_is_left_as_it_is() -> None:
    (pdu,) = compose("+254700000001", "x", concat_ref=0, validity_s=72 * HOUR_S)
    assert within_life(pdu, 73 * HOUR_S * 1000) is pdu
    assert relative_octet(72 * HOUR_S) == 169
