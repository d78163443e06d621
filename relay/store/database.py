"""The database file: one connection, one lock, WAL, every commit on the disk.

sqlite-utils applies the migrations; the message path uses plain SQL on its connection.
`BEGIN IMMEDIATE` always: a deferred transaction that reads and then writes beside a second
writer fails at once with SQLITE_BUSY_SNAPSHOT.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from relay.errors import CorruptDatabase, StoreBusy, StoreError, StoreFull
from relay.store import kinship
from relay.store.holders import holder
from relay.store.place import Place
from relay.store.upgrading import migrate
from relay.whole_file import sync

Params = Sequence[Any] | Mapping[str, Any]

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
    # The log is folded back in small steps, so that no single commit pays for all of it.
    "PRAGMA wal_autocheckpoint = 1000",
    # What is deleted is overwritten; only some builds of SQLite do that of themselves.
    "PRAGMA secure_delete = ON",
)


class Database:
    """An open store. All access goes through `transaction` and `query`, from any thread."""

    def __init__(self, path: Path, conn: sqlite3.Connection) -> None:
        self.path = path
        self._conn = conn  # Only used with the lock held.
        self._lock = threading.RLock()
        self._depth = 0  # Only used with the lock held.
        self._place = Place.of(path)
        self._owned: int | None = None

    @classmethod
    def open(cls, path: Path | str, *, check: bool = True, keep: bool = True) -> Database:
        """Open and migrate; raises `CorruptDatabase`, `SchemaTooNew`, `StoreFull`, `StoreBusy`.

        The file is created readable by its owner only; a damaged file is left as it is. The check
        reads every page: the daemon does it at its start, a command need not. Before an older
        store is brought up to date a copy of it is kept beside it, unless told otherwise.
        """
        path = Path(path)
        with named_errors(path):
            _create_private(path)
            conn = _connect(path)
            try:
                if check:
                    _check(path, conn, wholly=False)
                migrate(path, conn, keep=keep)
            except BaseException:
                conn.close()
                raise
        return cls(path, conn)

    def mark(self) -> None:
        """Let this file be known from any other (see `kinship`)."""
        with self._lock, named_errors(self.path):
            kinship.mark(self.path, self._conn)

    def own(self) -> None:
        """Let no other daemon have this file, by whatever path. Raises `StoreBusy`."""
        handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreBusy(str(self.path), holder(self.path)) from error
        finally:
            # Not closed before the connection: that would give up SQLite's own locks.
            self._owned = handle

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on the disk when it returns. Inside another one it joins that one.

        Raises `StoreMoved` where the file is not the one at its place, before or after.
        """
        with self._lock, named_errors(self.path):
            if self._depth:
                yield self._conn
                return
            self._place.require()
            self._conn.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._conn
                self._conn.execute("COMMIT")
            except BaseException as error:
                if self._conn.in_transaction:
                    self._conn.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
                    self._shrink_log()
                raise
            finally:
                self._depth -= 1
            self._place.require()

    def _shrink_log(self) -> None:
        """On a full disk the log may hold the room that the next attempt needs."""
        with suppress(sqlite3.Error):
            self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def query(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        with self._lock, named_errors(self.path):
            return self._conn.execute(sql, params).fetchall()

    def value(self, sql: str, params: Params = ()) -> Any:
        """The first column of the first row, or None."""
        rows = self.query(sql, params)
        return rows[0][0] if rows else None

    def data_version(self) -> int:
        """Changes when another process has written (`relay send`, `relay outbox retry`).

        Raises `StoreMoved` where the file is not the one at its place any more.
        """
        self._place.require()
        return int(self.value("PRAGMA data_version"))

    def check(self) -> None:
        """Every page and every index; other threads go on. Raises `CorruptDatabase`."""
        with named_errors(self.path), closing(sqlite3.connect(self.path)) as conn:
            _check(self.path, conn, wholly=True)

    def probe(self) -> None:
        """The first page, as it lies on the disk: a glance that costs nothing. See `check`.

        Another handle on the file must never be opened and closed for it: that would give up
        SQLite's locks. Raises `CorruptDatabase`; looks at nothing before the file is owned.
        """
        if self._owned is None:
            return
        with named_errors(self.path):
            head = os.pread(self._owned, 16, 0)
        if head != _MAGIC:
            raise CorruptDatabase(str(self.path), "its first page was overwritten")

    def glance(self) -> None:
        """Every page of a store that is small enough for it. Raises `CorruptDatabase`."""
        if self.path.stat().st_size < _SMALL:
            with named_errors(self.path), closing(sqlite3.connect(self.path)) as conn:
                _check(self.path, conn, wholly=False)

    def shrink(self) -> bool:
        """Give the disk back what was forgotten, where that is half of a file small enough to be
        written anew within a second or two; a larger one uses its free pages again."""
        with self._lock, named_errors(self.path):
            pages, free = (
                int(self._conn.execute(f"PRAGMA {what}").fetchone()[0])
                for what in ("page_count", "freelist_count")
            )
            if not _WORTH_SHRINKING <= pages <= _MOST_SHRUNK or free * 2 < pages:
                return False
            self._place.require()
            self._conn.execute("VACUUM")
            kinship.mark(self.path, self._conn)  # its tables begin elsewhere now
            return True

    def scrub(self, *, wholly: bool) -> bool:
        """Leave nothing of what was deleted in the file or its log; whether that was possible.

        `wholly` also writes a large file anew, which takes its time: a running daemon would wait.
        """
        with self._lock, named_errors(self.path):
            self._place.require()
            pages = int(self._conn.execute("PRAGMA page_count").fetchone()[0])
            if anew := wholly or pages <= _MOST_SHRUNK:
                self._conn.execute("VACUUM")
                kinship.mark(self.path, self._conn)  # its tables begin elsewhere now
            busy, *_ = self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return anew and not busy

    def backup(self, target: Path, now: int = 0) -> None:
        """A whole, compact copy; other threads go on meanwhile. See `copying.copy`."""
        from relay.store.copying import copy  # which opens what it has written as a database

        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy(self.path, target, now)

    def rescue(self, target: Path) -> None:
        """A copy of what this process holds, also of a file that has no name any more."""
        target.unlink(missing_ok=True)
        with self._lock, named_errors(target):
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
            self._conn.execute("VACUUM INTO ?", (str(target),))
        sync(target)

    def checkpoint(self) -> None:
        with self._lock, named_errors(self.path):
            self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        with self._lock:
            self._conn.close()
            if self._owned is not None:
                os.close(self._owned)
                self._owned = None


def _create_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _connect(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    conn.row_factory = sqlite3.Row
    try:
        for pragma in _PRAGMAS:
            conn.execute(pragma).fetchall()
    except UnicodeDecodeError as error:
        conn.close()
        raise CorruptDatabase(str(path), "a name in its schema is damaged") from error
    except BaseException:
        conn.close()
        raise
    return conn


# https://www.sqlite.org/fileformat2.html#magic_header_string
_MAGIC = b"SQLite format 3\0"
# Pages of 4096 octets.
_WORTH_SHRINKING, _MOST_SHRUNK = 500, 16_000
# Up to here the indexes are compared with their tables at every start: a tenth of a second.
_SMALL = 32 * 1024 * 1024


def _check(path: Path, conn: sqlite3.Connection, *, wholly: bool) -> None:
    check = "integrity_check" if wholly or path.stat().st_size < _SMALL else "quick_check"
    found = conn.execute(f"PRAGMA {check}(1)").fetchone()[0]
    if found != "ok":
        raise CorruptDatabase(str(path), str(found))


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """SQLite's and the system's words, turned into errors that say who must act."""
    try:
        yield
    except sqlite3.Error as error:
        raise named(path, error) from error
    except OSError as error:
        raise StoreFull(str(path), error.strerror or str(error)) from error


_CORRUPT = ("malformed", "not a database", "could not decode")
_UNWRITABLE = ("full", "readonly", "disk i/o", "unable to open")


def named(path: Path, error: sqlite3.Error) -> StoreError | sqlite3.Error:
    """The `StoreError` that a sqlite3 error stands for; a bug in our SQL stays what it is."""
    words = str(error).lower()
    if any(word in words for word in _CORRUPT):
        return CorruptDatabase(str(path), str(error))
    if "locked" in words or "busy" in words:
        return StoreBusy(str(path), holder(path))
    if any(word in words for word in _UNWRITABLE):
        return StoreFull(str(path), str(error))
    return error
