"""`relay reload`: take up a changed configuration without a restart."""

from __future__ import annotations

import threading

import click

from relay.cli.calling import call
from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note
from relay.control.client import ControlRefused, NobodyThere

# A submission that is under way is waited for.
_PATIENCE_S = 120.0
_LOOK_S = 0.3


@click.command(epilog=examples("relay config check && relay reload"))
@json_option
@config_option
@pass_desk
def reload(desk: Desk, as_json: bool) -> int:
    """Read the configuration again and go on with it.

    One with mistakes is refused, and the old one holds on. Else relay finishes what it is at and
    opens modems and servers anew; nothing is lost by it. systemctl reload relay does the same.
    """
    since = call(desk, "ping")["since"]
    changed = call(desk, "reload")["changed"]
    if not as_json:
        data(f"Changed: {', '.join(changed)}" if changed else "Nothing has changed.")
    works = not changed or _begun_anew(desk, since)
    if as_json:
        emit({"changed": changed, "works": works})
    elif works and changed:
        data("relay works with the new configuration.")
    if works:
        return 0
    note("relay is still finishing what it was at. Look again in a minute: relay status")
    return 1


def _begun_anew(desk: Desk, since: int) -> bool:
    pause, ends_at = threading.Event().wait, desk.clock.monotonic() + _PATIENCE_S
    while desk.clock.monotonic() < ends_at:
        pause(_LOOK_S)
        try:
            if call(desk, "ping")["since"] != since:
                return True
        except (NobodyThere, ControlRefused):
            continue
    return False
