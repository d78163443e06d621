"""Silence: the modem, the network or the people; told by an SMS to oneself where that may be."""

from __future__ import annotations

import pytest

from relay.core.ladder import Trouble
from relay.core.link import LinkState
from relay.core.loops import LoopLimits
from relay.core.pdu import Submit, decode
from relay.core.rhythm import HOURS_A_WEEK, Quiet, Rhythm, Silent
from relay.errors import Ailing, OutcomeUnknown, PortLost, Refused
from relay.flows.silence import CanaryPolicy, Silence
from relay.store.canaries import Canaries
from relay.store.outbox import Outbox
from relay.store.raw import Arrival
from relay.store.rhythms import Rhythms
from tests.air import deliver, report
from tests.flows.conftest import Station

OWN = "+254711000000"
HOUR, MINUTE = 3600.0, 60.0
BUSY = Rhythm(
    (60.0,) * HOURS_A_WEEK, (10.0,) * HOURS_A_WEEK, hours=20 * HOURS_A_WEEK, arrivals=10_000.0
)  # six minutes in each hour


class Ward:
    """A station whose rhythm is known, and what its modem's thread does about silence."""

    def __init__(self, station: Station, policy: CanaryPolicy) -> None:
        self.station = station
        self.rhythms = Rhythms(station.db, "modem0")
        self.rhythms.put(station.clock.now(), BUSY, Quiet())
        self.canaries = Canaries(station.db, "modem0")
        self.heard: list[Trouble] = []
        self.silence = Silence(
            station.modem, self.rhythms, self.canaries, station.outbox, station.clock, policy,
            self.heard.append,
        )  # fmt: skip
        self.silence.opened()

    def live(self, seconds: float) -> None:
        """Time passes; what is to be sent is sent."""
        end = self.station.clock.monotonic() + seconds
        while self.station.clock.monotonic() < end:
            self.silence.step()
            self.station.sending.step()
            self.station.sending.notice([])  # which records what became of it
            self.station.clock.advance(MINUTE)

    def comes(self, text: str = "Fever", sender: str = "+254700000001") -> None:
        """Something comes in and is read."""
        now = self.station.clock.now()
        arrival = Arrival(deliver(text, sender=sender), "modem0", "sim", "SM:1")
        self.station.inbox.keep(now, [arrival])
        self.station.inbox.digest(now)

    @property
    def who(self) -> str:
        fact = self.station.facts.get("modem.modem0.silence")
        return str(fact.value["who"]) if fact else ""

    @property
    def written(self) -> list[str]:
        """What was sent to our own number."""
        sent = [decode(pdu) for pdu in self.station.modem.submitted]
        return [str(x.text) for x in sent if isinstance(x, Submit) and x.recipient.number == OWN]


@pytest.fixture
def ward(station: Station) -> Ward:
    return Ward(station, CanaryPolicy(OWN))


@pytest.fixture
def thrifty(station: Station) -> Ward:
    """One that may not spend an SMS."""
    return Ward(station, CanaryPolicy())


def test_a_usual_silence_is_nothing(ward: Ward) -> None:
    ward.live(1.5 * HOUR)
    assert (ward.who, ward.written) == ("NOBODY", [])


def test_without_a_canary_an_unusual_silence_is_said_and_nothing_is_spent(thrifty: Ward) -> None:
    thrifty.live(3 * HOUR)
    assert (thrifty.who, thrifty.written) == ("UNUSUAL", [])


def test_without_a_network_it_is_the_network(ward: Ward) -> None:
    ward.station.modem.link = LinkState.SEARCHING
    ward.live(3 * HOUR)
    assert (ward.who, ward.written) == ("NETWORK", [])


def test_a_modem_that_lost_its_settings_is_opened_anew_before_anything_is_spent(
    ward: Ward,
) -> None:
    ward.station.modem.settings_kept = False
    with pytest.raises(PortLost):
        ward.live(3 * HOUR)
    assert ward.written == []


def test_a_canary_is_no_loop_although_it_goes_to_the_station_itself(station: Station) -> None:
    station.outbox = Outbox(station.db, loops=LoopLimits(own=(OWN,)))
    station.restart()
    ward = Ward(station, CanaryPolicy(OWN))
    ward.live(2.2 * HOUR)
    assert len(ward.written) == 1
    assert station.db.value("SELECT count(*) FROM held") == 0


def test_a_canary_that_comes_back_says_that_the_people_are_silent(ward: Ward) -> None:
    """It goes to no server, is answered by nobody, and is counted."""
    ward.live(2.2 * HOUR)
    assert ward.who == "TESTING"
    (text,) = ward.written
    ward.comes(text, OWN)
    ward.live(2 * MINUTE)
    assert ward.who == "PEOPLE"
    ward.comes()
    ward.live(2 * MINUTE)
    assert ward.who == "NOBODY"
    db = ward.station.db
    assert [row[0] for row in db.query("SELECT text FROM inbound")] == ["Fever"]
    assert len(db.query("SELECT 1 FROM forwarding")) == 1
    assert db.value("SELECT n FROM tally WHERE what = 'canary'") == 1


@pytest.mark.parametrize("sender", ["0711000000", "254711000000", OWN])
def test_the_network_may_write_our_number_in_its_own_way(ward: Ward, sender: str) -> None:
    ward.live(2.2 * HOUR)
    ward.comes(ward.written[0], sender)
    assert ward.station.db.query("SELECT 1 FROM inbound") == []


def test_a_report_shows_that_the_modem_hears(thrifty: Ward) -> None:
    thrifty.live(3 * HOUR)
    now = thrifty.station.clock.now()
    thrifty.station.inbox.keep(now, [Arrival(report(1, OWN), "modem0", "sim", "SM:1")])
    thrifty.station.inbox.digest(now)
    thrifty.live(2 * MINUTE)
    assert thrifty.who == "PEOPLE"


def test_nobody_else_can_write_one(ward: Ward) -> None:
    """The same words from another number, and words of which the digest is wrong, are messages."""
    ward.live(2.2 * HOUR)
    (text,) = ward.written
    ward.comes(text, "+254700000001")
    ward.comes(text[:-1] + ("0" if text[-1] != "0" else "1"), OWN)
    assert len(ward.station.db.query("SELECT 1 FROM inbound")) == 2


def test_a_canary_that_does_not_come_back_is_a_deaf_modem(ward: Ward) -> None:
    with pytest.raises(Ailing) as deaf:
        ward.live(4 * HOUR)
    assert deaf.value.trouble == Trouble.DEAF
    assert ward.who == "MODEM"
    assert len(ward.written) == 1


def test_after_a_cure_that_did_not_help_it_is_deaf_again_and_costs_nothing_more(
    ward: Ward,
) -> None:
    for _ in range(3):
        with pytest.raises(Ailing):
            ward.live(4 * HOUR)
        ward.silence.opened()
    assert len(ward.written) == 1


def test_a_canary_that_comes_back_after_a_cure_shows_that_it_helped(ward: Ward) -> None:
    with pytest.raises(Ailing):
        ward.live(4 * HOUR)
    ward.silence.opened()
    ward.live(2 * MINUTE)
    ward.comes(ward.written[0], OWN)
    ward.live(2 * MINUTE)
    assert (ward.who, ward.heard) == ("NOBODY", [Trouble.DEAF])


def test_whatever_comes_in_proves_the_cure(ward: Ward) -> None:
    with pytest.raises(Ailing):
        ward.live(4 * HOUR)
    ward.silence.opened()
    ward.live(2 * MINUTE)
    ward.comes()
    ward.live(2 * MINUTE)
    assert ward.heard == [Trouble.DEAF]
    assert ward.who == "NOBODY"


@pytest.mark.parametrize("answer", [Refused("CMS", 1), OutcomeUnknown("silence")])
def test_a_canary_that_the_network_did_not_take_proves_nothing(
    ward: Ward, answer: Refused | OutcomeUnknown
) -> None:
    ward.station.modem.answers = [answer]
    ward.live(6 * HOUR)
    assert ward.who in {"UNUSUAL", "TESTING"}


def test_there_is_no_more_than_one_canary_a_day(ward: Ward) -> None:
    for _ in range(6 * 26):
        ward.live(10 * MINUTE)
        for text in ward.written[-1:]:
            ward.comes(text, OWN)
    assert 1 <= len(ward.written) <= 2


def test_the_hours_in_which_the_modem_was_away_are_not_silent(ward: Ward) -> None:
    for _ in range(20):
        ward.live(5 * MINUTE)
        ward.station.clock.advance(HOUR)
        ward.silence.opened()
    assert (ward.who, ward.written) == ("NOBODY", [])


def test_the_rhythm_is_learned_and_kept_over_a_restart(station: Station) -> None:
    """Minutes in which something came, hour by hour."""
    ward = Ward(station, CanaryPolicy())
    ward.rhythms.put(station.clock.now(), Rhythm(), Quiet())
    ward = fresh(ward)
    for number in range(120):
        ward.live(3 * MINUTE)
        ward.comes(f"Report {number}")
    learned = Rhythms(station.db, "modem0").rhythm()
    assert learned.hours >= 4
    assert 4 <= learned.arrivals / learned.hours <= 21


def fresh(ward: Ward) -> Ward:
    again = Ward.__new__(Ward)
    again.__dict__.update(ward.__dict__)
    again.silence = Silence(
        ward.station.modem, ward.rhythms, ward.canaries, ward.station.outbox, ward.station.clock,
        CanaryPolicy(),
    )  # fmt: skip
    return again


def test_what_was_kept_and_makes_no_sense_is_nothing(station: Station) -> None:
    station.facts.put(1, "modem.modem0.rhythm", {"sums": [1], "weeks": "x"})
    station.facts.put(1, "modem.modem0.silence", {"who": "AUNT"})
    station.facts.put(1, "modem.modem0.canary", {"what": 1})
    rhythms = Rhythms(station.db, "modem0")
    assert (rhythms.rhythm(), rhythms.quiet()) == (Rhythm(), Quiet())
    assert Canaries(station.db, "modem0").last() is None
    assert rhythms.quiet().who is Silent.NOBODY
