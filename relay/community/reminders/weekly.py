"""Epidemiological weeks, and what of a weekly report is due when.

A week belongs to the year in which most of its days lie, on whatever day it begins: Monday as in
ISO 8601, or Sunday as in the MMWR weeks of the CDC, or Saturday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from relay.community.reminders.rules import CompletenessRule
from relay.core.quiet import Wall


@dataclass(frozen=True, slots=True)
class Week:
    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02}"


def week_of(day: date, begins: int = 0) -> Week:
    """The week of a day; `begins` is its first weekday, Monday 0."""
    fourth = _first_day(day, begins) + timedelta(days=3)
    return Week(fourth.year, (fourth.timetuple().tm_yday - 1) // 7 + 1)


def _first_day(day: date, begins: int) -> date:
    return day - timedelta(days=(day.weekday() - begins) % 7)


@dataclass(frozen=True, slots=True)
class Round:
    """One week's collecting of reports. Times are epoch ms.

    Reports from `opens_at` to `closes_at` are for `week`. The nag comes after the prompt, if any.
    """

    week: Week
    opens_at: int
    prompt_at: int
    nag_at: int | None
    closes_at: int

    @property
    def asks_until(self) -> int:
        """When the prompt gives way to the nag, or to the next round."""
        return self.closes_at if self.nag_at is None else self.nag_at


def current(rule: CompletenessRule, now: int, today: date, wall: Wall) -> Round:
    """The round whose reports are coming in at this moment; `today` is the day on the wall."""
    later = [_round(rule, now, today, weeks, wall) for weeks in (1, 0, -1)]
    return next((one for one in later if one.opens_at <= now), later[-1])


def latest_prompted(rule: CompletenessRule, now: int, today: date, wall: Wall) -> Round:
    """The last round whose prompt is due."""
    rounds = [_round(rule, now, today, weeks, wall) for weeks in (0, -1)]
    return next((one for one in rounds if one.prompt_at <= now), rounds[-1])


def next_prompt_at(rule: CompletenessRule, now: int, today: date, wall: Wall) -> int:
    """When the next prompt after now is due (epoch ms)."""
    rounds = (_round(rule, now, today, weeks, wall) for weeks in (0, 1))
    return next(one.prompt_at for one in rounds if one.prompt_at > now)


def _round(rule: CompletenessRule, now: int, today: date, weeks: int, wall: Wall) -> Round:
    first = _first_day(today, rule.begins) + timedelta(weeks=weeks)

    def at(weekday: int, time: str, more_weeks: int = 0) -> int:
        days = (weekday - rule.begins) % 7 + 7 * more_weeks
        return wall(now, time, (first - today).days + days)

    prompt_at = at(*rule.prompt)
    nag_at = None if rule.nag is None else at(*rule.nag)
    if nag_at is not None and rule.nag is not None and nag_at <= prompt_at:
        nag_at = at(*rule.nag, 1)
    about = first - timedelta(weeks=1) if rule.about_last else first
    return Round(
        week=week_of(about, rule.begins),
        opens_at=prompt_at - rule.opens_ms,
        prompt_at=prompt_at,
        nag_at=nag_at,
        closes_at=at(*rule.prompt, 1) - rule.opens_ms,
    )


def useful_until(rule: CompletenessRule, at: int, gives_way_at: int) -> int:
    """Until when a prompt or a nag that was due `at` is of use."""
    return min(at + rule.useful_ms, gives_way_at)
