"""A course of figures, by days and in stretches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relay.core.history import Day, Series, days, unbroken


def series(*points: tuple[int, float | None]) -> Series:
    return Series("signal", "usb1", "dBm", points)


def test_a_day_has_its_least_usual_and_most() -> None:
    """And says how often there was nothing to measure."""
    found = series((1, -71), (2, -103), (3, None), (4, -70), (11, None))
    assert list(days(found, lambda at: f"day {at // 10}")) == [
        Day("day 0", -103, -71, -70, 3, 4),
        Day("day 1", None, None, None, 0, 1),
    ]


def test_where_nothing_is_known_the_line_is_broken() -> None:
    """By a figure that is missing, and by a time without any."""
    found = series((1, 5), (2, 6), (3, None), (4, 7), (99, 8))
    assert list(unbroken(found, 10)) == [((1, 5), (2, 6)), ((4, 7),), ((99, 8),)]


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.none() | st.floats(-120, 0)), max_size=50),
    st.integers(0, 10**5),
)
def test_no_figure_is_lost_between_the_stretches(
    points: list[tuple[int, float | None]], gap: int
) -> None:
    points.sort(key=lambda point: point[0])
    drawn = [point for stretch in unbroken(series(*points), gap) for point in stretch]
    assert drawn == [point for point in points if point[1] is not None]
