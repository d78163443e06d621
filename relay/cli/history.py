"""`relay history`: signal, traffic, queue and credit over days, drawn or as plain numbers."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import emit, fancy, note, table
from relay.clock import from_local, local
from relay.core.history import Day, Series, days
from relay.core.money import MICROS
from relay.store import history as store
from relay.store.reading import Reader

_TRAFFIC = ("received", "sent", "delivered", "failed")
_QUEUES = {store.WAITING: "to go out", store.HERE: "not at the server"}


@click.command(
    epilog=examples(
        "relay history                      the last week",
        "relay history signal --days 30     has the antenna been moved?",
        "relay history --csv > week.csv     for a spreadsheet",
    )
)
@click.argument("topics", metavar="[signal|traffic|queue|credit]...", nargs=-1)
@click.option("--days", "span", type=click.IntRange(1, 366), default=7, show_default=True)
@click.option("--csv", "as_csv", is_flag=True, help="Every figure, for a spreadsheet.")
@json_option
@config_option
@pass_desk
def history(desk: Desk, topics: tuple[str, ...], span: int, as_csv: bool, as_json: bool) -> None:
    """Show how signal, traffic, queue and credit went over the last days.

    Drawn on a terminal; where the output goes into a file or another program, one line for each
    day. relay keeps a figure of every ten minutes for a week, and of every hour for a year.
    """
    found = _gather(desk, _chosen(topics), span)
    if as_json:
        emit({"days": span, "series": [_document(one) for one in found]})
    elif as_csv:
        _write_csv(found)
    elif not any(one.points for one in found):
        note("Nothing is known yet: relay takes the first figures when it has run for a minute.")
    else:
        _show([one for one in found if one.points])


def _chosen(topics: Sequence[str]) -> tuple[str, ...]:
    for topic in topics:
        if topic not in _TOPICS:
            raise click.UsageError(f"There is no history of {topic}; choose {', '.join(_TOPICS)}.")
    return tuple(topics) or tuple(_TOPICS)


# --- what there is ------------------------------------------------------------------------------


def _gather(desk: Desk, topics: Sequence[str], span: int) -> list[Series]:
    until = desk.clock.now()
    last = date.fromisoformat(local(until)[:10])
    first = last - timedelta(days=span - 1)
    since = from_local(f"{first} 00:00")
    with desk.reader() as reader:
        return [one for topic in topics for one in _TOPICS[topic](reader, since, until)]


def _signal(reader: Reader, since: int, until: int) -> Iterator[Series]:
    for modem in store.sampled_modems(reader):
        yield Series(
            "signal", modem, "dBm", _points(reader, f"{store.SIGNAL}{modem}", since, until)
        )


def _queue(reader: Reader, since: int, until: int) -> Iterator[Series]:
    for what, name in _QUEUES.items():
        yield Series("queue", name, "messages", _points(reader, what, since, until))


def _points(
    reader: Reader, what: str, since: int, until: int
) -> tuple[tuple[int, float | None], ...]:
    return tuple((one.at, one.n) for one in store.samples(reader, [what], since, until))


def _traffic(reader: Reader, since: int, until: int) -> Iterator[Series]:
    tallies = store.tallies(reader, local(since)[:10], local(until)[:10])
    for what in _TRAFFIC:
        points = tuple(
            (from_local(f"{day} 12:00"), float(counted.get(what, 0)))
            for day, counted in tallies.items()
        )
        yield Series("traffic", what, "messages", points, daily=True)


def _credit(reader: Reader, since: int, until: int) -> Iterator[Series]:
    by: dict[tuple[str, str], list[tuple[int, float | None]]] = {}
    for row in store.balances(reader, since, until):
        if row["amount"] is not None:
            unit = row["currency"] or "money"
            by.setdefault((row["modem"], unit), []).append((row["at"], row["amount"] / MICROS))
        if row["sms"] is not None:
            by.setdefault((row["modem"], "SMS"), []).append((row["at"], row["sms"]))
    for (modem, unit), points in by.items():
        yield Series("credit", modem, unit, tuple(points))


_TOPICS: dict[str, Callable[[Reader, int, int], Iterator[Series]]] = {
    "signal": _signal,
    "traffic": _traffic,
    "queue": _queue,
    "credit": _credit,
}


# --- how it is shown ----------------------------------------------------------------------------


def _show(found: Sequence[Series]) -> None:
    if fancy():
        try:
            from relay.cli.plots import drawn
        except ImportError:
            note("(Drawn where the package plotext is: pip install 'relay-gateway[field]')")
        else:
            for plot in drawn(found):
                click.echo(plot)
            return
    rows = [_row(one, day) for one in found for day in days(one, lambda at: local(at)[:10])]
    table(("DAY", "WHAT", "LEAST", "USUAL", "MOST", "FIGURES"), rows)


def _row(series: Series, day: Day) -> tuple[str, ...]:
    what = f"{series.topic} {series.name}, {series.unit}"
    if series.daily:
        return (day.day, what, "", "", _figure(day.most), "1")
    known = str(day.known) if day.known == day.taken else f"{day.known} of {day.taken}"
    return (day.day, what, _figure(day.least), _figure(day.usual), _figure(day.most), known)


def _figure(value: float | None) -> str:
    return "?" if value is None else f"{value:.10g}"


def _write_csv(found: Sequence[Series]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("topic", "name", "unit", "at", "value"))
    for one in found:
        for at, value in one.points:
            shown = "" if value is None else _figure(value)
            writer.writerow((one.topic, one.name, one.unit, local(at), shown))


def _document(series: Series) -> dict[str, object]:
    return {
        "topic": series.topic,
        "name": series.name,
        "unit": series.unit,
        "daily": series.daily,
        "points": [list(point) for point in series.points],
    }
