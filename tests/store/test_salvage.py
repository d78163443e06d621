"""Salvage beside a power cut and a full disk: what can be read is saved, all of it, in the end."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from relay.core.callouts import CallOut, CallOutState
from relay.core.loops import LoopLimits
from relay.core.posts import PostState
from relay.core.reminders import Reminder
from relay.errors import StoreFull
from relay.store import callouts, losses, posts, reminders
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


def test_no_rule_stumbles_over_a_state_that_is_none(tmp_path: Path) -> None:
    """Nothing goes out of which nobody knows any more whether it may."""
    db = Database.open(tmp_path / "relay.db")
    with db.transaction() as tx:
        reminders.write(tx, Reminder("reminder.anc", "report 1", 0, "+254700000001", NOW, NOW,
                                     2 * NOW, patient="84217"))  # fmt: skip
        posts.add(tx, NOW, 1, channel="PEACE", place_id=None, author="root", author_id=None,
                  texts={"": "a"}, expires_at=2 * NOW, useful_until=None, followers_to=0,
                  people=1, sms=1, source="test")  # fmt: skip
        callouts.add(tx, NOW, CallOut(2, "BLOOD", CallOutState.ASKING, 1, 1, NOW, NOW), "test")
        for table in ("reminder", "post", "callout"):
            tx.execute(f"UPDATE {table} SET state = 'GOIN'")
        assert losses.mend_words(tx) == 3
        assert reminders.of_occasion(tx, "reminder.anc", "report 1")[0].state == "CANCELLED"
        assert posts.in_state(tx, PostState.CANCELLED)
        assert callouts.unfinished(tx)[0].state == "FILLED"
    db.close()
