"""`relay resume`: the end of `relay pause`."""

from __future__ import annotations

import click

from relay.cli.calling import call
from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit


@click.command(epilog=examples("relay resume", "relay resume --sending"))
@click.option("--sending", "what", flag_value="sending", help="Only sending.")
@click.option("--sync", "what", flag_value="sync", help="Only the exchange with the servers.")
@json_option
@config_option
@pass_desk
def resume(desk: Desk, what: str | None, as_json: bool) -> None:
    """Go on with what was paused."""
    answer = call(desk, "resume", what=what)
    if as_json:
        emit(answer)
        return
    left = answer["paused"]
    data(f"Still paused: {', '.join(left)}." if left else "Nothing is paused any more.")
