"""A copy in the place of the database, beside the log of the former one."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from relay.store import kinship
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.salvage import open_or_salvage
from tests.air import NOON as NOW
from tests.store.test_database import fill


def killed(folder: Path, *, starts: int = 1) -> Path:
    """A store whose newest messages lie in its log alone, with a copy of it from before."""
    path = folder / "live" / "relay.db"
    db = Database.open(path)
    for _ in range(starts):
        db.mark()
    fill(db, 20)
    db.backup(folder / "copy.db")
    fill(db, 60)
    after = folder / "after"
    shutil.copytree(path.parent, after)
    db.close()
    assert (after / "relay.db-wal").stat().st_size > 0
    return after / "relay.db"


def messages(path: Path) -> int:
    db, salvage = open_or_salvage(path, NOW)
    try:
        assert salvage is None
        assert db.value("PRAGMA integrity_check") == "ok"
        return int(db.value("SELECT count(*) FROM inbound"))
    finally:
        db.close()


def test_a_copy_does_not_take_the_log_of_another(tmp_path: Path) -> None:
    """Not even one of the same run; and the log is kept, for whoever wants it back."""
    path = killed(tmp_path)
    shutil.copyfile(tmp_path / "copy.db", path)
    assert messages(path) == 20
    assert len(list(path.parent.glob("relay.db-wal.foreign-*"))) == 1


def test_its_own_log_is_taken(tmp_path: Path) -> None:
    path = killed(tmp_path, starts=3)
    assert messages(path) == 60
    assert not list(path.parent.glob("*.foreign-*"))


def test_a_power_cut_between_the_two_marks_disowns_nothing(tmp_path: Path) -> None:
    """The new mark is in the log, or in the file: both are written down before."""
    path = killed(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        before = kinship._read(conn)
        kinship._note(path, [before or "", "next"], {})
        conn.execute("UPDATE meta SET value = 'next' WHERE key = 'generation'")
        db = Database.open(path)
        Facts(db).put(NOW, "something", 1)
        shutil.copytree(path.parent, tmp_path / "cut")
        db.close()
    assert messages(tmp_path / "cut" / "relay.db") == 60


def test_a_store_of_before_has_no_mark(tmp_path: Path) -> None:
    """And its log is taken as ever."""
    path = killed(tmp_path, starts=0)
    assert messages(path) == 60


def test_a_damaged_mark_disowns_nothing(tmp_path: Path) -> None:
    """Of a file that may be its own, the log is not taken away."""
    path = killed(tmp_path)
    whole = path.read_bytes()
    mark = kinship.notes(path)["marks"][0].encode()
    assert mark in whole
    path.write_bytes(whole.replace(mark, b"\xa5" + mark[1:]))
    db, _ = open_or_salvage(path, NOW)
    assert db.value("SELECT count(*) FROM inbound") == 60
    db.close()
