"""What `relay report` tells: the figures of a week, and who still owes a report for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from relay.clock import from_local, local, wall
from relay.store import figures
from relay.store.database import named_errors
from relay.store.figures import Count, Sum

if TYPE_CHECKING:
    from relay.cli.desk import Desk
    from relay.community.forms.form import Form
    from relay.community.reminders.rules import CompletenessRule
    from relay.community.rulebook import RuleBook
    from relay.store.reading import Reader

_WEEK = re.compile(r"(?:(\d{4})-?)?W?(\d{1,2})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Round:
    """One weekly report that places owe: who has sent it, and who is missing."""

    rule: str
    week: str
    reported: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """`first` is its first day; `today` is '' for a week that is over."""

    name: str
    first: date
    today: str

    @property
    def last(self) -> date:
        return self.first + timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Found:
    """All that is told of a week."""

    week: Week
    counts: Sequence[Count]
    sums: Sequence[Sum]
    rounds: Sequence[Round]
    not_understood: int
    titles: Mapping[str, str] = field(default_factory=dict)


def gathered(desk: Desk, wanted: str | None, form: str) -> Found:
    from relay.assembly_community import rules

    book, now = rules(desk.config()).book, desk.clock.now()
    week = _week(wanted, date.fromisoformat(local(now)[:10]), _begins(book))
    since, until = (from_local(f"{day} 00:00") for day in (week.first, week.last + _DAY))
    with desk.reader() as reader, named_errors(reader.path):
        view = reader.view
        return Found(
            week=week,
            counts=figures.counts(view, since, until, form),
            sums=figures.sums(view, since, until, form) if form else (),
            rounds=_rounds(reader, book, week, now, form),
            not_understood=0 if form else figures.not_understood(view, since, until),
            titles=_titles(book),
        )


_DAY = timedelta(days=1)


def _begins(book: RuleBook) -> int:
    """The weekday on which the weeks of the weekly reports begin, Monday 0."""
    return next((rule.begins for rule in book.rules("completeness").values()), 0)


def _week(wanted: str | None, today: date, begins: int) -> Week:
    from relay.community.reminders.weekly import week_of

    named = week_of(today, begins)
    if wanted is None:
        year, nth = named.year, named.number
    else:
        year, nth = _read(wanted, named.year)
    # A week belongs to the year in which most of its days lie: the first one has 4 January.
    fourth = date(year, 1, 4)
    first = fourth - timedelta(days=(fourth.weekday() - begins) % 7) + timedelta(weeks=nth - 1)
    found = week_of(first, begins)
    if (found.year, found.number) != (year, nth):
        raise click.UsageError(f"The year {year} has no week {nth}.")
    return Week(str(found), first, str(today) if found == named else "")


def _read(wanted: str, year: int) -> tuple[int, int]:
    match = _WEEK.fullmatch(wanted.strip())
    if match is None or not 1 <= int(match[2]) <= 53 or not 2000 <= int(match[1] or year) < 9999:
        raise click.UsageError(f"{wanted!r} is no week; write it as 2026-W48, or 48.")
    return int(match[1] or year), int(match[2])


def _titles(book: RuleBook) -> dict[str, str]:
    forms: Mapping[str, Form] = book.rules("form")
    return {code: form.title(book.general.language) for code, form in forms.items()}


def _rounds(reader: Reader, book: RuleBook, week: Week, now: int, form: str) -> list[Round]:
    rules: Mapping[str, CompletenessRule] = book.rules("completeness")
    return [
        _round(reader, name, _due(rule, week, now))
        for name, rule in rules.items()
        if not form or form in rule.forms
    ]


def _due(rule: CompletenessRule, week: Week, now: int) -> str:
    """The week that is asked for: now, mostly the one that is over."""
    from relay.community.reminders.weekly import latest_prompted

    if not week.today:
        return week.name
    return str(latest_prompted(rule, now, date.fromisoformat(week.today), wall).week)


def _round(reader: Reader, rule: str, week: str) -> Round:
    from relay.store.weekly import completeness

    places = completeness(reader, rule, week)
    return Round(
        rule,
        week,
        reported=tuple(one.place for one in places if one.reported_at is not None),
        missing=tuple(one.place for one in places if one.expected and one.reported_at is None),
    )
