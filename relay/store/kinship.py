"""Which log belongs to which database file.

SQLite folds in whatever log lies beside a file. When a copy is put in the place of the database
after a power cut, and the log of the former one still lies there, the two become one that is
neither. So every start gives the file a mark of its own and writes it down beside it: a log beside
a file with another mark is not its log.
"""

from __future__ import annotations

import json
import re
import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

_KEY = "generation"
_MARK = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _notes_path(store: Path) -> Path:
    return store.with_name(f"{store.name}.notes")


def notes(store: Path) -> dict[str, Any]:
    """What was written down beside the store at the last start; nothing if it was not."""
    try:
        found = json.loads(_notes_path(store).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _note(store: Path, marks: Sequence[str], roots: dict[str, int]) -> None:
    path = _notes_path(store)
    draft = path.with_name(f"{path.name}.part")
    with suppress(OSError):  # it is of use one day, and no reason not to start
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({"marks": list(marks), "roots": roots}), "utf-8")
        draft.replace(path)


def mark(store: Path, conn: sqlite3.Connection) -> None:
    """Give the file a new mark, and write down where its tables begin (see `wreck`).

    Both marks hold until the new one is in the file itself and not in the log alone.
    """
    rows = conn.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'")
    roots = {str(name): int(page) for name, page in rows}
    before, fresh = _read(conn), str(uuid.uuid4())
    _note(store, [before or "", fresh], roots)
    conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEY, fresh))
    busy, *_ = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if not busy:
        _note(store, [fresh], roots)


def unmark(copy: Path) -> None:
    """A copy is another file: no log that lies about is its own."""
    with closing(sqlite3.connect(copy)) as conn, conn:
        conn.execute("DELETE FROM meta WHERE key = ?", (_KEY,))


def disown_log(store: Path, now: int) -> Path | None:
    """Set aside a log that is not that of this file; where to, or None if all is well.

    Only beside a file that is whole by itself, as a copy is: the mark may be what is damaged, or
    half of the log may have been folded in.
    """
    log = store.with_name(f"{store.name}-wal")
    marks = notes(store).get("marks")
    if not isinstance(marks, list) or not log.is_file() or not log.stat().st_size:
        return None
    if not _is_of_another(store, marks):
        return None
    aside = log.with_name(f"{log.name}.foreign-{now}")
    log.rename(aside)
    store.with_name(f"{store.name}-shm").unlink(missing_ok=True)
    return aside


def _is_of_another(store: Path, marks: Sequence[str]) -> bool:
    uri = f"file:{quote(str(store.absolute()))}?immutable=1"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as conn:
            found = _read(conn) or ""
            if found in marks or (found and not _MARK.fullmatch(found)):
                return False
            whole: str = conn.execute("PRAGMA integrity_check(1)").fetchone()[0]
            return whole == "ok"
    except sqlite3.Error:
        return False


def _read(conn: sqlite3.Connection) -> str | None:
    row = conn.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    return None if row is None else str(row[0])
