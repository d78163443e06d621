"""Asking the running relay, in the words of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from relay.cli.completing import modem_names
from relay.cli.desk import F
from relay.control.client import ControlRefused, Conversation, NobodyThere
from relay.status import is_held

if TYPE_CHECKING:
    from relay.cli.desk import Desk


def modem_option(command: F) -> F:
    return click.option(
        "--modem",
        metavar="NAME",
        shell_complete=modem_names,
        help="Which one, where there are several.",
    )(command)


def call(desk: Desk, name: str, /, *, timeout_s: float = 20.0, **with_: Any) -> dict[str, Any]:
    """One question. Raises `NobodyThere` (exit 3) or `ControlRefused`."""
    with conversation(desk, timeout_s) as line:
        return line.ask(name, **with_)


def conversation(desk: Desk, timeout_s: float = 20.0) -> Conversation:
    """Raises as `call`."""
    config = desk.config()
    try:
        return Conversation(config.control.path, timeout_s)
    except NobodyThere as error:
        if is_held(config.store.path):
            raise ControlRefused(
                "NO_SOCKET",
                f"relay runs, but nobody listens at {error.path}. Nothing was done.",
                "Why: journalctl -u relay | grep control. Is it an older version? "
                "sudo systemctl restart relay",
            ) from None
        raise
