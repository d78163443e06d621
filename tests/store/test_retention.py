"""What was said goes before the message does; what is not finished keeps all it has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from relay.core.form_report import Outcome
from relay.core.outbound import Accepted, RefusedForGood, ReportDelivered, Resent
from relay.core.posts import RumorState
from relay.store import blanking, form_reports, retention, rumors
from relay.store.auditing import audit
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.form_reports import Kept
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.raw import Arrival
from tests.air import NOON as NOW
from tests.air import deliver, delivers
from tests.store.test_database import fill

DAY = 86_400_000
LATER = NOW + 10 * DAY


def day(db: Database, outbox: Outbox, inbox: Inbox, exchanges: Exchanges) -> None:
    """Came in and forwarded; came in and waits; delivered; failed; waits to be sent."""
    for text in ("old news", "new news"):
        inbox.keep(NOW, [Arrival(deliver(text), "usb", "1", "SM:1")])
        inbox.digest(NOW)
    with db.transaction() as tx:
        tx.execute("UPDATE forwarding SET state = 'FORWARDED' WHERE inbound_id = 1")
        tx.execute("UPDATE inbound SET state = 'FORWARDED', finished_at = ? WHERE id = 1", (NOW,))
    for ending in (Accepted(1), RefusedForGood("NET_REJECTED")):
        outbox.enqueue(NOW, recipient="+254700000042", text=f"secret {type(ending).__name__}")
        part = outbox.claim(NOW, "usb", "direct")
        assert part is not None
        ended = outbox.record(NOW, part, ending)
        if isinstance(ending, Accepted):
            outbox.record(NOW, ended, ReportDelivered(0))
    outbox.enqueue(NOW, recipient="+254700000043", text="secret that waits")


def keep(inbox: Inbox, now: int, *pdus: str) -> None:
    inbox.keep(now, [Arrival(pdu, "usb", "1", "SM:1") for pdu in pdus])
    inbox.digest(now)


def held(db: Database) -> bytes:
    db.checkpoint()
    return db.path.read_bytes()


def test_the_words_go_and_the_rows_stay(
    db: Database, outbox: Outbox, inbox: Inbox, exchanges: Exchanges
) -> None:
    day(db, outbox, inbox, exchanges)
    assert blanking.count(db, 0, LATER) == 3
    assert blanking.blank(db, 0, LATER) == 3
    assert blanking.blank(db, 0, LATER) == 0
    texts = [row[0] for row in db.query("SELECT text FROM inbound ORDER BY id")]
    assert texts == [None, "new news"]
    texts = [row[0] for row in db.query("SELECT text FROM outbound ORDER BY id")]
    assert texts == ["", "", "secret that waits"]
    assert [row[0] for row in db.query("SELECT pdu = '' FROM part ORDER BY id")] == [1, 1, 0]
    assert [row[0] for row in db.query("SELECT pdu = '' FROM raw_pdu ORDER BY id")] == [1, 0]


def test_what_has_no_words_is_not_sent_again(
    db: Database, outbox: Outbox, inbox: Inbox, exchanges: Exchanges
) -> None:
    day(db, outbox, inbox, exchanges)
    blanking.blank(db, 0, LATER)
    assert not outbox.retry(LATER, 2)
    claimed = outbox.claim(LATER, "usb", "direct")
    assert claimed is None or claimed.outbound_id == 3


def test_what_the_network_repeats_is_still_known(
    db: Database, outbox: Outbox, inbox: Inbox, exchanges: Exchanges
) -> None:
    day(db, outbox, inbox, exchanges)
    blanking.blank(db, 0, LATER)
    inbox.keep(LATER, [Arrival(deliver("old news"), "usb", "1", "SM:1")])
    inbox.digest(LATER)
    assert db.value("SELECT count(*) FROM inbound") == 2
    assert db.value("SELECT count(*) FROM raw_pdu") == 2


def test_what_the_server_was_not_told_keeps_its_words(
    db: Database, outbox: Outbox, exchanges: Exchanges
) -> None:
    outbox.enqueue(NOW, recipient="+254700000042", text="x", server="cht", server_id="1")
    outbox.cancel(NOW, 1)
    assert blanking.blank(db, 0, LATER) == 0
    assert retention.count(db, LATER) == 0


def test_a_purge_says_how_many_before(
    db: Database, outbox: Outbox, inbox: Inbox, exchanges: Exchanges
) -> None:
    day(db, outbox, inbox, exchanges)
    assert retention.count(db, LATER) == retention.prune(db, LATER) == 3


def test_a_file_that_is_half_empty_shrinks(tmp_path: Path) -> None:
    db = Database.open(tmp_path / "relay.db")
    fill(db, 4_000)
    assert not db.shrink()
    with db.transaction() as tx:
        tx.execute("PRAGMA defer_foreign_keys = ON")
        for table in ("audit", "raw_pdu", "forwarding", "inbound"):
            tx.execute(f"DELETE FROM {table}")
    db.checkpoint()
    before = db.path.stat().st_size
    assert db.shrink()
    db.checkpoint()
    assert db.path.stat().st_size < before / 2
    db.check()
    db.close()


def test_the_chain_of_custody_stays_whole(
    db: Database, outbox: Outbox, inbox: Inbox, exchanges: Exchanges
) -> None:
    """It no longer vouches for words that are not here, and still for all the others."""
    day(db, outbox, inbox, exchanges)
    blanking.blank(db, 0, LATER)
    account = audit(db)
    assert account.sound
    assert account.received == 2
    with db.transaction() as tx:
        tx.execute("UPDATE inbound SET text = 'other news' WHERE id = 2")
    assert not audit(db).sound


def test_a_remainder_finds_no_twin_whose_words_are_gone(db: Database, inbox: Inbox) -> None:
    """A phone gives the same reference out again: the old message is no obstacle."""
    keep(inbox, NOW, *delivers(["old one, ", "old two"]))
    with db.transaction() as tx:
        tx.execute("UPDATE inbound SET state = 'FORWARDED', finished_at = ?", (NOW,))
    keep(inbox, NOW + DAY, delivers(["new one, ", "new two"], at=NOW + DAY)[0])
    assert blanking.blank(db, 0, NOW + DAY) == 1
    assert inbox.give_up_waiting(NOW + 3 * DAY) == 1
    assert "new one" in db.value("SELECT text FROM inbound WHERE id = 2")


def test_a_part_that_may_be_sent_again_keeps_its_pdu(db: Database, outbox: Outbox) -> None:
    """The message has failed, as its other part was refused; a person has the last word."""
    outbox.enqueue(NOW, recipient="+254700000042", text="x" * 300)
    assert outbox.claim(NOW, "usb", "direct") is not None
    outbox.recover(NOW, ["usb"])
    other = outbox.claim(NOW, "usb", "direct")
    assert other is not None
    outbox.record(NOW, other, RefusedForGood("NET_REJECTED"))
    assert db.value("SELECT status FROM outbound") == "FAILED"
    assert blanking.count(db, 0, LATER) == blanking.blank(db, 0, LATER) == 0
    doubtful = outbox.part(1)
    assert doubtful is not None
    assert outbox.record(LATER, doubtful, Resent()).pdu


@pytest.mark.parametrize(
    "forgets", [blanking.blank, lambda db, _, before: retention.prune(db, before)]
)
def test_what_rules_have_read_goes_with_the_words(
    db: Database, inbox: Inbox, forgets: Callable[..., int]
) -> None:
    """The figures of a report stay; a rumor keeps its words until somebody has looked into it."""
    keep(inbox, NOW, deliver("ORPT Amina 12"), deliver("RUMOR fire"), deliver("RUMOR flood"))
    with db.transaction() as tx:
        tx.execute("UPDATE inbound SET state = 'FORWARDED', finished_at = ?", (NOW,))
    fields = {"name": "Amina", "weeks": 12, "LA": {"count": 20}, "twins": True}
    with db.transaction() as tx:
        form_reports.keep(tx, Kept(1, "ORPT", "+254700000001", Outcome.RECEIVED, "2026-05-28",
                                   "abc", NOW, fields=fields))  # fmt: skip
        for one in (2, 3):
            rumors.add(tx, NOW, inbound_id=one, sender="+254700000001", place_id=None,
                       text="fire", source="test")  # fmt: skip
        rumors.settle(tx, NOW, 1, RumorState.FALSE, "", "test")
    while forgets(db, 0, NOW + 1):
        pass
    assert db.value("SELECT json(fields) FROM form_report") == '{"weeks":12,"LA":{"count":20}}'
    assert [row[0] for row in db.query("SELECT text FROM rumor ORDER BY id")] == ["", "fire"]
