"""Dated messages that staff adds by hand: one by one, and from lists."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from relay.cli.desk import (
    EX_DATAERR,
    Desk,
    LocalTime,
    config_option,
    examples,
    json_option,
    pass_desk,
)
from relay.cli.lists import export_argument, give_out, import_options, opened, rows, viewed
from relay.cli.printing import data, emit, note
from relay.clock import from_local, local
from relay.community.lists import BadRow, read
from relay.core.number import dialable
from relay.core.plain import DAY, many
from relay.core.reminders import ADDED, TAG, Reminder
from relay.errors import NumberError

_COLUMNS = ("to", "when", "text", "place", "patient")
_USEFUL_MS = 7 * DAY


@dataclass(frozen=True, slots=True)
class Dated:
    """One message; `to` is a number or tag:NAME, `place` as it is written, `at` epoch ms."""

    line: int
    to: str
    at: int
    text: str
    place: str = ""
    patient: str = ""


def _dated(line: int, cells: Mapping[str, str]) -> Dated:
    """Raises `BadRow`."""
    to = cells.get("to", "")
    if not to.startswith(TAG):
        try:
            to = dialable(to)
        except NumberError as error:
            raise BadRow(line, str(error), "write a number, or tag:NAME") from None
    try:
        at = from_local(cells.get("when", ""))
    except (ValueError, OverflowError, OSError):
        raise BadRow(line, "it has no time", "write it as 2026-12-22 09:00") from None
    if not cells.get("text"):
        raise BadRow(line, "it has no text", "write what is to be said")
    return Dated(line, to, at, cells["text"], cells.get("place", ""), cells.get("patient", ""))


def _write(tx: sqlite3.Connection, now: int, one: Dated) -> int:
    """Its id. Raises `BadRow` for a place that is not there, or a time that has gone by."""
    from relay.community.spelling import fold
    from relay.store import places, reminders

    place = places.find(tx, fold(one.place)) if one.place else None
    if one.place and place is None:
        raise BadRow(one.line, f"there is no place {one.place}", "see: relay places list")
    if one.at <= now:
        raise BadRow(one.line, f"{local(one.at)[:16]} has gone by", "write a time to come")
    written = reminders.write(
        tx,
        Reminder(
            rule=ADDED, occasion=reminders.next_added(tx), nth=0, recipient=one.to,
            written_at=now, not_before=one.at, useful_until=one.at + _USEFUL_MS,
            patient=one.patient, place_id=place.id if place else None, floats=False,
            text=one.text,
        ),
    )  # fmt: skip
    assert written is not None  # no other has this occasion
    return written


@click.command(
    epilog=examples(
        "relay reminders add +254700000001 '2026-12-22 09:00' 'Come on Friday.'",
        "relay reminders add tag:chw '2026-12-22 09:00' 'Meet at ten' --place Bura",
    )
)
@click.argument("to", metavar="NUMBER|tag:NAME")
@click.argument("when", metavar="'YYYY-MM-DD HH:MM'", type=LocalTime())
@click.argument("text", metavar="TEXT")
@click.option("--place", metavar="PLACE", default="", help="With a tag: only who is there.")
@click.option("--patient", metavar="ID", default="", help="Whom it is about.")
@json_option
@config_option
@pass_desk
def add(
    desk: Desk, to: str, when: int, text: str, place: str, patient: str, as_json: bool
) -> None:
    """Add a message for a day to come, to a number or to those with a tag.

    Whoever has said STOP gets none.
    """
    cells = {"to": to, "when": local(when)[:16], "text": text, "place": place, "patient": patient}
    try:
        with opened(desk) as db, db.transaction() as tx:
            done = _write(tx, desk.clock.now(), _dated(0, cells))
    except BadRow as error:
        raise click.ClickException(f"{error.cause}. Nothing was added; {error.remedy}") from error
    if as_json:
        emit({"id": done})
    else:
        data(f"reminder {done}: due {local(when)[:16]}")


@click.command(
    "import",
    epilog=examples(
        "relay reminders import dates.csv --dry-run",
        "relay reminders import dates.csv --good-rows",
    ),
)
@import_options
@json_option
@config_option
@pass_desk
def import_(desk: Desk, file: Path, dry_run: bool, good_rows: bool, as_json: bool) -> int:
    """Add dated messages from a CSV list; with a bad row in it nothing is added.

    Columns: to (a number or tag:NAME), when (2026-12-22 09:00), text, place, patient; the first
    three must be there.
    """
    found = rows(file, lambda text: read(text, _COLUMNS, "to", _dated))
    bad = [one for one in found if isinstance(one, BadRow)]
    done: list[int] = []
    with opened(desk) as db, db.transaction() as tx:
        tx.execute("SAVEPOINT the_list")
        for one in found:
            if isinstance(one, BadRow):
                continue
            try:
                done.append(_write(tx, desk.clock.now(), one))
            except BadRow as error:
                bad.append(error)
        nothing = dry_run or (bool(bad) and not good_rows)
        tx.execute(f"{'ROLLBACK TO' if nothing else 'RELEASE'} the_list")
    if as_json:
        said = [{"line": one.line, "cause": one.cause, "remedy": one.remedy} for one in bad]
        emit({"dry_run": dry_run, "applied": not nothing, "added": len(done), "bad": said})
    else:
        for wrong in sorted(bad, key=lambda one: one.line):
            note(str(wrong))
        verb = "would be added" if dry_run else "not added" if nothing else "added"
        data(f"{many(len(done), 'message')} {verb}, {many(len(bad), 'bad row')}.")
    return (1 if good_rows else EX_DATAERR) if bad else 0


@click.command(epilog=examples("relay reminders export dates.csv"))
@export_argument
@json_option
@config_option
@pass_desk
def export(desk: Desk, file: Path | None, as_json: bool) -> None:
    """Write what staff has added, and waits, as a CSV list that relay reminders import reads."""
    with viewed(desk) as view:
        give_out(file, _COLUMNS, _cells(view), as_json)


def _cells(view: sqlite3.Connection) -> Iterator[list[str]]:
    from relay.store import places, reminders

    for row in reminders.listed(view, states=("WAITING", "MUTED"), limit=-1):
        if row.rule == ADDED:
            place = "" if row.place_id is None else places.get(view, row.place_id).name
            yield [row.recipient, local(row.not_before)[:16], row.text, place, row.patient]
