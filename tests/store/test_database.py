"""The file itself: private, durable, checked; too new, damaged or full is said in words."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from relay.errors import CorruptDatabase, SchemaTooNew, StoreBusy, StoreFull
from relay.store.database import Database, named
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.raw import Arrival
from relay.store.salvage import open_or_salvage
from tests.air import NOON as NOW
from tests.air import deliver


def fill(db: Database, count: int) -> None:
    inbox = Inbox(db, ("cht",))
    pdus = [deliver(f"report {n} " + "x" * 100, at=NOW + n * 1000) for n in range(count)]
    inbox.keep(NOW, [Arrival(pdu, "modem0", "sim", "SM:1") for pdu in pdus])
    while inbox.digest(NOW).raws:
        pass


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    db = Database.open(tmp_path / "state" / "relay.db")
    fill(db, 1)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "state").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    db.close()


def test_every_commit_is_on_the_disk(db: Database) -> None:
    assert db.value("PRAGMA journal_mode") == "wal"
    assert db.value("PRAGMA synchronous") == 2
    assert db.value("PRAGMA foreign_keys") == 1


def test_every_table_is_strict(db: Database) -> None:
    loose = db.query(
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0"
        " AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlite_%'"
    )
    assert [row[0] for row in loose] == []


def test_a_transaction_that_fails_leaves_nothing(db: Database) -> None:
    facts = Facts(db)
    with pytest.raises(RuntimeError), db.transaction():
        facts.put(NOW, "half", 1)
        raise RuntimeError
    assert facts.get("half") is None


def test_a_newer_database_refuses_an_older_program(tmp_path: Path) -> None:
    Database.open(tmp_path / "relay.db").close()
    with sqlite3.connect(tmp_path / "relay.db") as conn:
        conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('relay', 'm999_future', '2030')"
        )
    conn.close()
    with pytest.raises(SchemaTooNew, match=r"newer relay .*m999_future.*Nothing was changed"):
        Database.open(tmp_path / "relay.db")


def damage(path: Path, *, start: int, length: int = 8192) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


def test_a_damaged_file_is_found_at_start(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    db = Database.open(path)
    fill(db, 300)
    db.checkpoint()
    db.close()
    damage(path, start=path.stat().st_size // 2)
    with pytest.raises(CorruptDatabase):
        Database.open(path)


def test_it_is_set_aside_and_what_can_be_read_is_saved(tmp_path: Path) -> None:
    """The station's identity, and with it the ids sent upstream, survive."""
    path = tmp_path / "relay.db"
    db = Database.open(path)
    gateway = db.value("SELECT value FROM meta")
    fill(db, 300)
    db.checkpoint()
    db.close()
    damage(path, start=path.stat().st_size * 3 // 4)  # behind the schema
    before = path.read_bytes()
    db, salvage = open_or_salvage(path, NOW)
    assert salvage is not None
    assert salvage.set_aside.read_bytes() == before
    assert db.value("SELECT value FROM meta") == gateway
    assert db.value("SELECT count(*) FROM inbound") > 200
    assert db.query("PRAGMA foreign_key_check") == []
    db.check()
    db.close()


def test_a_file_that_is_no_database_is_set_aside_too(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    path.write_bytes(b"this was a spreadsheet once" * 100)
    db, salvage = open_or_salvage(path, NOW)
    assert salvage is not None
    assert salvage.set_aside.exists()
    fill(db, 1)
    db.close()


def test_a_sound_database_is_just_opened(tmp_path: Path) -> None:
    db, salvage = open_or_salvage(tmp_path / "relay.db", NOW)
    assert salvage is None
    db.close()


def test_a_backup_is_whole_private_and_readable(db: Database, tmp_path: Path) -> None:
    fill(db, 20)
    target = tmp_path / "backups" / "relay-1.db"
    db.backup(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    copy = Database.open(target)
    assert copy.value("SELECT count(*) FROM inbound") == 20
    copy.close()


def test_another_process_that_writes_is_noticed(db: Database) -> None:
    before = db.data_version()
    other = Database.open(db.path)
    Facts(other).put(NOW, "hello", 1)
    other.close()
    assert db.data_version() != before


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("database or disk is full", StoreFull),
        ("attempt to write a readonly database", StoreFull),
        ("disk I/O error", StoreFull),
        ("database is locked", StoreBusy),
        ("database disk image is malformed", CorruptDatabase),
        ("file is not a database", CorruptDatabase),
    ],
)
def test_sqlite_s_words_become_errors_that_say_who_must_act(
    words: str, kind: type[Exception]
) -> None:
    assert isinstance(named(Path("relay.db"), sqlite3.OperationalError(words)), kind)


def test_a_full_disk_keeps_nothing_and_says_so(db: Database) -> None:
    """The message stays on the SIM: its slot is freed only after the commit."""
    pages = db.value("PRAGMA page_count")
    db.query(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFull, match="Nothing is deleted from the SIM"):
        fill(db, 300)
    db.query("PRAGMA max_page_count = 1000000")
    fill(db, 1)


def test_an_idle_relay_sees_that_its_file_was_overwritten(db: Database) -> None:
    db.probe()
    db.own()
    fill(db, 1)
    db.checkpoint()
    db.probe()
    damage(db.path, start=0)
    with pytest.raises(CorruptDatabase, match="first page"):
        db.probe()


def test_a_glance_finds_damage_within(db: Database) -> None:
    fill(db, 300)
    db.checkpoint()
    db.glance()
    damage(db.path, start=db.path.stat().st_size // 2)
    with pytest.raises(CorruptDatabase):
        db.glance()
