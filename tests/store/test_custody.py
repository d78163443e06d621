"""Custody in the store: what was received is accounted for, whatever is done to the rows."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from relay.core.cht import Answer
from relay.core.reassembly import DAY_MS
from relay.core.timekeeping import Correction
from relay.store import heads, losses, redating
from relay.store.auditing import Account, audit
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.raw import Arrival
from relay.store.reading import Reader
from relay.store.retention import prune
from relay.store.salvage import open_or_salvage
from tests.air import NOON as NOW
from tests.air import deliver, delivers
from tests.store.test_database import damage


def receive(inbox: Inbox, *pdus: str, via: str = "SM:1") -> None:
    inbox.keep(NOW, [Arrival(pdu, "usb1", "8925401", via) for pdu in pdus])
    inbox.digest(NOW)


def texts(inbox: Inbox, count: int) -> None:
    receive(inbox, *(deliver(f"P {n}", at=NOW + n * 1000) for n in range(count)))


def forward(exchanges: Exchanges, ids: list[int]) -> None:
    exchanges.begin(NOW, ids, [])
    exchanges.settle(NOW, Answer((), None))


def found(account: Account) -> list[tuple[int, str]]:
    return [(fault.no, fault.code) for fault in account.faults]


def test_all_that_comes_in_has_a_number(db: Database, inbox: Inbox, exchanges: Exchanges) -> None:
    """Whole messages and long ones, repetitions, notices, broadcasts, what nobody can read."""
    first, second = delivers(["one, ", "two"])
    receive(inbox, deliver("P 1"), first, "0011")
    receive(inbox, deliver(""))
    receive(inbox, second)
    forward(exchanges, [1])
    account = audit(db)
    assert account.sound
    assert (account.received, account.parts, account.missing) == (4, 0, 0)
    assert (account.at_server, account.waiting, account.parked, account.unread) == (1, 1, 1, 1)
    assert account.here == 3


def test_a_message_without_all_its_parts_has_none_yet(db: Database, inbox: Inbox) -> None:
    receive(inbox, delivers(["one, ", "two"])[0])
    account = audit(db)
    assert (account.received, account.parts) == (0, 1)
    inbox.give_up_waiting(NOW + 2 * DAY_MS)
    account = audit(db)
    assert (account.received, account.parts, account.sound) == (1, 0, True)


TAMPERINGS = [
    ("UPDATE inbound SET text = 'P 9 99' WHERE id = 4", [(4, "MESSAGE_CHANGED")]),
    ("UPDATE inbound SET sender = '+1' WHERE id = 1", [(1, "MESSAGE_CHANGED")]),
    ("UPDATE custody SET salt = NULL WHERE no = 2", [(2, "MESSAGE_CHANGED")]),
    ("DELETE FROM forwarding; DELETE FROM raw_pdu; DELETE FROM inbound WHERE id = 3",
     [(3, "MESSAGE_MISSING")]),
    ("DELETE FROM custody WHERE no = 3", [(0, "UNNUMBERED"), (3, "RECORD_MISSING")]),
    ("UPDATE custody SET commitment = zeroblob(32) WHERE no = 5",
     [(5, "MESSAGE_CHANGED"), (5, "RECORD_CHANGED")]),
    ("INSERT INTO inbound (state, kind, sender, text, kept_at, modem, sim, total)"
     " VALUES ('WAITING', 'text', '+1', 'x', 1, 'usb1', '', 1)", [(0, "UNNUMBERED")]),
    ("UPDATE custody SET inbound_id = 99 WHERE no = 2; UPDATE custody SET inbound_id = 2"
     " WHERE no = 3; UPDATE custody SET inbound_id = 3 WHERE no = 2",
     [(2, "MESSAGE_CHANGED"), (3, "MESSAGE_CHANGED")]),
]  # fmt: skip


@pytest.mark.parametrize(("script", "faults"), TAMPERINGS)
def test_a_row_that_was_tampered_with_is_named(
    db: Database, inbox: Inbox, script: str, faults: list[tuple[int, str]]
) -> None:
    texts(inbox, 6)
    with db.transaction() as tx:
        tx.execute("PRAGMA defer_foreign_keys = ON")
        for statement in script.split("; "):
            tx.execute(statement)
    account = audit(db)
    assert found(account) == faults
    assert account.missing == sum(code.endswith("MISSING") for _, code in faults)


def test_what_is_forgotten_after_its_time_is_still_at_the_server(
    db: Database, inbox: Inbox, exchanges: Exchanges
) -> None:
    texts(inbox, 5)
    forward(exchanges, [1, 2, 4])
    assert prune(db, NOW + 1) == 3
    account = audit(db)
    assert account.sound
    assert (account.received, account.at_server, account.here) == (5, 3, 2)
    assert db.value("SELECT count(*) FROM custody WHERE salt IS NULL") == 3


def test_a_wrong_clock_that_is_set_right_changes_no_link(db: Database, inbox: Inbox) -> None:
    texts(inbox, 2)
    assert redating.redate(db, Correction(since=NOW - 1, until=NOW + 1, by_ms=DAY_MS))
    assert audit(db).sound


def test_a_store_that_was_taken_back_says_so(db: Database, inbox: Inbox, tmp_path: Path) -> None:
    """The heads lie beside the store: an older copy in its place does not know of them."""
    texts(inbox, 2)
    copy = tmp_path / "copy.db"
    db.backup(copy)
    receive(inbox, deliver("P 3", at=NOW + 50_000))
    head = audit(db).head
    heads.note(db.path, head, NOW, "test")
    older = Database.open(copy)
    with closing(older):
        assert found(audit(older, heads.read(db.path))) == [(3, "OLDER")]
        receive(Inbox(older, ["cht"]), deliver("another", at=NOW + 60_000))
        assert found(audit(older, heads.read(db.path))) == [(3, "FORKED")]
        assert audit(older).sound  # by itself it cannot know
    with heads.path_of(db.path).open("a", encoding="utf-8") as file:
        file.write('{"no": 4, "cha')
    assert heads.read(db.path) == {3: head.chain}


def test_an_old_store_numbers_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    db = Database.open(path)
    inbox = Inbox(db, ["cht"])
    texts(inbox, 4)
    receive(inbox, "0011", delivers(["one, ", "two"])[0])
    with db.transaction() as tx:
        for statement in (
            "DROP TABLE custody", "DROP TABLE bundle", "DROP TABLE handout",
            "ALTER TABLE forwarding DROP COLUMN exported_at",
            "ALTER TABLE status_update DROP COLUMN exported_at",
            "DELETE FROM _sqlite_migrations WHERE name = 'm012_custody'",
        ):  # fmt: skip
            tx.execute(statement)
    db.close()
    with closing(Database.open(path)) as db:
        account = audit(db)
        assert (account.received, account.waiting, account.unread, account.parts) == (5, 4, 1, 1)
        assert account.sound
        assert [row["inbound_id"] for row in db.query("SELECT * FROM custody ORDER BY no")] == [
            1, 2, 3, 4, None,
        ]  # fmt: skip


def test_after_a_salvage_what_was_lost_is_named(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with closing(Database.open(path)) as db:
        texts(Inbox(db, ["cht"]), 100)
        db.checkpoint()
        db.mark()
    damage(path, start=path.stat().st_size // 2)
    db, salvage = open_or_salvage(path, NOW)
    with closing(db):
        assert salvage is not None
        Inbox(db, ["cht"]).digest(NOW + 1, limit=1000)
        account = audit(db)
        numbered = db.value("SELECT count(*) FROM custody")
        unnumbered = sum(fault.code == "UNNUMBERED" for fault in account.faults)
        gaps = sum(
            fault.last - fault.no + 1 for fault in account.faults if fault.code == "RECORD_MISSING"
        )
        assert numbered + gaps + unnumbered >= 100
        missing = {f.no for f in account.faults if f.code == "MESSAGE_MISSING"}
        assert account.missing == len(missing) + gaps


def test_what_was_lost_and_read_again_from_its_sms_is_not_missing(
    db: Database, inbox: Inbox
) -> None:
    """The damage took message and SMS; the SIM still had it, or the network repeated it."""
    texts(inbox, 3)
    with db.transaction() as tx:
        for table in ("forwarding", "raw_pdu"):
            tx.execute(f"DELETE FROM {table} WHERE inbound_id IN (2, 3)")
        tx.execute("DELETE FROM inbound WHERE id IN (2, 3)")
    assert audit(db).missing == 2
    Facts(db).put(NOW, "store.salvaged", {"lost": {}})
    receive(inbox, deliver("P 1", at=NOW + 1000))
    account = audit(db)
    assert (account.received, account.again, account.missing) == (4, 1, 1)
    assert found(account) == [(3, "MESSAGE_MISSING")]
    receive(inbox, deliver("P 2", at=NOW + 2000))
    assert audit(db).sound


def test_it_is_read_in_pages(db: Database, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.store.auditing._PAGE", 3)
    texts(inbox, 10)
    with Reader.open(db.path) as reader:
        assert audit(reader).received == 10


def test_what_is_read_once_more_keeps_its_number(db: Database, inbox: Inbox) -> None:
    """A salvage that found no state on a damaged page has everything read again."""
    receive(inbox, deliver("P 1"), "0011")
    with db.transaction() as tx:
        tx.execute("UPDATE raw_pdu SET state = '?' WHERE state = 'UNDECODABLE'")
        tx.execute("UPDATE inbound SET state = '?'")
        losses.mend_words(tx)
    receive(inbox, deliver("P 2", at=NOW + 1000))
    assert db.value("SELECT count(*) FROM inbound WHERE state = 'WAITING'") == 2
    assert audit(db).received == 3
    assert audit(db).sound


def test_a_message_goes_on_though_no_number_is_left(db: Database, inbox: Inbox) -> None:
    receive(inbox, deliver("P 1"))
    with db.transaction() as tx:
        tx.execute("UPDATE custody SET no = ?", (2**63 - 1,))
    receive(inbox, deliver("P 2", at=NOW + 1000), "0011")
    assert db.value("SELECT count(*) FROM forwarding") == 2
    assert db.value("SELECT count(*) FROM raw_pdu WHERE state = 'UNDECODABLE'") == 1
    assert (0, "UNNUMBERED") in found(audit(db))
