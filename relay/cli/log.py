"""`relay log`: what relay did, in plain words, wherever this installation writes it."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.log_sources import Growing, Journal, of_growing
from relay.cli.printing import data, emit, note
from relay.clock import from_local, local
from relay.core.logbook import LEVELS, Line, told
from relay.errors import ConfigError

_LOOK_S = 0.5
_WORDS = {
    "debug": "detail",
    "info": "note",
    "warning": "warning",
    "error": "ERROR",
    "critical": "CRITICAL",
}
_UNITS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400}


class Since(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.2 on
    """How long ago (ms, negative), or a moment (epoch ms)."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if ago := re.fullmatch(r"(\d{1,6}) ?(s|min|m|h|d)", value.strip()):
            return -1000 * int(ago[1]) * _UNITS[ago[2]]
        try:
            return from_local(value)
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value!r} is no time; write 2h, 3d or '2026-11-25 08:00'", param, ctx)


@click.command(
    epilog=examples(
        "relay log                       the last hundred lines",
        "relay log -f                    and what comes, until Ctrl-C",
        "relay log --since 2h --level warning",
        "relay log --since '2026-11-25 08:00'",
    )
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("-n", "--lines", "most", type=click.IntRange(1), default=100, show_default=True)
@click.option("--since", type=Since(), help="2h, 3d, or '2026-11-25 08:00'; then -n is ignored.")
@click.option("--level", type=click.Choice(LEVELS), default="debug", help="The least to be shown.")
@json_option
@config_option
@pass_desk
def log(desk: Desk, follow: bool, most: int, since: int | None, level: str, as_json: bool) -> None:
    """Show the log of relay in plain words.

    From the file of [log] file, else from the journal. Times are those of the computer's clock.
    Phone numbers show their last three digits, whatever was written; texts are not shown.
    """
    if since is not None and since <= 0:
        since += desk.clock.now()
    show = _Shower(level, as_json)
    path = _own_file(desk)
    if path is not None:
        _from_file(path, show, since, most, follow=follow)
    else:
        _from_journal(desk, show, since, most, follow=follow)


def _own_file(desk: Desk) -> Path | None:
    """The journal can be read also where the configuration cannot."""
    try:
        return desk.config().log.file
    except ConfigError:
        return None


class _Shower:
    """Prints what is of the level, and what belongs to it."""

    def __init__(self, level: str, as_json: bool) -> None:
        self._least = LEVELS.index(level)
        self._as_json = as_json
        self._wanted = True

    def all(self, lines: Iterable[Line]) -> None:
        for line in self.wanted(lines):
            self.one(line)

    def wanted(self, lines: Iterable[Line]) -> Iterator[Line]:
        for line in lines:
            if line.level:
                self._wanted = LEVELS.index(line.level) >= self._least
            if self._wanted:
                yield line

    def one(self, line: Line) -> None:
        found = told(line.text)
        if self._as_json:
            emit(
                {
                    "at": _moment(line.at),
                    "level": line.level or None,
                    "event": found.event or None,
                    "fields": dict(found.fields),
                    "words": found.words,
                }
            )
        else:
            data(f"{line.at:19} {_WORDS.get(line.level, ''):8} {found.words}".rstrip())


def _moment(at: str) -> int | None:
    try:
        return from_local(at[:16]) + 1000 * int(at[17:19])
    except (ValueError, OverflowError, OSError):
        return None


# --- from where ---------------------------------------------------------------------------------


def _from_file(path: Path, show: _Shower, since: int | None, most: int, *, follow: bool) -> None:
    growing = Growing(path)
    try:
        lines = of_growing([*growing.before(), *growing.more()])
        if since is None:
            for line in deque(show.wanted(lines), most):
                show.one(line)
        else:
            show.all(_after(lines, local(since)))
        if not (lines or follow):
            note(f"{path} has nothing yet: relay has not run since the file was chosen.")
        _follow(lambda: show.all(of_growing(growing.more())), follow=follow)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}") from error
    finally:
        growing.close()


def _after(lines: Iterable[Line], since: str) -> Iterator[Line]:
    """What has no time of its own belongs to the line before it."""
    wanted = False
    for line in lines:
        if line.at:
            wanted = line.at >= since
        if wanted:
            yield line


def _follow(look: Callable[[], None], *, follow: bool) -> None:
    """Until Ctrl-C, or until nobody reads it."""
    never = threading.Event()
    while follow:
        never.wait(_LOOK_S)
        look()


def _from_journal(
    desk: Desk, show: _Shower, since: int | None, most: int, *, follow: bool
) -> None:
    journal = Journal.found(desk.environ)
    if journal is None:
        raise click.ClickException(
            "there is no journal on this computer; let relay write a file: set file in [log]"
        )
    seen = False
    for line in journal.lines(since, most, follow=follow):
        seen = True
        show.all([line])
    if not seen:
        note(
            "The journal has nothing of relay. Where systemd does not run it, its log is on the"
            " terminal of `relay run`, or in a file: set file in [log]"
        )
