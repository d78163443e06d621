"""`relay report`: what was reported today and this week, by form, place and sender."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from textwrap import fill
from typing import Any

import click

from relay.cli.desk import Desk, config_option, examples, json_option, numbers_option, pass_desk
from relay.cli.printing import data, emit, note, number, table
from relay.cli.report_found import Found, Round, gathered
from relay.core.layout import WIDTH
from relay.core.plain import many
from relay.store.figures import Count, Sum

# So many senders and missing places are named; --csv and --json have all.
_SHOWN = 20


@click.command(
    epilog=examples(
        "relay report                              today and this week",
        "relay report --week 2026-W47 --form IDSR  with the sums of its numbers",
        "relay report --csv > week.csv             for a spreadsheet",
    )
)
@click.option("--week", "week", metavar="WEEK", help="Such as 2026-W48, or 48.")
@click.option("--form", metavar="CODE", default="", help="Only this form, and its numbers.")
@click.option("--csv", "as_csv", is_flag=True, help="For a spreadsheet.")
@numbers_option
@json_option
@config_option
@pass_desk
def report(
    desk: Desk, week: str | None, form: str, as_csv: bool, show_numbers: bool, as_json: bool
) -> None:
    """Show how many reports came today and this week, by form, place and sender.

    Also which places owe a weekly report that has not come. Weeks are those of ISO 8601, or begin
    on the day that the rules of a weekly report say. A report that came twice counts once.
    """
    found = gathered(desk, week, form.strip().upper())
    if as_json:
        emit(_document(found, show_numbers))
    elif as_csv:
        _write_csv(found, show_numbers)
    else:
        _print(found, show_numbers)


# --- in words -----------------------------------------------------------------------------------


def _print(found: Found, show_numbers: bool) -> None:
    week = found.week
    data(f"Week {week.name}, {week.first} to {week.last}"
         + (f"; today is {week.today}" if week.today else ""))  # fmt: skip
    if not found.counts:
        note("No report came. What came in is in: relay inbox")
    for title, key in (
        ("form", lambda one: one.form),
        ("place", lambda one: one.place or "(no place)"),
        ("sender", lambda one: (number(one.number, show_numbers), one.number, one.name)),
    ):
        _table(found, title, key)
    _print_sums(found.sums)
    for one in found.rounds:
        _print_round(one)
    if found.not_understood:
        note(f"{many(found.not_understood, 'message')} looked like a report of a form that there "
             "is not: relay forms list")  # fmt: skip


def _table(found: Found, title: str, key: Callable[[Count], Any]) -> None:
    groups = _grouped(found.counts, key)
    if not groups:
        return
    data()
    columns = (title, *(("today",) if found.week.today else ()), "week", "again", "bad", "")
    rows = [_row(found, name, group) for name, group in groups[:_SHOWN]]
    table(columns, rows)
    if len(groups) > _SHOWN:
        data(f"… and {len(groups) - _SHOWN} more: --csv has all")


def _grouped(
    counts: Iterable[Count], key: Callable[[Count], Any]
) -> list[tuple[Any, list[Count]]]:
    """Those with most reports first."""
    groups: dict[Any, list[Count]] = {}
    for one in counts:
        groups.setdefault(key(one), []).append(one)
    return sorted(groups.items(), key=lambda item: (-sum(x.received for x in item[1]), item[0]))


def _row(found: Found, name: Any, group: Sequence[Count]) -> tuple[str, ...]:
    label, aside = (name[0], name[2]) if isinstance(name, tuple) else (name, "")
    today = found.week.today
    of_today = sum(one.received for one in group if one.day == today)
    return (
        label,
        *((str(of_today),) if today else ()),
        str(sum(one.received for one in group)),
        _some(sum(one.again for one in group)),
        _some(sum(one.bad for one in group)),
        aside or found.titles.get(label, ""),
    )


def _some(n: int) -> str:
    return str(n) if n else ""


def _print_sums(sums: Sequence[Sum]) -> None:
    """The numbers of one form, added up: a row for each place, and one for all."""
    if not sums:
        return
    fields = list(dict.fromkeys(one.field for one in sums))
    found = {(one.place, one.field): one for one in sums}
    places = list(dict.fromkeys(one.place for one in sums))
    data()
    rows = [
        (place or "(no place)",
         *(_figure(found[place, name].total) if (place, name) in found else "" for name in fields))
        for place in places
    ]  # fmt: skip
    totals = (sum(one.total for one in sums if one.field == name) for name in fields)
    table(("sum of", *fields), [*rows, ("all", *map(_figure, totals))])


def _figure(value: float) -> str:
    return f"{value:.10g}"


def _print_round(one: Round) -> None:
    data()
    owed = len(one.reported) + len(one.missing)
    if not owed:
        data(f"{one.rule}, week {one.week}: no place was asked")
        return
    data(f"{one.rule}, week {one.week}: {len(one.reported)} of {many(owed, 'place')} reported")
    if one.missing:
        named = ", ".join(one.missing[:_SHOWN])
        more = f" and {len(one.missing) - _SHOWN} more" if len(one.missing) > _SHOWN else ""
        data(fill(f"missing: {named}{more}", WIDTH, subsequent_indent="  "))


# --- for programs -------------------------------------------------------------------------------


def _write_csv(found: Found, show_numbers: bool) -> None:
    """A row for each day, form, place and sender; with --form the sums of each place instead."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    week = found.week.name
    if found.sums:
        writer.writerow(("week", "place", "field", "reports", "total"))
        for one in found.sums:
            writer.writerow((week, one.place, one.field, one.reports, _figure(one.total)))
        return
    writer.writerow(("week", "day", "form", "place", "sender", "name", "received", "again", "bad"))
    for count in found.counts:
        shown = number(count.number, show_numbers)
        writer.writerow((week, count.day, count.form, count.place, shown, count.name,
                         count.received, count.again, count.bad))  # fmt: skip


def _document(found: Found, show_numbers: bool) -> dict[str, Any]:
    counts = [asdict(one) | {"number": number(one.number, show_numbers)} for one in found.counts]
    return {
        "week": found.week.name,
        "first": str(found.week.first),
        "last": str(found.week.last),
        "today": found.week.today or None,
        "counts": counts,
        "sums": [asdict(one) for one in found.sums],
        "rounds": [asdict(one) for one in found.rounds],
        "not_understood": found.not_understood,
    }
