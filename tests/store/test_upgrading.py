"""A store of every earlier relay is brought up to date: all or nothing, and a copy is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database as SqliteUtils

from relay.core.outbound import PartState
from relay.store import schema
from relay.store.copying import COUNTED
from relay.store.database import Database
from relay.store.outbox import Outbox
from relay.store.upgrading import UpgradeFailed, rehearse
from tests.air import NOON as NOW
from tests.air import deliver

with closing(SqliteUtils(memory=True)) as _blank:
    CHAIN = [migration.name for migration in schema.migrations.pending(_blank)]
# The first with something in it that a person would miss.
EARLIEST = CHAIN.index("m005_records") + 1


def old_store(path: Path, upto: int) -> None:
    """As a relay left it that knew the first `upto` migrations, with one of everything."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        db = SqliteUtils(conn, execute_plugins=False)
        schema.migrations.apply(db, stop_before=CHAIN[upto:] or None)
        conn.executescript(f"""
            INSERT INTO inbound (state, kind, sender, text, kept_at, modem, sim, total, uuid)
              VALUES ('WAITING', 'text', '+254700000001', 'hello', {NOW}, 'usb', '1', 1, 'u1');
            INSERT INTO raw_pdu (hash, sim, pdu, state, modem, via, kept_at, seen_at, inbound_id)
              VALUES ('h', '1', '{deliver("hello")}', 'DECODED', 'usb', 'SM:1', {NOW}, {NOW}, 1);
            INSERT INTO outbound (server, server_id, recipient, text, status, created_at)
              VALUES ('cht', 's1', '+254700000042', 'come', 'UNSENT', {NOW});
            INSERT INTO part (outbound_id, seq, total, pdu, state)
              VALUES (1, 1, 1, '0001', 'QUEUED');
            INSERT INTO cursor (server) VALUES ('cht');
            INSERT INTO forwarding (server, inbound_id, state) VALUES ('cht', 1, 'WAITING');
        """)


def tables(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


@pytest.mark.parametrize("upto", range(EARLIEST, len(CHAIN)))
def test_every_earlier_store_is_brought_up_to_date(tmp_path: Path, upto: int) -> None:
    path = tmp_path / "relay.db"
    old_store(path, upto)
    before = tables(path)
    with closing(Database.open(path)) as db:
        assert db.value("SELECT text FROM inbound") == "hello"
        assert db.value("SELECT state FROM forwarding") == "WAITING"
        claimed = Outbox(db).claim(NOW, "usb", "direct")
    assert claimed is not None
    assert claimed.state is PartState.SUBMITTING
    kept = path.with_name(f"relay.db.before-{CHAIN[upto]}")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert tables(kept) == before


def test_a_new_store_and_one_that_is_up_to_date_leave_no_copy(tmp_path: Path) -> None:
    for _ in range(2):
        Database.open(tmp_path / "relay.db").close()
    assert [path.name for path in tmp_path.iterdir()] == ["relay.db"]


def test_two_copies_of_before_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    for name in ("m001_a", "m002_b", "m003_c"):
        path.with_name(f"relay.db.before-{name}").touch()
    old_store(path, len(CHAIN) - 1)
    Database.open(path).close()
    assert len(list(tmp_path.glob("relay.db.before-*"))) == 2
    assert path.with_name(f"relay.db.before-{CHAIN[-1]}").exists()


Breaking = Callable[[SqliteUtils], None]


def broken(db: SqliteUtils) -> None:
    db.execute("CREATE TABLE half_way (id INTEGER)")
    db.execute("INSERT INTO half_way VALUES (nonsense)")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last migration of the chain goes wrong half-way."""
    last = schema.migrations._migrations[-1]
    monkeypatch.setattr(last, "fn", broken)


def test_a_failed_migration_takes_back_the_ones_before_it(tmp_path: Path, failing: None) -> None:
    path = tmp_path / "relay.db"
    old_store(path, EARLIEST)
    before = tables(path)
    with pytest.raises(UpgradeFailed, match=rf"{CHAIN[-1]}.*Nothing in it was changed"):
        Database.open(path)
    assert tables(path) == before
    assert path.with_name(f"relay.db.before-{CHAIN[EARLIEST]}").exists()


def test_a_full_disk_keeps_no_copy_and_hinders_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "relay.db"
    old_store(path, EARLIEST)

    def full(draft: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("relay.store.upgrading.settle", full)
    Database.open(path).close()
    assert "upgrade.no_copy" in caplog.text
    assert not list(tmp_path.glob("relay.db.before-*"))


# --- the rehearsal ------------------------------------------------------------------------------


def test_a_rehearsal_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    old_store(path, EARLIEST)
    before = tables(path)
    found = rehearse(path, NOW)
    assert found.good
    assert found.migrations == tuple(CHAIN[EARLIEST:])
    assert found.rows == dict.fromkeys(COUNTED, 1)
    assert found.read == 1
    assert tables(path) == before
    assert not [one for one in tmp_path.iterdir() if "trial" in one.name or "before" in one.name]


def test_a_rehearsal_finds_a_failing_migration(tmp_path: Path, failing: None) -> None:
    path = tmp_path / "relay.db"
    old_store(path, EARLIEST)
    with pytest.raises(UpgradeFailed):
        rehearse(path, NOW)


def test_a_rehearsal_finds_sms_that_are_read_no_more(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    old_store(path, EARLIEST)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE raw_pdu SET pdu = 'no PDU'")
    found = rehearse(path, NOW)
    assert not found.good
    assert found.unread == (1,)
