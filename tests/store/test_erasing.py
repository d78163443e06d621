"""A person is erased: nothing of them is left in the store, and what others have is."""

from __future__ import annotations

import json

import pytest

from relay.core.cht import Answer, Handout
from relay.core.outbound import Accepted, NoAnswer, RefusedForGood, ReportDelivered
from relay.core.people import Consent
from relay.store import erasing, hooks, people
from relay.store.auditing import audit
from relay.store.canaries import Canaries
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.personal import APART, BLANKED, DELETED, OWN
from relay.store.raw import Arrival
from tests.air import NOON as NOW
from tests.air import deliver, delivers, report

THEIRS, LOCAL, OTHER = "+254711222333", "0711 222 333", "+254700000009"
SECRET = "feverish Wanjiku"
GREEK = "πυρετός"


def receive(inbox: Inbox, *pdus: str, via: str = "SM:1") -> None:
    inbox.keep(NOW, [Arrival(pdu, "usb1", "8925401", via) for pdu in pdus])
    inbox.digest(NOW)


def send(outbox: Outbox, to: str, text: str = SECRET) -> int:
    return outbox.enqueue(NOW, recipient=to, text=text, key=f"visit {SECRET}")


def sent(outbox: Outbox, mr: int = 1) -> None:
    part = outbox.claim(NOW, "usb1", "direct")
    assert part is not None
    outbox.record(NOW, part, Accepted(mr))


def forward(exchanges: Exchanges, *ids: int) -> None:
    exchanges.begin(NOW, ids, [])
    exchanges.settle(NOW, Answer((), None))


def erase(db: Database, outbox: Outbox, number: str = THEIRS) -> erasing.Person:
    person = erasing.find(db, number)
    erasing.erase(db, outbox, NOW + 1, person, number, "asha")
    return person


def everything(db: Database, outbox: Outbox, inbox: Inbox, exchanges: Exchanges) -> None:
    """A life with a clinic: in, out, delivered, failed, called, answered, unreadable, tested."""
    with db.transaction() as tx:
        tx.execute("INSERT INTO hook VALUES ('on_message')")
    receive(inbox, deliver(SECRET, sender=THEIRS), deliver(GREEK, sender=THEIRS, at=NOW + 1000))
    receive(inbox, *delivers([SECRET, GREEK], sender=LOCAL, at=NOW + 9000))
    receive(inbox, deliver(SECRET, sender=THEIRS)[:-8], via="SM:1 cut")
    receive(inbox, deliver("P 1", sender=OTHER))
    forward(exchanges, 1, 2, 3, 4)
    send(outbox, THEIRS)
    sent(outbox)
    receive(inbox, report(1, THEIRS))
    send(outbox, LOCAL)
    part = outbox.claim(NOW, "usb1", "direct")
    assert part is not None
    outbox.record(NOW, part, RefusedForGood(f"modem said: {SECRET}"))
    canaries = Canaries(db, "usb1")
    canary = canaries.hatch(NOW, THEIRS)
    canaries.sent(NOW, canary, 99)
    receive(inbox, deliver(canary.text, sender=THEIRS, at=NOW + 5))
    with db.transaction() as tx:
        tx.execute("INSERT INTO call VALUES (1, 1, 'usb1', ?, NULL)", (THEIRS,))
        tx.execute("INSERT INTO alert_sms VALUES (1, 1, ?, 1, '[]')", (LOCAL,))
        tx.execute("INSERT INTO handout VALUES ('a', 'b', ?, ?, 1)", (THEIRS, SECRET))
        tx.execute("INSERT INTO utterance VALUES (NULL, 1, ?, 'k')", (THEIRS,))
        tx.execute("UPDATE forwarding SET reason = ? WHERE inbound_id = 1", (SECRET,))
        hooks.owe_document(tx, NOW, json.dumps({"sms": THEIRS}))
        person = people.ensure(tx, NOW, THEIRS, "sms in 1").id
        people.set_name(tx, NOW, person, SECRET, "sms in 1")
        people.set_attribute(tx, NOW, person, "condition", GREEK, "sms in 1")
        people.tag(tx, NOW, person, "mother", "sms in 1")
        people.set_consent(tx, NOW, person, Consent.STOPPED, "sms in 1")


def traces() -> list[bytes]:
    """The ways in which it can stand in a file."""
    packed = deliver(SECRET)[-20:]
    ucs2 = GREEK.encode("utf-16-be").hex().upper()
    numbers = ("711222333", "711 222 333", "527411223233", "7011223233")
    return [one.encode() for one in (SECRET, GREEK, ucs2, packed, *numbers)]


def left(db: Database) -> list[bytes]:
    files = (db.path, db.path.with_name(f"{db.path.name}-wal"))
    return [one for one in traces() for file in files if one in file.read_bytes()]


def test_every_column_that_can_hold_a_text_has_its_place(db: Database) -> None:
    """A new one must be said to be a person's or not: see `personal`."""
    tables = [row[0] for row in db.query("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        columns = [(row["name"], row["type"]) for row in db.query(f"PRAGMA table_info({table})")]
        textual = {name for name, kind in columns if kind != "INTEGER"}
        if table in DELETED or table.startswith("sqlite_"):
            continue
        theirs = set(BLANKED[table][1]) if table in BLANKED else set()
        own = set(OWN.get(table, ())) | set(APART.get(table, ()))
        assert theirs | own == textual, table
        assert not theirs & own, table


def test_nothing_is_left_in_the_file_or_its_log(
    db: Database, outbox: Outbox, inbox: Inbox, exchanges: Exchanges
) -> None:
    everything(db, outbox, inbox, exchanges)
    db.checkpoint()
    assert set(left(db)) == set(traces())
    erase(db, outbox)
    assert db.scrub(wholly=True)
    assert left(db) == []
    assert not erasing.find(db, THEIRS).known
    db.check()


def test_rows_and_figures_stay_and_the_audit_is_sound(
    db: Database, outbox: Outbox, inbox: Inbox, exchanges: Exchanges
) -> None:
    everything(db, outbox, inbox, exchanges)
    tables = ("inbound", "raw_pdu", "outbound", "part", "status_report", "segment", "tally",
              "reached", "call")  # fmt: skip
    before = {table: db.value(f"SELECT count(*) FROM {table}") for table in tables}
    received = audit(db).received
    person = erase(db, outbox)
    assert (len(person.inbound), len(person.outbound)) == (3, 2)
    assert {table: db.value(f"SELECT count(*) FROM {table}") for table in tables} == before
    account = audit(db)
    assert account.sound
    assert (account.received, account.erased) == (received, 4)
    assert {who for _, _, who in account.erasures} == {"asha"}
    assert db.value("SELECT text FROM inbound WHERE sender = ?", (OTHER,)) == "P 1"


def test_who_is_like_it_is_not_meant(db: Database, outbox: Outbox, inbox: Inbox) -> None:
    receive(inbox, deliver("P 1", sender="+255711222333"), deliver("P 2", sender="+254111222333"))
    send(outbox, OTHER, f"please call {THEIRS}")
    person = erasing.find(db, THEIRS)
    assert not person.known
    assert person.mentioned_out == (1,)
    receive(inbox, deliver("P 3", sender=THEIRS))
    assert erasing.find(db, "0711222333").countries == (THEIRS, "+255711222333")


def test_what_had_not_left_is_cancelled_and_never_sent(
    db: Database, outbox: Outbox, exchanges: Exchanges
) -> None:
    exchanges.settle(NOW, Answer((Handout("m1", THEIRS, SECRET),), None))
    person = erase(db, outbox)
    assert person.unsent == (1,)
    assert outbox.claim(NOW + 2, "usb1", "direct") is None
    assert not outbox.retry(NOW + 2, 1)
    assert not outbox.release(NOW + 2, 1)
    updates = exchanges.updates(10)
    assert [one.status for one in updates] == ["UNSENT", "FAILED"]
    exchanges.begin(NOW + 3, [], [one.id for one in updates])
    exchanges.settle(NOW + 3, Answer((), None))
    # A server that hands it out again does not bring it back.
    exchanges.settle(NOW + 4, Answer((Handout("m1", THEIRS, SECRET),), None))
    assert [one.status for one in exchanges.updates(10)] == ["FAILED"]
    assert not erasing.find(db, THEIRS).known


def test_what_is_at_the_radio_or_in_doubt_is_refused(db: Database, outbox: Outbox) -> None:
    send(outbox, THEIRS)
    part = outbox.claim(NOW, "usb1", "direct")
    assert part is not None
    for _ in range(2):
        person = erasing.find(db, THEIRS)
        assert person.busy == (1,)
        with pytest.raises(erasing.UnderWay, match="out 1 is on its way"):
            erasing.erase(db, outbox, NOW, person, THEIRS, "asha")
        assert db.value("SELECT text FROM outbound") == SECRET
        part = outbox.record(NOW, part, NoAnswer("x")) if part.state == "SUBMITTING" else part
    outbox.record(NOW, part, ReportDelivered(0))
    erase(db, outbox)
    assert db.value("SELECT text FROM outbound") == ""


def test_a_message_that_was_claimed_meanwhile_stops_it(db: Database, outbox: Outbox) -> None:
    send(outbox, THEIRS)
    person = erasing.find(db, THEIRS)
    outbox.claim(NOW, "usb1", "direct")
    with pytest.raises(erasing.UnderWay):
        erasing.erase(db, outbox, NOW, person, THEIRS, "asha")


def test_what_the_server_lacks_is_set_aside(
    db: Database, outbox: Outbox, inbox: Inbox, exchanges: Exchanges
) -> None:
    """Also while it is on its way to the server, whatever the server answers then."""
    receive(inbox, *(deliver(f"{SECRET} {n}", sender=THEIRS, at=NOW + n * 1000) for n in range(3)))
    receive(inbox, delivers([SECRET, GREEK], sender=THEIRS)[0])
    exchanges.begin(NOW, [1, 2, 4], [])
    person = erase(db, outbox)
    assert (person.waiting, person.parts, person.kept_back) == ((1, 2, 3), (4,), 4)
    assert exchanges.pending() == (0, 0)
    exchanges.park_report(NOW, 3, SECRET)
    assert exchanges.refuse_report(4) == 0
    exchanges.settle(NOW, Answer((), None))
    assert {row[0] for row in db.query("SELECT state FROM inbound")} == {"PARKED"}
    account = audit(db)
    assert account.sound
    assert (account.received, account.erased, account.here, account.parts) == (3, 3, 0, 0)
    assert db.scrub(wholly=True)
    assert left(db) == []


def test_a_report_that_is_awaited_ends_the_message(db: Database, outbox: Outbox) -> None:
    send(outbox, THEIRS)
    sent(outbox)
    assert erase(db, outbox).unreported == (1,)
    assert db.value("SELECT finished_at IS NOT NULL FROM outbound")


def test_what_was_not_read_yet_is_waited_for(db: Database, outbox: Outbox, inbox: Inbox) -> None:
    inbox.keep(NOW, [Arrival(deliver(SECRET, sender=THEIRS), "usb1", "8925401", "SM:1")])
    person = erasing.find(db, THEIRS)
    assert person.unread == 1
    with pytest.raises(erasing.UnderWay, match="an SMS is on its way"):
        erasing.erase(db, outbox, NOW, person, THEIRS, "asha")


def test_a_test_message_is_no_longer_known(db: Database, outbox: Outbox) -> None:
    canaries = Canaries(db, "usb1")
    canaries.sent(NOW, canaries.hatch(NOW, THEIRS), 7)
    erase(db, outbox)
    last = canaries.last()
    assert last is not None
    assert (last.number, last.text, last.outbound_id) == ("", "", 7)
    assert Facts(db).get("modem.usb1.canary.times") is not None
