"""`relay at`: speak with the modem, through the running relay or in its place."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import click

from relay.cli.calling import conversation, modem_option
from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note
from relay.control.client import ControlRefused, NobodyThere
from relay.errors import ModemError

if TYPE_CHECKING:
    from relay.config import Config
    from relay.modem.driver import GsmDriver
    from relay.store.database import Database

_BUSY_S = 160.0  # the modem may be in the middle of a submission
_LEAVE = {"quit", "exit", "q"}


class Line(Protocol):
    """The running relay, or this process in its place."""

    def ask(
        self, name: str, /, *, timeout_s: float | None = None, **with_: Any
    ) -> dict[str, Any]: ...


@click.command(
    epilog=examples(
        "relay at AT+CSQ                  one command",
        "relay at                         a prompt; Ctrl-D ends it",
        "relay at --force AT+CFUN=1,1",
    )
)
@click.argument("command", required=False)
@click.option("--force", is_flag=True, help="Also what may cost money, lose messages or settings.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.IntRange(1, 180),
    default=30,
    show_default=True,
    help="Seconds that a command may take; AT+COPS=? takes 120.",
)
@modem_option
@json_option
@config_option
@pass_desk
def at(
    desk: Desk,
    command: str | None,
    force: bool,
    timeout_s: int,
    modem: str | None,
    as_json: bool,
) -> int:
    """Give AT commands to a modem, between two messages, and print its answers.

    What sends, deletes, dials, resets, uses up PIN tries or changes settings is refused without
    --force, and all of it is written into the journal. One console at a time; when it is closed
    and something was set, relay brings the modem up anew. After a command with --force it does so
    at once.

    Without a running relay this command opens the port itself.
    """
    code = 0
    how = {"force": force, "modem": modem, "seconds": timeout_s}
    with _line(desk) as line:
        for typed in _typed() if command is None else [command]:
            code = _say(line, typed, how, as_json)
    return code


def _say(line: Line, command: str, how: Mapping[str, Any], as_json: bool) -> int:
    try:
        answer = line.ask("at", timeout_s=how["seconds"] + _BUSY_S, command=command, **how)
    except ControlRefused as error:
        note(str(error))
        return 1
    if as_json:
        emit({"lines": answer["lines"], "final": answer["final"]})
    else:
        for one in (*answer["lines"], answer["final"]):
            data(one)
    return 0 if answer["final"] == "OK" else 1


def _typed() -> Iterator[str]:
    asked = sys.stdin.isatty()
    if asked:
        note("What you type goes to the modem. The end: Ctrl-D")
    while True:
        try:
            typed = input("at> " if asked else "").strip()
        except EOFError:
            return
        if typed.lower() in _LEAVE:
            return
        if typed:
            yield typed


# --- with relay or without it -------------------------------------------------------------------


@contextmanager
def _line(desk: Desk) -> Iterator[Line]:
    try:
        line = conversation(desk, _BUSY_S)
    except NobodyThere:
        with _in_its_place(desk) as direct:
            yield direct
    else:
        with line:
            yield line


@contextmanager
def _in_its_place(desk: Desk) -> Iterator[Line]:
    from relay.cli.asking import in_place_of_the_daemon

    config = desk.config()
    note("relay is not running: this command opens the port itself.")
    with closing(desk.store(config)) as db, in_place_of_the_daemon(config):
        yield _Direct(desk, config, db)


class _Direct:
    """What the daemon would do, without it."""

    def __init__(self, desk: Desk, config: Config, db: Database) -> None:
        from relay.assembly import driver
        from relay.modem.discovery import Bus

        bus = Bus.of(desk.environ)
        self._desk, self._db = desk, db
        self._modems = {one.name: driver(one, db, desk.clock, bus) for one in config.modems}

    def ask(self, name: str, /, *, timeout_s: float | None = None, **with_: Any) -> dict[str, Any]:
        from relay.control.answers import dangerous
        from relay.core.console import Danger, judge, masked_line
        from relay.store import journal

        command, modem = str(with_["command"]), self._modem(with_.get("modem"))
        found, detail = judge(command), f"{modem.name}: {masked_line(command)}"
        now, who = self._desk.clock.now(), _user()
        if found.danger is Danger.NEVER or (found.danger is Danger.FORCE and not with_["force"]):
            journal.note(self._db, now, who, name, detail, "refused by relay")
            raise dangerous(found)
        entry = journal.note(self._db, now, who, name, detail)
        answer = _spoken(modem, command, with_["seconds"])
        journal.settle(self._db, entry, answer["final"])
        return answer

    def _modem(self, name: str | None) -> GsmDriver:
        if name is None and len(self._modems) == 1:
            return next(iter(self._modems.values()))
        if name in self._modems:
            return self._modems[str(name)]
        known = ", ".join(self._modems) or "none"
        raise ControlRefused("NO_SUCH_MODEM", "Say which modem is meant.", f"Modems: {known}.")


def _spoken(modem: GsmDriver, command: str, seconds: int) -> dict[str, Any]:
    try:
        return {"lines": modem.converse(command, seconds), "final": "OK"}
    except ModemError as error:
        return {"lines": [], "final": str(error)}


def _user() -> str:
    from relay.control.peer import user_name

    return user_name(os.getuid())
