"""Junk is kept and set aside; a person's text goes on; a notice of relay's own is told once."""

from __future__ import annotations

from typing import Any

import pytest

from relay.core.address import Address
from relay.core.deliver import Deliver
from relay.core.pdu import Submit
from relay.core.reassembly import DAY_MS
from relay.store import browsing, counts
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.inbox import Inbox
from relay.store.notices import Notices
from relay.store.raw import Arrival
from relay.store.reading import Reader
from relay.store.retention import prune
from tests.air import NOON, NURSE, deliver

MMS = bytes.fromhex("B40603BEAF848C82983433363735008D908918802B")


def pdu(**fields: Any) -> str:
    usual: dict[str, Any] = {"sender": Address.parse(NURSE), "sc_time": NOON, "text": "N Jane"}
    return Deliver(**(usual | fields)).encode()


def notice(number: int) -> str:
    body = MMS + str(number).encode()
    return pdu(text=None, data=body, dcs=4, ports=(2948, 9200), sc_time=NOON + number * 1000)


def receive(inbox: Inbox, *pdus: str, via: str = "SM:1") -> None:
    inbox.keep(NOON, [Arrival(one, "usb1", "sim", via) for one in pdus])
    inbox.digest(NOON)


def rows(db: Database) -> list[tuple[str, str, str | None, str | None]]:
    found = db.query("SELECT state, kind, reason, text FROM inbound ORDER BY id")
    return [tuple(row) for row in found]


def test_notices_are_set_aside_and_counted_and_the_text_behind_them_goes_on(
    db: Database, inbox: Inbox, exchanges: Exchanges
) -> None:
    receive(inbox, *[notice(n) for n in range(7)], pdu(dcs=0xC8, text=""), deliver("N Jane"))
    assert [row.text for row in exchanges.waiting(20)] == ["N Jane"]
    with Reader.open(db.path) as reader:
        found = counts.inward(reader, {})
        listed = browsing.inbound_list(reader, "aside", 20)
    assert found.aside == (("mms.notice", 7), ("voicemail.sign", 1))
    assert {row["reason"] for row in listed} == {"mms.notice", "voicemail.sign"}
    assert db.value("SELECT count(*) FROM raw_pdu") == 9


def test_a_replaced_text_is_a_message_of_its_own(db: Database, inbox: Inbox) -> None:
    """TP-PID 41: a phone would lose the first one."""
    for number, text in enumerate(("Balance 10", "Balance 20")):
        receive(inbox, pdu(pid=0x41, text=text, sc_time=NOON + number * 1000))
    assert [(state, text) for state, _, _, text in rows(db)] == [
        ("WAITING", "Balance 10"),
        ("WAITING", "Balance 20"),
    ]


@pytest.mark.parametrize(
    ("via", "reason"), [("STO2:SM:4", "stored.draft"), ("STO3:SM:4", "stored.sent")]
)
def test_what_a_phone_left_on_the_sim_is_kept_with_its_kind(db, inbox, via, reason):
    """Half an emoji at its end must not stop the reading."""
    draft = Submit(recipient=Address.parse(NURSE), text="Come \ud83d", dcs=8).encode()
    receive(inbox, draft, via=via)
    assert rows(db) == [("PARKED", "stored", reason, "Come �")]
    assert db.value("SELECT sender FROM inbound") == NURSE


def test_a_cell_broadcast_is_kept_and_goes_to_nobody(db, inbox):
    receive(inbox, "123400320111C8329BFD06", via="+CBM")
    assert rows(db) == [("PARKED", "cell", "cell.broadcast", "Hello")]
    receive(inbox, "1234", via="+CBM")
    assert db.value("SELECT count(*) FROM raw_pdu WHERE state = 'UNDECODABLE'") == 1


def test_junk_is_forgotten_in_time_and_a_text_never(db, inbox):
    receive(inbox, notice(1), deliver("N Jane"))
    assert prune(db, NOON + DAY_MS) == 1
    assert [text for *_, text in rows(db)] == ["N Jane"]


def test_a_notice_is_told_once_for_each_occasion(db: Database, exchanges: Exchanges) -> None:
    notices = Notices(db, ("cht",), "relay")
    assert notices.post(NOON, "sim.usb1.5", "The SIM has changed")
    assert not Notices(db, ("cht",), "relay").post(
        NOON + 9, "sim.usb1.5", "again, after a restart"
    )
    assert notices.post(NOON + 9, "sim.usb1.6", "The SIM has changed again")
    waiting = exchanges.waiting(10)
    assert [(row.sender, row.text) for row in waiting] == [
        ("relay", "The SIM has changed"),
        ("relay", "The SIM has changed again"),
    ]
    assert {kind for _, kind, _, _ in rows(db)} == {"notice"}


def test_where_notices_are_not_wanted_there_are_none(db: Database) -> None:
    assert not Notices(db, ("cht",), "relay", wanted=False).post(NOON, "x", "text")
    assert not Notices(db, (), "relay").post(NOON, "x", "nobody to tell")
    assert rows(db) == []
