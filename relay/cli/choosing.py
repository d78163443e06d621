"""Which messages a person means: by their numbers, or all that a restoration left."""

from __future__ import annotations

import click

from relay.cli.desk import Desk
from relay.store import browsing

restored_option = click.option(
    "--restored", is_flag=True, help="All that are held since a copy was restored."
)


def or_restored(desk: Desk, outbound_ids: tuple[int, ...], restored: bool) -> tuple[int, ...]:
    if restored == bool(outbound_ids):
        raise click.UsageError("Give the ids of messages, or --restored.")
    if not restored:
        return outbound_ids
    with desk.reader() as reader:
        return tuple(browsing.in_doubt_ids(reader))
