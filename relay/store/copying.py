"""A copy of the whole store, made while relay runs, read back, and there whole or not at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from relay.errors import CorruptDatabase, StoreError
from relay.sealing import seal
from relay.store import kinship
from relay.store.copied import COPIED_AT
from relay.whole_file import draft_of, fresh, settle, sync

COUNTED = ("inbound", "outbound", "part", "raw_pdu")
_NUMBERED = ("inbound", "outbound", "raw_pdu")  # their numbers only climb


@dataclass(frozen=True, slots=True)
class Copy:
    """What was made: the file, its size, and how many rows each of the main tables has in it."""

    path: Path
    octets: int
    rows: dict[str, int]
    sealed: bool


@dataclass(eq=False)
class CopyFailed(StoreError):
    """There is no copy at `path` that was not there before."""

    path: str
    cause: str

    def __str__(self) -> str:
        return (
            f"the copy {self.path} could not be made: {self.cause}. Nothing half-done is left "
            "there, and the database is as it was. Is there room, may this user write there, and "
            "is the stick still plugged in?"
        )


def copy(store: Path, target: Path, now: int, recipients: Sequence[str] = ()) -> Copy:
    """Copy the store to `target`, which is replaced once the copy has been read back.

    With `recipients` only they can open it (see `sealing`); what is not sealed then never lies in
    the folder of `target`. Raises `CopyFailed`; `CorruptDatabase` where the store itself cannot
    be read; `SealingError` for a recipient that is none.
    """
    _clear_up(store)
    draft = _beside(store) if recipients else draft_of(target)
    try:
        with _named(store, target):
            least = _last_numbers(store)
            _write(store, draft, now)
            rows = _looked_through(target, draft, least)
            if recipients:
                with draft.open("rb") as file:
                    seal(file, target, recipients)
            else:
                settle(draft, target)
            return Copy(target, target.stat().st_size, rows, bool(recipients))
    finally:
        for suffix in ("", "-journal"):
            with suppress(OSError):  # a stick that was pulled out
                draft.with_name(draft.name + suffix).unlink(missing_ok=True)


# --- a folder of copies -------------------------------------------------------------------------

_NAMES = ("relay-????-??-??.db", "relay-????-??-??.db.age")


def copy_into(
    folder: Path, store: Path, now: int, today: str, recipients: Sequence[str] = ()
) -> Copy:
    """The copy of a day in a folder of copies; a second one of that day takes its place.

    `today` begins with the local date. The folder is made where the one that it lies in is there.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CopyFailed(str(folder), error.strerror or str(error)) from error
    name = f"relay-{today[:10]}.db{'.age' if recipients else ''}"
    return copy(store, folder / name, now, recipients)


def copies(folder: Path) -> list[Path]:
    """The copies in a folder, by their dates."""
    return sorted((path for name in _NAMES for path in folder.glob(name)), key=lambda p: p.name)


def forget_oldest(folder: Path, newest: Path, kept: int) -> None:
    """No more copies than wanted. One of a day that is yet to come was dated by a wrong clock: it
    goes first."""
    day = newest.name[:16]
    found = sorted(copies(folder), key=lambda copy: (copy.name[:16] <= day, copy.name))
    for old in found[:-kept]:
        old.unlink(missing_ok=True)


# --- one copy -----------------------------------------------------------------------------------


def _beside(store: Path) -> Path:
    return store.with_name(f"{store.name}.copy-{os.getpid()}")


def _clear_up(store: Path) -> None:
    """What a process that was killed has left beside the store, not sealed yet."""
    for left in store.parent.glob(f"{store.name}.copy-*"):
        process = left.name.rpartition("-")[2]
        if process.isdigit() and not Path("/proc", process).exists():
            with suppress(OSError):
                left.unlink(missing_ok=True)


def _write(store: Path, draft: Path, now: int) -> None:
    fresh(draft).close()
    # A connection of its own, so that the message path does not wait for the copy.
    with closing(sqlite3.connect(store, isolation_level=None)) as conn:
        conn.execute("VACUUM INTO ?", (str(draft),))
    kinship.unmark(draft)
    with closing(sqlite3.connect(draft)) as conn, conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (COPIED_AT, str(now)))
    sync(draft)


def _last_numbers(store: Path) -> dict[str, int]:
    with closing(sqlite3.connect(store)) as conn:
        return _numbers(conn)


def _numbers(conn: sqlite3.Connection) -> dict[str, int]:
    rows = conn.execute("SELECT name, seq FROM sqlite_sequence")
    return {name: seq for name, seq in rows if name in _NUMBERED}


def _looked_through(target: Path, draft: Path, least: dict[str, int]) -> dict[str, int]:
    """Read it back from the medium, page by page; how many rows the main tables have."""
    _forget_pages(draft)
    with closing(sqlite3.connect(f"{draft.absolute().as_uri()}?immutable=1", uri=True)) as conn:
        try:
            (found,) = conn.execute("PRAGMA quick_check(1)").fetchone()
            numbers = _numbers(conn)
        except sqlite3.DatabaseError as error:
            found, numbers = str(error), {}
        if found != "ok":
            raise CopyFailed(str(target), f"what was written reads back damaged ({found})")
        if missing := [name for name, number in least.items() if numbers.get(name, 0) < number]:
            raise CopyFailed(str(target), f"rows of {', '.join(missing)} are missing in it")
        return {
            name: int(conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0])
            for name in COUNTED
        }


def _forget_pages(path: Path) -> None:
    """Let the next reading come from the medium and not from memory."""
    with path.open("rb") as file, suppress(OSError):
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def _named(store: Path, target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CopyFailed(str(target), error.strerror or str(error)) from error
    except sqlite3.Error as error:
        words = str(error)
        if "malformed" in words or "not a database" in words:
            raise CorruptDatabase(str(store), words) from error
        raise CopyFailed(str(target), words) from error
