"""`relay run`: the daemon itself, in the foreground."""

from __future__ import annotations

import click

from relay.cli.desk import Desk, config_option, examples, pass_desk


@click.command(
    epilog=examples("relay run", "relay run --config /etc/relay/relay.toml")
    + "\n\nCtrl-C stops it in good order; a second one at once."
)
@config_option
@pass_desk
def run(desk: Desk) -> int:
    """Run the gateway until it is told to stop.

    systemd does this by itself: sudo systemctl start relay. Exits with 78 if the configuration
    has a mistake; a missing modem or server is no reason to exit.
    """
    config = desk.config()
    from relay import daemon

    return daemon.main(config)
