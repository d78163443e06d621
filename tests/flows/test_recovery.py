"""Recovery: a modem that fails is cured by the cheapest step that works, which is remembered."""

from __future__ import annotations

import pytest

from relay.core.device import Restarted
from relay.core.ladder import RESETS, STEPS, Step, Trouble
from relay.core.link import LinkState
from relay.errors import NoReply, OutcomeUnknown, PortLost, PortShut, Refused, SimProblem
from tests.fake_modem import STORE
from tests.flows.conftest import Station

MINUTE, HOUR = 60.0, 3600.0


def hang(station: Station, cured_by: Step | None) -> None:
    """From now on the modem is silent; None for one that no step cures."""
    station.modem.cured_by = cured_by
    station.modem.hopeless = cured_by is None


def live(station: Station, seconds: float) -> None:
    """Let relay work for so long."""
    end = station.clock.monotonic() + seconds
    while station.clock.monotonic() < end:
        station.clock.advance(min(max(station.turn.step(), 0.5), 30.0))


def steps(station: Station) -> list[tuple[str, bool | None]]:
    fact = station.facts.get("modem.modem0.recovery")
    return [(one["step"], one["worked"]) for one in fact.value] if fact else []


def state(station: Station) -> str:
    fact = station.facts.get("modem.modem0.ladder")
    return str(fact.value["state"]) if fact else "WELL"


def asked(station: Station) -> bool:
    """Whether a person is asked to help."""
    fact = station.facts.get("modem.modem0.ladder")
    return fact is not None and fact.value["asked_at"] > 0


# --- the ladder ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cure", STEPS)
def test_each_hang_is_cured_by_its_step(station: Station, cure: Step) -> None:
    station.work()
    hang(station, cure)
    live(station, 20 * MINUTE)
    assert station.modem.cures == list(STEPS[: STEPS.index(cure) + 1])
    assert steps(station)[-1] == (cure, True)
    assert {worked for step, worked in steps(station)[:-1]} <= {False}
    assert state(station) == "WELL"
    assert station.modem.link is LinkState.READY


@pytest.mark.parametrize("cure", STEPS)
def test_the_second_time_the_step_that_worked_is_the_first(station: Station, cure: Step) -> None:
    station.work()
    for _ in range(2):
        station.modem.cures.clear()
        hang(station, cure)
        live(station, 2 * HOUR)
    assert station.modem.cures == [cure]


def test_what_worked_is_remembered_over_a_restart_of_relay(station: Station) -> None:
    station.work()
    hang(station, Step.CFUN)
    live(station, HOUR)
    station.modem.cures.clear()
    station.power_cut()
    hang(station, Step.CFUN)
    live(station, HOUR)
    assert station.modem.cures == [Step.CFUN]


def test_another_model_is_not_judged_by_it(station: Station) -> None:
    station.work()
    hang(station, Step.CFUN)
    live(station, HOUR)
    station.modem.cures.clear()
    station.modem.identity = station.modem.identity.__class__("Other", "X2", "2", "1", "2", "3")
    hang(station, Step.REOPEN)
    live(station, HOUR)
    assert station.modem.cures == [Step.ESC, Step.REOPEN]


def test_the_steps_that_were_configured_are_the_only_ones(station: Station) -> None:
    station.recovery_policy = station.recovery_policy.__class__(steps=(Step.ESC, Step.REOPEN))
    station.restart()
    station.work()
    hang(station, None)
    live(station, HOUR)
    assert set(station.modem.cures) == {Step.ESC, Step.REOPEN}


def test_a_step_that_cannot_be_taken_is_passed_over_and_its_reason_kept(station: Station) -> None:
    station.modem.cannot = {Step.USB: "/sys/… cannot be written (Permission denied)"}
    station.work()
    hang(station, Step.POWER)
    live(station, 10 * MINUTE)
    assert Step.USB not in station.modem.cures
    assert station.modem.cures[-1] is Step.POWER
    fact = station.facts.get("modem.modem0.ladder")
    assert fact is not None
    assert fact.value["lacking"] == {"USB": "/sys/… cannot be written (Permission denied)"}


# --- nobody helps -------------------------------------------------------------------------------


def test_when_nothing_helps_a_person_is_asked_and_all_is_tried_again_rarely(
    station: Station,
) -> None:
    station.work()
    hang(station, None)
    live(station, 30 * MINUTE)
    assert state(station) == "ASKING"
    assert station.modem.cures == list(STEPS)
    live(station, 24 * HOUR)
    assert asked(station)
    resets = [step for step in station.modem.cures if step in RESETS]
    assert 20 <= len(resets) <= 30


def test_whoever_unplugs_it_is_believed_to_have_helped(station: Station) -> None:
    station.work()
    hang(station, None)
    live(station, 30 * MINUTE)
    station.modem.unplug()
    live(station, 3 * MINUTE)
    assert state(station) == "ABSENT"
    hang(station, Step.ESC)
    station.modem.cured_by = None
    station.modem.replug()
    live(station, 10 * MINUTE)
    assert (state(station), station.modem.link) == ("WELL", LinkState.READY)


# --- no modem to cure ---------------------------------------------------------------------------


def test_nothing_is_done_to_a_modem_that_is_unplugged(station: Station) -> None:
    station.work()
    station.modem.unplug()
    live(station, 10 * HOUR)
    assert station.modem.cures == []
    assert state(station) == "ABSENT"


def test_nothing_is_done_while_another_program_holds_the_port(station: Station) -> None:
    station.modem.link = LinkState.CLOSED
    station.modem.open_errors = [PortShut("tty", "it is held by minicom")] * 50
    live(station, 20 * MINUTE)
    assert station.modem.cures == []


def test_another_modem_than_the_one_that_is_meant_is_left_alone(station: Station) -> None:
    station.modem.link = LinkState.CLOSED
    other = PortLost("/dev/ttyUSB0", "the modem there has another IMEI", "MODEM_OTHER_IMEI")
    station.modem.open_errors = [other] * 50
    live(station, 20 * MINUTE)
    assert station.modem.cures == []


def test_a_sim_that_cannot_be_used_is_no_reason_for_a_reset(station: Station) -> None:
    """Each reset would ask for the PIN again."""
    station.modem.link = LinkState.CLOSED
    station.modem.open_errors = [SimProblem("PIN_REFUSED")] * 100
    live(station, HOUR)
    assert station.modem.cures == []


def test_a_port_that_stays_away_after_our_own_reset_is_looked_for_by_the_next_step(
    station: Station,
) -> None:
    """AT+CFUN=1,1 on a stick that then does not come back on the USB: only its power helps."""
    station.work()
    hang(station, Step.POWER)
    station.modem.during = {
        "cure CFUN": station.modem.unplug,
        "cure POWER": station.modem.replug,
    }
    live(station, 20 * MINUTE)
    assert station.modem.cures[-1] is Step.POWER
    assert state(station) == "WELL"


# --- mad modems ---------------------------------------------------------------------------------


def test_a_modem_that_restarts_in_a_loop_climbs_the_ladder(station: Station) -> None:
    station.work()
    for _ in range(30):
        if station.modem.link is LinkState.READY:
            station.modem.urcs.append(Restarted("RDY"))
        live(station, MINUTE)
    assert station.modem.cures == list(STEPS[1:])
    assert asked(station)


def test_a_modem_that_vanishes_in_a_loop_climbs_it_too(station: Station) -> None:
    station.work()
    for _ in range(20):
        station.modem.unplug()
        live(station, 20)
        station.modem.replug()
        live(station, 2 * MINUTE)
    assert Step.CFUN in station.modem.cures
    assert len([step for step in station.modem.cures if step in RESETS]) <= 6


def test_a_modem_that_is_plugged_about_is_left_alone(station: Station) -> None:
    station.work()
    for _ in range(3):
        station.modem.unplug()
        live(station, MINUTE)
        station.modem.replug()
        live(station, 10 * MINUTE)
    assert not RESETS & set(station.modem.cures)


def test_a_modem_that_refuses_everything_climbs_it(station: Station) -> None:
    station.work()
    station.modem.during["list"] = lambda: (_ for _ in ()).throw(Refused("", None, "ERROR"))
    live(station, 30 * MINUTE)
    assert station.modem.cures == list(STEPS)


def test_submissions_without_an_answer_climb_it_and_are_not_sent_twice(station: Station) -> None:
    """Three in a row begin it; then each further one without an answer is one step."""
    station.modem.answers = [OutcomeUnknown("silence") for _ in range(6)]
    for number in range(8):
        station.queue(f"Come on day {number}", id_=f"m{number}")
    live(station, 9 * MINUTE)
    assert station.modem.cures == [Step.ESC, Step.REOPEN, Step.ATZ, Step.CFUN]
    assert state(station) == "WELL"
    assert len(station.modem.submitted) == 2
    assert sorted(station.states()) == ["ACCEPTED"] * 2 + ["UNCERTAIN"] * 6
    live(station, 20 * MINUTE)
    assert len(station.modem.submitted) == 8
    assert len(set(station.modem.submitted)) == 8


def test_one_submission_without_an_answer_is_no_reason_to_do_anything(station: Station) -> None:
    for number in range(4):
        station.modem.answers += [OutcomeUnknown("silence"), number]
        station.queue(f"Come on day {number}", id_=f"m{number}")
    live(station, 5 * MINUTE)
    assert station.modem.cures == []


def test_what_lies_in_the_modem_is_read_after_every_cure(station: Station) -> None:
    station.work()
    hang(station, Step.CFUN)
    from tests.air import deliver

    station.modem.receive(deliver("Fever since Monday"), hint=False)
    live(station, 20 * MINUTE)
    assert [row[0] for row in station.db.query("SELECT text FROM inbound")] == [
        "Fever since Monday"
    ]
    assert all(slot.memory == STORE for slot in station.modem.slots)


# --- proof --------------------------------------------------------------------------------------


def test_a_cure_that_does_not_last_is_none(station: Station) -> None:
    station.work()
    hang(station, Step.ESC)
    live(station, 2 * MINUTE)
    assert state(station) == "PROVING"
    station.modem.die_in["survey"] = NoReply("AT+CSQ", 10)
    live(station, 10 * MINUTE)
    assert steps(station)[:2] == [("ESC", False), ("REOPEN", True)]


def test_a_restart_of_relay_begins_nothing_from_the_start(station: Station) -> None:
    """systemd may restart relay for ever: the ladder stands where it stood."""
    station.work()
    hang(station, None)
    live(station, 30 * MINUTE)
    for _ in range(10):
        station.restart()
        live(station, 10)
    assert station.modem.cures == list(STEPS)
    assert Trouble(station.facts.get("modem.modem0.ladder").value["trouble"]) is Trouble.SILENT  # type: ignore[union-attr]
