"""`relay erase`: a person's number and words, out of the whole database."""

from __future__ import annotations

import getpass
import shlex
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk, yes_option
from relay.cli.printing import data, emit, note
from relay.core.number import dialable, is_whole, masked
from relay.core.plain import many

if TYPE_CHECKING:
    from relay.config import Config
    from relay.store.database import Database
    from relay.store.erasing import Person
    from relay.store.remains import Remains


@click.command(
    epilog=examples(
        "sudo relay erase +254700000001 --dry-run      what there is",
        "sudo relay erase +254700000001",
        "sudo relay erase +254700000001 --also-waiting --yes",
    )
)
@click.argument("number", metavar="NUMBER")
@click.option("--dry-run", is_flag=True, help="Only say what there is; change nothing.")
@click.option("--also-waiting", is_flag=True,
              help="Also what the server does not have yet: it will never get it.")  # fmt: skip
@yes_option
@json_option
@config_option
@pass_desk
def erase(
    desk: Desk, number: str, dry_run: bool, also_waiting: bool, yes: bool, as_json: bool
) -> int:
    """Erase a person: their number and what they wrote or were written, with relay running or not.

    Rows, times and figures stay, without number and words; relay audit goes on to account for
    them. What has not been sent is cancelled. It cannot be taken back, and copies of the database,
    the server, the SIM and the operator keep what they have: those that can be seen from here are
    named. Give the number with its country.
    """
    from relay.store import erasing

    wanted = dialable(number)
    config = desk.config()
    desk.reader().close()  # never a database that is made for the purpose
    with closing(desk.store(config)) as db:
        person = erasing.find(db, wanted)
        _require_one(person)
        if not as_json:
            _tell(person, wanted)
        if dry_run:
            left = _remains(config, db, wanted)
            return _report(config, person, left, as_json, done=False)
        _require_finished(person, also_waiting)
        if person.known:
            if not yes:
                click.confirm(
                    "Erase it all, for good? It cannot be taken back.", abort=True, err=True
                )
            _erase(desk, config, db, person, wanted)
        clean = _scrubbed(config, db)
        left = _remains(config, db, wanted)
    return _report(config, person, left, as_json, done=person.known, clean=clean)


def _erase(desk: Desk, config: Config, db: Database, person: Person, number: str) -> None:
    from relay.store import erasing, journal

    now, who = desk.clock.now(), getpass.getuser()
    entry = journal.note(db, now, who, "erase", masked(number))
    erasing.erase(db, desk.outbox(config, db), now, person, number, who)
    said = f"{len(person.inbound)} in, {len(person.outbound)} out"
    if person.kept_back:
        said += f", {person.kept_back} of them not finished"
    journal.settle(db, entry, said)


def _scrubbed(config: Config, db: Database) -> bool:
    """Whether nothing of it is left in the free pages of the file, nor in its log."""
    from relay.errors import StoreError
    from relay.status import is_held

    try:
        return db.scrub(wholly=not is_held(config.store.path))
    except StoreError as error:
        note(str(error))
        return False


def _remains(config: Config, db: Database, number: str) -> Remains:
    from relay.store.facts import Facts
    from relay.store.remains import search

    facts = (Facts(db).get(key) for key in ("store.copied", "store.backup"))
    copies = [Path(one.value["path"]) for one in facts if one is not None]
    folders = {config.store.backup_dir, *(copy.parent for copy in copies)}
    log = config.log.file
    logs = [log, log.with_name(f"{log.name}.1")] if log else []
    own = [config.path] if config.path else []
    return search(config.store.path, number, folders, [*copies, *logs, *own])


# --- what stands in the way ---------------------------------------------------------------------


def _require_one(person: Person) -> None:
    if len(person.countries) > 1:
        raise click.ClickException(
            "this is how more than one number may be written: "
            f"{', '.join(f'{one[:4]}{masked(one)}' for one in person.countries)}. "
            "Nothing was erased. Give it with its country: relay erase +…"
        )


def _require_finished(person: Person, also_waiting: bool) -> None:
    if person.busy or person.unread:
        said = ", ".join(f"out {one}" for one in person.busy) or many(person.unread, "SMS", "SMS")
        raise click.ClickException(
            f"{said} is on its way at this moment, or nobody knows yet whether it went out. "
            "Nothing was erased. Try again in a minute; if it stays so, look at it (relay outbox "
            "show ID) and settle it by hand: relay outbox sent ID, or relay outbox cancel ID"
        )
    if person.kept_back and not also_waiting:
        raise click.ClickException(
            f"{_kept_back(person)}. Nothing was erased. Wait until that is done, or give "
            "--also-waiting: then the server never gets them"
        )


def _kept_back(person: Person) -> str:
    counts = (
        (len(person.waiting), "the server does not have {} yet", "message", "messages"),
        (len(person.parts), "parts of {} have not come yet", "message", "messages"),
        (len(person.unreported), "the delivery report of {} is awaited", "message", "messages"),
    )
    return "; ".join(words.format(many(n, one, more)) for n, words, one, more in counts if n)


# --- in words -----------------------------------------------------------------------------------


def _tell(person: Person, number: str) -> None:
    if not person.known:
        data(f"There is nothing of {masked(number)} in the database.")
        return
    ways = many(len(person.spellings), "way", "ways")
    data(f"Of {masked(number)} the database has, written in {ways}:")
    rows = (
        (len(person.inbound), "in", "messages that came in"),
        (len(person.outbound), "out", "messages that go out"),
        (len(person.raw), "", "SMS besides: delivery reports, or not readable"),
        (person.loose, "", "rows besides: the person, calls, reports, whom relay wrote to"),
        (len(person.facts), "", "facts, such as the last test message"),
    )
    for n, _, what in rows:
        if n:
            data(f"  {n:>7,}  {what}")
    if person.unsent:
        data(f"Not sent yet, and would be cancelled: {_named('out', person.unsent)}")
    if person.kept_back:
        data(f"Not finished: {_kept_back(person)}.")
    if not is_whole(number):
        note("The number was given without its country: look at the counts.")


def _named(side: str, ids: tuple[int, ...]) -> str:
    shown = ", ".join(f"{side} {one}" for one in ids[:_SHOWN])
    return shown + (" …" if len(ids) > _SHOWN else "")


_SHOWN = 10


def _report(
    config: Config,
    person: Person,
    left: Remains,
    as_json: bool,
    *,
    done: bool,
    clean: bool | None = None,
) -> int:
    if as_json:
        ids = asdict(person)
        for secret in ("spellings", "facts"):
            ids[secret] = len(ids[secret])
        emit({"erased": done, "overwritten": clean, **ids, "remains": asdict(left)})
        return 0
    if done:
        data("Erased. The rows stay for the figures, without number and words.")
    if clean is False:
        note(
            "What was erased may still stand in free room of the file: it is in use, or there was "
            "no room to write it anew. Stop relay and give this command once more."
        )
    _tell_remains(person, left, config.path)
    return 0


def _tell_remains(person: Person, left: Remains, own: Path | None) -> None:
    for side, ids in (("in", person.mentioned_in), ("out", person.mentioned_out)):
        if ids:
            note(f"Messages with others that seem to name the number stay: {_named(side, ids)}")
    if str(own) in left.found:
        note(f"It stands in the configuration: take it out of {own}")
    if files := [path for path in left.found if path != str(own)]:
        note("It still stands in these files. Make a new copy (sudo relay backup), then:")
        for path in files:
            note(f"  sudo rm {shlex.quote(path)}")
    if left.closed:
        note(f"Whether it stands in these cannot be seen here: {', '.join(left.closed)}")
    note(
        "Not reached from here: the server, the operator, the SIM, copies on sticks, exports and "
        "what an office has imported of them (relay erase at the office does not look there), the "
        "journal of the system if relay ever logged at debug. Ask those who have them."
    )
