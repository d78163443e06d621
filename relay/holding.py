"""Holding the store: one daemon for one file, opened, mended, and saved when it was moved away."""

from __future__ import annotations

import fcntl
import logging
import threading
from pathlib import Path
from typing import IO

from relay.clock import SystemClock
from relay.errors import CorruptDatabase, RelayError, StoreBusy, StoreError, StoreMoved
from relay.log import event
from relay.status import lock_path
from relay.store import reserve
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.holders import holder
from relay.store.restored import settle_copy
from relay.store.salvage import open_or_salvage

_log = logging.getLogger("relay.store")


def lock(store: Path) -> IO[bytes]:
    """Hold the store for this process alone. Raises `StoreBusy` when another relay has it."""
    path = lock_path(store)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    if not _locked(file):
        file.close()
        raise StoreBusy(str(store), holder(store))
    path.chmod(0o600)
    return file


def _locked(file: IO[bytes]) -> bool:
    """`relay status` looks at the lock for an instant: one refusal is not yet another relay."""
    pause = threading.Event()
    for _ in range(10):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pause.wait(0.1)
        else:
            return True
    return False


def opened(path: Path, clock: SystemClock, trouble: StoreError | None = None) -> Database:
    """The store, mended where it must be, and held by its file as well as by its lock.

    `trouble` is what ended the run before. Raises `StoreError`.
    """
    reserve.look(path)
    suspect = trouble.detail if isinstance(trouble, CorruptDatabase) else ""
    db, salvage = open_or_salvage(path, clock.now(), suspect=suspect)
    try:
        # Another path may lead to the same file, and a lock file can be deleted.
        db.own()
        db.mark()
        if salvage is not None:
            Facts(db).put(clock.now(), "store.salvaged", salvage.fact())
            _log.error(event("store.salvaged", **salvage.fields()))
        if (done := settle_copy(db, clock.now())) is not None:
            _log.warning(event("store.restored", held=done.held, unspoken=done.unspoken))
        if isinstance(trouble, StoreMoved):
            moved = {"how": trouble.how, "copy": trouble.copy}
            Facts(db).put(clock.now(), "store.moved", moved)
    except BaseException:
        db.close()
        raise
    return db


def rescue(db: Database, found: StoreMoved, now: int) -> None:
    """Save what this process holds of a file that was deleted or replaced under it.

    A deleted one comes back to its place. Beside one that was put there instead, the rescued
    copy is kept: a person knows which is wanted.
    """
    copy = db.path.with_name(f"{db.path.name}.rescued-{now}")
    try:
        db.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        db.rescue(copy)
        # The log at the place of the file must not be taken for that of the next one.
        db.checkpoint()
        if not db.path.exists():
            copy.rename(db.path)
            copy = db.path
        found.copy = str(copy)
    except (RelayError, OSError) as error:
        _log.critical(event("store.not_rescued", path=copy, error=str(error)))
    else:
        _log.error(event("store.rescued", path=copy, was=found.how))
