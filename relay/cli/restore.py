"""`relay restore`: a copy of the database in the place of the database."""

from __future__ import annotations

import getpass
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from relay.cli.desk import Desk, config_option, examples, json_option, pass_desk
from relay.cli.printing import data, emit, note
from relay.clock import local
from relay.core.plain import many

if TYPE_CHECKING:
    from relay.store.restored import Restored


@click.command(
    epilog=examples(
        "sudo systemctl stop relay",
        "sudo relay restore /media/usb/relay-2026-11-24.db",
        "sudo relay restore relay-2026-11-24.db.age --identity /media/key/key.txt",
        "relay outbox list --state restored",
    )
)
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--identity",
    "key_file",
    metavar="KEYFILE",
    type=click.Path(path_type=Path),
    help="The private key that opens a sealed copy, in a file.",
)
@click.option(
    "--nothing-was-sent-since",
    "nothing_was_sent",
    is_flag=True,
    help="You know that relay sent nothing after the copy was made: what it has goes out.",
)
@json_option
@config_option
@pass_desk
def restore(
    desk: Desk, source: Path, key_file: Path | None, nothing_was_sent: bool, as_json: bool
) -> None:
    """Put a copy in the place of the database, on this computer or on a new one.

    relay must not be running. The copy is checked and brought up to date first; the present
    database is kept beside it and never deleted. The gateway stays the one that it was, so the
    server recognises what it has already. What had not been sent when the copy was made may have
    gone out since: it waits for your word (relay outbox list --state restored).
    """
    from relay import holding
    from relay.store.restoration import restore as put_back

    store = desk.config().store.path
    now = desk.clock.now()
    lock = holding.lock(store)
    try:
        with _opened(source.absolute(), store, key_file) as plain:
            done = put_back(
                plain,
                store,
                now,
                called=str(source),
                who=getpass.getuser(),
                nothing_was_sent=nothing_was_sent,
            )
        _hand_over(store)
    finally:
        lock.close()
    if as_json:
        emit(asdict(done) | {"path": str(store)})
    else:
        _tell(source, store, done)


@contextmanager
def _opened(source: Path, store: Path, key_file: Path | None) -> Iterator[Path]:
    """The copy as a plain file; a sealed one is opened beside the store, for its owner only."""
    from relay import sealing
    from relay.store.restoration import NotRestored

    try:
        sealed = sealing.is_sealed(source)
        keys = sealing.read_identities(key_file) if key_file else ()
    except OSError as error:
        raise NotRestored(str(error.filename or source), error.strerror or str(error)) from error
    if not sealed:
        yield source
        return
    if not keys:
        raise NotRestored(str(source), "it is sealed; open it with --identity KEYFILE")
    for left in store.parent.glob(f"{store.name}.unsealed-*"):  # by one that was killed
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{store.name}.unsealed-", dir=store.parent))
    try:
        plain = folder / source.stem
        with source.open("rb") as file:
            sealing.unseal(file, plain, keys)
        yield plain
    except OSError as error:
        raise NotRestored(str(source), error.strerror or str(error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hand_over(store: Path) -> None:
    """What root has made belongs to whom the folder belongs to: the daemon must use it."""
    if os.geteuid() != 0:
        return
    owner = store.parent.stat()
    for suffix in ("", ".lock"):
        os.chown(store.with_name(store.name + suffix), owner.st_uid, owner.st_gid)


def _tell(source: Path, store: Path, done: Restored) -> None:
    made = "" if done.copied_at is None else f", made {local(done.copied_at)[:16]}"
    data(f"{store}: restored from {source}{made}")
    if done.aside:
        data(f"The database before is kept: {done.aside}")
    if done.held:
        note(
            f"{many(done.held, 'message')} had not been sent when the copy was made, and may have "
            "gone out since. relay holds them:\n"
            "  see them            relay outbox list --state restored\n"
            "  it must be sent     relay outbox release ID, or --restored for all\n"
            "  it has gone out     relay outbox sent ID, or --restored for all\n"
            "  it must not go      relay outbox cancel ID, or --restored for all"
        )
    _tell_consents(done)
    note(
        "What came in and was handed out by the server after the copy was made is not in it: ask "
        "the server's administrator whether messages stand there as received and never sent."
    )
    note("Start relay: sudo systemctl start relay")


def _tell_consents(done: Restored) -> None:
    if done.consents is None:
        note(
            "The database before could not be read: a STOP that came after the copy was made is "
            "not known here. Ask who got it, and: relay people add NUMBER --consent stopped"
        )
    elif done.consents:
        note(
            f"{many(done.consents, 'STOP or START', 'STOPs and STARTs')} that came after the copy "
            "was made still hold."
        )
