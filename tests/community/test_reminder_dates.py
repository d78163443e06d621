"""When a reminder falls due, and what becomes of it: days of the clock on the wall."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.community.reminders.deciding import (
    Due,
    Look,
    cancels,
    dues,
    in_language,
    judge,
    weeks_until,
)
from relay.community.reminders.rules import Cancelling, Origin, ReminderRule
from relay.core.form_report import FormReport
from relay.core.plain import DAY, HOUR
from relay.core.quiet import Quiet, Wall
from relay.core.reminders import Overdue, Postponed, Reminder

DAYTIME = Quiet(start="18:00", end="08:00")
WEEK = 7 * DAY


def on(zone: str) -> Wall:
    """The clock on the wall of a place, whatever the computer's zone is."""
    there = ZoneInfo(zone)

    def wall(ms: int, at: str, day: int = 0) -> int:
        today = datetime.fromtimestamp(ms / 1000, there).date() + timedelta(days=day)
        then = datetime.combine(today, time.fromisoformat(at), there)
        return round(then.timestamp() * 1000)

    return wall


NAIROBI = on("Africa/Nairobi")


def ms(text: str, zone: str = "Africa/Nairobi") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def shown(at: int, zone: str = "Africa/Nairobi") -> str:
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).strftime("%F %H:%M")


def rule(at: tuple[int, ...], origin: Origin | None = None) -> ReminderRule:
    return ReminderRule(
        "x", ("ORPT",), origin or Origin(), at, "sender", DAYTIME, 7 * DAY, {"en": "x"}
    )


def report(at: int, **fields: object) -> FormReport:
    return FormReport(1, "ORPT", "+1001", None, None, fields, "84217", "1-01", at)


ANC = rule(tuple(weeks * WEEK for weeks in (16, 24, 32, 36)), Origin("weeks", 7))
PNC = rule((DAY, 3 * DAY, 7 * DAY), Origin("born"))


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [
        (12, ["2026-12-22", "2027-02-16", "2027-04-13", "2027-05-11"]),
        (16, ["2027-01-19", "2027-03-16", "2027-04-13"]),
        (30, ["2026-12-08", "2027-01-05"]),
        (36, []),
        (None, []),
        (True, []),
        ("12", []),
    ],
)
def test_weeks_are_counted_from_the_beginning(weeks: object, expected: list[str]) -> None:
    """Of a pregnancy in its 12th week, week 16 is in four; what has gone by is not caught up."""
    at = ms("2026-11-24 10:30")
    found = dues(ANC, report(at, weeks=weeks), date(2026, 11, 24), NAIROBI)
    assert [shown(due.at) for due in found] == [f"{day} 08:00" for day in expected]
    assert all(due.floats for due in found)


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        ("2026-11-24", [(0, "2026-11-25"), (1, "2026-11-27"), (2, "2026-12-01")]),
        ("2026-11-22", [(1, "2026-11-25"), (2, "2026-11-29")]),
        ("2024-02-29", []),
        ("2028-02-28", [(0, "2028-02-29"), (1, "2028-03-02"), (2, "2028-03-06")]),
        ("9999-12-31", []),
        ("yesterday", []),
        ("", []),
    ],
)
def test_days_are_counted_from_a_date(born: str, expected: list[tuple[int, str]]) -> None:
    """A date that a person wrote stays, whatever becomes of relay's clock; leap days are days."""
    found = dues(PNC, report(ms("2026-11-24 10:30"), born=born), date(2026, 11, 24), NAIROBI)
    assert [(due.nth, shown(due.at)) for due in found] == [
        (nth, f"{day} 08:00") for nth, day in expected
    ]
    assert not any(due.floats for due in found)


def test_hours_keep_to_the_window() -> None:
    """Twelve hours after a report of the evening it is day; after one of the morning it is not."""
    half_a_day = rule((12 * HOUR,))
    for reported, due in [("20:00", "2026-11-25 08:00"), ("09:00", "2026-11-25 08:00"),
                          ("05:30", "2026-11-24 17:30")]:  # fmt: skip
        at = ms(f"2026-11-24 {reported}")
        assert [
            shown(one.at) for one in dues(half_a_day, report(at), date(2026, 11, 24), NAIROBI)
        ] == [due]


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_summer_time_moves_no_reminder(day: str) -> None:
    """Eight o'clock is eight o'clock, also over a day of 23 or 25 hours."""
    wall, zone = on("Europe/Berlin"), "Europe/Berlin"
    before = date.fromisoformat(day) - timedelta(days=1)
    at = ms(f"{before} 17:00", zone)
    found = dues(rule((DAY, 2 * DAY)), report(at), before, wall)
    assert [shown(one.at, zone)[11:] for one in found] == ["08:00", "08:00"]
    assert shown(found[0].at, zone)[:10] == day


ZONES = ["Africa/Nairobi", "Europe/Berlin", "Asia/Kathmandu", "America/Lima"]


@given(
    st.integers(ms("1971-01-01 00:00"), ms("2090-01-01 00:00")),
    st.integers(-10, 45),
    st.sampled_from(ZONES),
)
def test_every_reminder_lies_ahead_in_order_and_in_the_window(
    at: int, weeks: int, zone: str
) -> None:
    """At any moment of a hundred years, in any zone."""
    wall = on(zone)
    today = datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).date()
    found = dues(ANC, report(at, weeks=weeks), today, wall)
    assert [one.at for one in found] == sorted({one.at for one in found})
    for one in found:
        assert one.at > at
        assert DAYTIME.until(one.at, wall) is None
        assert shown(one.at, zone)[11:] == "08:00"
        began = today - timedelta(weeks=weeks)
        assert shown(one.at, zone)[:10] == str(began + timedelta(milliseconds=ANC.at[one.nth]))


@pytest.mark.parametrize(("days", "told"), [(28, 4), (25, 4), (24, 3), (3, 1), (0.2, 1)])
def test_how_far_the_next_one_is_told(days: float, told: int) -> None:
    """In whole weeks, never none."""
    assert weeks_until(Due(0, round(days * DAY), True), 0) == told


@pytest.mark.parametrize(
    ("due", "gone"),
    [
        ("2026-12-15 08:00", True),  # 21 days
        ("2026-12-16 08:00", False),
        ("2026-11-20 08:00", True),  # it was due and waits for the day
    ],
)
def test_a_visit_clears_what_is_due_soon(due: str, gone: bool) -> None:
    """The rule counts days of the calendar, whatever the hour of the visit."""
    for hour in ("00:05", "13:00", "23:55"):
        now = ms(f"2026-11-24 {hour}")
        assert cancels(Cancelling("OANC", 21), ms(due), now, NAIROBI) is gone
        assert cancels(Cancelling("OANC"), ms(due), now, NAIROBI)


# --- a look -------------------------------------------------------------------------------------

TEN = ms("2026-11-24 10:00")


def row(not_before: int = TEN, useful_ms: int = 7 * DAY) -> Reminder:
    return Reminder(
        "reminder.anc", "report 1", 0, "+1001", TEN - 28 * DAY, not_before, not_before + useful_ms
    )


@pytest.mark.parametrize(
    ("now", "newer", "expected"),
    [
        (TEN, None, None),
        (TEN + 7 * DAY, None, None),
        (TEN + 7 * DAY + 1, None, Overdue("it fell due while relay was dark")),
        (TEN + DAY, TEN + DAY, Overdue("it fell due while relay was dark")),
        (TEN + DAY, TEN + DAY + 1, None),
        (TEN + 8 * HOUR, None, Postponed(ms("2026-11-25 08:00"))),
        (TEN - 2 * HOUR - 1, None, Postponed(ms("2026-11-24 08:00"))),
    ],
)
def test_a_look_sends_waits_or_gives_up(now: int, newer: int | None, expected: object) -> None:
    """In the window it goes, outside it waits for the morning, and what is late is counted."""
    assert judge(row(), Look(now, now, newer), DAYTIME, NAIROBI) == expected


def test_nothing_is_given_up_by_a_clock_in_doubt() -> None:
    """A clock that says 2076 may be wrong: what is certain is only that it is not yet 2027."""
    wrong = TEN + 50 * 365 * DAY
    for newer in (None, TEN + 20 * DAY):
        found = judge(row(), Look(wrong, TEN, newer), DAYTIME, NAIROBI)
        assert found == Postponed(wrong + HOUR)


def test_an_urgent_one_knows_no_window() -> None:
    """The repeated call of an escalation goes at night too."""
    assert judge(row(), Look(TEN + 14 * HOUR, TEN), None, NAIROBI) is None


@given(st.lists(st.integers(0, 60), min_size=1, max_size=6, unique=True), st.integers(0, 100))
def test_after_any_dark_time_at_most_one_of_an_occasion_goes(days: list[int], dark: int) -> None:
    """However many fell due meanwhile: the newest, if it is of use still."""
    now = TEN + dark * DAY
    rows = [row(TEN + day * DAY) for day in sorted(days)]
    due = [one for one in rows if one.not_before <= now]
    newer = [*(one.not_before for one in rows[1:]), None]
    sent = [
        one
        for one, newer_at in zip(rows, newer, strict=True)
        if one in due and judge(one, Look(now, now, newer_at), DAYTIME, NAIROBI) is None
    ]
    assert len(sent) == bool(due and now - due[-1].not_before <= 7 * DAY)
    assert all(one is due[-1] for one in sent)


def test_a_text_is_told_in_the_first_language_there_is() -> None:
    texts = {"sw": "habari", "en": "hello", "fr": "bonjour"}
    assert in_language(texts, ["sw"]) == "habari"
    assert in_language(texts, ["ne", "fr"]) == "bonjour"
    assert in_language(texts, ["ne"]) == "hello"
    assert in_language({"fr": "bonjour"}, ["ne"]) == "bonjour"
