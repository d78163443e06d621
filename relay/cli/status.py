"""`relay status`: the verdict, what to do, and the facts behind it."""

from __future__ import annotations

import threading
from dataclasses import replace

import click

from relay import words
from relay.cli.desk import (
    EX_CONFIG,
    Desk,
    config_option,
    examples,
    json_option,
    numbers_option,
    pass_desk,
)
from relay.cli.printing import emit, fancy, note
from relay.core.health import Health, Verdict, judge
from relay.core.plain import printable
from relay.core.said import Tongue
from relay.core.station import Station, StoreFacts
from relay.errors import ConfigError

_REFRESH_S = 2.0
_SURVEY_S = 60.0
_COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow"}


@click.command(
    epilog=examples(
        "relay status                 the verdict, and what to do",
        "relay status -q              one line, for programs that watch",
        "relay status --watch         again every two seconds, until Ctrl-C",
        "relay status --live          have relay ask the modem first",
        "relay status --json | jq .problems",
    )
    + "\n\nExit codes: 0 OK; 1 WARN, it works and nothing is lost; 2 CRIT, a person must act;"
    " 3 unknown, or relay is not running; 78 the configuration cannot be used."
)
@click.option("-q", "--quiet", is_flag=True, help="One line.")
@click.option("--watch", is_flag=True, help="Refresh until Ctrl-C.")
@click.option("--live", is_flag=True, help="Have relay ask modem and network now.")
@numbers_option
@json_option
@config_option
@pass_desk
def status(
    desk: Desk, quiet: bool, watch: bool, live: bool, show_numbers: bool, as_json: bool
) -> int:
    """Say whether all is well, and what to do if not.

    Reads the database only, so it answers with relay running or not, and never touches the modem.
    With --live the running relay asks its modems once before that. The language is that of the
    configuration, else of LC_ALL, LC_MESSAGES or LANG.
    """
    while True:
        if live:
            survey(desk)
        station, tongue = look(desk)
        health = judge(station)
        if watch and fancy():
            click.clear()
        show(station, health, tongue, quiet=quiet, show_numbers=show_numbers, as_json=as_json)
        if not watch:
            return EX_CONFIG if station.config_problems else health.verdict.exit_code
        threading.Event().wait(_REFRESH_S)


def survey(desk: Desk) -> None:
    """Fresh facts, if a daemon is there to fetch them; else a word that they are old."""
    from relay.control.client import ControlRefused, NobodyThere, ask

    try:
        answer = ask(desk.config().control.path, "survey", timeout_s=_SURVEY_S)
    except (NobodyThere, ControlRefused) as error:
        note(f"The modems were not asked: {error}")
        return
    except ConfigError:
        return  # status says so itself
    for modem in answer.get("modems", ()):
        if modem.get("error"):
            note(f"Modem {modem.get('modem')} was not asked: {modem['error']}")


def look(desk: Desk) -> tuple[Station, Tongue]:
    """The station of the configuration; one that only has problems where that cannot be read.
    And the language in which to tell of it."""
    now = desk.clock.now()
    try:
        config = desk.config()
    except ConfigError as error:
        station = replace(
            Station(now), store=StoreFacts(exists=False), config_problems=error.problems
        )
        return station, words.tongue("", desk.environ)
    from relay.status import observe

    return observe(config, now), words.tongue(config.gateway.language, desk.environ)


def show(
    station: Station,
    health: Health,
    tongue: Tongue,
    *,
    quiet: bool,
    show_numbers: bool,
    as_json: bool,
) -> None:
    if as_json:
        from relay.status_json import document

        emit(document(station, health, show_numbers=show_numbers))
        return
    from relay.status_screen import one_line, screen

    if quiet:
        click.echo(printable(one_line(station, health)))
        return
    first, *rest = screen(station, health, show_numbers=show_numbers, tongue=tongue)
    verdict, sentence = first[: len(health.verdict)], first[len(health.verdict) :]
    if fancy():
        colour = _COLOURS.get(health.verdict, "red")
        verdict = click.style(verdict, fg=colour, bold=True)
    click.echo(verdict + printable(sentence))
    for line in rest:
        click.echo(printable(line))
