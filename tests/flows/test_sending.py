"""Sending: claimed on the disk, one part at a time, and honest about what nobody knows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relay.core.device import STO_UNSENT, LateReference, Slot
from relay.core.link import LinkState
from relay.errors import ModemError, NoReply, NotSubmitted, OutcomeUnknown, Refused, StoreFull
from relay.flows.submission import SubmissionPolicy
from tests.air import deliver
from tests.flows.conftest import Station


def lost_after_sending(cause: str = "no +CMGS") -> OutcomeUnknown:
    """The network took it, and the answer never came."""
    error = OutcomeUnknown(cause)
    error.sent = True  # type: ignore[attr-defined]
    return error


def test_queued_messages_go_out_in_order(station: Station) -> None:
    for name in "abc":
        station.queue(id_=name)
    station.work()
    assert station.states() == ["ACCEPTED"] * 3
    assert len(station.modem.submitted) == 3


def test_nothing_is_sent_before_the_claim_is_on_the_disk(station: Station) -> None:
    station.queue()
    station.modem.die_in["submit"] = RuntimeError("kill -9")
    with pytest.raises(RuntimeError):
        station.work()
    assert station.states() == ["SUBMITTING"]


def test_the_next_part_is_claimed_while_one_is_on_the_air(station: Station) -> None:
    station.queue(id_="a")
    station.queue(id_="b")
    seen: list[list[str]] = []
    station.modem.die_in = {}
    original = station.modem._on_the_air

    def watched(pdu: str, on_air: object) -> int:
        mr = original(pdu, on_air)  # type: ignore[arg-type]
        seen.append(station.states())
        return mr

    station.modem._on_the_air = watched  # type: ignore[method-assign]
    station.work()
    assert seen[0] == ["SUBMITTING", "SUBMITTING"]


def test_one_part_is_recorded_while_the_modem_prepares_for_the_next(station: Station) -> None:
    for name in "abc":
        station.queue(id_=name)
    at_prompt: list[list[str]] = []
    original = station.modem.submit

    def watched(pdu: str, on_air: object, first: object) -> int:
        before = station.states()
        mr = original(pdu, on_air, first)  # type: ignore[arg-type]
        at_prompt.append(before)
        return mr

    station.modem.submit = watched  # type: ignore[method-assign, assignment]
    station.turn.step()
    assert at_prompt == [
        ["SUBMITTING", "QUEUED", "QUEUED"],
        ["SUBMITTING", "SUBMITTING", "QUEUED"],
        ["ACCEPTED", "SUBMITTING", "SUBMITTING"],
    ]
    assert station.states() == ["ACCEPTED"] * 3


def test_what_comes_in_is_not_kept_waiting_by_a_long_outbox(station: Station) -> None:
    for n in range(5):
        station.queue(id_=str(n))
    station.modem.during["submit"] = lambda: station.modem.receive(deliver("N Jane"))
    station.turn.step()
    assert len(station.modem.submitted) == 1
    assert station.states().count("ACCEPTED") == 1


def test_a_disk_that_is_full_at_the_prompt_submits_nothing_more(station: Station) -> None:
    """The part before was accepted and is not recorded yet: that comes first."""
    for n in range(3):
        station.queue(id_=str(n))
    real = station.outbox.record
    calls = []

    def full_once(*args: object, **more: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise StoreFull("relay.db")
        return real(*args, **more)  # type: ignore[arg-type]

    station.outbox.record = full_once  # type: ignore[method-assign, assignment]
    with pytest.raises(StoreFull):
        station.turn.step()
    assert len(station.modem.submitted) == 1
    station.work()
    assert station.states() == ["ACCEPTED"] * 3
    assert len(station.modem.submitted) == 3


def test_without_registration_nothing_is_tried(station: Station) -> None:
    station.queue()
    station.modem.link = LinkState.SEARCHING
    station.turn.step()
    assert station.modem.submitted == []
    assert station.states() == ["QUEUED"]


def test_what_was_claimed_ahead_is_given_back_when_the_network_goes(station: Station) -> None:
    station.queue(id_="a")
    station.queue(id_="b")
    station.modem.during["on_air"] = lambda: station.clock.advance(3)
    station.turn.step()
    station.modem.link = LinkState.SEARCHING
    station.turn.step()
    assert station.states() == ["ACCEPTED", "QUEUED"]
    assert station.part(2).attempts == 0


def test_a_bad_number_at_the_network_ends_that_message_only(station: Station) -> None:
    station.queue(id_="a")
    station.queue(id_="b")
    station.modem.answers = [Refused("CMS", 1), 9]
    station.work()
    assert station.states() == ["FAILED", "ACCEPTED"]
    assert "DEST_UNASSIGNED" in (station.part(1).reason or "")


def test_a_passing_refusal_is_tried_again_on_the_android_schedule(station: Station) -> None:
    station.queue()
    station.modem.answers = [Refused("CMS", 42), Refused("CMS", 42), 5]
    station.work()
    assert station.part().due_at == station.clock.now() + 60_000
    station.clock.advance(60)
    station.work()
    assert station.part().due_at == station.clock.now() + 169_705  # 60 s times 2 to the 1.5
    station.clock.advance(170)
    station.work()
    assert station.states() == ["ACCEPTED"]


def test_patience_ends_after_twenty_tries(station: Station) -> None:
    station.queue()
    station.modem.answers = [Refused("CMS", 42) for _ in range(21)]
    for _ in range(21):
        station.work()
        station.clock.advance(90 * 60)
    assert station.states() == ["FAILED"]


def test_a_network_that_refuses_everyone_is_left_in_peace_for_a_while(station: Station) -> None:
    for n in range(10):
        station.queue(id_=str(n), to=f"+25470000001{n}")
    station.modem.answers = [Refused("CMS", 38) for _ in range(10)]
    station.work()
    assert station.modem.log.count("submit") == 3
    assert station.states().count("QUEUED") == 10


def test_a_part_that_did_not_start_is_tried_again_without_counting(station: Station) -> None:
    station.queue()
    station.modem.answers = [NotSubmitted("no prompt"), 3]
    station.work()
    assert station.part().attempts == 0
    station.clock.advance(6)
    station.work()
    assert station.states() == ["ACCEPTED"]


def test_an_unknown_outcome_is_never_simply_sent_again(station: Station) -> None:
    station.queue()
    station.modem.answers = [lost_after_sending()]
    station.work()
    assert station.states() == ["UNCERTAIN"]
    station.clock.advance(599)
    station.work()
    assert len(station.modem.submitted) == 1


def test_after_the_wait_the_policy_sends_it_again(station: Station) -> None:
    station.queue()
    station.modem.answers = [lost_after_sending()]
    station.work()
    station.clock.advance(631)
    station.work()
    assert station.states() == ["ACCEPTED"]
    assert station.part().uncertain_count == 1


def test_a_late_answer_settles_the_doubt(station: Station) -> None:
    station.queue()
    station.modem.answers = [lost_after_sending()]
    station.work()
    station.modem.urcs.append(LateReference(77))
    station.work()
    assert station.states() == ["ACCEPTED"]
    assert station.part().mr == 77


def test_a_full_disk_stops_sending_before_the_radio(station: Station) -> None:
    for n in range(30):
        station.queue("x" * 150, id_=str(n))
    station.work(100)
    assert station.states().count("ACCEPTED") == 30
    station.queue(id_="last")
    station.db.query(f"PRAGMA max_page_count = {station.db.value('PRAGMA page_count')}")
    sent = len(station.modem.submitted)
    with pytest.raises(StoreFull):
        for n in range(2000):
            station.queue("y" * 150, id_=f"more{n}")
    station.db.query("PRAGMA max_page_count = 1000000")
    assert len(station.modem.submitted) == sent
    station.work(3000)
    assert set(station.states()) == {"ACCEPTED"}


class TestHold:
    """`on_uncertain = "hold"`: a person decides."""

    @pytest.fixture
    def policy(self) -> SubmissionPolicy:
        return SubmissionPolicy(mode="direct", on_uncertain="hold")

    def test_a_part_in_doubt_waits_for_a_person(self, station: Station) -> None:
        id_ = station.queue()
        station.modem.answers = [lost_after_sending()]
        station.work()
        station.clock.advance(30 * 24 * 3600)
        station.work()
        assert station.states() == ["UNCERTAIN"]
        assert station.outbox.cancel(station.clock.now(), id_)


class TestStored:
    """Stored submission: the modem's own memory remembers what went out."""

    @pytest.fixture
    def policy(self) -> SubmissionPolicy:
        return SubmissionPolicy(mode="auto", unsent_ms=150_000)

    @pytest.fixture(autouse=True)
    def with_memory(self, station: Station) -> None:
        station.modem.can_store = True

    def learned(self, station: Station) -> object:
        fact = station.facts.get("submission.stored.Test|T1|1.0")
        return fact.value if fact else None

    def test_a_modem_that_keeps_the_status_is_believed(self, station: Station) -> None:
        station.queue()
        station.work()
        assert self.learned(station) is True
        assert station.states() == ["ACCEPTED"]
        assert station.modem.slots == {}

    def test_a_modem_that_does_not_keep_it_is_used_directly(self, station: Station) -> None:
        station.modem.keeps_status = False
        station.queue(id_="a")
        station.queue(id_="b")
        station.work()
        assert self.learned(station) is False
        assert station.modem.log.count("submit_stored") <= 2
        station.queue(id_="c")
        station.work()
        assert station.modem.log[-1] != "erase"
        assert station.states() == ["ACCEPTED"] * 3

    def test_what_the_modem_took_without_a_word_is_freed(self, station: Station) -> None:
        """The part goes out all the same, and the slot does not stay taken until a restart."""
        original = station.modem.store

        def mute(pdu: str, meanwhile: Callable[[], None]) -> Slot:
            original(pdu, meanwhile)
            station.modem.store = original  # type: ignore[method-assign]
            raise NoReply("AT+CMGW", 45)

        station.modem.store = mute  # type: ignore[method-assign, assignment]
        station.queue()
        station.work()
        assert len(station.modem.slots) == 1
        station.clock.advance(60)
        station.work()
        assert station.modem.slots == {}
        assert station.states() == ["ACCEPTED"]
        assert len(station.modem.submitted) == 1

    @pytest.mark.parametrize("moment", ["store", "submit_stored", "on_air", "erase"])
    def test_a_power_cut_at_any_moment_neither_loses_nor_doubles(
        self, station: Station, moment: str
    ) -> None:
        station.queue(id_="first")
        station.work()
        for name in ("a", "b", "c"):
            station.queue(id_=name)
        station.modem.die_in[moment] = RuntimeError("kill -9")
        with pytest.raises(RuntimeError):
            station.work()
        station.power_cut()
        for _ in range(20):
            station.work()
            station.clock.advance(31)
        assert station.states() == ["ACCEPTED"] * 4
        assert len(station.modem.submitted) == 4
        assert station.modem.slots == {}

    def test_an_unsent_slot_is_not_believed_while_the_modem_may_still_be_sending(
        self, station: Station
    ) -> None:
        station.queue(id_="first")
        station.work()
        station.queue("Come on Tuesday", id_="second")
        station.modem.answers = [OutcomeUnknown("the port vanished")]
        station.work()
        assert station.part(2).state == "UNCERTAIN"
        station.clock.advance(60)
        station.work()
        assert station.part(2).state == "UNCERTAIN"
        (slot,) = [s for s, listed in station.modem.slots.items() if listed.stat == STO_UNSENT]
        station.modem.slots[slot] = station.modem.slots[slot].__class__(
            slot, 3, station.modem.slots[slot].pdu
        )
        station.clock.advance(31)
        station.work()
        assert station.part(2).state == "ACCEPTED"

    def test_a_full_memory_falls_back_to_direct(self, station: Station) -> None:
        station.queue()
        full: ModemError = Refused("CMS", 322)
        station.modem.die_in["store"] = full
        station.work()
        station.clock.advance(6)
        station.work()
        assert station.states() == ["ACCEPTED"]
        assert station.modem.log.count("submit") == 1

    def test_left_over_slots_are_tidied_at_the_next_bring_up(self, station: Station) -> None:
        station.queue()
        station.modem.die_in["erase"] = NotSubmitted("any modem error")
        station.work()
        assert len(station.modem.slots) == 1
        station.modem.link = LinkState.LOST
        station.clock.advance(station.turn.step())
        station.work()
        assert station.modem.slots == {}
