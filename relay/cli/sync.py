"""`relay sync`: exchange with the servers now, whatever failed before."""

from __future__ import annotations

import click

from relay.cli.calling import call
from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit
from relay.core.outcome import OK

_PATIENCE_S = 90.0
_WORDS = {
    "STILL_AT_IT": "an exchange is under way; see relay status in a minute",
    "PAUSED": "it is paused; go on with: relay resume --sync",
    "IN_FLIGHT": "it is not known yet whether the last exchange arrived; relay waits before it "
    "asks again, so that nothing arrives twice",
}


@click.command(epilog=examples("relay sync", "relay sync --server main"))
@click.option("--server", metavar="NAME", help="Only this one.")
@json_option
@config_option
@pass_desk
def sync(desk: Desk, server: str | None, as_json: bool) -> int:
    """Exchange messages with the servers now, and say how it went.

    relay does so by itself; this is for whoever has just mended the internet and does not want to
    wait for the next try. Exits with 1 where a server was not reached.
    """
    answer = call(desk, "sync", timeout_s=_PATIENCE_S, server=server)
    if as_json:
        emit(answer)
    else:
        for one in answer["servers"]:
            words = _WORDS.get(one["code"], one["detail"])
            data(f"{one['server']}: {one['code']}{f', {words}' if words else ''}")
    return 0 if all(one["code"] == OK.code for one in answer["servers"]) else 1
