"""Another SIM receives and does not send; a SIM without a service centre is helped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.errors import Refused
from relay.flows.linking import Linking
from relay.flows.sending import Sending
from relay.flows.sim_guard import SimGuard
from relay.store.notices import Notices
from relay.store.sims import Sims, looked_up
from relay.turns import ModemTurn
from tests.air import deliver
from tests.fake_modem import CountingBell
from tests.flows.conftest import Station

OTHER = "8925401000000000044"


@pytest.fixture
def guarded(station: Station) -> Station:
    """Its modem has the accepted SIM in it."""
    renew(station)
    station.work()
    return station


def renew(station: Station) -> SimGuard:
    """A new process over the same disk."""
    notices = Notices(station.db, ("cht",), "relay")
    guard = SimGuard(station.modem, Sims(station.db), notices, station.clock, "Mwase")
    modem, clock = station.modem, station.clock
    station.sending = Sending(modem, station.outbox, station.submission, clock, sim=guard)
    station.linking = Linking(modem, station.facts, clock, lambda: 0.5, surveyed=guard.surveyed)
    station.turn = ModemTurn(
        modem, station.linking, station.receiving, station.sending, station.submission,
        station.airtime, station.roster, clock, CountingBell(),
        (guard,),
    )  # fmt: skip
    modem.close()
    return guard


def swap(station: Station, iccid: str) -> None:
    """The modem is pulled, gets another SIM and comes back."""
    station.modem.identity = replace(station.modem.identity, iccid=iccid, imsi=iccid[-15:])
    station.modem.unplug()
    station.turn.step()
    station.modem.replug()
    station.clock.advance(120)


def notices(station: Station) -> list[str]:
    return [row[0] for row in station.db.query("SELECT text FROM inbound WHERE kind = 'notice'")]


def test_another_sim_receives_and_does_not_send(guarded: Station) -> None:
    ours = guarded.modem.identity.iccid
    swap(guarded, OTHER)
    guarded.queue("Come on Monday")
    guarded.modem.receive(deliver("N Jane"))
    guarded.work()
    assert guarded.modem.submitted == []
    assert guarded.states() == ["QUEUED"]
    assert guarded.db.value("SELECT count(*) FROM inbound WHERE text = 'N Jane'") == 1
    assert notices(guarded) == [
        f"relay Mwase: the SIM in modem modem0 has changed (…{ours[-3:]} → …044). Receiving goes "
        "on, sending waits for: relay sim accept"
    ]
    renew(guarded)  # a restart tells it no second time
    guarded.work()
    assert len(notices(guarded)) == 1
    found = looked_up(guarded.db, "modem0")
    Sims(guarded.db).accept(guarded.clock.now(), found.id or 0)  # by another process
    guarded.work()
    assert guarded.states() == ["ACCEPTED"]


def test_the_old_sim_goes_on_by_itself(guarded: Station) -> None:
    ours = guarded.modem.identity.iccid
    swap(guarded, OTHER)
    guarded.queue()
    guarded.work()
    swap(guarded, ours)
    guarded.work()
    assert guarded.states() == ["ACCEPTED"]


def test_a_sim_that_was_swapped_without_a_word_is_seen_before_it_sends(guarded: Station) -> None:
    """Some modems restart in silence; the next survey may be a minute away."""
    guarded.modem.imsi_now = "639020000000044"
    guarded.clock.advance(11)
    guarded.queue()
    assert guarded.turn.step() > 0
    assert guarded.modem.submitted == []
    assert guarded.modem.link == "CLOSED"


def test_another_modem_with_the_same_sim_is_fine(guarded: Station) -> None:
    guarded.modem.identity = replace(guarded.modem.identity, model="T9", imei="999")
    renew(guarded)
    guarded.queue()
    guarded.work()
    assert guarded.states() == ["ACCEPTED"]
    assert notices(guarded) == []


@pytest.mark.parametrize("code", [38, 330, 500])
def test_without_a_service_centre_no_message_is_to_blame(station: Station, code: int) -> None:
    station.modem.smsc = ""
    renew(station)
    station.modem.answers = [Refused("CMS", code)]
    station.queue()
    station.work()
    part = station.part()
    assert (part.state, part.attempts) == ("QUEUED", 0)
    assert (part.reason or "").startswith("SMSC_UNKNOWN")


def test_with_a_service_centre_the_network_is_out_of_order(guarded: Station) -> None:
    guarded.modem.answers = [Refused("CMS", 38)]
    guarded.queue()
    guarded.work()
    assert (guarded.part().reason or "").startswith("NET_OUT_OF_ORDER")


def test_a_lost_service_centre_is_given_back(guarded: Station) -> None:
    known = guarded.modem.smsc
    guarded.modem.smsc = ""
    guarded.clock.advance(120)
    guarded.work()
    assert guarded.modem.smsc == known


def test_where_the_modem_does_not_take_it_nothing_is_claimed(guarded: Station) -> None:
    guarded.modem.smsc, guarded.modem.takes_centre = "", False
    guarded.clock.advance(120)
    guarded.work()
    assert guarded.modem.smsc == ""
