"""`relay callouts volunteers`: the registers, one by one and as CSV lists."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relay.cli.desk import Desk, config_option, examples, json_option, numbers_option, pass_desk
from relay.cli.lists import (
    bring_in,
    export_argument,
    give_out,
    import_options,
    opened,
    report,
    rows,
    source,
    viewed,
)
from relay.cli.people_found import place_names, require
from relay.cli.printing import data, emit, note, number, table
from relay.clock import from_local, local
from relay.core.number import masked

if TYPE_CHECKING:
    import sqlite3

    from relay.community.callouts.lists import VolunteerRow
    from relay.community.callouts.rules import Register
    from relay.core.people import Person
    from relay.flows.people_lists import Plan
    from relay.store.database import Database


@click.group(
    epilog=examples(
        "relay callouts volunteers list BLOOD",
        "relay callouts volunteers add BLOOD +254700005001 --set group=O-",
        "relay callouts volunteers import BLOOD donors.csv --dry-run",
    )
)
@config_option
def volunteers() -> None:
    """The registers of volunteers, by the kind of call-out that asks them."""


def _register(desk: Desk, kind: str) -> Register:
    from relay.assembly_community import rules

    known: dict[str, Register] = {
        name.upper(): one.register
        for name, one in rules(desk.config()).book.rules("callout").items()
        if one.register is not None
    }
    if (found := known.get(kind.upper())) is None:
        names = ", ".join(known) or "none: no rule set with one is switched on"
        raise click.ClickException(
            f"no kind {kind!r} has a register. Nothing was changed; there are {names}"
        )
    return found


# --- to look at ---------------------------------------------------------------------------------


@volunteers.command("list", epilog=examples("relay callouts volunteers list BLOOD --limit 500"))
@click.argument("kind", metavar="KIND")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@numbers_option
@json_option
@config_option
@pass_desk
def list_(desk: Desk, kind: str, limit: int, show_numbers: bool, as_json: bool) -> None:
    """List who is in a register, and when each was asked last and came last."""
    from itertools import islice

    from relay.store import people

    register = _register(desk, kind)
    with viewed(desk) as view:
        named = place_names(view)
        some = islice(people.with_tag(view, register.tag), limit)
        found = [_document(view, register, one, named, show_numbers) for one in some]
    if as_json:
        emit({"volunteers": found})
    elif found:
        names = [one.name for one in register.attributes]
        table(
            ("id", "number", "name", *names, "places", "asked", "rests from", "consent"),
            [_row(one, names) for one in found],
        )
    else:
        note(f"Nobody is in it. They send {register.word.upper()}, or: relay callouts volunteers "
             "import")  # fmt: skip


def _document(
    view: sqlite3.Connection,
    register: Register,
    person: Person,
    named: dict[int, str],
    show_numbers: bool,
) -> dict[str, Any]:
    from relay.store import volunteers as store

    past = store.history(view, register.tag, person.id)
    times = [past[key] for key in ("rested_at", "gave_at") if past[key]] if past else []
    return {
        "id": person.id,
        "number": number(person.number, show_numbers),
        "name": person.name,
        "attributes": {one.name: person.attributes.get(one.name, "") for one in
                       register.attributes},
        "places": [named[one] for one in person.places],
        "consent": person.consent,
        "asked_at": past["asked_at"] if past else None,
        "rested_at": max(times, default=None),
    }  # fmt: skip


def _row(one: dict[str, Any], names: list[str]) -> list[str]:
    return [
        str(one["id"]), one["number"], one["name"], *(one["attributes"][name] for name in names),
        ", ".join(one["places"]), _day(one["asked_at"]), _day(one["rested_at"]),
        one["consent"].lower(),
    ]  # fmt: skip


def _day(at: int | None) -> str:
    return "" if at is None else local(at)[:10]


@volunteers.command(epilog=examples("relay callouts volunteers export BLOOD donors.csv"))
@click.argument("kind", metavar="KIND")
@export_argument
@numbers_option
@json_option
@config_option
@pass_desk
def export(desk: Desk, kind: str, file: Path | None, show_numbers: bool, as_json: bool) -> None:
    """Write a register as a CSV list that import reads.

    A file can be read by its owner only, and has whole numbers; on the screen they are masked.
    """
    from relay.community.callouts.lists import columns
    from relay.store import people

    register = _register(desk, kind)
    whole = show_numbers or file is not None
    with viewed(desk) as view:
        named = place_names(view)
        some = people.with_tag(view, register.tag)
        found = (_cells(view, register, one, named, whole) for one in some)
        give_out(file, columns(register), found, as_json)


def _cells(
    view: sqlite3.Connection,
    register: Register,
    person: Person,
    named: dict[int, str],
    whole: bool,
) -> tuple[str, ...]:
    one = _document(view, register, person, named, show_numbers=True)
    return (
        person.number if whole else masked(person.number),
        person.name,
        person.language,
        ";".join(one["places"]),
        *one["attributes"].values(),
        _day(one["rested_at"]),
        "" if person.consent == "NONE" else person.consent.lower(),
    )


# --- to change ----------------------------------------------------------------------------------


@volunteers.command(
    epilog=examples(
        "relay callouts volunteers add BLOOD +254700005001 --set group=O-",
        "relay callouts volunteers add BLOOD 0700005001 --gave 2026-10-01",
    )
)
@click.argument("kind", metavar="KIND")
@click.argument("who", metavar="NUMBER")
@click.option("--name", default="", help="A first name is enough.")
@click.option("--place", default="", metavar="PLACE", help="Who is near is asked first.")
@click.option("--set", "attributes", metavar="NAME=VALUE", multiple=True, help="As group=O-.")
@click.option("--gave", default="", metavar="DAY", help="When they gave last: 2026-10-01.")
@json_option
@config_option
@pass_desk
def add(desk: Desk, /, kind: str, who: str, as_json: bool, **told: Any) -> int:
    """Put somebody into a register, or change what is known of them.

    Ask them first: they will be called.
    """
    from relay.community.callouts.lists import row
    from relay.community.lists import BadRow

    register = _register(desk, kind)
    pairs = dict(one.partition("=")[::2] for one in told["attributes"])
    cells = {**pairs, "number": who, "name": told["name"], "places": told["place"],
             "gave": told["gave"], "consent": "given"}  # fmt: skip
    try:
        listed: list[VolunteerRow | BadRow] = [row(register, 0, cells)]
    except BadRow as error:
        raise click.ClickException(
            f"{error.cause}. Nothing was changed; {error.remedy}"
        ) from error
    with opened(desk) as db:
        with viewed(desk) as view:
            done = _plan(view, listed)
        if not done.bad:
            _carry_out(db, desk.clock.now(), register, done, listed, "callouts volunteers add")
    stopped = done.stopped
    return report(done, dry_run=False, good_rows=False, as_json=as_json, stopped=stopped)


@volunteers.command(epilog=examples("relay callouts volunteers remove BLOOD +254700005001"))
@click.argument("kind", metavar="KIND")
@click.argument("who", metavar="NUMBER")
@json_option
@config_option
@pass_desk
def remove(desk: Desk, kind: str, who: str, as_json: bool) -> int:
    """Take somebody out of a register; relay people remove forgets them altogether."""
    from relay.store import people

    register = _register(desk, kind)
    who_did = source("callouts volunteers remove")
    with opened(desk) as db, db.transaction() as tx:
        person = require(tx, who)
        gone = people.untag(tx, desk.clock.now(), person.id, register.tag, who_did)
    if as_json:
        emit({"removed": person.id if gone else None})
    else:
        said = "is not called any more" if gone else "was not in it"
        data(f"Person {person.id} {said}.")
    return 0


@volunteers.command(
    "import",
    epilog=examples(
        "relay callouts volunteers import BLOOD donors.csv --dry-run",
        "relay callouts volunteers import BLOOD donors.csv --good-rows",
    ),
)
@click.argument("kind", metavar="KIND")
@import_options
@json_option
@config_option
@pass_desk
def import_(
    desk: Desk, kind: str, file: Path, dry_run: bool, good_rows: bool, as_json: bool
) -> int:
    """Put the people of a CSV list into a register; with a bad row in it nothing is changed.

    Columns: number, name, language, places, one for each attribute of the register (group, for
    blood), gave (the day of the last time, such as 2026-10-01) and consent. A STOP is never
    undone.
    """
    from relay.community.callouts import lists
    from relay.store import journal

    register = _register(desk, kind)
    listed = rows(file, lambda text: lists.volunteers(text, register))

    def apply(db: Database, done: Plan) -> None:
        now, what = desk.clock.now(), "callouts volunteers import"
        _carry_out(db, now, register, done, listed, what)
        said = f"{len(done.entries)} rows into {register.word.upper()}"
        journal.note(db, now, getpass.getuser(), what, file.name, said)

    return bring_in(
        desk,
        lambda view: _plan(view, listed),
        apply,
        dry_run=dry_run,
        good_rows=good_rows,
        as_json=as_json,
    )


def _plan(view: sqlite3.Connection, listed: list[Any]) -> Plan:
    from relay.community.lists import BadRow
    from relay.flows.people_lists import plan

    return plan(view, (one if isinstance(one, BadRow) else one.person for one in listed))


def _carry_out(
    db: Database,
    now: int,
    register: Register,
    done: Plan,
    listed: list[Any],
    command: str,
) -> None:
    from relay.flows.people_lists import carry_out
    from relay.store import people
    from relay.store import volunteers as store

    carry_out(db, now, done, source(command))
    good = {entry.row.line for entry in done.entries}
    for one in _who_gave(listed, good):
        with db.transaction() as tx:
            person = people.by_number(tx, one.person.number)
            if person is not None:
                at = from_local(f"{one.gave_on} 12:00")
                store.gave(tx, register.tag, person.id, at)


def _who_gave(listed: list[Any], good: set[int]) -> Iterator[VolunteerRow]:
    from relay.community.lists import BadRow

    for one in listed:
        if not isinstance(one, BadRow) and one.gave_on is not None and one.line in good:
            yield one
