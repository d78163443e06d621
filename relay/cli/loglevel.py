"""`relay loglevel`: how much the running relay writes into its log."""

from __future__ import annotations

import click

from relay.cli.calling import call
from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit
from relay.control.words import LEVELS
from relay.core.plain import many


@click.command(
    epilog=examples(
        "relay loglevel debug --for 30",
        "relay loglevel info",
        "relay loglevel trace --for 5     every line to and from the modem",
    )
)
@click.argument("level", type=click.Choice(LEVELS))
@click.option(
    "--for",
    "minutes",
    type=click.IntRange(1, 7 * 24 * 60),
    metavar="MIN",
    help="For so many minutes; else until relay is started anew (trace: 10).",
)
@json_option
@config_option
@pass_desk
def loglevel(desk: Desk, level: str, minutes: int | None, as_json: bool) -> None:
    """Let relay say more or less in its log, without a restart.

    trace shows numbers and messages: it ends by itself.
    """
    answer = call(desk, "loglevel", level=level, minutes=minutes)
    if as_json:
        emit(answer)
        return
    held = answer["minutes"]
    until = f"for {many(held, 'minute')}" if held else "until relay is started anew"
    data(f"The log level is {answer['level']}, {until}. See it: relay log -f")
