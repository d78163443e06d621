"""Parts of which nobody knows whether they went out: what tells, and what must not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.core.device import LateReference, Slot
from relay.core.outbound import Resent
from relay.core.pdu import Address, StatusReport
from relay.errors import OutcomeUnknown
from relay.flows.submission import SubmissionPolicy
from relay.store.exchanges import Exchanges
from tests.flows.conftest import MOTHER, Station

SC_TIME = 1_700_000_000_000


class PowerCut(BaseException):
    """Everything in memory is gone."""


@pytest.fixture
def in_memory(station: Station) -> Station:
    """A modem whose memory is believed."""
    station.policy = SubmissionPolicy(mode="stored", unsent_ms=5_000, wait_ms=60_000)
    station.modem.can_store = True
    station.restart()
    return station


def told(mr: int, *, discharged_s: int = 5) -> str:
    """A report of delivery; the network may say it again with another time."""
    return StatusReport(
        mr=mr,
        recipient=Address.parse(MOTHER),
        sc_time=SC_TIME,
        discharge_time=SC_TIME + discharged_s * 1000,
        tp_st=0,
    ).encode()


def silent(*, sent: bool) -> OutcomeUnknown:
    error = OutcomeUnknown("the modem fell silent")
    error.sent = sent  # type: ignore[attr-defined]
    return error


def doubt(station: Station, id_: str, *, sent: bool) -> None:
    station.queue(f"Come {id_}", id_=id_)
    station.modem.answers = [silent(sent=sent)]
    station.work()


def test_a_report_settles_the_only_doubt(station):
    """Recipient and time fit one part alone: it was that one."""
    doubt(station, "m1", sent=True)
    station.modem.receive(told(1))
    station.work()
    assert station.states() == ["DELIVERED"]


def test_a_report_settles_none_of_several_doubts(station):
    """Nobody can say which is meant; a guess would lose one message and double the other."""
    doubt(station, "m1", sent=False)
    doubt(station, "m2", sent=True)
    station.modem.receive(told(1))
    station.work()
    assert station.states() == ["UNCERTAIN", "UNCERTAIN"]


def test_a_repeated_report_speaks_of_its_own_part_alone(station):
    """Networks repeat reports with another discharge time: a part in doubt is not meant."""
    station.queue(id_="m1")
    station.modem.answers = [7]
    station.work()
    station.modem.receive(told(7))
    station.work()
    doubt(station, "m2", sent=False)
    station.modem.receive(told(7, discharged_s=60))
    station.work()
    assert station.states() == ["DELIVERED", "UNCERTAIN"]


def test_what_was_only_claimed_ahead_is_in_no_doubt(station):
    """The power fails while one part is on the air: the next one was never begun."""
    station.queue(id_="m1")
    station.queue(id_="m2")
    station.modem.die_in = {"on_air": PowerCut()}
    with pytest.raises(PowerCut):
        station.work()
    assert station.states() == ["SUBMITTING", "SUBMITTING"]
    station.power_cut()
    assert station.states() == ["UNCERTAIN", "QUEUED"]
    assert station.part(2).attempts == 0


def test_the_next_part_is_begun_with_the_record_of_the_last(station):
    """No moment in which a part is at the radio and the disk says that it was never begun."""
    station.queue(id_="m1")
    station.queue(id_="m2")
    station.modem.during["on_air"] = lambda: station.clock.advance(3)
    station.turn.step()
    assert station.states() == ["ACCEPTED", "SUBMITTING"]
    assert station.part(2).submitted_at == station.clock.now()


@pytest.mark.parametrize("found", ["at start", "while it ran"])
def test_a_slot_is_freed_when_a_report_settles_the_doubt(in_memory, found):
    """A SIM800 has five slots of its own: none may stay taken."""
    doubt(in_memory, "m1", sent=True)
    if found == "at start":
        in_memory.power_cut()
    in_memory.modem.keeps_status = False
    (slot,) = in_memory.modem.slots
    in_memory.modem.slots[slot] = replace(in_memory.modem.slots[slot], stat=2)
    in_memory.modem.receive(told(1))
    in_memory.work()
    in_memory.clock.advance(60)
    in_memory.work()
    assert in_memory.states() == ["DELIVERED"]
    assert in_memory.modem.slots == {}


def test_a_slot_stays_while_it_is_the_only_witness(in_memory):
    """It is all that can tell after the next start."""
    doubt(in_memory, "m1", sent=False)
    in_memory.power_cut()
    in_memory.turn.step()
    assert list(in_memory.modem.slots) == [Slot("ME", 1)]


def test_after_a_lost_answer_only_the_last_status_is_repeated(station):
    """The server may have taken both, and to hear the first again would set it back."""
    exchanges = Exchanges(station.db, "cht", station.outbox)
    station.queue(id_="m1")
    station.work()
    updates = exchanges.updates(10)
    assert [update.status for update in updates] == ["UNSENT", "PENDING", "SENT"]
    exchanges.begin(station.clock.now(), [], [update.id for update in updates[:2]])
    exchanges.fail(station.clock.now(), ambiguous=True)
    exchanges.clear()
    assert [update.status for update in exchanges.updates(10)] == ["PENDING", "SENT"]


def test_after_a_refusal_every_status_is_repeated(station):
    """The server has said that it took nothing."""
    exchanges = Exchanges(station.db, "cht", station.outbox)
    station.queue(id_="m1")
    station.work()
    exchanges.begin(station.clock.now(), [], [update.id for update in exchanges.updates(10)])
    exchanges.fail(station.clock.now(), ambiguous=False)
    assert len(exchanges.updates(10)) == 3


def test_a_doubt_that_another_has_settled_meanwhile_is_left_alone(station):
    """A person, or a modem that took over: no crash, and nothing is sent twice."""
    doubt(station, "m1", sent=False)
    (part,) = station.outbox.uncertain("modem0")
    station.outbox.cancel(station.clock.now(), part.outbound_id)
    station.submission._record(part, Resent())
    assert station.states() == ["FAILED"]


def test_a_modem_that_never_says_that_it_sent_does_not_fill_a_phone(station):
    """Each double is better than a loss; in a week it is ten of them and not a thousand."""
    station.modem.answers = [silent(sent=True)] * 2000
    station.queue(id_="m1")
    for _ in range(7 * 24 * 6):
        station.sending.step()
        station.sending.notice([])
        station.submission.settle(station.modem)
        station.clock.advance(600)
    assert 8 <= len(station.modem.submitted) <= 14


def test_a_late_answer_for_what_a_person_cancels_in_that_moment_is_dropped(station, monkeypatch):
    doubt(station, "m1", sent=True)
    doubtful = station.outbox.uncertain("modem0")
    station.outbox.cancel(station.clock.now(), doubtful[0].outbound_id)
    monkeypatch.setattr(station.outbox, "uncertain", lambda _: doubtful)
    station.sending.notice([LateReference(7)])
    assert station.states() == ["FAILED"]
