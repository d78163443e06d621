"""A copy is whole and looked through, or it is not there and the former one is."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from relay.errors import CorruptDatabase
from relay.sealing import SealingError, new_identity, unseal
from relay.store import copying
from relay.store.copying import CopyFailed, copies, copy, copy_into, forget_oldest
from relay.store.database import Database
from tests.air import NOON as NOW
from tests.store.test_database import damage, fill


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_copy_says_what_is_in_it(db: Database, tmp_path: Path) -> None:
    fill(db, 20)
    made = copy(db.path, tmp_path / "copy.db", NOW)
    assert made.rows["inbound"] == 20
    assert made.octets == (tmp_path / "copy.db").stat().st_size
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["copy.db", "state"]


def test_a_copy_is_made_while_another_writes(db: Database, tmp_path: Path) -> None:
    """A transaction is under way, and what it has not committed is not in the copy."""
    fill(db, 3)
    with db.transaction() as tx:
        tx.execute("DELETE FROM raw_pdu")
        made = copy(db.path, tmp_path / "copy.db", NOW)
    assert made.rows["raw_pdu"] == 3
    assert db.value("SELECT count(*) FROM raw_pdu") == 0


def test_a_sealed_copy_is_for_its_recipients(db: Database, tmp_path: Path) -> None:
    fill(db, 5)
    private, public = new_identity()
    made = copy(db.path, tmp_path / "copy.db.age", NOW, [public])
    assert made.sealed
    assert made.rows["inbound"] == 5
    assert b"SQLite" not in made.path.read_bytes()
    assert made.path.stat().st_mode & 0o777 == 0o600
    with made.path.open("rb") as file:
        unseal(file, tmp_path / "plain.db", [private])
    with closing(sqlite3.connect(tmp_path / "plain.db")) as conn:
        assert conn.execute("SELECT count(*) FROM inbound").fetchone() == (5,)
    assert not [name for name in names(db.path.parent) if "copy" in name]


def test_what_a_killed_one_left_unsealed_is_cleared_away(db: Database, tmp_path: Path) -> None:
    left = db.path.with_name(f"{db.path.name}.copy-{2**30}")
    left.write_bytes(b"not sealed")
    copy(db.path, tmp_path / "copy.db", NOW)
    assert not left.exists()


def test_a_recipient_that_is_none_leaves_nothing(db: Database, tmp_path: Path) -> None:
    with pytest.raises(SealingError):
        copy(db.path, tmp_path / "copy.db.age", NOW, ["age1nonsense"])
    assert names(tmp_path) == ["state"]


# --- bad days of the stick ----------------------------------------------------------------------


def test_a_full_stick_keeps_the_former_copy(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(db, 1)
    target = tmp_path / "copy.db"
    copy(db.path, target, NOW)
    before = target.read_bytes()
    fill(db, 50)

    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(copying, "sync", full)
    with pytest.raises(CopyFailed, match="No space left"):
        copy(db.path, target, NOW)
    assert target.read_bytes() == before
    assert names(tmp_path) == ["copy.db", "state"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_stick_is_said(db: Database, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir(mode=0o500)
    with pytest.raises(CopyFailed, match="may this user write there"):
        copy(db.path, stick / "copy.db", NOW)


def test_a_stick_that_was_pulled_out_is_said(db: Database, tmp_path: Path) -> None:
    with pytest.raises(CopyFailed, match="No such file"):
        copy(db.path, tmp_path / "gone" / "copy.db", NOW)
    with pytest.raises(CopyFailed, match="No such file"):
        copy_into(tmp_path / "gone" / "copies", db.path, NOW, "2026-11-24")
    assert not (tmp_path / "gone").exists()


def test_a_copy_that_reads_back_damaged_is_none(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick that is larger on its label than inside."""
    fill(db, 200)
    monkeypatch.setattr(copying, "_forget_pages", lambda path: damage(path, start=8192))
    with pytest.raises(CopyFailed, match="reads back damaged"):
        copy(db.path, tmp_path / "copy.db", NOW)
    assert names(tmp_path) == ["state"]


def test_a_store_that_cannot_be_read_is_not_blamed_on_the_stick(
    db: Database, tmp_path: Path
) -> None:
    fill(db, 300)
    pdu = db.value("SELECT pdu FROM raw_pdu WHERE id = 150")
    db.checkpoint()
    damage(db.path, start=db.path.read_bytes().index(pdu.encode()))
    with pytest.raises(CorruptDatabase):
        copy(db.path, tmp_path / "copy.db", NOW)
    assert names(tmp_path) == ["state"]


# --- a folder of copies -------------------------------------------------------------------------


def test_the_oldest_copies_go(db: Database, tmp_path: Path) -> None:
    days = [f"2026-11-{day}" for day in range(20, 25)]
    for day in days:
        made = copy_into(tmp_path / "copies", db.path, NOW, day)
    forget_oldest(tmp_path / "copies", made.path, 2)
    assert [path.name[6:16] for path in copies(tmp_path / "copies")] == days[-2:]


def test_sealed_and_plain_copies_count_alike(db: Database, tmp_path: Path) -> None:
    _, public = new_identity()
    copy_into(tmp_path / "copies", db.path, NOW, "2026-11-22")
    copy_into(tmp_path / "copies", db.path, NOW, "2026-11-23", [public])
    made = copy_into(tmp_path / "copies", db.path, NOW, "2026-11-24")
    forget_oldest(tmp_path / "copies", made.path, 2)
    assert names(tmp_path / "copies") == ["relay-2026-11-23.db.age", "relay-2026-11-24.db"]


def test_a_copy_from_the_future_goes_first(db: Database, tmp_path: Path) -> None:
    for day in ("2055-01-01", "2026-11-23"):
        copy_into(tmp_path / "copies", db.path, NOW, day)
    made = copy_into(tmp_path / "copies", db.path, NOW, "2026-11-24")
    forget_oldest(tmp_path / "copies", made.path, 2)
    assert names(tmp_path / "copies") == ["relay-2026-11-23.db", "relay-2026-11-24.db"]
