"""Putting a copy in the place of the store: looked through first, and nothing is deleted."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from relay.errors import CorruptDatabase, SchemaTooNew, StoreError
from relay.store import consents, journal, kinship
from relay.store.database import Database
from relay.store.restored import Restored, note, settle
from relay.store.salvage import aside_of, draft_of, set_aside
from relay.whole_file import fresh, sync

_WHY = "before-restore"


@dataclass(eq=False)
class NotRestored(StoreError):
    source: str
    cause: str

    def __str__(self) -> str:
        return (
            f"{self.source} was not restored: {self.cause}. Nothing was changed. "
            "Take another copy; see them with: relay backup --list"
        )


def restore(
    source: Path,
    store: Path,
    now: int,
    *,
    called: str = "",
    who: str = "",
    nothing_was_sent: bool = False,
) -> Restored:
    """Put a copy in the place of the store, which is kept beside it. The caller holds its lock.

    `called` is the name by which a person knows the copy. Raises `NotRestored`, and `SchemaTooNew`
    for a copy that a newer relay has made.
    """
    draft = store.with_name(f"{store.name}.restoring")
    with _told_of(source):
        store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _discard(draft)
        try:
            _fetch(source, draft)
            _require_relays(source, draft)
            done = _made_ready(draft, store, now, called or str(source), who, nothing_was_sent)
        except BaseException:
            _discard(draft)
            raise
        _swap(draft, store, now)
    return done


# --- the file -----------------------------------------------------------------------------------


def _fetch(source: Path, draft: Path) -> None:
    """The copy, and the log of one that was made by other means."""
    for suffix in ("", "-wal"):
        part = source.with_name(source.name + suffix)
        if suffix and not part.exists():
            continue
        with part.open("rb") as given, fresh(draft.with_name(draft.name + suffix)) as file:
            shutil.copyfileobj(given, file, 1 << 20)
        sync(draft.with_name(draft.name + suffix))


def _require_relays(source: Path, draft: Path) -> None:
    """Before anything is migrated: some other program's database is left alone."""
    with closing(sqlite3.connect(draft)) as conn:
        try:
            found = conn.execute("SELECT 1 FROM meta WHERE key = 'gateway_id'").fetchone()
        except sqlite3.OperationalError:
            found = None
    if found is None:
        raise NotRestored(str(source), "it is no database of relay")


def _made_ready(
    draft: Path, store: Path, now: int, source: str, who: str, nothing_was_sent: bool
) -> Restored:
    aside = str(aside_of(store, now, _WHY)) if store.exists() else ""
    said = consents.read(store) if aside else consents.Said()
    with closing(Database.open(draft, keep=False)) as db:
        db.check()
        with db.transaction() as tx:
            done = settle(tx, now, nothing_was_sent=nothing_was_sent)
            carried = None if said is None else consents.carry(tx, now, said)
            done = replace(done, source=source, aside=aside, consents=carried)
            note(tx, now, done)
            how = "nothing was sent since" if nothing_was_sent else f"{done.held} held"
            journal.note(tx, now, who, "restore", f"{source}, made {done.copied_at}", how)
        db.checkpoint()
    kinship.unmark(draft)
    sync(draft)
    return done


def _swap(draft: Path, store: Path, now: int) -> None:
    """A power cut in here is made good when relay starts: see `open_or_salvage`."""
    if store.exists():
        draft = draft.replace(draft_of(store))
    set_aside(store, now, _WHY)
    draft.replace(store)
    sync(store.parent)


def _discard(draft: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)


@contextmanager
def _told_of(source: Path) -> Iterator[None]:
    """Errors of the draft, told of the file that the person named."""
    try:
        yield
    except SchemaTooNew as error:
        raise SchemaTooNew(str(source), error.unknown) from error
    except CorruptDatabase as error:
        raise NotRestored(str(source), f"it is damaged ({error.detail})") from error
    except sqlite3.Error as error:
        raise NotRestored(str(source), f"it is damaged ({error})") from error
    except OSError as error:
        raise NotRestored(str(source), error.strerror or str(error)) from error
