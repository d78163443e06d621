"""`relay backup`: a copy of the database by hand."""

from __future__ import annotations

from pathlib import Path

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit
from relay.core.plain import size


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
    when the copy is complete.
    """
    config = desk.config()
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
