"""Receiving: first the disk, then the SIM."""

from __future__ import annotations

import pytest

from relay.core.device import DirectPdu, MemoryFull
from relay.errors import PortLost, StoreFull
from tests.air import deliver, report
from tests.flows.conftest import Station


def texts(station: Station) -> list[str]:
    return [row[0] for row in station.db.query("SELECT text FROM inbound ORDER BY id")]


def test_a_report_is_off_the_sim_only_after_it_is_on_the_disk(station: Station) -> None:
    station.modem.receive(deliver("P 23456 21"))
    station.modem.die_in["delete"] = RuntimeError("power cut")
    with pytest.raises(RuntimeError):
        station.turn.step()
    assert station.db.value("SELECT count(*) FROM raw_pdu") == 1
    assert len(station.modem.slots) == 1
    station.power_cut()
    station.work()
    assert texts(station) == ["P 23456 21"]
    assert station.modem.slots == {}


def test_a_full_disk_leaves_everything_on_the_sim(station: Station) -> None:
    for n in range(30):
        station.modem.receive(deliver(f"report {n} " + "x" * 100, at=1_780_000_000_000 + n * 1000))
    pages = station.db.value("PRAGMA page_count")
    station.db.query(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreFull):
        station.turn.step()
    assert len(station.modem.slots) == 30
    station.db.query("PRAGMA max_page_count = 1000000")
    station.work()
    assert len(texts(station)) == 30
    assert station.modem.slots == {}


def test_a_message_without_a_notification_is_found_by_the_sweep(station: Station) -> None:
    station.work()
    station.modem.receive(deliver("quiet"), hint=False)
    station.work()
    assert texts(station) == []
    station.clock.advance(46)
    station.work()
    assert texts(station) == ["quiet"]


def test_a_notification_is_answered_at_once_and_rings_the_sync(station: Station) -> None:
    station.work()
    station.modem.receive(deliver("N Jane"))
    station.work()
    assert texts(station) == ["N Jane"]
    assert station.bell.rings == 1


def test_a_slot_that_holds_another_message_by_now_is_not_freed(station: Station) -> None:
    """A replace-type message took the place between reading and deleting."""
    station.work()
    slot = station.modem.receive(deliver("old"))
    newer = station.modem.slots[slot].__class__(slot, 0, deliver("new"))

    def replace_meanwhile(listed: object) -> bool:
        del station.modem.delete  # only once
        station.modem.slots[slot] = newer
        return station.modem.delete(listed)  # type: ignore[arg-type]

    station.modem.delete = replace_meanwhile  # type: ignore[method-assign]
    station.work()
    station.work()
    assert texts(station) == ["old", "new"]
    assert station.modem.slots == {}


def test_drafts_and_sent_messages_on_the_sim_are_left_alone(station: Station) -> None:
    slot = station.modem.receive(deliver("draft"), hint=False)
    station.modem.slots[slot] = station.modem.slots[slot].__class__(slot, 2, "00")
    station.work()
    assert slot in station.modem.slots
    assert texts(station) == []


def test_a_pdu_that_lies_nowhere_else_is_kept_and_then_acknowledged(station: Station) -> None:
    station.work()
    station.modem.urcs.append(DirectPdu("CMT", deliver("direct"), needs_ack=True))
    station.work()
    assert texts(station) == ["direct"]
    assert station.modem.acknowledged == 1


def test_a_direct_pdu_that_was_cut_waits_for_the_network_to_say_it_again(station: Station) -> None:
    station.work()
    whole = deliver("21 children")
    station.modem.urcs.append(DirectPdu("+CMT", whole[:-6], cut=True))
    station.work()
    assert (texts(station), station.modem.acknowledged) == ([], 0)
    assert station.db.value("SELECT state FROM raw_pdu") == "UNDECODABLE"
    station.modem.urcs.append(DirectPdu("+CMT", whole, needs_ack=True))
    station.work()
    assert (texts(station), station.modem.acknowledged) == (["21 children"], 1)


def test_a_direct_pdu_survives_the_loss_of_the_port(station: Station) -> None:
    """It came in while another command failed: it must not go down with the line."""
    station.work()
    station.clock.advance(61)
    station.modem.die_in["check"] = PortLost("/dev/ttyUSB0", "unplugged")
    station.turn.step()
    station.modem.urcs.append(DirectPdu("CDS", deliver("last words")))
    station.turn._leave("lost")
    assert station.db.value("SELECT count(*) FROM raw_pdu") == 1


def test_a_full_memory_is_swept_at_once(station: Station) -> None:
    station.work()
    station.modem.receive(deliver("hidden"), hint=False)
    station.modem.urcs.append(MemoryFull("SM"))
    station.work()
    assert texts(station) == ["hidden"]


def test_a_flood_is_listed_instead_of_read_slot_by_slot(station: Station) -> None:
    station.work()
    station.modem.log.clear()
    for n in range(40):
        station.modem.receive(deliver(f"r{n}", at=1_780_000_000_000 + n * 1000))
    station.work()
    assert len(texts(station)) == 40
    assert "read" not in station.modem.log


def test_random_bytes_free_their_slot_and_stay_in_the_store(station: Station) -> None:
    station.modem.receive("DEADBEEF")
    station.work()
    assert station.modem.slots == {}
    assert station.db.value("SELECT state FROM raw_pdu") == "UNDECODABLE"


def test_a_status_report_in_a_slot_reaches_its_message(station: Station) -> None:
    station.queue()
    station.work()
    station.modem.receive(report(1, "+254700000042", at=station.clock.now()), memory="SR")
    station.work()
    assert station.states() == ["DELIVERED"]
