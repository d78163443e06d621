"""`relay upgrade-check`: would this relay bring the database up to date? Tried on a copy."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from relay.cli.desk import EX_SOFTWARE, Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note
from relay.core.plain import count, many


@click.command(
    "upgrade-check",
    epilog=examples("relay upgrade-check", "relay upgrade-check --folder /var/tmp"),
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Where the copy is made, with as much room as the database takes; else beside it.",
)
@json_option
@config_option
@pass_desk
def upgrade_check(desk: Desk, folder: Path | None, as_json: bool) -> int:
    """Try on a copy whether this relay can take over the database; the database is only read.

    The copy is brought up to date, looked through page by page, and its latest SMS are read once
    more; then it is thrown away. 0: it can. 70 or 74: it cannot, keep the relay that runs.
    """
    from relay.store.upgrading import rehearse

    store = desk.config().store.path
    if not store.exists():
        if as_json:
            emit({"ok": True, "store": str(store), "exists": False})
        else:
            data(f"There is no database at {store} yet: nothing to bring up to date.")
        return 0
    found = rehearse(store, desk.clock.now(), folder)
    if as_json:
        emit({"ok": found.good, "store": str(store), "exists": True, **asdict(found)})
    elif found.good:
        lacked = ", ".join(found.migrations) or "none"
        data(f"{store}: this relay can take it over. Migrations that are due: {lacked}.")
        data(
            f"{many(found.rows['inbound'], 'message')} in, {count(found.rows['outbound'])} out; "
            f"{many(found.read, 'SMS', 'SMS')} read once more."
        )
    if not found.good:
        ids = ", ".join(map(str, found.unread[:10]))
        note(
            f"{many(len(found.unread), 'SMS', 'SMS')} that were read cannot be read by this relay "
            f"(raw {ids}). Nothing was changed. Keep the relay that runs, and report this."
        )
    return 0 if found.good else EX_SOFTWARE
