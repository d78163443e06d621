"""`relay channels followers`: who follows a channel, as a list and by hand."""

from __future__ import annotations

from pathlib import Path

import click

from relay.cli.channels_found import known_channel, known_place, place_name
from relay.cli.desk import (
    Desk,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
)
from relay.cli.lists import (
    bring_in,
    export_argument,
    give_out,
    import_options,
    opened,
    rows,
    source,
    viewed,
)
from relay.cli.people_found import require, wanted
from relay.cli.printing import data, emit, note, number, table
from relay.core.number import masked
from relay.core.plain import many

_name = click.argument("name", metavar="CHANNEL")


@click.group(
    epilog=examples(
        "relay channels followers list PEACE",
        "relay channels followers add PEACE +254700000001 --place Huruma",
        "relay channels followers add PEACE --tag chw      everybody with the tag",
        "relay channels followers import PEACE list.csv --dry-run",
    )
)
@config_option
def followers() -> None:
    """Who follows a channel. People do that themselves, with JOIN."""


@followers.command("list", epilog=examples("relay channels followers list PEACE --limit 500"))
@_name
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@numbers_option
@json_option
@config_option
@pass_desk
def list_(desk: Desk, name: str, limit: int, show_numbers: bool, as_json: bool) -> None:
    """List who follows a channel, in the order in which they came to be known."""
    from relay.store import channels as store

    channel = known_channel(desk, name)
    with viewed(desk) as view:
        found = [
            (number(who, show_numbers), [place_name(view, one) for one in places if one], paused)
            for who, places, paused in store.everybody(view, channel.name, limit)
        ]
        count = store.count(view, channel.name)
    if as_json:
        emit(
            {
                "followers": [
                    {"number": who, "places": places, "paused": paused}
                    for who, places, paused in found
                ],
                "count": count,
            }
        )
    elif found:
        table(
            ("number", "places", "paused"),
            [
                [who, ", ".join(places) or "all", "yes" if off else ""]
                for who, places, off in found
            ],
        )
        if count > len(found):
            note(f"These are {len(found)} of {count:,}: --limit {count} shows all.")
    else:
        note(f"Nobody follows {channel.name} yet.")


@followers.command(
    epilog=examples(
        "relay channels followers add PEACE +254700000001 --place Huruma",
        "relay channels followers add NOTICES --tag chw",
    )
)
@_name
@click.argument("who", metavar="[NUMBER]", required=False)
@click.option("--tag", metavar="TAG", help="Everybody with this tag.")
@click.option("--place", metavar="PLACE", help="For this place; with --tag, those who are there.")
@json_option
@config_option
@pass_desk
def add(
    desk: Desk, name: str, who: str | None, tag: str | None, place: str | None, as_json: bool
) -> None:
    """Let people follow who asked for it; one who has sent STOP gets nothing even so."""
    from relay.store import channels as store
    from relay.store import people

    if bool(who) == bool(tag):
        raise click.UsageError("Give a number, or --tag.")
    channel = known_channel(desk, name)
    now, by = desk.clock.now(), source("channels followers add")
    with opened(desk) as db, db.transaction() as tx:
        where = known_place(tx, place).id if place else store.EVERYWHERE
        if who:
            from relay.core.number import dialable

            chosen = [people.ensure(tx, now, dialable(who), by)]
        else:
            chosen = list(wanted(tx, tag, place))
        added = sum(store.follow(tx, now, channel.name, one.id, where, by) for one in chosen)
    if as_json:
        emit({"added": added, "already": len(chosen) - added})
    else:
        data(f"{many(added, 'person follows', 'people follow')} {channel.name} now, "
             f"{len(chosen) - added:,} did before.")  # fmt: skip


@followers.command(epilog=examples("relay channels followers remove PEACE +254700000001"))
@_name
@click.argument("who", metavar="NUMBER")
@json_option
@config_option
@pass_desk
def remove(desk: Desk, name: str, who: str, as_json: bool) -> None:
    """Take somebody out of a channel."""
    from relay.store import channels as store

    channel = known_channel(desk, name)
    now, by = desk.clock.now(), source("channels followers remove")
    with opened(desk) as db, db.transaction() as tx:
        person = require(tx, who)
        if not store.leave(tx, now, channel.name, person.id, by):
            raise click.ClickException(f"{masked(person.number)} does not follow {channel.name}.")
    if as_json:
        emit({"removed": person.id})
    else:
        data(f"{masked(person.number)} does not follow {channel.name} any more.")


@followers.command(
    "import",
    epilog=examples(
        "relay channels followers import PEACE list.csv --dry-run",
        "relay channels followers import PEACE list.csv --good-rows",
    ),
)
@_name
@import_options
@json_option
@config_option
@pass_desk
def import_(
    desk: Desk, name: str, file: Path, dry_run: bool, good_rows: bool, as_json: bool
) -> int:
    """Add followers from a CSV list; with a bad row in it nothing is changed.

    Columns: number and places (several are parted by semicolons; none: all of the channel).
    """
    from relay.community import lists
    from relay.flows.follower_lists import carry_out, plan

    channel = known_channel(desk, name)
    listed = rows(file, lists.followers)
    by = source("channels followers import")
    return bring_in(
        desk,
        lambda view: plan(view, channel.name, listed),
        lambda db, done: carry_out(db, desk.clock.now(), done, by),
        dry_run=dry_run,
        good_rows=good_rows,
        as_json=as_json,
    )


@followers.command(
    epilog=examples("relay channels followers export PEACE peace.csv   whole numbers")
)
@_name
@export_argument
@numbers_option
@json_option
@config_option
@pass_desk
def export(desk: Desk, name: str, file: Path | None, show_numbers: bool, as_json: bool) -> None:
    """Write followers as a CSV list that import reads; on the screen numbers are masked."""
    from relay.community.lists import FOLLOWERS, cell
    from relay.store import channels as store

    channel = known_channel(desk, name)
    whole = show_numbers or file is not None
    with viewed(desk) as view:
        found = (
            (who if whole else masked(who), cell(place_name(view, one) for one in places if one))
            for who, places, _ in store.everybody(view, channel.name)
        )
        give_out(file, FOLLOWERS, found, as_json)
