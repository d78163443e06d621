"""`relay doctor`: the whole chain from the disk to the server, each fault once and at its root."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, fancy, note
from relay.core.doctor.chain import CHECKS
from relay.core.doctor.graph import Check, Mark, exit_code, only
from relay.core.plain import printable

if TYPE_CHECKING:
    from relay.doctor.examination import Report

_NAMES = [check.name for check in CHECKS]
_COLOURS = {Mark.OK: "green", Mark.WARN: "yellow", Mark.FAIL: "red"}


@click.command(
    epilog=examples(
        "relay doctor                 look at everything, cheap things first",
        "relay doctor storage         one check, and what it rests on",
        "relay doctor --list          what is looked at",
        "relay doctor --json | jq .roots",
    )
    + "\n\nExit codes: 0 all is well; 1 a warning, it works; 2 a fault, a person must act; 3 it"
    " cannot be told."
)
@click.argument("checks", metavar="[CHECK]...", nargs=-1, type=click.Choice(_NAMES))
@click.option("--list", "list_all", is_flag=True, help="What is looked at, one a line.")
@click.option("-v", "--verbose", is_flag=True, help="The dialogue with the modem as well.")
@json_option
@config_option
@pass_desk
def doctor(
    desk: Desk, checks: tuple[str, ...], list_all: bool, verbose: bool, as_json: bool
) -> int:
    """Find what is broken, from the disk to the server, and say what to do.

    Each check rests on others; where one fails, those that rest on it are skipped, so that one
    fault is told once. Costs no money and no PIN try. While relay runs, its modem is left to it
    and its facts are read; else doctor opens the modem and gives it back.
    """
    if list_all:
        return _list()
    report = _examined(desk, checks, verbose=verbose)
    shown = only(report.results, checks)
    if as_json:
        from relay.doctor.document import document

        emit(document(report, shown))
    else:
        from relay.doctor.screen import screen

        for line in screen(report, shown):
            click.echo(_coloured(printable(line)))
    return exit_code(report.results)


def _list() -> int:
    for check in CHECKS:
        needs = f"  (rests on {', '.join(check.needs)})" if check.needs else ""
        data(f"{check.name:14}{check.asks}{needs}")
    return 0


def _examined(desk: Desk, checks: tuple[str, ...], *, verbose: bool) -> Report:
    from relay.doctor.examination import examine
    from relay.doctor.world import World

    world = World.of(desk.environ, desk.clock, trace=_traced if verbose else None)
    report = examine(world, desk.config_path, checks, listen=_progress())
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)
    return report


def _traced(way: str, line: str) -> None:
    from relay.doctor.masking import veiled

    note(f"  {way} {veiled(line)}")


def _progress() -> Callable[[Check, str], None]:
    """What is being looked at, for a person who waits; programs see nothing of it."""
    if not sys.stderr.isatty():
        return lambda *_: None

    def show(check: Check, subject: str) -> None:
        words = " ".join(filter(None, ("looking:", check.asks, subject)))
        click.echo(f"\r\033[K{words[:78]}", err=True, nl=False)

    return show


def _coloured(line: str) -> str:
    if not fancy():
        return line
    for mark, colour in _COLOURS.items():
        head, word, tail = line[:10], line[10:16], line[16:]
        if word.strip() == mark.value:
            return head + click.style(word, fg=colour, bold=mark is not Mark.OK) + tail
    return line
