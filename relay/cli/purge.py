"""`relay purge`: forget finished messages by hand, or what they said."""

from __future__ import annotations

import getpass

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit
from relay.core.plain import DAY, many
from relay.store.database import Database


@click.command(
    epilog=examples(
        "relay purge --older-than 30 --dry-run",
        "relay purge --older-than 30",
        "relay purge --older-than 7 --texts      only what they said; the rows stay",
    )
)
@click.option(
    "--older-than", "days", metavar="DAYS", type=click.IntRange(0, 36_500), required=True,
    help="Those that were finished so many days ago.",
)  # fmt: skip
@click.option("--texts", is_flag=True, help="Remove texts and PDUs, and keep rows and figures.")
@click.option("--dry-run", is_flag=True, help="Only say how many; change nothing.")
@json_option
@config_option
@pass_desk
def purge(desk: Desk, days: int, texts: bool, dry_run: bool, as_json: bool) -> None:
    """Forget messages that are finished: forwarded, or sent and told. With relay running or not.

    What is not finished never goes, whatever its age: what waits, what a server refused, what
    nobody could read. Copies of the database keep what was in it.
    """
    config = desk.config()
    db = desk.store(config)
    try:
        before = desk.clock.now() - days * DAY + 1
        n = (
            _counted(db, before, texts=texts)
            if dry_run
            else _purged(desk, db, before, texts=texts)
        )
    finally:
        db.close()
    if as_json:
        emit({"messages": n, "texts_only": texts, "dry_run": dry_run})
        return
    done = "Would remove" if dry_run else "Removed"
    data(f"{done}: {'the words of ' * texts}{many(n, 'finished message')}.")


def _counted(db: Database, before: int, *, texts: bool) -> int:
    from relay.store import blanking, retention

    return blanking.count(db, 0, before) if texts else retention.count(db, before)


def _purged(desk: Desk, db: Database, before: int, *, texts: bool) -> int:
    from relay.store import blanking, journal, retention

    what = "texts" if texts else "messages"
    now = desk.clock.now()
    entry = journal.note(db, now, getpass.getuser(), "purge", f"{what} before {before}")
    total = 0
    while n := blanking.blank(db, 0, before) if texts else retention.prune(db, before):
        total += n
    journal.settle(db, entry, f"{total} {what}")
    return total
