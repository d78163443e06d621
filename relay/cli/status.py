"""`relay status`: the verdict, what to do, and the facts behind it."""

from __future__ import annotations

import threading
from dataclasses import replace

import click

from relay.cli.desk import (
    EX_CONFIG,
    Desk,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
)
from relay.cli.printing import emit, fancy
from relay.core.health import Health, Verdict, judge
from relay.core.plain import printable
from relay.core.station import Station, StoreFacts
from relay.errors import ConfigError

_REFRESH_S = 2.0
_COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow"}


@click.command(
    epilog=examples(
        "relay status                 the verdict, and what to do",
        "relay status -q              one line, for programs that watch",
        "relay status --watch         again every two seconds, until Ctrl-C",
        "relay status --json | jq .problems",
    )
    + "\n\nExit codes: 0 OK; 1 WARN, it works and nothing is lost; 2 CRIT, a person must act;"
    " 3 unknown, or relay is not running; 78 the configuration cannot be used."
)
@click.option("-q", "--quiet", is_flag=True, help="One line.")
@click.option("--watch", is_flag=True, help="Refresh until Ctrl-C.")
@numbers_option
@json_option
@config_option
@pass_desk
def status(desk: Desk, quiet: bool, watch: bool, show_numbers: bool, as_json: bool) -> int:
    """Say whether all is well, and what to do if not.

    Reads the database only, so it answers with relay running or not, and never touches the modem.
    """
    while True:
        station = look(desk)
        health = judge(station)
        if watch and fancy():
            click.clear()
        show(station, health, quiet=quiet, show_numbers=show_numbers, as_json=as_json)
        if not watch:
            return EX_CONFIG if station.config_problems else health.verdict.exit_code
        threading.Event().wait(_REFRESH_S)


def look(desk: Desk) -> Station:
    """The station of the configuration; one that only has problems where that cannot be read."""
    now = desk.clock.now()
    try:
        config = desk.config()
    except ConfigError as error:
        return replace(
            Station(now), store=StoreFacts(exists=False), config_problems=error.problems
        )
    from relay.status import observe

    return observe(config, now)


def show(
    station: Station, health: Health, *, quiet: bool, show_numbers: bool, as_json: bool
) -> None:
    if as_json:
        from relay.status_json import document

        emit(document(station, health, show_numbers=show_numbers))
        return
    from relay.status_screen import one_line, screen

    if quiet:
        click.echo(printable(one_line(station, health)))
        return
    first, *rest = screen(station, health, show_numbers=show_numbers)
    verdict, sentence = first[: len(health.verdict)], first[len(health.verdict) :]
    if fancy():
        colour = _COLOURS.get(health.verdict, "red")
        verdict = click.style(verdict, fg=colour, bold=True)
    click.echo(verdict + printable(sentence))
    for line in rest:
        click.echo(printable(line))
