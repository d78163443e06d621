"""`relay monitor`: the station live on a full screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from relay.cli.desk import (
    Desk,
    config_option,
    examples,
    numbers_option,
    pass_desk,
    text_option,
)


@click.command(
    epilog=examples(
        "relay monitor                       q quits, h helps",
        "relay monitor --show-numbers --text and then the keys n and t",
    )
)
@numbers_option
@text_option
@config_option
@pass_desk
def monitor(desk: Desk, show_numbers: bool, show_text: bool) -> None:
    """Watch the station on a full screen, and act by keys.

    Verdict, problems with their actions, modems, queues, servers and the last messages; keys
    retry what failed, pause sending, ask for the balance, speak with the server now. It reads
    the database only, also while relay does not run. Numbers and texts are hidden until a key is
    pressed, and need their option.
    """
    config = desk.config()
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        raise click.ClickException("it needs a terminal; without one: relay status --watch")
    try:
        from relay.monitor.app import Monitor
    except ImportError as error:
        raise click.ClickException(
            f"the package {error.name} is missing: pip install 'relay-gateway[field]'."
            " Without it: relay status --watch"
        ) from None
    from relay.monitor.glance import look

    Monitor(
        lambda: look(config, desk.clock.now()),
        partial(_ask, config.control.path),
        may_show_numbers=show_numbers,
        may_show_texts=show_text,
    ).run()


def _ask(path: Path, name: str, **given: Any) -> Mapping[str, Any]:
    from relay.control.client import ask

    return ask(path, name, **given)
