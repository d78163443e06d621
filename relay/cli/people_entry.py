"""How people come to be known by hand: one by one, and from lists; and lists of them."""

from __future__ import annotations

import getpass
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
from relay.cli.people_found import wanted
from relay.core.number import masked

if TYPE_CHECKING:
    from relay.flows.people_lists import Plan
    from relay.store.database import Database


@click.command(
    epilog=examples(
        "relay people add +254700000001 --name Asha --place Bura --tag chw",
        "relay people add +254700000001 --set blood=O- --consent given",
    )
)
@click.argument("who", metavar="NUMBER")
@click.option("--name", default="", help="A first name is enough.")
@click.option("--language", metavar="CODE", default="", help="en, fr, sw, es, ne, hi, pt.")
@click.option("--place", "places", metavar="PLACE", multiple=True, help="May be given again.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="May be given again.")
@click.option("--set", "attributes", metavar="NAME=VALUE", multiple=True,
              help="Such as blood=O-; without a value it is taken away.")  # fmt: skip
@click.option("--consent",
              type=click.Choice(("given", "none", "stopped"), case_sensitive=False),
              help="What they said about messages from here.")  # fmt: skip
@json_option
@config_option
@pass_desk
def add(desk: Desk, /, who: str, as_json: bool, **told: Any) -> int:
    """Add a person, or change what is given of one who is known.

    Places take the place of those before; tags and attributes are added.
    """
    from relay.community.lists import BadRow, person
    from relay.flows.people_lists import plan

    cells = {
        "number": who,
        **{key: told[key] or "" for key in ("name", "language", "consent")},
        **{key: "\n".join(told[key]) for key in ("places", "tags", "attributes")},
    }
    with opened(desk) as db, db.transaction() as tx:
        try:
            done = plan(tx, [person(0, cells)])
        except BadRow as error:
            raise _wrong(error) from error
        if done.bad:
            raise _wrong(done.bad[0])
        if done.stopped:
            raise click.ClickException(
                f"{masked(who)} has sent STOP. Nothing was changed. Only their own START undoes "
                "it; leave --consent out to change the rest"
            )
        return _carried_out(desk, db, done, "people add", as_json)


def _wrong(error: Any) -> click.ClickException:
    return click.ClickException(f"{error.cause}. Nothing was changed; {error.remedy}")


def _carried_out(desk: Desk, db: Database, done: Plan, command: str, as_json: bool) -> int:
    from relay.flows.people_lists import carry_out

    carry_out(db, desk.clock.now(), done, source(command))
    return report(done, dry_run=False, good_rows=False, as_json=as_json)


# --- lists --------------------------------------------------------------------------------------


@click.command(
    "import",
    epilog=examples(
        "relay people import list.csv --dry-run",
        "relay people import list.csv --good-rows",
        "relay people import - < list.csv",
    ),
)
@import_options
@json_option
@config_option
@pass_desk
def import_(desk: Desk, file: Path, dry_run: bool, good_rows: bool, as_json: bool) -> int:
    """Add and change people from a CSV list; with a bad row in it nothing is changed.

    Columns: number, name, language, places, tags, attributes (name=value), consent (given,
    stopped, none); several in one cell are parted by semicolons. Only number must be there. An
    empty cell changes nothing; places take the place of those before, tags and attributes are
    added. A STOP is never undone.
    """
    from relay.community import lists
    from relay.flows.people_lists import Fate, carry_out, plan
    from relay.store import journal

    listed = rows(file, lists.people)

    def apply(db: Database, done: Plan) -> None:
        now = desk.clock.now()
        carry_out(db, now, done, source("people import"))
        said = f"{done.count(Fate.ADDED)} added, {done.count(Fate.CHANGED)} changed"
        journal.note(db, now, getpass.getuser(), "people import", file.name, said)

    return bring_in(
        desk,
        lambda view: plan(view, listed),
        apply,
        dry_run=dry_run,
        good_rows=good_rows,
        as_json=as_json,
    )


@click.command(
    epilog=examples(
        "relay people export people.csv      whole numbers, for your eyes only",
        "relay people export --tag donor     to look at: numbers are masked",
    )
)
@export_argument
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@click.option("--place", metavar="PLACE", help="Only those there, or in what lies in it.")
@numbers_option
@json_option
@config_option
@pass_desk
def export(
    desk: Desk,
    file: Path | None,
    tag: str | None,
    place: str | None,
    show_numbers: bool,
    as_json: bool,
) -> None:
    """Write people as a CSV list that relay people import reads.

    A file can be read by its owner only, and has whole numbers; on the screen they are masked.
    """
    from relay.community.lists import PEOPLE
    from relay.flows.people_lists import cells

    whole = show_numbers or file is not None
    with viewed(desk) as view:
        found = cells(view, wanted(view, tag, place))
        shown = (one if whole else (masked(one[0]), *one[1:]) for one in found)
        give_out(file, PEOPLE, shown, as_json)
