"""`relay pause`: hold sending, or the exchange with the servers, until `relay resume`."""

from __future__ import annotations

import click

from relay.cli.calling import call
from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit

_WORDS = {
    "sending": "SMS come in, and none goes out until: relay resume",
    "sync": "Nothing is exchanged with the servers until: relay resume",
}


@click.command(epilog=examples("relay pause", "relay pause --sync", "relay resume"))
@click.option("--sending", "what", flag_value="sending", default=True, help="The usual.")
@click.option("--sync", "what", flag_value="sync", help="The exchange with the servers.")
@json_option
@config_option
@pass_desk
def pause(desk: Desk, what: str, as_json: bool) -> None:
    """Hold all messages that go out. SMS are received as always, and nothing is lost.

    It outlasts a restart of relay, and relay status shows since when it is so and who did it.
    What is at the modem already still goes out.
    """
    answer = call(desk, "pause", what=what)
    if as_json:
        emit(answer)
    else:
        data(_WORDS[what])
