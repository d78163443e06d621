"""`relay backup`: a copy of the database by hand, and the copies that there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note, table
from relay.cli.writing import NoPlace
from relay.clock import local
from relay.core.plain import age, count, many, size

_OWN = ("", "-wal", "-shm", ".lock")


@click.command(
    epilog=examples(
        "sudo relay backup /media/usb/relay.db",
        "sudo relay backup /media/usb --keep 30      one for each day",
        "sudo relay backup /media/usb --to age1…     only that key opens it",
        "relay backup --list                         the nightly copies",
        "relay backup --list /media/usb",
    )
)
@click.argument("target", metavar="[FILE|FOLDER]", required=False, type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(1), help="In a FOLDER: delete all but so many.")
@click.option(
    "--to",
    "recipients",
    metavar="KEY",
    multiple=True,
    help="Seal it to this public key (age1… or ssh-…); may be given again. "
    "Else those of backup_recipients.",
)
@click.option("--plain", is_flag=True, help="Do not seal it, whatever the configuration says.")
@click.option("--list", "list_all", is_flag=True, help="Show the copies in FOLDER or backup_dir.")
@json_option
@config_option
@pass_desk
def backup(
    desk: Desk,
    target: Path | None,
    keep: int | None,
    recipients: tuple[str, ...],
    plain: bool,
    list_all: bool,
    as_json: bool,
) -> None:
    """Copy the whole database into FILE or FOLDER, with relay running or not.

    The copy holds every message, is read back when it is written, and is readable by its owner
    only. What lies there is replaced when the copy is complete; a folder that does not exist is
    not made. Put it back with: relay restore
    """
    config = desk.config()
    if list_all:
        _list(desk, target or config.store.backup_dir, as_json)
        return
    if target is None:
        raise click.UsageError("Where to? Give a file or a folder, or --list.")
    if plain and recipients:
        raise click.UsageError("Either --plain or --to.")
    chosen = () if plain else recipients or config.store.backup_recipients
    _copy(desk, target.absolute(), config.store.path, chosen, keep, as_json)


def _copy(
    desk: Desk,
    target: Path,
    store: Path,
    recipients: Sequence[str],
    keep: int | None,
    as_json: bool,
) -> None:
    from relay.store import copying
    from relay.store.facts import Facts

    _check(target, store)
    # Copying needs a database that is there: never one that is made for the purpose.
    desk.reader().close()
    db = desk.store(desk.config())
    try:
        now = desk.clock.now()
        if target.is_dir():
            made = copying.copy_into(target, store, now, local(now), recipients)
            if keep is not None:
                copying.forget_oldest(target, made.path, keep)
        else:
            made = copying.copy(store, target, now, recipients)
        Facts(db).put(now, "store.copied", {"path": str(made.path), "octets": made.octets})
    finally:
        db.close()
    if as_json:
        emit({"path": str(made.path), "octets": made.octets, "rows": made.rows,
              "sealed": made.sealed})  # fmt: skip
        return
    rows = f"{many(made.rows['inbound'], 'message')} in, {count(made.rows['outbound'])} out"
    data(f"{made.path}: {size(made.octets)}, complete ({rows}{', sealed' * made.sealed})")
    if not made.sealed and made.path.stat().st_mode & 0o077:
        note(
            "This disk knows no owners: whoever has it can read every message. "
            "Seal the copy with --to KEY, or lock the disk away."
        )


def _check(target: Path, store: Path) -> None:
    """A stick that is not plugged in must not become a folder on the disk of the laptop."""
    if not target.parent.is_dir():
        raise NoPlace(
            f"there is no folder {target.parent}. Nothing was copied. "
            "Is the stick plugged in and mounted? Otherwise make the folder first."
        )
    own = [store.with_name(store.name + suffix).resolve() for suffix in _OWN]
    if target.resolve() in own:
        raise NoPlace(
            f"{target} is a name of the database itself. Nothing was copied. "
            "Give the copy another name."
        )


# --- what there is ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """A copy, and what it tells of itself; a sealed one tells nothing."""

    path: str
    octets: int | None = None
    copied_at: int | None = None
    inbound: int | None = None
    outbound: int | None = None
    trouble: str = ""


def _list(desk: Desk, folder: Path, as_json: bool) -> None:
    from relay.store.copying import copies

    found = [_looked_at(path) for path in copies(folder)]
    if as_json:
        emit({"folder": str(folder), "copies": [asdict(one) for one in found]})
    elif not found:
        note(f"There are no copies in {folder}.")
    else:
        now = desk.clock.now()
        columns = ["copy", "made", "size", "messages in", "out", ""]
        table(columns, [_row(one, now) for one in found])


def _row(one: _Found, now: int) -> list[str]:
    made = "?" if one.copied_at is None else age(one.copied_at, now)
    return [one.path, made, size(one.octets), count(one.inbound), count(one.outbound), one.trouble]


def _looked_at(path: Path) -> _Found:
    try:
        found = _Found(str(path), path.stat().st_size)
    except OSError as error:
        return _Found(str(path), trouble=error.strerror or str(error))
    if path.suffix == ".age":
        return replace(found, trouble="sealed")
    uri = f"{path.absolute().as_uri()}?immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as conn:
            row = conn.execute("SELECT value FROM meta WHERE key = 'copied_at'").fetchone()
            return replace(
                found,
                copied_at=int(row[0]) if row else None,
                inbound=conn.execute("SELECT count(*) FROM inbound").fetchone()[0],
                outbound=conn.execute("SELECT count(*) FROM outbound").fetchone()[0],
            )
    except (sqlite3.Error, ValueError):
        return replace(found, trouble="damaged")
