"""`relay version`: what a bug report begins with."""

from __future__ import annotations

import platform
import sqlite3

import click

from relay import __version__
from relay.cli.desk import examples, json_option
from relay.cli.printing import data, emit


@click.command(epilog=examples("relay version", "relay version --json"))
@json_option
def version(as_json: bool) -> None:
    """Show which relay this is, and what it stands on."""
    python, sqlite = platform.python_version(), sqlite3.sqlite_version
    if as_json:
        emit({"version": __version__, "python": python, "sqlite": sqlite})
    else:
        data(f"relay {__version__} (Python {python}, SQLite {sqlite})")
