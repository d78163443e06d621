"""Epidemiological weeks, and when a place is asked for its weekly report."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.community.reminders.rules import CompletenessRule
from relay.community.reminders.weekly import (
    Week,
    current,
    latest_prompted,
    next_prompt_at,
    week_of,
)
from relay.core.plain import DAY
from relay.core.quiet import Quiet
from tests.community.test_reminder_dates import NAIROBI, ms, shown

DAYS = st.dates(date(1971, 1, 1), date(2100, 1, 1))
SUNDAY = 6


@given(DAYS)
def test_weeks_that_begin_on_monday_are_those_of_iso(day: date) -> None:
    assert week_of(day) == Week(*day.isocalendar()[:2])


@pytest.mark.parametrize(
    ("day", "week"),
    [
        # The calendar of the CDC for 2025 and 2026.
        ("2025-12-27", "2025-W52"),
        ("2025-12-28", "2025-W53"),
        ("2026-01-03", "2025-W53"),
        ("2026-01-04", "2026-W01"),
        ("2024-12-29", "2025-W01"),
    ],
)
def test_weeks_that_begin_on_sunday_are_those_of_the_mmwr(day: str, week: str) -> None:
    assert str(week_of(date.fromisoformat(day), SUNDAY)) == week


@given(DAYS, st.integers(0, 6))
def test_weeks_follow_one_another(day: date, begins: int) -> None:
    """Over new year and leap days the next week is the next, or the first of a year."""
    here, there = week_of(day, begins), week_of(day + timedelta(days=7), begins)
    assert there in (Week(here.year, here.number + 1), Week(here.year + 1, 1))
    assert 1 <= here.number <= 53


def rule(
    prompt: tuple[int, str] = (0, "08:00"),
    nag: tuple[int, str] | None = (2, "09:00"),
    about_last: bool = True,
    begins: int = 0,
) -> CompletenessRule:
    return CompletenessRule(
        "idsr", ("IDSR",), "reporter", begins, about_last, prompt, {"en": "x"},
        Quiet(start="18:00", end="08:00"), 2 * DAY, 2 * DAY, nag, {"en": "y"},
    )  # fmt: skip


def day_of(at: int) -> date:
    return datetime.fromisoformat(shown(at)).date()


def test_the_report_of_last_week_is_asked_for_on_monday() -> None:
    """What comes from Saturday on is for the week that ends."""
    now = ms("2026-11-24 10:00")  # a Tuesday
    found = latest_prompted(rule(), now, day_of(now), NAIROBI)
    assert str(found.week) == "2026-W47"
    assert shown(found.opens_at) == "2026-11-21 08:00"
    assert shown(found.prompt_at) == "2026-11-23 08:00"
    assert found.nag_at is not None and shown(found.nag_at) == "2026-11-25 09:00"
    assert shown(found.closes_at) == "2026-11-28 08:00"
    assert shown(next_prompt_at(rule(), now, day_of(now), NAIROBI)) == "2026-11-30 08:00"


def test_a_nag_may_come_in_the_next_week() -> None:
    """Asked on Friday about this week, missed on Monday."""
    friday = rule(prompt=(4, "14:00"), nag=(0, "09:00"), about_last=False)
    now = ms("2026-11-30 10:00")  # a Monday
    found = latest_prompted(friday, now, day_of(now), NAIROBI)
    assert str(found.week) == "2026-W48"
    assert shown(found.prompt_at) == "2026-11-27 14:00"
    assert found.nag_at is not None and shown(found.nag_at) == "2026-11-30 09:00"


def test_week_53_is_asked_for_in_the_new_year() -> None:
    now = ms("2027-01-04 09:00")
    assert str(latest_prompted(rule(), now, day_of(now), NAIROBI).week) == "2026-W53"


@given(
    st.integers(ms("2024-01-01 00:00"), ms("2032-01-01 00:00")),
    st.tuples(st.integers(0, 6), st.sampled_from(["00:00", "08:00", "23:30"])),
    st.none() | st.tuples(st.integers(0, 6), st.sampled_from(["00:00", "09:00"])),
    st.booleans(),
    st.integers(0, 6),
)
def test_rounds_cover_all_time_once(
    now: int,
    prompt: tuple[int, str],
    nag: tuple[int, str] | None,
    about_last: bool,
    begins: int,
) -> None:
    """A report counts for exactly one week, and prompt, nag and close follow one another."""
    one = rule(prompt, nag, about_last, begins)
    today = day_of(now)
    here = current(one, now, today, NAIROBI)
    assert here.opens_at <= now < here.closes_at
    assert here.opens_at < here.prompt_at < here.closes_at
    assert here.nag_at is None or here.prompt_at < here.nag_at <= here.prompt_at + 7 * DAY
    asked = latest_prompted(one, now, today, NAIROBI)
    upcoming = next_prompt_at(one, now, today, NAIROBI)
    assert asked.prompt_at <= now < upcoming
    assert upcoming - asked.prompt_at == 7 * DAY
    assert shown(asked.prompt_at)[11:] == prompt[1]
