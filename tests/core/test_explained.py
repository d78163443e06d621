"""What a person types, and the code that is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.causes import Retry
from relay.core.explained import meanings


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("SIM_ABSENT", ["SIM_ABSENT"]),
        (" sim absent ", ["SIM_ABSENT"]),
        ("+CMS ERROR: 38", ["NET_OUT_OF_ORDER"]),
        ("cms 38", ["NET_OUT_OF_ORDER"]),
        ("CMS_38", ["NET_OUT_OF_ORDER"]),
        ("+CME ERROR: 10", ["SIM_ABSENT"]),
        ("10", ["SIM_CALLS_BARRED", "SIM_ABSENT"]),
        ("cms 529", ["CMS_529"]),
        ("TP-ST 46", ["REPORT_VALIDITY_EXPIRED"]),
        ("st 0x46", ["REPORT_VALIDITY_EXPIRED"]),
        ("TP-ST 5A", ["REPORT_5A"]),
        ("destination.invalid", ["destination.invalid"]),
    ],
)
def test_every_way_to_say_it(words: str, codes: list[str]) -> None:
    assert [meaning.code for meaning in meanings(words)] == codes


def test_a_refusal_has_a_fate() -> None:
    assert meanings("cms 330")[0].retry is Retry.HELD
    assert meanings("SIM_ABSENT")[0].retry is None


@given(st.text(max_size=40))
def test_whatever_is_typed_means_something(words: str) -> None:
    assert meanings(words)
