"""`relay channels rumors`: what people have heard, and what became of it."""

from __future__ import annotations

from typing import Any

import click

from relay.cli.channels_found import place_name
from relay.cli.desk import (
    Desk,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
)
from relay.cli.lists import opened, source, viewed
from relay.cli.printing import data, emit, note, number, table
from relay.clock import local
from relay.core.posts import Rumor, RumorState


@click.command(epilog=examples("relay channels rumors", "relay channels rumors --all --limit 100"))
@click.option("--all", "every", is_flag=True, help="Those that are settled as well.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@numbers_option
@json_option
@config_option
@pass_desk
def rumors(desk: Desk, every: bool, limit: int, show_numbers: bool, as_json: bool) -> None:
    """List what people have heard, the newest first. It is sent to nobody but the team."""
    from relay.store import rumors as store

    with viewed(desk) as view:
        found = store.newest(view, limit, every=every)
        named = {one.id: place_name(view, one.place_id) for one in found}
    if as_json:
        emit({"rumors": [_document(one, named[one.id], show_numbers) for one in found]})
    elif found:
        table(
            ("rumor", "told", "from", "place", "state", "note", "text"),
            [
                [f"R{one.id}", local(one.told_at), number(one.sender, show_numbers),
                 named[one.id], one.state, one.note, one.text]
                for one in found
            ],
        )  # fmt: skip
    else:
        note("There are none.")


def _document(one: Rumor, place: str, show_numbers: bool) -> dict[str, Any]:
    return {
        "rumor": one.id, "told_at": one.told_at, "sender": number(one.sender, show_numbers),
        "place": place, "state": one.state, "note": one.note, "text": one.text,
    }  # fmt: skip


@click.command(
    epilog=examples(
        "relay channels rumor R12 checking",
        "relay channels rumor R12 false --note 'was there, all quiet'",
    )
)
@click.argument("name", metavar="RUMOR")
@click.argument(
    "state", type=click.Choice([one.lower() for one in RumorState], case_sensitive=False)
)
@click.option("--note", "said", default="", help="How that is known.")
@json_option
@config_option
@pass_desk
def rumor(desk: Desk, name: str, state: str, said: str, as_json: bool) -> None:
    """Write down what was found out about a rumor."""
    from relay.store import rumors as store

    digits = name.upper().removeprefix("R")
    if not digits.isdecimal() or len(digits) > _LONGEST:
        raise click.UsageError(f"{name!r} is no rumor; they are called R12.")
    with opened(desk) as db, db.transaction() as tx:
        now, who = desk.clock.now(), source("channels rumor")
        if not store.settle(tx, now, int(digits), RumorState(state.upper()), said, who):
            raise click.ClickException(f"there is no rumor R{digits}; see: relay channels rumors")
    if as_json:
        emit({"rumor": int(digits), "state": state.upper()})
    else:
        data(f"R{digits}: {state.upper()}")


_LONGEST = 15
