"""`relay journal`: what people have done at this station, beside its usual course."""

from __future__ import annotations

from dataclasses import asdict

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import emit, note, table
from relay.clock import local
from relay.store.journal import latest


@click.command(epilog=examples("relay journal", "relay journal --limit 100 --json"))
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@json_option
@config_option
@pass_desk
def journal(desk: Desk, limit: int, as_json: bool) -> None:
    """List what was done by hand, the newest first: AT commands, USSD codes, pauses, repairs.

    An outcome of "begun" is one of which relay did not see the end. Numbers are masked.
    """
    with desk.reader() as reader:
        entries = latest(reader, limit)
    if as_json:
        emit({"journal": [asdict(one) for one in entries]})
    elif entries:
        rows = [[local(x.at), x.who, x.what, x.outcome, x.detail] for x in entries]
        table(("when", "who", "what", "outcome", "detail"), rows)
    else:
        note("Nothing was done by hand yet.")
