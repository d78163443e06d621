"""Salvage beside a power cut and a full disk: what can be read is saved, all of it, in the end."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from relay.core.loops import LoopLimits
from relay.errors import StoreFull
from relay.store import losses
from relay.store import salvage as salvaging
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.salvage import open_or_salvage
from tests.air import NOON as NOW
from tests.store.test_database import damage, fill


def damaged(path: Path) -> int:
    """A store with a damaged page among its raw PDUs; how many messages it held."""
    db = Database.open(path)
    fill(db, 300)
    pdu = db.value("SELECT pdu FROM raw_pdu WHERE id = 150")
    db.checkpoint()
    db.close()
    damage(path, start=path.read_bytes().index(pdu.encode()))
    return 300


def test_a_salvage_that_was_broken_off_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty store in the place of the damaged one would look like an honest one."""
    path = tmp_path / "relay.db"
    damaged(path)
    with monkeypatch.context() as power:

        def cut(tx: sqlite3.Connection) -> None:
            raise StoreFull(str(path))

        power.setattr(salvaging, "_drop_orphans", cut)
        with pytest.raises(StoreFull):
            open_or_salvage(path, NOW)
    db, salvage = open_or_salvage(path, NOW + 1)
    assert salvage is not None
    assert db.value("SELECT count(*) FROM inbound") > 200
    db.close()


def test_a_message_that_waits_for_a_person_has_no_parts_to_lose(tmp_path: Path) -> None:
    db = Database.open(tmp_path / "relay.db")
    outbox = Outbox(db, loops=LoopLimits(own=("+254700000042",)))
    held = outbox.enqueue(NOW, recipient="+254700000042", text="Come")
    with db.transaction() as tx:
        losses.settle(tx, NOW)
    assert db.value("SELECT status FROM outbound") == "UNSENT"
    assert outbox.release(NOW, held)
    assert outbox.claim(NOW, "usb", "direct") is not None
    db.close()


def readable(path: Path, table: str) -> set[int]:
    """The rows that SQLite can still read, found one by one."""
    found = set()
    conn = sqlite3.connect(path)
    for rowid in range(1, 1000):
        try:
            row = conn.execute(f"SELECT * FROM {table} WHERE rowid = ?", (rowid,)).fetchone()
        except sqlite3.Error:
            continue
        if row:
            found.add(rowid)
    conn.close()
    return found


def test_behind_a_damaged_page_no_readable_row_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    damaged(path)
    there = readable(path, "raw_pdu")
    assert 100 < len(there) < 300
    db, _ = open_or_salvage(path, NOW)
    assert {row[0] for row in db.query("SELECT id FROM raw_pdu")} >= there
    db.close()


GARBLED = (
    ("outbound", "told", "SENT\0"), ("outbound", "told", "\0"), ("outbound", "status", "PEND"),
    ("part", "state", "QUE\0ED"), ("raw_pdu", "state", ""), ("inbound", "state", "W"),
    ("forwarding", "state", "WAITINGG"),
)  # fmt: skip


@pytest.mark.parametrize(("table", "column", "value"), GARBLED)
def test_a_state_that_is_none_stops_nothing(
    tmp_path: Path, table: str, column: str, value: str
) -> None:
    """A bit flipped within a page: SQLite reads the row, and its word means nothing."""
    db = Database.open(tmp_path / "relay.db")
    fill(db, 3)
    Outbox(db).enqueue(NOW, recipient="+254700000042", text="a", server="cht", server_id="1")
    with db.transaction() as tx:
        tx.execute(f"UPDATE {table} SET {column} = ?", (value,))
        assert losses.mend_words(tx)
        losses.settle(tx, NOW)
    outbox = Outbox(db)
    outbox.recover(NOW, ["usb"])
    outbox.cancel(NOW, 1)
    Inbox(db, servers=("cht",)).digest(NOW)
    assert db.value("SELECT status FROM outbound") == "FAILED"
    assert Exchanges(db, "cht", outbox).updates(9)
    db.close()
