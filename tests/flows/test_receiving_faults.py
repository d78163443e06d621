"""Receiving from a modem with a defect: one bad slot is in nobody's way."""

from __future__ import annotations

import pytest

from relay.core.device import ListedPdu, NewMessage, Slot
from relay.errors import Refused
from tests.air import deliver
from tests.flows.conftest import Station
from tests.flows.test_receiving import texts


def test_a_slot_that_cannot_be_freed_keeps_nothing_else_waiting(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worn SIM refuses to delete one message: the others are freed, read and sent."""
    bad = station.modem.receive(deliver("first"))
    station.modem.receive(deliver("second"))
    delete = station.modem.delete

    def worn(listed: ListedPdu) -> bool:
        if listed.slot == bad:
            raise Refused("CMS", 320)
        return delete(listed)

    monkeypatch.setattr(station.modem, "delete", worn)
    station.queue()
    station.work()
    assert texts(station) == ["first", "second"]
    assert list(station.modem.slots) == [bad]
    assert station.states() == ["ACCEPTED"]


def test_a_hint_at_a_place_that_cannot_be_read_has_everything_looked_at(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some modems announce MT,5 and refuse to select MT."""
    station.work()
    station.modem.receive(deliver("somewhere"), hint=False)
    station.modem.urcs.append(NewMessage(Slot("MT", 5)))
    read = station.modem.read_pdu

    def picky(slot: Slot) -> ListedPdu | None:
        if slot.memory == "MT":
            raise Refused("CMS", 302)
        return read(slot)

    monkeypatch.setattr(station.modem, "read_pdu", picky)
    station.queue()
    station.turn.step()
    assert texts(station) == ["somewhere"]
    assert station.states() == ["ACCEPTED"]
