"""`relay places`: the tree of places by which messages are aimed and reports are counted."""

from __future__ import annotations

import getpass
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.lists import (
    export_argument,
    give_out,
    import_options,
    opened,
    report,
    rows,
    source,
    viewed,
)
from relay.cli.printing import data, emit, note, table
from relay.core.plain import many

if TYPE_CHECKING:
    from relay.core.people import Place

_EPILOG = examples(
    "relay places                                          the tree",
    "relay places add Tana --level ward --in Garissa",
    "relay places add Bura --level village --in Tana --alias Boora",
    "relay places import places.csv --dry-run",
)


@click.group(invoke_without_command=True, epilog=_EPILOG)
@config_option
@click.pass_context
def places(context: click.Context) -> None:
    """Places: villages in wards in districts, each with the names that people use for it."""
    if context.invoked_subcommand is None:
        context.invoke(list_)


@places.command("list", epilog=examples("relay places list", "relay places list --json"))
@json_option
@config_option
@pass_desk
def list_(desk: Desk, as_json: bool = False) -> None:
    """List all places as a tree, with how many people are in each."""
    from relay.store import places as store

    with viewed(desk) as view:
        tree = list(store.paths(store.everywhere(view)))
        aliases = {place.id: store.aliases(view, place.id) for place, _ in tree}
        inside = store.population(view)
    if as_json:
        emit({"places": [_document(one, aliases[one.id], inside) for one, _ in tree]})
    elif tree:
        table(
            ("place", "level", "people", "also called"),
            [
                ["  " * depth + one.name, one.level, str(inside.get(one.id, 0)),
                 ", ".join(aliases[one.id])]
                for one, depth in tree
            ],
        )  # fmt: skip
    else:
        note("There are none yet. Add them: relay places add NAME, relay places import FILE")


def _document(place: Place, aliases: list[str], inside: dict[int, int]) -> dict[str, Any]:
    return {
        "id": place.id,
        "name": place.name,
        "level": place.level,
        "parent_id": place.parent_id,
        "aliases": aliases,
        "people": inside.get(place.id, 0),
    }


@places.command(epilog=examples("relay places show Bura"))
@click.argument("name", metavar="PLACE")
@json_option
@config_option
@pass_desk
def show(desk: Desk, name: str, as_json: bool) -> None:
    """Show one place: what it lies in, what lies in it, who is there, what was changed."""
    from relay.clock import local
    from relay.store import places as store
    from relay.store import trail

    with viewed(desk) as view:
        place = _require(view, name)
        above = [store.get(view, one).name for one in store.ancestors(view, place.id)[1:]]
        below = [one.name for one in store.everywhere(view) if one.parent_id == place.id]
        aliases, inside = store.aliases(view, place.id), store.population(view)
        everyone = sum(inside.get(one, 0) for one in store.within(view, place.id))
        changes = [dict(row) for row in trail.of(view, "place", place.id)]
    if as_json:
        found = _document(place, aliases, inside)
        emit(found | {"in": above, "has": below, "people_within": everyone, "changes": changes})
        return
    data(f"place {place.id}: {place.name}, {place.level}")
    data(f"  lies in       {' < '.join(above) or '-'}")
    data(f"  in it lie     {', '.join(below) or '-'}")
    data(f"  also called   {', '.join(aliases) or '-'}")
    data(f"  people        {inside.get(place.id, 0)} here, {everyone} with all below")
    for one in changes:
        moved = " → ".join(filter(None, (one["before"], one["after"])))
        data(f"  {local(one['at'])}  {one['event']} {moved}  ({one['detail']})")


def _require(view: sqlite3.Connection, written: str) -> Place:
    """By name or alias."""
    from relay.community.lists import unknown_place
    from relay.community.spelling import fold
    from relay.store import places as store

    found = store.find(view, fold(written))
    if found is None:
        error = unknown_place(0, written, store.names(view))
        raise click.ClickException(f"{error.cause}. Nothing was changed; {error.remedy}")
    return found


# --- changes ------------------------------------------------------------------------------------


@places.command(
    epilog=examples(
        "relay places add Garissa --level district",
        "relay places add Tana --level ward --in Garissa",
        "relay places add Bura --in Tana --alias Boora     a village",
    )
)
@click.argument("name", metavar="NAME")
@click.option("--level", metavar="WORD", default="",
              help="village, ward, district, or a word of your own.")  # fmt: skip
@click.option("--in", "parent", metavar="PLACE", default="", help="What it lies in.")
@click.option("--alias", "aliases", metavar="NAME", multiple=True, help="May be given again.")
@json_option
@config_option
@pass_desk
def add(
    desk: Desk, name: str, level: str, parent: str, aliases: tuple[str, ...], as_json: bool
) -> int:
    """Add a place, or change what is given of one that is there."""
    from relay.community.lists import BadRow, place
    from relay.flows.place_lists import carry_out, plan

    cells = {"name": name, "level": level, "parent": parent, "aliases": "\n".join(aliases)}
    with opened(desk) as db, db.transaction() as tx:
        try:
            done = plan(tx, [place(0, cells)])
        except BadRow as error:
            raise _wrong(error) from error
        if done.bad:
            raise _wrong(done.bad[0])
        carry_out(db, desk.clock.now(), done, source("places add"))
    return report(done, dry_run=False, good_rows=False, as_json=as_json)


def _wrong(error: Any) -> click.ClickException:
    return click.ClickException(f"{error.cause}. Nothing was changed; {error.remedy}")


@places.command(
    epilog=examples("relay places remove Bura", "relay places remove Bura --alias Boora")
)
@click.argument("name", metavar="PLACE")
@click.option("--alias", metavar="NAME", help="Only this other name of it.")
@json_option
@config_option
@pass_desk
def remove(desk: Desk, name: str, alias: str | None, as_json: bool) -> None:
    """Remove a place where nobody is and in which no other lies, or one of its other names."""
    from relay.store import places as store

    with opened(desk) as db, db.transaction() as tx:
        place, now, who = _require(tx, name), desk.clock.now(), source("places remove")
        if alias is not None:
            _remove_alias(tx, now, place, alias, who)
        else:
            try:
                store.remove(tx, now, place.id, who)
            except store.PlaceInUse as error:
                raise click.ClickException(_remedy(error)) from error
    if as_json:
        emit({"removed": place.id, "alias": alias})
    else:
        data(f"{place.name}: {alias or 'it'} is removed.")


def _remove_alias(tx: sqlite3.Connection, now: int, place: Place, alias: str, who: str) -> None:
    from relay.community.spelling import fold
    from relay.store import places as store

    if not store.remove_alias(tx, now, place.id, fold(alias), who):
        raise click.ClickException(
            f"{alias!r} is no other name of {place.name}. Nothing was changed; see them: "
            f"relay places show {place.name}"
        )


def _remedy(error: Any) -> str:
    if error.below:
        return (
            f"{error}. Nothing was removed. First put them into another: "
            f"relay places add '{error.below[0]}' --in PLACE, or remove them"
        )
    if error.people:
        return (
            f"{many(error.people, 'person is', 'people are')} in {error.place}. Nothing was "
            f"removed. See who: relay people list --place '{error.place}'; then put them "
            "elsewhere: relay people add NUMBER --place PLACE"
        )
    return (
        f"{error}, such as a report or a channel. Nothing was removed. It can stay: a place in "
        "which nobody is gets nothing"
    )


# --- lists --------------------------------------------------------------------------------------


@places.command(
    "import",
    epilog=examples(
        "relay places import places.csv --dry-run", "relay places import places.csv --good-rows"
    ),
)
@import_options
@json_option
@config_option
@pass_desk
def import_(desk: Desk, file: Path, dry_run: bool, good_rows: bool, as_json: bool) -> int:
    """Add and change places from a CSV list; with a bad row in it nothing is changed.

    Columns: name, level (village, ward, district), parent, aliases (parted by semicolons); only
    name must be there. The rows may be in any order. An empty cell changes nothing.
    """
    from relay.community import lists
    from relay.flows.people_lists import Fate
    from relay.flows.place_lists import carry_out, plan
    from relay.store import journal

    wanted = rows(file, lists.places)
    with opened(desk) as db, db.transaction() as tx:
        done = plan(tx, wanted)
        if not dry_run and (good_rows or not done.bad):
            now = desk.clock.now()
            carry_out(db, now, done, source("places import"))
            said = f"{done.count(Fate.ADDED)} added, {done.count(Fate.CHANGED)} changed"
            journal.note(tx, now, getpass.getuser(), "places import", file.name, said)
    return report(done, dry_run=dry_run, good_rows=good_rows, as_json=as_json)


@places.command(epilog=examples("relay places export places.csv", "relay places export"))
@export_argument
@json_option
@config_option
@pass_desk
def export(desk: Desk, file: Path | None, as_json: bool) -> None:
    """Write all places as a CSV list that relay places import reads."""
    from relay.community.lists import PLACES
    from relay.flows.place_lists import cells

    with viewed(desk) as view:
        give_out(file, PLACES, cells(view), as_json)
