"""What `relay people` and `relay places` share: their lists, and who changes something."""

from __future__ import annotations

import getpass
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import click

from relay.cli.desk import EX_DATAERR, F
from relay.cli.printing import data, emit, note
from relay.cli.writing import NoPlace
from relay.core.plain import many
from relay.flows.people_lists import Fate

if TYPE_CHECKING:
    from relay.cli.desk import Desk
    from relay.community.lists import BadRow
    from relay.store.database import Database

Row = TypeVar("Row")
# So many bad rows are named; a list has the rest of its mistakes in the same column.
_NAMED = 20
_SAID = {Fate.ADDED: "added", Fate.CHANGED: "changed", Fate.SAME: "as they were"}


class Plan(Protocol):
    @property
    def bad(self) -> tuple[BadRow, ...]: ...
    def count(self, fate: Fate) -> int: ...


class PeoplePlan(Plan, Protocol):
    @property
    def stopped(self) -> int: ...


P = TypeVar("P", bound=PeoplePlan)


def source(command: str) -> str:
    """Who does it, for the trail."""
    return f"{command} by {getpass.getuser()}"


@contextmanager
def viewed(desk: Desk) -> Iterator[sqlite3.Connection]:
    """The store, read-only. Raises `StoreError`."""
    from relay.store.database import named_errors

    with desk.reader() as reader, named_errors(reader.path):
        yield reader.view


def opened(desk: Desk) -> closing[Database]:
    """The store, to write into."""
    return closing(desk.store(desk.config()))


def import_options(command: F) -> F:
    command = click.option("--good-rows", is_flag=True, help="Take over what is good.")(command)
    command = click.option("--dry-run", is_flag=True, help="Only say what it would do.")(command)
    return click.argument("file", metavar="FILE", type=click.Path(path_type=Path))(command)


def export_argument(command: F) -> F:
    return click.argument(
        "file", metavar="[FILE]", required=False, type=click.Path(path_type=Path)
    )(command)


def rows(file: Path, read: Callable[[str], list[Row | BadRow]]) -> list[Row | BadRow]:
    """The rows of a list; - is the standard input. What is no list at all is one bad row."""
    from relay.community.lists import BadRow

    try:
        octets = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise click.ClickException(
            f"{file}: {error.strerror or error}. Nothing was changed. Give the path of the list."
        ) from error
    try:
        return read(octets.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        return [BadRow(line, "it is no text in UTF-8", "save the list as CSV UTF-8")]
    except BadRow as error:
        return [error]


def bring_in(
    desk: Desk,
    plan: Callable[[sqlite3.Connection], P],
    carry_out: Callable[[Database, P], object],
    *,
    dry_run: bool,
    good_rows: bool,
    as_json: bool,
) -> int:
    """Say what a list of people would do, and do it where that is wished; the exit code."""
    with opened(desk) as db:
        with viewed(desk) as view:  # a daemon that has an SMS to keep waits for no list
            done = plan(view)
        if not dry_run and (good_rows or not done.bad):
            carry_out(db, done)
    return report(
        done, dry_run=dry_run, good_rows=good_rows, as_json=as_json, stopped=done.stopped
    )


def report(plan: Plan, *, dry_run: bool, good_rows: bool, as_json: bool, stopped: int = 0) -> int:
    """Say what was done, or would be; the exit code."""
    nothing = bool(plan.bad) and not good_rows
    counts = {str(fate): plan.count(fate) for fate in Fate}
    if as_json:
        bad = [{"line": one.line, "cause": one.cause, "remedy": one.remedy} for one in plan.bad]
        emit({"dry_run": dry_run, "applied": not (dry_run or nothing), **counts,
              "stopped": stopped, "bad": bad})  # fmt: skip
    else:
        _tell(plan.bad, counts, dry_run, nothing)
        if stopped:
            note(f"{many(stopped, 'of them has', 'of them have')} said STOP: that stays, until "
                 "they send START themselves.")  # fmt: skip
    return (EX_DATAERR if nothing else 1) if plan.bad else 0


def _tell(bad: Sequence[BadRow], counts: dict[str, int], dry_run: bool, nothing: bool) -> None:
    for one in bad[:_NAMED]:
        note(str(one))
    if len(bad) > _NAMED:
        note(f"… and {many(len(bad) - _NAMED, 'more bad row')}")
    figures = (f"{counts[fate]:,} {said}" for fate, said in _SAID.items())
    said = ", ".join(figures)
    if nothing:
        data(f"Nothing was changed: {many(len(bad), 'bad row')}. Without them: {said}.")
        note("Correct them, or take over the others with --good-rows.")
    else:
        data(f"It would be: {said}." if dry_run else f"{said}.")


def give_out(
    file: Path | None, columns: Sequence[str], found: Iterable[Sequence[str]], as_json: bool
) -> None:
    """A list to a file that only its owner may read, there whole or not at all; else to stdout."""
    from relay.community.lists import written

    if file is None and as_json:
        emit({"rows": [dict(zip(columns, one, strict=True)) for one in found]})
    elif file is None:
        for line in written(columns, found):
            click.echo(line, nl=False)
    else:
        count = _write(file, written(columns, found)) - 1
        if as_json:
            emit({"file": str(file), "rows": count})
        else:
            data(f"{file}: {many(count, 'row')}")


def _write(file: Path, lines: Iterable[str]) -> int:
    """How many lines."""
    from relay.whole_file import written_whole

    count = 0
    try:
        with written_whole(file) as out:
            for line in lines:
                out.write(line.encode())
                count += 1
    except OSError as error:
        raise NoPlace(
            f"{file}: {error.strerror or error}. Nothing was written. Give another path."
        ) from error
    return count
