"""`relay backup`: a copy of the database by hand."""

from __future__ import annotations

from pathlib import Path

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit
from relay.cli.writing import NoPlace
from relay.core.plain import size

_OWN = ("", "-wal", "-shm", ".lock")


@click.command(
    epilog=examples("sudo relay backup /media/usb/relay.db", "relay backup before-upgrade.db")
)
@click.argument("target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@config_option
@pass_desk
def backup(desk: Desk, target: Path, as_json: bool) -> None:
    """Copy the whole database into FILE, with relay running or not.

    The copy holds every message and is readable by its owner only. A FILE that exists is replaced
    when the copy is complete; a folder that does not exist is not made.
    """
    config = desk.config()
    _check(target.absolute(), config.store.path)
    # Copying needs a database that is there: never one that is made for the purpose.
    desk.reader().close()
    db = desk.store(config)
    try:
        db.backup(target.absolute())
    finally:
        db.close()
    octets = target.stat().st_size
    if as_json:
        emit({"path": str(target.absolute()), "octets": octets})
    else:
        data(f"{target}: {size(octets)}, complete")


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
