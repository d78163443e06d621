"""What the flows rely on, told once: held by the driver on every family, and by their fake."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from relay.core.device import REC_READ, REC_UNREAD, STO_SENT, STO_UNSENT, NewMessage, Slot, Urc
from relay.core.ladder import Step
from relay.core.link import LinkState
from relay.errors import NotSubmitted, OutcomeUnknown, PortLost, PortShut, Refused
from relay.flows.ports import Modem
from tests.contract.benches import (
    CHATTER,
    FAMILIES,
    SOON_S,
    Bench,
    DriverBench,
    FakeBench,
    a_part,
    nothing,
    received,
    urcs_until,
)
from tests.modem.conftest import Ledger

FAKE = "the flows' fake"


class Stop(Exception):
    """Something of ours that goes wrong in a callback."""


@pytest.fixture(params=[FAKE, *(pytest.param(name, marks=pytest.mark.pty) for name in FAMILIES)])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """A closed modem of each kind in turn."""
    one: Bench = (
        FakeBench()
        if request.param == FAKE
        else DriverBench(request.param, tmp_path / "ttyMODEM", "pty", Ledger(), None)
    )
    yield one
    one.close()


@pytest.fixture
def up(bench: Bench) -> Bench:
    """An opened modem that has nothing more to say of its start."""
    bench.modem.open()
    bench.modem.take_urcs()
    return bench


def slots_announced(urcs: list[Urc]) -> list[Slot]:
    return [urc.slot for urc in urcs if isinstance(urc, NewMessage)]


def announced(up: Bench, count: int = 1) -> list[Slot]:
    """The slots of the next `count` notifications."""
    return slots_announced(urcs_until(up.modem, lambda all_: len(slots_announced(all_)) == count))


# --- the link -------------------------------------------------------------------------------


def test_opened_it_is_ready_and_known(up: Bench) -> None:
    """Link, identity, settings and network."""
    identity = up.modem.identity
    assert up.modem.link is LinkState.READY
    assert identity.imei
    assert identity.iccid
    assert identity.imsi
    assert up.modem.check()
    survey = up.modem.survey()
    assert survey.registration == 1
    assert survey.operator
    assert survey.signal_dbm is not None


def refuses_politely(modem: Modem) -> None:
    for asked in (
        modem.list_pdus,
        modem.list_stored,
        modem.survey,
        modem.check,
        modem.acknowledge,
        lambda: modem.read_pdu(Slot("SM", 1)),
        lambda: modem.erase(Slot("SM", 1)),
        lambda: modem.store(a_part()),
    ):
        with pytest.raises(PortLost):
            asked()
    with pytest.raises(NotSubmitted):
        modem.submit(a_part(), nothing)
    with pytest.raises(NotSubmitted):
        modem.submit_stored(Slot("ME", 1), nothing)


def test_nothing_happens_before_open(bench: Bench) -> None:
    """A closed modem refuses politely."""
    assert bench.modem.link is LinkState.CLOSED
    assert bench.modem.take_urcs() == []
    assert not bench.modem.has_news
    refuses_politely(bench.modem)


def test_closed_it_can_be_opened_again(up: Bench) -> None:
    """And closed twice."""
    for _ in range(2):
        up.modem.close()
        assert up.modem.link is LinkState.CLOSED
    refuses_politely(up.modem)
    up.modem.open()
    assert up.modem.link is LinkState.READY


def test_unplugged_and_plugged_in_again(up: Bench) -> None:
    """The loss ends a wait; a new opening works, and what was received is still there."""
    up.nurse_sends("Fever since Monday")
    announced(up)
    up.unplug()
    assert up.modem.wait(SOON_S)
    assert up.modem.link is LinkState.LOST
    refuses_politely(up.modem)
    with pytest.raises(PortLost):
        up.modem.open()
    assert up.modem.link is LinkState.LOST
    up.replug()
    up.modem.open()
    assert up.modem.link is LinkState.READY
    assert received(up.modem) == ["Fever since Monday"]


# --- recovery -------------------------------------------------------------------------------


def test_a_prompt_is_left_on_the_open_line(up: Bench) -> None:
    """ESC changes nothing else: the modem stays open, and what it holds stays there."""
    up.nurse_sends("Fever since Monday")
    up.modem.cure(Step.ESC)
    assert up.modem.link is LinkState.READY
    assert received(up.modem) == ["Fever since Monday"]


@pytest.mark.parametrize("step", [Step.REOPEN, Step.ATZ, Step.CFUN])
def test_every_other_step_closes_the_modem(up: Bench, step: Step) -> None:
    """After a reset its port may be away for a while as well."""
    up.modem.cure(step)
    assert up.modem.link is LinkState.CLOSED
    refuses_politely(up.modem)


@pytest.mark.parametrize("step", [Step.ATZ, Step.CFUN])
def test_a_modem_that_is_gone_cannot_be_told_anything(up: Bench, step: Step) -> None:
    up.unplug()
    assert not up.modem.present
    with pytest.raises(PortShut):
        up.modem.cure(step)


# --- unsolicited results --------------------------------------------------------------------


def test_results_come_once_and_in_order(up: Bench) -> None:
    """Two texts, two notifications, in the order of their slots; then nothing more."""
    up.nurse_sends("First")
    up.nurse_sends("Second")
    slots = announced(up, 2)
    assert slots == sorted(slots)
    assert len(set(slots)) == 2
    assert slots_announced(up.modem.take_urcs()) == []


def test_news_waits_until_it_is_taken(up: Bench) -> None:
    """`has_news` says what `wait` would."""
    assert not up.modem.has_news
    assert not up.modem.wait(0)
    up.nurse_sends("Fever since Monday")
    assert up.modem.wait(SOON_S)
    assert up.modem.has_news
    assert up.modem.wait(0)
    announced(up)
    assert not up.modem.has_news


def test_chatter_wakes_nobody(up: Bench) -> None:
    """It is kept in its place for the next who takes the results."""
    up.chatter()
    up.modem.survey()  # the modem has said it by now
    assert not up.modem.has_news
    assert not up.modem.wait(0)
    assert CHATTER in [getattr(urc, "line", "") for urc in up.modem.take_urcs()]


def test_a_ring_ends_one_wait(up: Bench) -> None:
    """From another thread, before or during the wait."""
    bell = threading.Thread(target=up.modem.ring)
    bell.start()
    assert up.modem.wait(SOON_S)
    bell.join()
    assert not up.modem.wait(0)
    assert not up.modem.has_news


def test_a_notification_does_not_outlive_its_line(up: Bench) -> None:
    """After a new opening the memory is the truth."""
    up.nurse_sends("Fever since Monday")
    assert up.modem.wait(SOON_S)
    up.modem.close()
    up.modem.open()
    assert slots_announced(up.modem.take_urcs()) == []
    assert received(up.modem) == ["Fever since Monday"]


# --- receiving ------------------------------------------------------------------------------


def test_a_text_arrives_is_read_and_freed(up: Bench) -> None:
    """+CMTI, AT+CMGR, AT+CMGD."""
    up.nurse_sends("Fever since Monday")
    (slot,) = announced(up)
    listed = up.modem.read_pdu(slot)
    assert listed is not None
    assert (listed.slot, listed.stat) == (slot, REC_UNREAD)
    assert received(up.modem) == ["Fever since Monday"]
    assert up.modem.delete(listed)
    assert up.modem.read_pdu(slot) is None
    assert up.modem.list_pdus() == []


def test_what_was_shown_is_read(up: Bench) -> None:
    """REC UNREAD turns into REC READ, and that keeps no message from being freed."""
    up.nurse_sends("Fever since Monday")
    (first,) = up.modem.list_pdus()
    (second,) = up.modem.list_pdus(first.slot.memory)
    assert (first.stat, second.stat) == (REC_UNREAD, REC_READ)
    assert up.modem.delete(first)
    assert up.modem.list_pdus() == []


def test_a_listing_of_one_memory_shows_no_other(up: Bench) -> None:
    """All memories by default; by slot within each."""
    for text in ("First", "Second", "Third"):
        up.nurse_sends(text)
    shown = up.modem.list_pdus()
    (memory,) = {listed.slot.memory for listed in shown}
    assert [listed.slot for listed in shown] == sorted(listed.slot for listed in shown)
    other = "ME" if memory == "SM" else "SM"
    assert up.modem.list_pdus(other) == []
    assert len(up.modem.list_pdus(memory)) == 3


def test_another_message_in_the_slot_is_left_alone(up: Bench) -> None:
    """A slot that was freed and filled again holds another message than the one we know."""
    up.nurse_sends("Old")
    (old,) = up.modem.list_pdus()
    assert up.modem.delete(old)
    up.nurse_sends("New")
    assert announced(up, 2) == [old.slot, old.slot]
    assert not up.modem.delete(old)
    assert received(up.modem) == ["New"]


def test_what_is_gone_need_not_be_freed(up: Bench) -> None:
    """An empty slot holds no other message: that is no refusal."""
    up.nurse_sends("Once")
    (listed,) = up.modem.list_pdus()
    assert up.modem.delete(listed)
    assert up.modem.delete(listed)


# --- sending --------------------------------------------------------------------------------


class Moments:
    """When the callbacks of a submission ran, and how many texts she had then."""

    def __init__(self, up: Bench) -> None:
        self._up = up
        self.seen: list[str] = []
        self.before = -1

    def at_prompt(self) -> None:
        self.seen.append("prompt")
        self.before = len(self._up.nurse_has())

    def on_air(self) -> None:
        self.seen.append("air")


@pytest.fixture
def moments(up: Bench) -> Moments:
    return Moments(up)


def test_a_part_is_submitted(up: Bench, moments: Moments) -> None:
    """The prompt comes first, when nothing is out yet; then the part is on the air, once."""
    mr = up.modem.submit(a_part(), moments.on_air, moments.at_prompt)
    assert 0 <= mr <= 255
    assert moments.seen == ["prompt", "air"]
    assert moments.before == 0
    assert up.nurse_has() == ["Take one tablet"]


def test_references_count_to_255_and_start_over(up: Bench) -> None:
    """TP-MR is one octet, and no reference is used twice in a row."""
    references = [up.modem.submit(a_part(), nothing) for _ in range(258)]
    follows = {(after - before) % 256 for before, after in pairwise(references)}
    assert follows == {1}
    assert set(references) == set(range(256))


def test_no_prompt_is_not_submitted(up: Bench, moments: Moments) -> None:
    """M4: nothing went out, and the next submission works."""
    up.no_prompt()
    with pytest.raises(NotSubmitted):
        up.modem.submit(a_part("Lost"), moments.on_air, moments.at_prompt)
    assert moments.seen == ["prompt"]
    assert up.modem.submit(a_part("Found"), nothing) >= 0
    assert up.nurse_has() == ["Found"]


def test_what_goes_wrong_at_the_prompt_stops_the_submission(up: Bench, moments: Moments) -> None:
    """A part that could not be recorded is not sent."""

    def at_prompt() -> None:
        raise Stop

    with pytest.raises(Stop):
        up.modem.submit(a_part("Lost"), moments.on_air, at_prompt)
    assert moments.seen == []
    assert up.modem.submit(a_part("Found"), nothing) >= 0
    assert up.nurse_has() == ["Found"]


def test_what_goes_wrong_on_the_air_is_told(up: Bench) -> None:
    """The part is out all the same, once, and the modem is of use."""

    def on_air() -> None:
        raise Stop

    with pytest.raises(Stop):
        up.modem.submit(a_part(), on_air)
    assert received(up.modem) == []
    assert up.nurse_has() == ["Take one tablet"]


def test_a_refusal_is_told_and_nothing_was_sent(up: Bench, moments: Moments) -> None:
    """+CMS ERROR after the PDU: it had been on its way."""
    up.refuse_next(38)
    with pytest.raises(Refused) as refused:
        up.modem.submit(a_part("Lost"), moments.on_air, moments.at_prompt)
    assert (refused.value.family, refused.value.code) == ("CMS", 38)
    assert moments.seen == ["prompt", "air"]
    assert up.modem.submit(a_part("Found"), nothing) >= 0
    assert up.nurse_has() == ["Found"]


def test_a_swallowed_reference_is_an_unknown_outcome(up: Bench, moments: Moments) -> None:
    """M5: the network took it and the modem never said so: nobody may simply send again."""
    up.swallow("+CMGS")
    with pytest.raises(OutcomeUnknown):
        up.modem.submit(a_part(), moments.on_air, moments.at_prompt)
    assert moments.seen == ["prompt", "air"]
    assert up.nurse_has() == ["Take one tablet"]
    assert up.modem.check()


# --- stored submission ----------------------------------------------------------------------


def stored(up: Bench) -> list[tuple[Slot, int]]:
    return [(listed.slot, listed.stat) for listed in up.modem.list_stored()]


def test_a_part_is_stored_sent_and_erased(up: Bench, moments: Moments) -> None:
    """UNSENT, then sent once, then gone."""
    assert up.modem.can_store
    slot = up.modem.store(a_part(), moments.on_air)
    assert moments.seen == ["air"]
    assert up.nurse_has() == []
    assert stored(up) == [(slot, STO_UNSENT)]
    assert up.modem.submit_stored(slot, moments.on_air) >= 0
    assert moments.seen == ["air", "air"]
    assert up.nurse_has() == ["Take one tablet"]
    assert stored(up) == [(slot, STO_SENT if up.marks_sent else STO_UNSENT)]
    up.modem.erase(slot)
    assert stored(up) == []
    up.modem.erase(slot)


def test_a_refused_part_stays_unsent(up: Bench, moments: Moments) -> None:
    """Also when the same part went out before, from another slot."""
    up.modem.submit(a_part(), nothing)
    slot = up.modem.store(a_part())
    up.refuse_next(38)
    with pytest.raises(Refused):
        up.modem.submit_stored(slot, moments.on_air)
    assert moments.seen == ["air"]
    assert stored(up) == [(slot, STO_UNSENT)]
    assert len(up.nurse_has()) == 1


def test_the_memory_knows_what_the_answer_did_not_tell(up: Bench, moments: Moments) -> None:
    """An unknown outcome, and a slot that says it, where the family marks what it sent."""
    slot = up.modem.store(a_part())
    up.swallow("+CMSS")
    with pytest.raises(OutcomeUnknown):
        up.modem.submit_stored(slot, moments.on_air)
    assert moments.seen == ["air"]
    assert up.nurse_has() == ["Take one tablet"]
    assert stored(up) == [(slot, STO_SENT if up.marks_sent else STO_UNSENT)]


def test_an_empty_slot_cannot_be_sent(up: Bench) -> None:
    """+CMS ERROR 321; and a memory that holds no parts is not even asked."""
    slot = up.modem.store(a_part())
    up.modem.erase(slot)
    with pytest.raises(Refused) as refused:
        up.modem.submit_stored(slot, nothing)
    assert (refused.value.family, refused.value.code) == ("CMS", 321)
    with pytest.raises(NotSubmitted):
        up.modem.submit_stored(Slot("SR", slot.index), nothing)
    assert up.nurse_has() == []


def test_received_messages_are_no_stored_parts(up: Bench) -> None:
    """They are not listed with the parts, and never erased."""
    up.nurse_sends("Fever since Monday")
    slot = up.modem.store(a_part())
    (own,) = announced(up)
    assert [listed.slot for listed in up.modem.list_stored()] == [slot]
    up.modem.erase(own)
    up.modem.erase(slot)
    assert stored(up) == []
    assert received(up.modem) == ["Fever since Monday"]


def test_a_text_that_took_the_place_of_a_part_is_not_erased(up: Bench) -> None:
    """Parts and texts may share a memory: what lies in the slot now counts."""
    slot = up.modem.store(a_part())
    up.modem.erase(slot)
    up.nurse_sends("Fever since Monday")
    announced(up)
    up.modem.erase(slot)
    assert received(up.modem) == ["Fever since Monday"]
