"""The store for those who only read: no migration, no lock that a writer would meet, no trace.

It works while the daemon runs, when it was killed with its log (WAL) unfolded, and for a reader
that may not write into the folder. sqlite-utils is not imported: `relay status` starts in a blink.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from relay.errors import SchemaTooNew, StoreError
from relay.store.database import named
from relay.store.facts import Fact, fact

# The migrations that this version knows; a test compares them with relay.store.schema.
KNOWN = (
    "m001_meta", "m002_inbound", "m003_outbound", "m004_servers", "m005_records", "m006_queue",
    "m007_airtime", "m008_sim", "m010_routing", "m011_loops",
    "m012_custody", "m013_alerts", "m014_journal", "m015_history",
    "m016_carried", "m017_people", "m018_answering", "m019_forms", "m020_channels",
    "m021_callouts", "m022_reminders",
)  # fmt: skip

Params = Sequence[Any]


@dataclass(eq=False)
class StoreMissing(StoreError):
    """There is no database at that place: relay has not run yet, or the path is another."""

    path: str

    def __str__(self) -> str:
        return f"there is no database at {self.path} yet; start relay once, or correct store.path"


@dataclass(eq=False)
class StoreUnreadable(StoreError):
    """This user may not read the database."""

    path: str
    cause: str

    def __str__(self) -> str:
        return f"the database {self.path} cannot be read: {self.cause}; try it with sudo"


@dataclass(eq=False)
class StoreOutdated(StoreError):
    """The database was written by an older relay and has not been brought up to date."""

    path: str
    missing: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"the database {self.path} is older than this relay (it lacks "
            f"{', '.join(self.missing)}); start relay once, it brings the database up to date"
        )


class Reader:
    """One consistent view of the store, as it was when it was opened."""

    def __init__(self, path: Path, conn: sqlite3.Connection) -> None:
        self.path = path
        self._conn = conn

    @classmethod
    def open(cls, path: Path | str) -> Reader:
        """Raises `StoreMissing`, `StoreUnreadable`, `StoreOutdated`, `SchemaTooNew`,
        `CorruptDatabase` or `StoreBusy`. Nothing is created and nothing is changed."""
        path = Path(path)
        _require_readable(path)
        try:
            conn = connect(path)
        except sqlite3.Error as error:
            raise _named(path, error) from error
        reader = cls(path, conn)
        try:
            reader._require_known_schema()
        except BaseException:
            conn.close()
            raise
        return reader

    @property
    def view(self) -> sqlite3.Connection:
        """For what also runs within a transaction, such as the queries of people and places."""
        return self._conn

    def query(self, sql: str, params: Params = ()) -> list[sqlite3.Row]:
        try:
            return self._conn.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            raise _named(self.path, error) from error

    def row(self, sql: str, params: Params = ()) -> sqlite3.Row | None:
        rows = self.query(sql, params)
        return rows[0] if rows else None

    def value(self, sql: str, params: Params = ()) -> Any:
        """The first column of the first row, or None."""
        row = self.row(sql, params)
        return row[0] if row else None

    def facts(self) -> dict[str, Fact]:
        """All facts by their key."""
        rows = self.query("SELECT key, value, at, source FROM fact")
        return {row["key"]: fact(row) for row in rows}

    def plan(self, sql: str, params: Params = ()) -> list[str]:
        """How SQLite would answer a query, one line a step."""
        return [row["detail"] for row in self.query(f"EXPLAIN QUERY PLAN {sql}", params)]

    def damage(self, goes_on: Callable[[], bool]) -> str | None:
        """What a check of every page finds, '' for nothing; None if `goes_on` ended it before."""
        self._conn.set_progress_handler(lambda: not goes_on(), 10_000)
        try:
            return str(self._conn.execute("PRAGMA quick_check(1)").fetchone()[0]).replace("ok", "")
        except sqlite3.OperationalError as error:
            if "interrupted" in str(error):
                return None
            raise _named(self.path, error) from error
        except sqlite3.Error as error:
            return str(error)
        finally:
            self._conn.set_progress_handler(None, 0)

    def close(self) -> None:
        self._conn.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require_known_schema(self) -> None:
        applied: set[str] = set()
        if self.row("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"):
            rows = self.query("SELECT name FROM _sqlite_migrations WHERE migration_set = 'relay'")
            applied = {row["name"] for row in rows}
        if unknown := applied - set(KNOWN):
            raise SchemaTooNew(str(self.path), tuple(sorted(unknown)))
        if missing := set(KNOWN) - applied:
            raise StoreOutdated(str(self.path), tuple(sorted(missing)))


def _require_readable(path: Path) -> None:
    # It is not opened for that: whoever closes a file gives up all locks that the process has on
    # it, SQLite's own too, and the next program to look would fold a log away that is in use.
    try:
        path.stat()
    except FileNotFoundError:
        raise StoreMissing(str(path)) from None
    except OSError as error:
        raise StoreUnreadable(str(path), error.strerror or str(error)) from error
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise StoreUnreadable(str(path), os.strerror(errno.EACCES))


def connect(path: Path) -> sqlite3.Connection:
    """One view of a database of whatever version. Raises `sqlite3.Error`."""
    # Without a log there is no writer: `immutable` then keeps SQLite from creating one, which
    # would need the folder, and would belong to this user instead of the daemon's.
    alone = not path.with_name(path.name + "-wal").exists()
    options = "mode=ro&immutable=1" if alone else "mode=ro"
    conn = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{options}", uri=True, isolation_level=None, timeout=2
    )
    conn.row_factory = sqlite3.Row
    try:
        conn.execute("PRAGMA query_only = ON")
        conn.execute("BEGIN")
        conn.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        conn.close()
        raise
    return conn


def _named(path: Path, error: sqlite3.Error) -> StoreError | sqlite3.Error:
    words = str(error).lower()
    if "unable to open" in words or "readonly" in words:
        return StoreUnreadable(str(path), "its log cannot be opened beside it")
    return named(path, error)
