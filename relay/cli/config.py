"""`relay config`: is the configuration right, and what holds?"""

from __future__ import annotations

import tomllib

import click

from relay.cli.desk import EX_CONFIG, Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note
from relay.cli.rule_notes import rule_notes
from relay.core.plain import many
from relay.errors import ConfigError


@click.group(epilog=examples("relay config check", "relay config show"))
@config_option
def config() -> None:
    """The configuration file: check it, or show what holds."""


@config.command(
    epilog=examples("relay config check", "relay config check --config new-relay.toml")
)
@json_option
@config_option
@pass_desk
def check(desk: Desk, as_json: bool) -> int:
    """Find every mistake at once, with its line and what to write instead.

    Nothing is started or changed. Exits with 78 if relay would not start with it. Rule sets of
    the community are looked at too: a broken one stops only itself.
    """
    try:
        found = desk.config()
    except ConfigError as error:
        if as_json:
            emit({"ok": False, "problems": error.problems, "warnings": []})
        for problem in () if as_json else error.problems:
            note(problem)
        return EX_CONFIG
    warnings = [*found.warnings, *rule_notes(found)]
    if as_json:
        emit({"ok": True, "path": str(found.path), "problems": [], "warnings": warnings})
        return 0
    for warning in warnings:
        note(f"warning: {warning}")
    has = f"{many(len(found.modems), 'modem')}, {many(len(found.servers), 'server')}"
    data(f"{found.path}: OK ({has})")
    return 0


@config.command(epilog=examples("relay config show", "relay config show --json"))
@json_option
@config_option
@pass_desk
def show(desk: Desk, as_json: bool) -> None:
    """Show what holds, defaults included, and where each value came from; secrets are masked."""
    from relay.config import show as rendered

    found = desk.config()
    text = rendered(found)
    if as_json:
        sources = dict(found.sources)
        emit({"path": str(found.path), "settings": tomllib.loads(text), "sources": sources})
    else:
        data(text.rstrip("\n"))
