"""The link: a missing modem is an ordinary state, and it is looked for for ever."""

from __future__ import annotations

import pytest

from relay.core.device import Restarted
from relay.core.link import LinkState
from relay.core.timekeeping import Correction
from relay.errors import PortShut, Refused, SimProblem
from relay.store.redating import redate
from tests.flows.conftest import Station


def link(station: Station) -> tuple[str, str]:
    fact = station.facts.get("modem.modem0.link")
    assert fact is not None
    return fact.value["state"], fact.value["detail"]


def test_a_modem_that_is_not_there_is_tried_again_with_backoff(station: Station) -> None:
    station.modem.link = LinkState.CLOSED
    station.modem.open_errors = [PortShut("/dev/ttyUSB0", "no such device")] * 3
    waits = []
    for _ in range(3):
        waits.append(station.turn.step())
        station.clock.advance(waits[-1])
    station.work()
    assert waits == sorted(waits)
    assert link(station)[0] == "READY"
    assert station.modem.opened == 4


def test_the_reason_is_a_fact_for_the_technician(station: Station) -> None:
    station.modem.link = LinkState.CLOSED
    station.modem.open_errors = [PortShut("/dev/ttyUSB0", "no such device")]
    station.turn.step()
    assert link(station) == ("LOST", "port /dev/ttyUSB0 cannot be used: no such device")


def test_a_sim_without_pin_waits_and_is_looked_at_again(station: Station) -> None:
    station.modem.link = LinkState.CLOSED
    station.modem.open_errors = [SimProblem("PIN_REQUIRED", "no PIN is configured")]
    wait = station.turn.step()
    assert "PIN_REQUIRED" in link(station)[1]
    station.clock.advance(wait)
    station.work()
    assert link(station)[0] == "READY"


def test_a_modem_that_restarted_is_brought_up_again(station: Station) -> None:
    station.work()
    station.modem.urcs.append(Restarted("RDY"))
    wait = station.turn.step()
    assert station.modem.link is LinkState.CLOSED
    station.clock.advance(wait)
    station.work()
    assert station.modem.opened == 1
    assert station.modem.link is LinkState.READY


def test_the_clock_of_a_modem_is_one_more_witness(station: Station) -> None:
    """Of its two readings the nearer one counts."""
    station.work()
    now = station.clock.now()
    hours = 3 * 3600 * 1000
    station.modem.clocks = (now - hours, now + 1000)
    station.clock.advance(61)
    station.work()
    assert station.clock.witnesses == {"modem modem0": now + 1000}


def test_a_modem_that_refuses_its_survey_is_not_believed_for_minutes(
    station: Station, caplog: pytest.LogCaptureFixture
) -> None:
    station.work()
    station.clock.advance(61)
    for _ in range(5):
        station.modem.die_in["survey"] = Refused("CMS", 314)
        station.turn.step()
        station.clock.advance(5)
    assert "link.down" in caplog.text


def test_a_sim_that_was_exchanged_under_a_running_modem_is_looked_at_at_once(
    station: Station,
) -> None:
    """Five surveys would pass before it counts as refusing, and status said that all was well."""
    station.work()
    station.clock.advance(61)
    station.modem.die_in["survey"] = Refused("CMS", 311)
    station.modem.open_errors = [SimProblem("PIN_REQUIRED", "no PIN is configured")]
    wait = station.turn.step()
    assert link(station)[1].startswith("PIN_REQUIRED: the modem says +CMS ERROR: 311")
    station.clock.advance(wait)
    station.turn.step()
    assert "no PIN is configured" in link(station)[1]


def test_a_modem_that_forgot_its_settings_is_brought_up_again(station: Station) -> None:
    station.work()
    station.modem.settings_kept = False
    station.clock.advance(61)
    wait = station.turn.step()
    station.modem.settings_kept = True
    station.clock.advance(wait)
    station.work()
    assert station.modem.opened == 1


def test_a_refusal_now_and_then_is_forgiven(station: Station) -> None:
    station.work()
    for _ in range(4):
        station.clock.advance(61)
        station.modem.die_in["survey"] = Refused("CME", 14)
        assert station.turn.step() == 1.0
    assert station.modem.link is LinkState.READY


def test_facts_of_the_network_are_kept_with_their_source(station: Station) -> None:
    station.work()
    fact = station.facts.get("modem.modem0.survey")
    assert fact is not None
    assert fact.value["signal_dbm"] == -71
    assert "AT+CSQ" in fact.source


def test_since_when_a_modem_is_gone_is_known_over_a_restart(station: Station) -> None:
    station.modem.link = LinkState.CLOSED
    station.modem.open_errors = [PortShut("/dev/ttyUSB0", "no such device")] * 2
    gone_at = station.clock.now()
    wait = station.turn.step()
    station.restart()
    station.clock.advance(wait + 3600)
    station.turn.step()
    fact = station.facts.get("modem.modem0.link")
    assert fact is not None
    assert fact.value["since"] == gone_at


def test_since_when_it_is_gone_is_kept_as_it_was_dated_anew(station: Station) -> None:
    """The clock ran a year ahead when it went, and was set right."""
    station.modem.link = LinkState.CLOSED
    station.modem.open_errors = [PortShut("/dev/ttyUSB0", "no such device")] * 2
    gone_at, year_ms = station.clock.now(), 365 * 86_400_000
    wait = station.turn.step()
    station.clock.step(-year_ms / 1000)
    redate(station.db, Correction(gone_at - 1, gone_at + 1, -year_ms))
    station.clock.advance(wait + 1)
    station.turn.step()
    fact = station.facts.get("modem.modem0.link")
    assert fact is not None
    assert fact.value["since"] == gone_at - year_ms
