"""What a person asks of a modem is done by its own thread, between two steps, one thing a turn."""

from __future__ import annotations

import pytest

from relay.core.link import LinkState
from relay.errors import NoReply, PortLost, Refused
from relay.flows import visiting
from relay.flows.visiting import Away, Crowded


@pytest.fixture
def visits(station):
    station.work()
    return station.turn.visits


def test_one_errand_a_turn(station, visits):
    """So a message never waits for more than one."""
    first, second = (visits.ask(visiting.ussd("*100#", (), 5)) for _ in range(2))
    station.turn.step()
    assert (first.done(), second.done()) == (True, False)
    station.turn.step()
    assert second.result(0) == "answer to *100#"


def test_nothing_is_done_for_who_has_gone(station, visits):
    asked = visits.ask(visiting.ussd("*100#", (), 5))
    asked.cancel()
    before = list(station.modem.log)
    station.turn.step()
    assert "ussd" not in station.modem.log[len(before) :]


def test_who_asks_too_much_is_told_so(visits):
    asked = [visits.ask(visiting.nothing) for _ in range(9)]
    assert isinstance(asked[-1].exception(0), Crowded)
    assert not any(one.done() for one in asked[:-1])


@pytest.mark.parametrize("error", [Refused("CME", 3), NoReply("AT+CUSD", 5)])
def test_what_the_visitor_is_refused_is_not_the_modems_loss(station, visits, error):
    station.modem.ussd_answers["*100#"] = error
    asked = visits.ask(visiting.ussd("*100#", (), 5))
    station.turn.step()
    assert asked.exception(0) is error
    assert station.modem.link is LinkState.READY


def test_a_modem_that_goes_away_under_it_is_lost_as_ever(station, visits):
    station.modem.ussd_answers["*100#"] = PortLost("tty", "gone")
    asked = visits.ask(visiting.ussd("*100#", (), 5))
    station.turn.step()
    assert isinstance(asked.exception(0), PortLost)
    assert station.modem.link is not LinkState.READY


def test_a_modem_that_is_not_open_is_said_to_be_away(station):
    station.modem.unplug()
    station.turn.step()
    visits = station.turn.visits
    ussd, survey = (
        visits.ask(visiting.ussd("*1#", (), 5)),
        visits.ask(visiting.survey, without=True),
    )
    station.turn.step()
    station.turn.step()
    assert isinstance(ussd.exception(0), Away)
    assert survey.result(0)["survey"] is None


def test_after_a_change_the_modem_is_brought_up_before_it_is_used(station, visits):
    opened = station.modem.log.count("open")
    asked = visits.ask(visiting.converse("AT+CMGF=1", 5), renew=True)
    station.turn.step()
    assert asked.result(0)["final"] == "OK"
    assert station.modem.log[-1] == "AT+CMGF=1"
    station.turn.step()
    assert station.modem.log.count("open") == opened + 1
