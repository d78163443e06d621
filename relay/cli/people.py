"""`relay people`: who is known by which number, where they are, and what was agreed with them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import click

from relay.cli.desk import (
    Desk,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
    yes_option,
)
from relay.cli.lists import opened, source, viewed
from relay.cli.people_entry import add, export, import_
from relay.cli.people_found import place_names, require, wanted
from relay.cli.printing import data, emit, note, number, table
from relay.clock import local
from relay.core.number import masked
from relay.core.people import Consent, Person, tag_of

_EPILOG = examples(
    "relay people                                   who is known",
    "relay people add +254700000001 --name Asha --place Bura --tag chw",
    "relay people import list.csv --dry-run         what it would do",
    "relay people export people.csv                 what import reads",
)


@click.group(invoke_without_command=True, epilog=_EPILOG)
@config_option
@click.pass_context
def people(context: click.Context) -> None:
    """People: number, name, language, places, tags, and whether they may be written to.

    All spellings of a number are one person. Whoever has sent STOP is written to by no rule of
    the community; only their own START undoes it.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_)


@people.command(
    "list",
    epilog=examples(
        "relay people list --tag chw",
        "relay people list --place Tana --limit 500     there, and in what lies in it",
        "relay people list --stopped                    who has sent STOP",
    ),
)
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@click.option("--place", metavar="PLACE", help="Only those there, or in what lies in it.")
@click.option("--stopped", is_flag=True, help="Only those who have sent STOP.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@numbers_option
@json_option
@config_option
@pass_desk
def list_(
    desk: Desk,
    tag: str | None = None,
    place: str | None = None,
    stopped: bool = False,
    limit: int = 20,
    show_numbers: bool = False,
    as_json: bool = False,
) -> None:
    """List people, in the order in which they came to be known."""
    with viewed(desk) as view:
        chosen = wanted(view, tag, place)
        found = [one for one in chosen if not stopped or one.consent is Consent.STOPPED]
        named = place_names(view)
    if as_json:
        shown = [_document(one, named, show_numbers) for one in found[:limit]]
        emit({"people": shown, "known": len(found)})
    elif found:
        table(
            ("id", "number", "name", "lang", "places", "tags", "consent"),
            [_row(one, named, show_numbers) for one in found[:limit]],
        )
        if len(found) > limit:
            note(f"These are {limit} of {len(found):,}: --limit {len(found)} shows all.")
    else:
        note("There is nobody like that. Add people: relay people add, relay people import")


def _row(person: Person, named: dict[int, str], show_numbers: bool) -> list[str]:
    return [
        str(person.id),
        number(person.number, show_numbers),
        person.name,
        person.language,
        ", ".join(named[one] for one in person.places),
        " ".join(sorted(person.tags)),
        person.consent.lower() + (", paused" if person.paused else ""),
    ]


def _document(person: Person, named: dict[int, str], show_numbers: bool) -> dict[str, Any]:
    return {
        "id": person.id,
        "number": number(person.number, show_numbers),
        "name": person.name,
        "language": person.language,
        "places": [named[one] for one in person.places],
        "tags": sorted(person.tags),
        "attributes": dict(person.attributes),
        "consent": person.consent,
        "consent_at": person.consent_at,
        "consent_source": person.consent_source,
        "paused": person.paused,
    }


# --- one person ---------------------------------------------------------------------------------


@people.command(
    epilog=examples("relay people show 0700000001", "relay people show '#12'   by the id of list")
)
@click.argument("who", metavar="NUMBER")
@numbers_option
@json_option
@config_option
@pass_desk
def show(desk: Desk, who: str, show_numbers: bool, as_json: bool) -> None:
    """Show one person, and what was changed when and by whom."""
    from relay.store import trail

    with viewed(desk) as view:
        person = require(view, who)
        named = place_names(view)
        changes = [dict(row) for row in trail.of(view, "person", person.id)]
    if as_json:
        emit(_document(person, named, show_numbers) | {"changes": changes})
        return
    _print(person, named, show_numbers)
    for one in changes[-_CHANGES:]:
        moved = " → ".join(filter(None, (one["before"], one["after"])))
        data(f"  {local(one['at'])}  {one['event']} {moved}".rstrip() + f"  ({one['detail']})")


_CHANGES = 20


def _print(person: Person, named: dict[int, str], show_numbers: bool) -> None:
    data(f"person {person.id}: {number(person.number, show_numbers)} {person.name}".rstrip())
    said = person.consent.lower()
    if person.consent_at is not None:
        said += f", {local(person.consent_at)} ({person.consent_source})"
    data(f"  consent     {said}")
    data(f"  language    {person.language or '-'}")
    data(f"  places      {', '.join(named[one] for one in person.places) or '-'}")
    data(f"  tags        {' '.join(sorted(person.tags)) or '-'}")
    for name, value in sorted(person.attributes.items()):
        data(f"  {name:11} {value}")
    if person.paused:
        data("  paused      yes: posts of channels are held back")


@people.command(epilog=examples("relay people remove +254700000001", "relay people remove '#12'"))
@click.argument("who", metavar="NUMBER")
@yes_option
@json_option
@config_option
@pass_desk
def remove(desk: Desk, who: str, yes: bool, as_json: bool) -> None:
    """Forget what is known of a person; a STOP of theirs goes on to hold.

    Messages stay: relay erase takes the number out of those as well.
    """
    from relay.store import people as store

    with opened(desk) as db:
        with db.transaction() as tx:
            person = require(tx, who)
        if not yes:
            said = f"{masked(person.number)} {person.name}".strip()
            click.confirm(f"Forget person {person.id}, {said}?", abort=True, err=True)
        with db.transaction() as tx:
            store.remove(tx, desk.clock.now(), person.id, source("people remove"))
    if as_json:
        emit({"removed": person.id})
    else:
        data(f"Person {person.id} is forgotten.")


@people.command(epilog=examples("relay people tag +254700000001 chw supervisor"))
@click.argument("who", metavar="NUMBER")
@click.argument("tags", metavar="TAG…", nargs=-1, required=True)
@json_option
@config_option
@pass_desk
def tag(desk: Desk, who: str, tags: tuple[str, ...], as_json: bool) -> None:
    """Give a person tags: what they are or have asked for."""
    from relay.store import people as store

    _each_tag(desk, who, tags, as_json, store.tag, "people tag")


@people.command(epilog=examples("relay people untag +254700000001 chw"))
@click.argument("who", metavar="NUMBER")
@click.argument("tags", metavar="TAG…", nargs=-1, required=True)
@json_option
@config_option
@pass_desk
def untag(desk: Desk, who: str, tags: tuple[str, ...], as_json: bool) -> None:
    """Take tags away from a person."""
    from relay.store import people as store

    _each_tag(desk, who, tags, as_json, store.untag, "people untag")


def _each_tag(
    desk: Desk,
    who: str,
    tags: Sequence[str],
    as_json: bool,
    act: Callable[[sqlite3.Connection, int, int, str, str], bool],
    command: str,
) -> None:
    wanted = dict.fromkeys(_tag(one) for one in tags)
    with opened(desk) as db, db.transaction() as tx:
        person = require(tx, who)
        now = desk.clock.now()
        changed = [one for one in wanted if act(tx, now, person.id, one, source(command))]
    same = [one for one in wanted if one not in changed]
    if as_json:
        emit({"id": person.id, "changed": changed, "unchanged": same})
    for one in [] if as_json else changed:
        data(f"person {person.id}: {one} {'added' if command == 'people tag' else 'removed'}")
    for one in same:
        note(f"person {person.id}: {one} is as it was")


def _tag(written: str) -> str:
    word = tag_of(written)
    if word is None:
        raise click.UsageError(
            f"{written!r} is no tag; write one word of a-z, 0-9, - and _, such as chw"
        )
    return word


for command in (add, import_, export):
    people.add_command(command)
