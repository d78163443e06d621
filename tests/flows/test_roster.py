"""One modem stays away: others settle its doubts and send what it has begun."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.core.link import LinkState
from relay.core.outbound import Accepted, NoAnswer, PartState
from relay.core.queueing import Selection
from relay.flows.roster import Roster, RoutingPolicy
from relay.store.takeover import Takeover
from tests.flows.conftest import MOTHER

LONG = "Your next visit is on Monday. " * 12


class Pair:
    """Two modems as their facts tell: `usb` looks, `spare` is looked at."""

    def __init__(self, station, on_uncertain="resend"):
        self.station, self.clock = station, station.clock
        policy = RoutingPolicy(
            prefixes={"usb": (), "spare": ("+2547",)}, operators={}, on_uncertain=on_uncertain
        )
        self.roster = Roster(
            "usb", station.facts, station.outbox, Takeover(station.db), self.clock, policy
        )
        self.says("usb", LinkState.READY, "639021")
        self.says("spare", LinkState.READY, "639022")

    def says(self, name, state, imsi=None):
        now = self.clock.now()
        link = {"state": state, "since": now, "detail": ""}
        self.station.facts.put(now, f"modem.{name}.link", link)
        if imsi is not None:
            self.station.facts.put(now, f"modem.{name}.identity", {"imsi": imsi, "iccid": "89"})

    def later(self, seconds):
        self.clock.advance(seconds)
        for name in ("usb", "spare"):
            known = self.station.facts.get(f"modem.{name}.link").value
            self.station.facts.put(self.clock.now(), f"modem.{name}.link", known)

    def takes(self):
        return self.roster.selection().takes(0, MOTHER)

    def begin(self, text="Come", accepted=0):
        self.station.outbox.enqueue(self.clock.now(), recipient=MOTHER, text=text)
        for mr in range(accepted):
            part = self.claim()
            self.station.outbox.record(self.clock.now(), part, Accepted(mr))

    def claim(self):
        return self.station.outbox.claim(
            self.clock.now(), "spare", "direct", selection=Selection(sim="639022")
        )

    def doubt(self):
        part = self.claim()
        self.station.outbox.record(self.clock.now(), part, NoAnswer("silence"))

    def states(self):
        return [part["state"] for part in self.station.db.query("SELECT state FROM part")]


@pytest.fixture
def pair(station):
    return Pair(station)


def test_a_modem_keeps_its_prefix_for_a_while_after_it_has_gone(pair):
    assert not pair.takes()
    pair.says("spare", LinkState.LOST)
    pair.later(2)
    assert not pair.takes()
    assert pair.roster.selection().opens_at == pair.clock.now() - 2_000 + 300_000
    pair.later(300)
    assert pair.takes()


def test_a_modem_that_is_not_up_yet_is_waited_for(pair):
    """Its last words are of the run before, hours ago."""
    pair.says("spare", LinkState.CLOSED)
    pair.clock.advance(7200)
    fresh = Pair.__new__(Pair)
    fresh.station, fresh.clock = pair.station, pair.clock
    policy = RoutingPolicy(prefixes={"usb": (), "spare": ("+2547",)}, operators={})
    fresh.roster = Roster(
        "usb",
        pair.station.facts,
        pair.station.outbox,
        Takeover(pair.station.db),
        pair.clock,
        policy,
    )
    pair.station.facts.put(
        pair.clock.now(), "modem.usb.link", {"state": "READY", "since": 0, "detail": ""}
    )
    assert not fresh.takes()


def test_a_doubt_stays_with_its_modem_and_then_goes_by_policy(pair):
    pair.begin()
    pair.doubt()
    pair.says("spare", LinkState.LOST)
    pair.later(500)
    pair.roster.step()
    assert pair.states() == [PartState.UNCERTAIN]
    pair.later(200)
    pair.roster.step()
    assert pair.states() == [PartState.QUEUED]


def test_a_person_who_wants_to_decide_is_waited_for(station):
    pair = Pair(station, on_uncertain="hold")
    pair.begin()
    pair.doubt()
    pair.says("spare", LinkState.LOST)
    for _ in range(20):
        pair.later(500)
        pair.roster.step()
    assert pair.states() == [PartState.UNCERTAIN]


def test_a_modem_that_works_settles_its_own_doubts(pair):
    pair.begin()
    pair.doubt()
    pair.later(5000)
    pair.roster.step()
    assert pair.states() == [PartState.UNCERTAIN]


def test_what_was_begun_waits_for_its_sim_and_is_then_sent_anew(pair):
    pair.begin(LONG, accepted=1)
    pair.says("spare", LinkState.LOST)
    pair.later(200)
    pair.roster.step()
    assert pair.states() == ["ACCEPTED", "QUEUED", "QUEUED"]
    pair.later(200)
    pair.roster.step()
    assert pair.states() == ["QUEUED"] * 3
    assert pair.station.db.value("SELECT n FROM tally WHERE what = 'sent_anew'") == 1


def test_a_sim_that_moved_into_another_modem_goes_on_there(pair):
    pair.begin(LONG, accepted=1)
    pair.says("spare", LinkState.LOST)
    pair.says("usb", LinkState.READY, "639022")
    pair.later(1000)
    pair.roster.step()
    assert pair.states() == ["ACCEPTED", "QUEUED", "QUEUED"]
    selection = pair.roster.selection()
    claimed = pair.station.outbox.claim(pair.clock.now(), "usb", "direct", selection=selection)
    assert claimed is not None and claimed.seq == 2


def test_facts_of_an_unexpected_shape_are_unknown(pair):
    for key in ("link", "identity", "balance"):
        pair.station.facts.put(pair.clock.now(), f"modem.spare.{key}", ["nonsense"])
    pair.later(301)
    (_, spare) = pair.roster.routes()
    assert (spare.works, spare.sim, spare.credit) == (False, "", None)


def test_the_balance_counts_when_it_is_known(pair):
    pair.station.facts.put(pair.clock.now(), "modem.usb.balance", {"amount": 0})
    pair.station.facts.put(pair.clock.now(), "modem.spare.balance", {"amount": 3.2})
    assert [route.credit for route in pair.roster.routes()] == [0, 3.2]


def test_a_sim_without_credit_is_passed_over_by_others_and_probes_by_itself(pair):
    """The modem that holds its messages back asks the network now and then with one of them."""
    for name in ("usb", "spare"):
        pair.station.facts.put(pair.clock.now(), f"modem.{name}.credit", {"out_since": 1})
    assert [route.credit for route in pair.roster.routes()] == [None, 0.0]


def test_a_modem_that_is_held_for_its_sim_does_not_count(station):
    pair = Pair(station)
    pair.roster._held = lambda name: name == "spare"
    pair.later(301)
    assert pair.takes()


def test_a_clock_that_is_set_right_makes_nobody_wait_for_years(pair):
    """It ran years ahead when the modem was last seen, and when relay was started."""
    pair.says("spare", LinkState.LOST)
    pair.clock.step(-10 * 365 * 86_400)
    pair.later(301)
    assert pair.takes()


def test_a_modem_that_is_rarely_surveyed_is_not_taken_for_a_hanging_one(station):
    pair = Pair(station)
    pair.roster._policy = replace(pair.roster._policy, silent_ms=10_800_000)
    pair.clock.advance(3_600)
    assert [route.works for route in pair.roster.routes()] == [True, True]


def test_who_asks_does_not_hang(pair):
    pair.clock.advance(3_600)
    assert [route.works for route in pair.roster.routes()] == [True, False]


def test_a_bundle_of_sms_is_credit(pair):
    bundle = {"amount": 0.0, "sms": 500, "sms_left": 500}
    pair.station.facts.put(pair.clock.now(), "modem.usb.balance", bundle)
    assert [route.credit for route in pair.roster.routes()] == [500, None]


def test_a_sim_that_does_not_tell_its_imsi_this_time_is_still_the_same(pair):
    """Or what it has begun would be sent anew, although nothing is wrong."""
    pair.begin(LONG, accepted=1)
    pair.roster._imsi_of = {"89": "639022"}.get
    pair.says("spare", LinkState.READY, "")
    pair.later(1000)
    pair.roster.step()
    assert pair.states() == ["ACCEPTED", "QUEUED", "QUEUED"]
    assert [route.sim for route in pair.roster.routes()] == ["639021", "639022"]
