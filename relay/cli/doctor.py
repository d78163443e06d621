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
from relay.core.station import Running

if TYPE_CHECKING:
    from relay.core.doctor.seen import SendSeen
    from relay.doctor.examination import Patient, Report
    from relay.doctor.world import World

_NAMES = [check.name for check in CHECKS]
_ALL = "*"  # an option that was given without a word
_COLOURS = {Mark.OK: "green", Mark.WARN: "yellow", Mark.FAIL: "red"}


def _begins(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """For the shell: the names of checks."""
    return [name for name in _NAMES if name.startswith(begun)]


@click.command(
    epilog=examples(
        "relay doctor                 look at everything, cheap things first",
        "relay doctor storage         one check, and what it rests on",
        "relay doctor --fix           make all the safe steps that were found",
        "relay doctor --fix storage   only this one",
        "relay doctor --send-test     send one SMS to the station itself; it costs",
        "relay doctor --sms           a short code to read out on the phone",
        "relay doctor --read RD1-…    what such a code says",
        "relay doctor --json | jq .roots",
    )
    + "\n\nExit codes: 0 all is well; 1 a warning, it works; 2 a fault, a person must act; 3 it"
    " cannot be told."
)
@click.argument("checks", metavar="[CHECK]...", nargs=-1, shell_complete=_begins)
@click.option(
    "--fix",
    is_flag=False,
    flag_value=_ALL,
    metavar="[NAME]",
    help="Take the safe steps, or this one, and look again.",
)
@click.option(
    "--send-test",
    is_flag=False,
    flag_value=_ALL,
    metavar="[NUMBER]",
    help="Send one SMS to the station itself, or there; it costs money.",
)
@click.option("--yes", is_flag=True, help="Do not ask before it costs money.")
@click.option("--list", "list_all", is_flag=True, help="What is looked at, and mended.")
@click.option("--sms", "code_only", is_flag=True, help="Only the code for the phone.")
@click.option("--read", "heard", metavar="CODE", help="Say what a code of --sms means.")
@click.option("-v", "--verbose", is_flag=True, help="The dialogue with the modem as well.")
@json_option
@config_option
@pass_desk
def doctor(
    desk: Desk,
    checks: tuple[str, ...],
    fix: str | None,
    send_test: str | None,
    yes: bool,
    list_all: bool,
    code_only: bool,
    heard: str | None,
    verbose: bool,
    as_json: bool,
) -> int:
    """Find what is broken, from the disk to the server, and say what to do.

    Each check rests on others; where one fails, those that rest on it are skipped, so that one
    fault is told once. By itself it costs no money and no PIN try, and changes nothing. While
    relay runs, its modem is left to it; else doctor opens the modem and gives it back.
    """
    if list_all:
        return _list()
    if heard is not None:
        from relay.cli.doctor_phone import read_out

        return read_out(heard, as_json=as_json)
    names = _known(checks)
    world = _world(desk, verbose=verbose)
    if fix is not None:
        report = _mended(desk, world, fix)
    elif send_test is not None:
        names = (*names, "send") if names else ()
        report = _examined(desk, world, names, _sender(desk, send_test, yes=yes))
    else:
        report = _examined(desk, world, names)
    return _show(report, names, code_only=code_only, as_json=as_json)


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in _NAMES:
            raise click.UsageError(f"There is no check {name!r}. See them: relay doctor --list")
    return names


def _list() -> int:
    from relay.doctor.fixes import FIXES

    data("Checks, each with what it rests on:")
    for check in CHECKS:
        needs = f"  ({', '.join(check.needs)})" if check.needs else ""
        data(f"  {check.name:14}{check.asks}{needs}")
    data("\nWhat --fix may do:")
    for fix in FIXES.values():
        data(f"  {fix.name:14}{fix.does}")
    return 0


# --- looking ------------------------------------------------------------------------------------


def _world(desk: Desk, *, verbose: bool) -> World:
    from relay.doctor.world import World

    return World.of(desk.environ, desk.clock, trace=_traced if verbose else None)


def _examined(
    desk: Desk,
    world: World,
    names: tuple[str, ...],
    send: Callable[[Patient, str], SendSeen] | None = None,
) -> Report:
    from relay.doctor.examination import examine

    listen = _progress()
    if send is None:
        report = examine(world, desk.config_path, names, listen=listen)
    else:
        report = examine(world, desk.config_path, names, send=send, listen=listen)
    if sys.stderr.isatty():
        click.echo("\r\033[K", err=True, nl=False)
    if world.trace is not None and report.station.daemon.running is Running.YES:
        note("relay has the modem, so there is no dialogue to show; its log has it (trace_modem).")
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


# --- what it costs, what it changes -------------------------------------------------------------


def _sender(desk: Desk, to: str, *, yes: bool) -> Callable[[Patient, str], SendSeen]:
    """Asked before anything is looked at: nobody waits beside it to say yes."""
    from relay.core.number import dialable, masked
    from relay.doctor.sending import TestSend, own_number

    number = own_number(desk.config()) if to == _ALL else dialable(to)
    if not number:
        raise click.UsageError(
            "The SIM does not say its own number. Name one: relay doctor --send-test NUMBER"
        )
    if not yes:
        click.confirm(f"This sends one SMS to {masked(number)}, which costs money. Send it?",
                      abort=True, err=True)  # fmt: skip
    return TestSend(number)


def _mended(desk: Desk, world: World, name: str) -> Report:
    from relay.doctor.fixes import FIXES, mend, offered

    if name not in {_ALL, *FIXES}:
        raise click.UsageError(f"There is no fix {name!r}. See them: relay doctor --list")
    report = _examined(desk, world, ())
    steps = offered(report, () if name == _ALL else (name,))
    if not steps:
        note("Nothing was found that doctor may mend by itself.")
        return report
    for taken in mend(world, desk.config_path, steps, _who(desk)):
        where = f" ({taken.subject})" if taken.subject else ""
        note(f"{taken.fix.name}{where}: {'' if taken.done else 'not done: '}{taken.outcome}")
    return _examined(desk, world, ())


def _who(desk: Desk) -> str:
    user = desk.environ.get("SUDO_USER") or desk.environ.get("USER") or "somebody"
    return f"{user}, relay doctor"


# --- showing ------------------------------------------------------------------------------------


def _show(report: Report, names: tuple[str, ...], *, code_only: bool, as_json: bool) -> int:
    from relay.core.doctor.phone_code import call_of, write

    shown = only(report.results, names)
    code = write(call_of(report.station, report.results)) if not names else ""
    if code_only:
        data(code)
    elif as_json:
        from relay.doctor.document import document

        emit(document(report, shown, code=code))
    else:
        from relay.doctor.screen import screen

        for line in screen(report, shown, code=code):
            click.echo(_coloured(printable(line)))
    return exit_code(report.results)


def _coloured(line: str) -> str:
    if not fancy():
        return line
    for mark, colour in _COLOURS.items():
        head, word, tail = line[:10], line[10:16], line[16:]
        if word.strip() == mark.value:
            return head + click.style(word, fg=colour, bold=mark is not Mark.OK) + tail
    return line
