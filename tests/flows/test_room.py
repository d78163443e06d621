"""A memory that fills up: what is cleared away, and what is not."""

from __future__ import annotations

import pytest

from relay.core.device import STO_SENT, STO_UNSENT, ListedPdu, MemoryUse, Slot
from relay.core.pdu import Address, Submit
from relay.core.room import in_the_way, is_short
from relay.errors import Refused
from relay.flows.receiving import Receiving
from tests.air import NOON, NURSE, deliver
from tests.flows.conftest import Station


def draft(number: int, stat: int = STO_UNSENT, memory: str = "SM") -> ListedPdu:
    pdu = Submit(recipient=Address.parse(NURSE), text=f"draft {number}").encode()
    return ListedPdu(Slot(memory, number), stat, pdu)


@pytest.mark.parametrize(
    ("used", "total", "short"), [(7, 10, False), (8, 10, True), (10, 10, True), (5, 0, False)]
)
def test_four_fifths_are_nearly_full(used, total, short):
    assert is_short(used, total) is short


def test_only_strangers_in_a_memory_that_is_nearly_full_are_in_the_way():
    unsent, sent = draft(1), draft(2, STO_SENT)
    roomy, read = draft(3, memory="ME"), ListedPdu(Slot("SM", 4), 1, deliver("N Jane"))
    uses = (MemoryUse("SM", 9, 10), MemoryUse("ME", 1, 100))
    assert in_the_way([unsent, sent, roomy, read], uses, []) == [unsent, sent]
    assert in_the_way([unsent, sent], uses, [unsent.slot]) == [sent]


@pytest.fixture
def receiving(station: Station) -> Receiving:
    station.modem.sizes = {"SM": 5}
    return Receiving(
        station.modem, station.inbox, station.clock, station.bell, facts=station.facts
    )


def fill(station: Station, drafts: int) -> None:
    for number in range(1, drafts + 1):
        one = draft(number)
        station.modem.slots[one.slot] = one


def test_drafts_stay_while_there_is_room(station: Station, receiving: Receiving) -> None:
    fill(station, 3)
    receiving.step()
    assert len(station.modem.slots) == 3
    assert station.db.value("SELECT count(*) FROM raw_pdu") == 0


def test_drafts_are_kept_before_they_make_room(station: Station, receiving: Receiving) -> None:
    fill(station, 5)
    receiving.step()
    assert station.modem.slots == {}
    rows = station.db.query("SELECT reason, text FROM inbound ORDER BY id")
    assert [tuple(row) for row in rows] == [("stored.draft", f"draft {n}") for n in range(1, 6)]
    assert station.db.value("SELECT count(*) FROM forwarding") == 0


def test_reports_make_room_first(station: Station, receiving: Receiving) -> None:
    fill(station, 2)
    for number in range(3):
        station.modem.receive(deliver("N Jane", at=NOON + number * 1000))
    assert receiving.step() <= 5  # the network may have more, and nothing announces it
    assert len(station.modem.slots) == 2


def test_what_cannot_be_deleted_is_named(station: Station, receiving: Receiving) -> None:
    station.modem.receive(deliver("N Jane"))
    station.modem.die_in["delete"] = Refused("CMS", 320)
    receiving.step()
    fact = station.facts.get("modem.modem0.stuck")
    assert fact is not None
    assert fact.value["SM"]["slots"] == 1
    assert "320" in fact.value["SM"]["error"]
    assert station.db.value("SELECT count(*) FROM inbound WHERE text = 'N Jane'") == 1
    station.modem.die_in.clear()
    station.clock.advance(60)
    receiving.step()
    fact = station.facts.get("modem.modem0.stuck")
    assert fact is not None
    assert fact.value == {}
