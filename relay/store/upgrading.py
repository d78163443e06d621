"""Bringing a store up to date: all migrations or none, with a copy of before kept beside it."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from relay.errors import CorruptDatabase, PduError, SchemaTooNew, StoreError
from relay.log import event
from relay.whole_file import fresh, settle

if TYPE_CHECKING:
    from relay.store.database import Database

_log = logging.getLogger("relay.store")

_KEPT = 2  # copies of before an upgrade
_LATEST = 500  # PDUs that a rehearsal reads once more


@dataclass(eq=False)
class UpgradeFailed(StoreError):
    """`migration` did not go through; the store is as it was."""

    path: str
    migration: str
    cause: str

    def __str__(self) -> str:
        return (
            f"the database {self.path} could not be brought up to date ({self.migration}: "
            f"{self.cause}). Nothing in it was changed: the relay that was installed before goes "
            "on with it. Install that one again, and report these words."
        )


def migrate(path: Path, conn: sqlite3.Connection, *, keep: bool = True) -> None:
    """Apply what is lacking, in one transaction. With `keep` a copy of the store is made first.

    Raises `SchemaTooNew`, `CorruptDatabase` or `UpgradeFailed`.
    """
    # sqlite-utils takes a fifth of a second to import; commands that only read do without it.
    from sqlite_utils import Database as SqliteUtils

    from relay.store.schema import migrations

    db = SqliteUtils(conn, execute_plugins=False)
    applied = {migration.name for migration in migrations.applied(db)}
    _require_known(path, applied)
    pending = [migration.name for migration in migrations.pending(db)]
    if not pending:
        return
    if applied and keep:
        _keep(path, conn, pending[0])
    conn.execute("BEGIN IMMEDIATE")
    try:
        migrations.apply(db)  # each in a savepoint of its own
        conn.execute("COMMIT")
    except BaseException as error:
        now_applied = len(migrations.applied(db)) - len(applied)
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        raise _named(path, pending[min(now_applied, len(pending) - 1)], error) from error


def _require_known(path: Path, applied: set[str]) -> None:
    from sqlite_utils import Database as SqliteUtils

    from relay.store.schema import migrations

    with closing(SqliteUtils(memory=True)) as blank:
        known = {migration.name for migration in migrations.pending(blank)}
    unknown = applied - known
    if garbled := [name for name in unknown if not re.fullmatch(r"m\d{3}_\w+", name)]:
        raise CorruptDatabase(str(path), f"its list of migrations has {garbled[0]!r}")
    if unknown:
        raise SchemaTooNew(str(path), tuple(sorted(unknown)))


def _named(path: Path, migration: str, error: BaseException) -> BaseException:
    words = str(error)
    if "already exists" in words or "duplicate column" in words:
        return CorruptDatabase(str(path), f"its list of migrations lacks one: {words}")
    passing = ("locked", "busy", "full", "readonly", "disk i/o", "malformed", "unable to open")
    if isinstance(error, sqlite3.Error) and not any(word in words.lower() for word in passing):
        return UpgradeFailed(str(path), migration, words)
    return error


# --- the copy of before -------------------------------------------------------------------------


def _keep(path: Path, conn: sqlite3.Connection, first: str) -> None:
    """Without room for it relay goes on all the same: it must receive, and there is last night's
    copy."""
    target = path.with_name(f"{path.name}.before-{first}")
    draft = target.with_name(f"{target.name}.part")
    try:
        fresh(draft).close()
        conn.execute("VACUUM INTO ?", (str(draft),))
        with closing(sqlite3.connect(draft)) as copy, copy:
            copy.execute("DELETE FROM meta WHERE key = 'generation'")
            copy.execute(
                "INSERT OR REPLACE INTO meta VALUES"
                " ('copied_at', CAST(strftime('%s', 'now') * 1000 AS TEXT))"
            )
        settle(draft, target)
    except (sqlite3.Error, OSError) as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        _log.warning(event("upgrade.no_copy", path=target, error=str(error)))
        return
    kept = sorted(path.parent.glob(f"{path.name}.before-m???_*"), key=os.path.getmtime)
    for old in kept[:-_KEPT]:
        old.unlink(missing_ok=True)


# --- the rehearsal ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What became of a copy: which migrations it took, how many rows it has, how many of the
    latest PDUs this relay reads, and the ids of those that it should read and cannot."""

    migrations: tuple[str, ...]
    rows: dict[str, int]
    read: int
    unread: tuple[int, ...]

    @property
    def good(self) -> bool:
        return not self.unread


def rehearse(store: Path, now: int, folder: Path | None = None) -> Rehearsal:
    """Bring a copy up to date, look through it, and throw it away; the store is only read.

    Raises `StoreError` where the real one would fail as well.
    """
    from relay.store.copying import COUNTED, copy
    from relay.store.database import Database

    place = folder or store.parent
    with tempfile.TemporaryDirectory(prefix=f"{store.name}.trial-", dir=place) as at:
        trial = Path(at) / store.name
        before = copy(store, trial, now).rows
        lacked = _pending(trial)
        with closing(Database.open(trial, keep=False)) as db:
            db.check()
            rows = {name: int(db.value(f"SELECT count(*) FROM {name}")) for name in COUNTED}
            if rows != before:
                raise UpgradeFailed(str(store), lacked[-1] if lacked else "", "rows went missing")
            return Rehearsal(lacked, rows, *_read_again(db))


def _pending(path: Path) -> tuple[str, ...]:
    from sqlite_utils import Database as SqliteUtils

    from relay.store.schema import migrations

    with closing(sqlite3.connect(path)) as conn:
        conn.row_factory = sqlite3.Row
        db = SqliteUtils(conn, execute_plugins=False)
        return tuple(migration.name for migration in migrations.pending(db))


def _read_again(db: Database) -> tuple[int, tuple[int, ...]]:
    """The latest PDUs that an earlier relay has read, read by this one."""
    from relay.core.pdu import decode

    unread = []
    rows = db.query(
        "SELECT id, pdu FROM raw_pdu WHERE state = 'DECODED' AND pdu <> ''"
        " ORDER BY id DESC LIMIT ?",
        (_LATEST,),
    )
    for row in rows:
        try:
            decode(row["pdu"])
        except PduError:
            unread.append(row["id"])
    return len(rows) - len(unread), tuple(unread)
