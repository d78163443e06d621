"""A call is dealt with once, and holds up no SMS."""

from __future__ import annotations

import pytest

from relay.core.calls import CallPolicy
from relay.core.device import CallEnded, IncomingCall
from relay.errors import Refused
from relay.flows.ringing import Ringing
from relay.flows.sending import Sending
from relay.store.calls import Calls
from tests.flows.conftest import MOTHER, Station

CALLER = "+254700000007"
DAY_S = 86_400


@pytest.fixture
def policy_of_calls() -> CallPolicy:
    return CallPolicy(reply="Please send an SMS")


@pytest.fixture
def ringing(station: Station, policy_of_calls: CallPolicy) -> Ringing:
    calls = Calls(station.db, station.outbox)
    return Ringing(station.modem, calls, station.clock, policy_of_calls, station.bell.ring)


def hung_up(station: Station) -> int:
    return station.modem.log.count("hang_up")


def call(ringing: Ringing, station: Station, caller: str = CALLER) -> None:
    ringing.notice([IncomingCall()])
    ringing.step()
    ringing.notice([IncomingCall(caller)])
    ringing.step()
    ringing.notice([CallEnded()])
    station.clock.advance(2)
    while ringing.busy:
        station.clock.advance(ringing.step())
    station.clock.advance(2)


def replies(station: Station) -> list[str]:
    return [row[0] for row in station.db.query("SELECT recipient FROM outbound")]


def test_a_call_is_ended_counted_and_answered_once_a_day(station, ringing):
    for _ in range(3):
        call(ringing, station)
    call(ringing, station, "")
    call(ringing, station, "144")
    assert replies(station) == [CALLER]
    assert hung_up(station) == 5
    assert station.db.value("SELECT n FROM tally WHERE what = 'calls'") == 5
    assert station.bell.rings == 5  # the modem was looked over after each
    station.clock.advance(DAY_S + 1)
    call(ringing, station)
    assert replies(station) == [CALLER, CALLER]


@pytest.mark.parametrize("policy_of_calls", [CallPolicy(hang_up=False)])
def test_many_rings_are_one_call(station, ringing):
    for _ in range(4):
        ringing.notice([IncomingCall(), IncomingCall(CALLER)])
        ringing.step()
        station.clock.advance(5)
    assert ringing.busy
    station.clock.advance(16)
    ringing.step()
    assert not ringing.busy
    ringing.notice([IncomingCall(CALLER)])
    ringing.step()
    assert station.db.value("SELECT count(*) FROM call") == 2


def test_who_calls_again_at_once_is_ended_again(station, ringing):
    """Nothing tells the end of a call that we ended ourselves."""
    for _ in range(3):
        ringing.notice([IncomingCall(), IncomingCall(CALLER)])
        ringing.step()
        ringing.notice([IncomingCall(CALLER)])  # its last words
        assert not ringing.busy
        station.clock.advance(1)
    assert hung_up(station) == 3


@pytest.mark.parametrize("policy_of_calls", [CallPolicy(hang_up=False)])
def test_a_call_may_be_left_to_ring(station, ringing):
    call(ringing, station)
    assert hung_up(station) == 0
    assert replies(station) == []
    assert station.db.value("SELECT count(*) FROM call") == 1


@pytest.mark.parametrize("error", [Refused("CMS", 302), Refused("CMS", 500), Refused("", None)])
def test_a_message_that_is_refused_for_a_call_waits_and_counts_no_try(station, ringing, error):
    station.sending = Sending(
        station.modem, station.outbox, station.submission, station.clock,
        rings=lambda: ringing.rings,
    )  # fmt: skip
    station.queue("Come on Monday", MOTHER)
    station.modem.answers = [error]
    ringing.notice([IncomingCall()])
    station.sending.step()
    assert (station.part().state, station.part().attempts) == ("QUEUED", 0)
    station.clock.advance(6)
    station.sending.step()
    assert station.part().state == "ACCEPTED"
