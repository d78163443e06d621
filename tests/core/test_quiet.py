"""Quiet hours on a wall whose day has 24 hours, and 23, and 25."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.clock import from_local, wall
from relay.core.quiet import Quiet

DAY = 24 * 60
MINUTE_MS = 60_000


@pytest.fixture(params=["UTC", "Africa/Nairobi", "Europe/Berlin"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The zone of this computer, for one test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.mark.parametrize(
    ("hours", "at", "until"),
    [
        (("22:00", "06:00"), "2026-05-02 21:59", None),
        (("22:00", "06:00"), "2026-05-02 22:00", "2026-05-03 06:00"),
        (("22:00", "06:00"), "2026-05-03 05:59", "2026-05-03 06:00"),
        (("22:00", "06:00"), "2026-05-03 06:00", None),
        (("12:00", "14:00"), "2026-05-02 13:00", "2026-05-02 14:00"),
        (("12:00", "14:00"), "2026-05-02 14:00", None),
        (("00:00", "23:59"), "2026-05-02 23:59", None),
        # The nights in which summer time begins and ends in Berlin.
        (("22:00", "06:00"), "2026-03-29 05:59", "2026-03-29 06:00"),
        (("22:00", "06:00"), "2026-10-25 05:59", "2026-10-25 06:00"),
    ],
)
def test_the_hours_of_the_wall(
    zone: str, hours: tuple[str, str], at: str, until: str | None
) -> None:
    expected = None if until is None else from_local(until)
    assert Quiet(*hours).until(from_local(at), wall) == expected


def test_when_they_were_over(zone: str) -> None:
    quiet = Quiet("22:00", "06:00")
    assert quiet.ended(from_local("2026-05-03 07:00"), wall) == from_local("2026-05-03 06:00")
    assert quiet.ended(from_local("2026-05-03 05:00"), wall) == from_local("2026-05-02 06:00")


def _hhmm(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _flat(ms: int, at: str, day: int) -> int:
    """A wall without summer time, at Greenwich."""
    hours, minutes = map(int, at.split(":"))
    return (ms // MINUTE_MS // DAY + day) * DAY * MINUTE_MS + (hours * 60 + minutes) * MINUTE_MS


@given(st.integers(0, DAY - 1), st.integers(0, DAY - 1), st.integers(0, 10 * DAY))
def test_each_minute_of_the_day_is_quiet_or_not(start: int, end: int, minute: int) -> None:
    if start == end:
        return
    now = minute * MINUTE_MS
    within = (minute % DAY - start) % DAY < (end - start) % DAY
    until = Quiet(_hhmm(start), _hhmm(end)).until(now, _flat)
    assert (until is not None) == within
    if until is not None:
        assert until // MINUTE_MS % DAY == end
        assert 0 < until - now <= DAY * MINUTE_MS


def test_a_time_is_read_as_the_wall_shows_it(zone: str) -> None:
    ms = from_local("2026-11-25 08:00")
    assert datetime.fromtimestamp(ms / 1000).strftime("%F %H:%M") == "2026-11-25 08:00"  # noqa: DTZ006
    assert from_local("2026-11-25T08:00") == ms
    for wrong in ("tomorrow", "2026-11-25", "25.11.2026 08:00", "2026-02-30 08:00"):
        with pytest.raises(ValueError, match=r".+"):
            from_local(wrong)
