"""TP-VP in its relative format."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.validity import DAY_S, HOUR_S, MINUTE_S, WEEK_S, relative_octet, relative_s


@pytest.mark.parametrize(
    ("octet", "seconds"),
    [
        (0, 5 * MINUTE_S),
        (143, 12 * HOUR_S),
        (144, 12 * HOUR_S + 30 * MINUTE_S),
        (167, DAY_S),
        (168, 2 * DAY_S),
        (196, 30 * DAY_S),
        (197, 5 * WEEK_S),
        (255, 63 * WEEK_S),
    ],
)
def test_the_four_ranges(octet, seconds):
    """Five minutes, half hours, days, weeks (TS 23.040 §9.2.3.12.1)."""
    assert relative_s(octet) == seconds
    assert relative_octet(seconds) == octet


@given(st.integers(-10, 80 * WEEK_S))
def test_a_period_is_never_cut_short(seconds):
    """The shortest that is long enough; the longest where none is."""
    octet = relative_octet(seconds)
    assert relative_s(octet) >= min(seconds, 63 * WEEK_S)
    assert octet == 0 or relative_s(octet - 1) < seconds
