"""Sending beside a full disk and a modem with a defect: nothing is lost, stuck or in the way."""

from __future__ import annotations

import pytest

from relay.core.device import LateReference, Slot
from relay.errors import NoReply, OutcomeUnknown, PortLost, Refused, StoreFull
from relay.flows.submission import SubmissionPolicy
from tests.flows.conftest import Station
from tests.flows.test_sending import lost_after_sending

MOTHER = "+254700000042"
TWO_PARTS = "Your next visit is on Monday. " * 8


class Full:
    """A disk without room for one statement, as often as wanted."""

    def __init__(self, station: Station, sql: str) -> None:
        self._station = station
        station.db.query(
            f"CREATE TEMP TRIGGER full {sql} BEGIN SELECT raise(FAIL, 'disk is full'); END"
        )

    def gets_room(self) -> None:
        self._station.db.query("DROP TRIGGER full")


def no_acceptance(station: Station) -> Full:
    return Full(station, "BEFORE UPDATE ON part WHEN NEW.state = 'ACCEPTED'")


def test_an_acceptance_that_found_no_room_is_recorded_when_there_is_some(station: Station) -> None:
    """The network took it; the commit failed. It is neither forgotten nor sent again."""
    station.queue()
    disk = no_acceptance(station)
    with pytest.raises(StoreFull):
        station.work()
    disk.gets_room()
    station.work()
    assert station.states() == ["ACCEPTED"]
    assert len(station.modem.submitted) == 1


def test_a_doubt_that_found_no_room_is_recorded_when_there_is_some(station: Station) -> None:
    station.queue()
    station.modem.answers = [lost_after_sending()]
    disk = Full(station, "BEFORE UPDATE ON part WHEN NEW.state = 'UNCERTAIN'")
    with pytest.raises(StoreFull):
        station.work()
    disk.gets_room()
    station.work()
    assert station.states() == ["UNCERTAIN"]


def test_a_crash_of_relay_in_a_submission_leaves_a_doubt_and_no_stuck_part(
    station: Station,
) -> None:
    """The thread goes on after a bug; what was at the radio then is settled like after a start."""
    station.queue()
    station.modem.die_in["on_air"] = RuntimeError("a bug")
    with pytest.raises(RuntimeError):
        station.work()
    station.work()
    assert station.states() == ["UNCERTAIN"]


class TestStored:
    @pytest.fixture
    def policy(self) -> SubmissionPolicy:
        return SubmissionPolicy(mode="auto")

    def test_what_a_modem_has_shown_is_noted_after_the_acceptance(self, station: Station) -> None:
        """A full disk at that moment must not turn a sent message into one to send again."""
        station.modem.can_store = True
        station.queue()
        disk = Full(station, "BEFORE INSERT ON fact WHEN NEW.key LIKE 'submission.stored%'")
        with pytest.raises(StoreFull):
            station.work()
        disk.gets_room()
        station.work()
        station.clock.advance(3600)
        station.work()
        assert station.states() == ["ACCEPTED"]
        assert len(station.modem.submitted) == 1

    def test_a_memory_that_never_answers_does_not_keep_the_queue_waiting(
        self, station: Station, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Some firmware hangs in AT+CMGW, or says OK without an index."""
        station.modem.can_store = True

        def silent(pdu: str, meanwhile: object) -> Slot:
            raise NoReply("AT+CMGW=23", 45)

        monkeypatch.setattr(station.modem, "store", silent)
        station.queue()
        station.work()
        station.clock.advance(6)
        station.work()
        assert station.states() == ["ACCEPTED"]

    @pytest.mark.parametrize(
        "error", [Refused("CMS", 302), NoReply("AT+CMGL=4", 90)], ids=["refused", "silent"]
    )
    def test_a_memory_that_cannot_be_listed_leaves_a_doubt_to_the_policy(
        self, station: Station, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        station.modem.can_store = True
        station.queue(id_="a")
        station.work()
        station.queue(id_="b")
        station.modem.answers = [lost_after_sending()]
        station.work()

        def unlisted() -> list[object]:
            raise error

        monkeypatch.setattr(station.modem, "list_stored", unlisted)
        station.queue(id_="c")
        for _ in range(30):
            station.clock.advance(60)
            station.turn.step()
        assert station.states() == ["ACCEPTED"] * 3


def test_the_rest_of_a_message_in_backoff_does_not_keep_the_thread_busy(
    station: Station,
) -> None:
    """Its second part looks due, and may not go before the first."""
    station.queue(TWO_PARTS)
    station.modem.answers = [Refused("CMS", 42)]
    station.work()
    assert station.states() == ["QUEUED", "QUEUED"]
    assert station.sending.step() == 60


class TestHeld:
    @pytest.fixture
    def policy(self) -> SubmissionPolicy:
        return SubmissionPolicy(mode="direct", on_uncertain="hold")

    def test_a_late_answer_is_not_that_of_a_doubt_of_last_week(self, station: Station) -> None:
        station.queue(id_="a")
        station.modem.answers = [OutcomeUnknown("never left")]
        station.work()
        station.clock.advance(7 * 24 * 3600)
        station.queue(id_="b")
        station.modem.answers = [lost_after_sending()]
        station.work()
        station.modem.urcs.append(LateReference(9))
        station.work()
        assert station.states() == ["UNCERTAIN", "ACCEPTED"]


def test_a_late_answer_counts_even_if_the_modem_is_lost_right_after_it(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.queue()
    station.modem.answers = [lost_after_sending()]
    station.work()

    def last_words() -> bool:
        station.modem.urcs.append(LateReference(9))
        raise PortLost("ttyUSB0", "unplugged")

    monkeypatch.setattr(station.modem, "check", last_words)
    station.clock.advance(61)
    station.turn.step()
    assert station.states() == ["ACCEPTED"]
