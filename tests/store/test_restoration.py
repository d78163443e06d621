"""A copy in the place of the store: the same gateway, nothing sent twice, nothing lost."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from relay.core.outbound import Accepted, FoundSent, PartState
from relay.core.reminders import Reminder
from relay.errors import SchemaTooNew
from relay.store import questions, reminders
from relay.store.copying import copy
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.raw import Arrival
from relay.store.restoration import NotRestored, restore
from relay.store.restored import Restored, settle_copy
from relay.store.salvage import open_or_salvage
from tests.air import NOON as NOW
from tests.air import deliver
from tests.store.test_database import damage

DAY = 86_400_000
SIM = "8926003000000044017"


def yesterday(db: Database, outbox: Outbox) -> None:
    """One sent, one at the radio, one in doubt, one that waits; each told as far as it was."""
    ids = [
        outbox.enqueue(
            NOW, recipient=f"+25470000000{n}", text=f"m{n}", server="cht", server_id=id_
        )
        for n, id_ in enumerate(("s0", "s1", "s2", "s3"))
    ]
    first = outbox.claim(NOW, "usb", "direct")
    assert first is not None
    outbox.record(NOW, first, Accepted(1))
    with db.transaction() as tx:
        tx.execute("UPDATE status_update SET told_at = 1 WHERE outbound_id <> ?", (ids[3],))
    doubtful = outbox.claim(NOW, "usb", "direct")
    assert doubtful is not None
    outbox.recover(NOW)
    assert outbox.claim(NOW, "usb", "direct") is not None


def states(db: Database) -> list[str]:
    return [row["state"] for row in db.query("SELECT state FROM part ORDER BY id")]


def restored(
    db: Database, tmp_path: Path, *, nothing_was_sent: bool = False
) -> tuple[Database, Restored]:
    """The copy of now, put in place a day later."""
    copy(db.path, tmp_path / "copy.db", NOW)
    db.close()
    done = restore(tmp_path / "copy.db", db.path, NOW + DAY, nothing_was_sent=nothing_was_sent)
    return Database.open(db.path), done


def test_what_may_have_gone_out_waits_for_a_person(
    db: Database, outbox: Outbox, tmp_path: Path
) -> None:
    yesterday(db, outbox)
    assert states(db) == ["ACCEPTED", "UNCERTAIN", "SUBMITTING", "QUEUED"]
    db, done = restored(db, tmp_path)
    assert (done.copied_at, done.held) == (NOW, 3)
    assert states(db) == ["ACCEPTED", "UNCERTAIN", "UNCERTAIN", "UNCERTAIN"]
    again = Outbox(db)
    again.recover(NOW + DAY, ["usb"])
    assert again.uncertain("usb") == []  # no modem sends them again
    assert again.claim(NOW + DAY, "usb", "direct") is None
    reasons = {row[0] for row in db.query("SELECT reason FROM outbound WHERE id > 1")}
    assert reasons == {"RESTORED: it may have gone out after the copy was made"}
    db.close()


def test_the_server_is_told_nothing_that_is_older_than_it_knows(
    db: Database, outbox: Outbox, tmp_path: Path
) -> None:
    yesterday(db, outbox)
    with db.transaction() as tx:
        tx.execute("UPDATE status_update SET told_at = 1 WHERE status = 'SENT'")
        assert tx.execute("SELECT count(*) FROM status_update WHERE told_at IS NULL").fetchone()[0]
    db, done = restored(db, tmp_path)
    assert done.unspoken > 0
    assert [one.status for one in Exchanges(db, "cht", Outbox(db)).updates(9)] == []
    db.close()


def test_what_is_known_for_good_is_told(db: Database, outbox: Outbox, tmp_path: Path) -> None:
    """The status that the server lacks for longest: it may never hear of it otherwise."""
    yesterday(db, outbox)
    with db.transaction() as tx:
        tx.execute("UPDATE status_update SET told_at = NULL WHERE status = 'SENT'")
    db, _ = restored(db, tmp_path)
    told = Exchanges(db, "cht", Outbox(db)).updates(9)
    assert [(one.server_id, one.status) for one in told] == [("s0", "SENT")]
    db.close()


def test_each_of_the_three_answers(db: Database, outbox: Outbox, tmp_path: Path) -> None:
    """Send it, it was sent, let it be."""
    yesterday(db, outbox)
    db, _ = restored(db, tmp_path)
    later, outbox = NOW + DAY, Outbox(db)
    assert outbox.release(later, 2)
    assert not outbox.release(later, 2)
    part = outbox.part(3)
    assert part is not None
    outbox.record(later, part, FoundSent())
    assert outbox.cancel(later, 4)
    assert states(db) == ["ACCEPTED", "QUEUED", "ACCEPTED", "FAILED"]
    claimed = outbox.claim(later, "usb", "direct")
    assert claimed is not None
    assert claimed.outbound_id == 2
    told = [(one.server_id, one.status) for one in Exchanges(db, "cht", outbox).updates(9)]
    assert ("s2", "SENT") in told
    assert ("s3", "FAILED") in told
    db.close()


@pytest.mark.parametrize(
    ("nothing_was_sent", "states_then", "code"),
    [(False, ["SKIPPED_LATE", "WAITING"], 202), (True, ["WAITING", "WAITING"], 2)],
)
def test_nobody_is_reminded_twice_and_no_code_is_given_out_twice(
    db: Database, tmp_path: Path, nothing_was_sent: bool, states_then: list[str], code: int
) -> None:
    """An `OK 2` to a post of which the copy knows nothing must not approve another one."""
    first = Reminder(
        rule="reminder.anc", occasion="report 1", nth=0, recipient="+254700000001",
        written_at=NOW, not_before=NOW + DAY // 2, useful_until=NOW + 9 * DAY,
    )  # fmt: skip
    with db.transaction() as tx:
        reminders.write(tx, first)
        reminders.write(tx, replace(first, nth=1, not_before=NOW + 3 * DAY))
        assert questions.new_code(tx, NOW, "channels") == 1
    db, _ = restored(db, tmp_path, nothing_was_sent=nothing_was_sent)
    found = [row[0] for row in db.query("SELECT state FROM reminder ORDER BY nth")]
    assert found == states_then
    with db.transaction() as tx:
        assert questions.new_code(tx, NOW, "channels") == code
    db.close()


def test_what_is_released_late_is_of_use_again(
    db: Database, outbox: Outbox, tmp_path: Path
) -> None:
    outbox.enqueue(NOW, recipient="+254700000001", text="a", useful_until=NOW + 1000)
    db, _ = restored(db, tmp_path)
    outbox = Outbox(db)
    assert outbox.release(NOW + DAY, 1)
    assert outbox.expire(NOW + DAY, NOW + DAY) == 0
    assert outbox.claim(NOW + DAY, "usb", "direct") is not None
    db.close()


def test_when_nothing_was_sent_all_goes_on(db: Database, outbox: Outbox, tmp_path: Path) -> None:
    yesterday(db, outbox)
    db, done = restored(db, tmp_path, nothing_was_sent=True)
    assert done.held == 0
    assert states(db) == ["ACCEPTED", "UNCERTAIN", "SUBMITTING", "QUEUED"]
    db.close()


def test_a_copy_that_was_put_in_place_by_hand_is_noticed(
    db: Database, outbox: Outbox, tmp_path: Path
) -> None:
    yesterday(db, outbox)
    copy(db.path, tmp_path / "relay.db", NOW)
    by_hand = Database.open(tmp_path / "relay.db")
    done = settle_copy(by_hand, NOW + DAY)
    assert done is not None
    assert done.held == 3
    assert settle_copy(by_hand, NOW + DAY) is None
    assert settle_copy(db, NOW) is None
    by_hand.close()


def test_the_same_sms_have_the_same_ids_again(db: Database, inbox: Inbox, tmp_path: Path) -> None:
    """Read once more from the SIM, or sent once more to the server: the server knows them."""
    copy(db.path, tmp_path / "copy.db", NOW)
    arrival = Arrival(deliver("hello"), "usb", SIM, "SM:1")
    inbox.keep(NOW, [arrival])
    inbox.digest(NOW)
    before = db.value("SELECT uuid FROM inbound")
    db.close()
    restore(tmp_path / "copy.db", db.path, NOW + DAY)
    db = Database.open(db.path)
    assert db.value("SELECT count(*) FROM inbound") == 0
    inbox = Inbox(db, servers=("cht",))
    inbox.keep(NOW + DAY, [arrival])
    inbox.digest(NOW + DAY)
    assert db.value("SELECT uuid FROM inbound") == before
    db.close()


def test_no_price_is_learnt_over_the_gap(db: Database, tmp_path: Path) -> None:
    with db.transaction() as tx:
        tx.execute(
            "INSERT INTO balance (at, modem, sim, amount, currency, via)"
            " VALUES (?, 'usb', '1', 5000000, 'ZMW', 'USSD')",
            (NOW - 1,),
        )
    db, _ = restored(db, tmp_path)
    row = db.query("SELECT modem, charged FROM segment WHERE at > ?", (NOW,))[0]
    assert (row["modem"], row["charged"]) == ("usb", 0)
    db.close()


# --- the file -----------------------------------------------------------------------------------


def test_the_store_that_was_there_is_kept(db: Database, outbox: Outbox, tmp_path: Path) -> None:
    copy(db.path, tmp_path / "copy.db", NOW)
    outbox.enqueue(NOW, recipient="+254700000001", text="later")
    db.close()
    done = restore(tmp_path / "copy.db", db.path, NOW + DAY)
    with closing(sqlite3.connect(done.aside)) as conn:
        assert conn.execute("SELECT text FROM outbound").fetchone() == ("later",)
    assert db.path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "copy.db").exists()
    kept = Database.open(db.path)
    (entry,) = kept.query("SELECT what, outcome FROM journal")
    assert tuple(entry) == ("restore", "0 held")
    fact = Facts(kept).get("store.restored")
    assert fact is not None
    assert fact.value["aside"] == done.aside
    kept.close()


def test_a_copy_comes_to_a_new_laptop(db: Database, tmp_path: Path) -> None:
    gateway = db.value("SELECT value FROM meta WHERE key = 'gateway_id'")
    copy(db.path, tmp_path / "copy.db", NOW)
    new = tmp_path / "new" / "relay.db"
    assert restore(tmp_path / "copy.db", new, NOW).aside == ""
    there = Database.open(new)
    assert there.value("SELECT value FROM meta WHERE key = 'gateway_id'") == gateway
    there.close()


def test_a_bare_file_with_its_log_is_taken_too(
    db: Database, outbox: Outbox, tmp_path: Path
) -> None:
    """Somebody copied relay.db and relay.db-wal off a broken laptop."""
    outbox.enqueue(NOW, recipient="+254700000001", text="in the log")
    old = tmp_path / "old"
    old.mkdir()
    for suffix in ("", "-wal"):
        (old / f"relay.db{suffix}").write_bytes(
            db.path.with_name(f"relay.db{suffix}").read_bytes()
        )
    done = restore(old / "relay.db", tmp_path / "new" / "relay.db", NOW)
    assert (done.copied_at, done.held) == (None, 1)


def whole(db: Database, file: Path) -> None:
    copy(db.path, file, NOW)
    damage(file, start=file.stat().st_size // 2)


def strange(db: Database, file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("CREATE TABLE meta (key TEXT, value TEXT)")


def words(db: Database, file: Path) -> None:
    file.write_text("a letter " * 1000)


def nothing(db: Database, file: Path) -> None:
    file.touch()


def missing(db: Database, file: Path) -> None:
    pass


@pytest.mark.parametrize("make", [whole, strange, words, nothing, missing])
def test_what_is_no_sound_copy_changes_nothing(db: Database, tmp_path: Path, make) -> None:
    file = tmp_path / "copy.db"
    make(db, file)
    db.close()
    before = db.path.read_bytes()
    with pytest.raises(NotRestored, match="Nothing was changed"):
        restore(file, db.path, NOW)
    assert db.path.read_bytes() == before
    assert [path.name for path in db.path.parent.iterdir()] == ["relay.db"]


def test_a_copy_of_a_newer_relay_is_refused(db: Database, tmp_path: Path) -> None:
    copy(db.path, tmp_path / "copy.db", NOW)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as conn, conn:
        conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('relay', 'm999_later', 'now')"
        )
    with pytest.raises(SchemaTooNew, match=r"copy\.db"):
        restore(tmp_path / "copy.db", db.path, NOW)


def test_a_power_cut_in_the_middle_leaves_one_of_the_two(
    db: Database, outbox: Outbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the renaming of the old and of the new one: the start makes it good."""
    outbox.enqueue(NOW, recipient="+254700000001", text="a")
    copy(db.path, tmp_path / "copy.db", NOW)
    db.close()

    class Cut(Exception):
        pass

    def cut(*_: object) -> None:
        db.path.rename(f"{db.path}.before")
        raise Cut

    with monkeypatch.context() as power:
        power.setattr("relay.store.restoration.set_aside", cut)
        with pytest.raises(Cut):
            restore(tmp_path / "copy.db", db.path, NOW)
    again, salvage = open_or_salvage(db.path, NOW)
    assert salvage is None
    assert states(again) == [PartState.UNCERTAIN]
    assert json.loads(again.value("SELECT value FROM fact WHERE key = 'store.restored'"))
    again.close()
