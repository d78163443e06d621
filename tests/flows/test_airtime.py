"""Airtime: what the operator is asked, and what relay makes of its answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay import operators
from relay.core.airtime import Wishes
from relay.core.link import LinkState
from relay.core.money import micros
from relay.errors import NoReply, PortLost, Refused
from relay.flows.airtime import AirtimePolicy, wanted
from tests.air import deliver
from tests.flows.conftest import Station

MTN_ZAMBIA = "645020000000001"


@pytest.fixture
def prepaid(station: Station) -> Station:
    """A station with a SIM of MTN Zambia; what an SMS costs is known."""
    station.modem.identity = replace(station.modem.identity, imsi=MTN_ZAMBIA)
    station.money = AirtimePolicy(Wishes(price=micros("0.20")), operators.known())
    station.modem.ussd_answers["*114#"] = "Your main balance is K38.20."
    station.modem.link = LinkState.CLOSED
    station.restart()
    return station


def wish(station: Station) -> None:
    station.clock.advance(1)
    station.facts.put(station.clock.now(), wanted("modem0"), True)


def balance(station: Station) -> object:
    found = station.facts.get("modem.modem0.balance")
    return found and found.value["amount"]


def check(station: Station) -> object:
    found = station.facts.get("modem.modem0.balance_check")
    return found and found.value["state"]


def test_where_no_code_is_known_the_technician_learns_where_it_belongs(station: Station) -> None:
    station.work()
    wish(station)
    station.work()
    found = station.facts.get("modem.modem0.balance_check")
    assert found is not None
    assert found.value["state"] == "impossible"
    assert "balance_ussd of [modem.modem0]" in found.value["error"]


def test_nobody_is_asked_unasked(prepaid: Station) -> None:
    """Without a wish the operator hears nothing."""
    prepaid.work()
    assert "ussd" not in prepaid.modem.log


def test_a_wish_is_one_question(prepaid: Station) -> None:
    """The operator is asked once, and the answer is a fact and a row."""
    prepaid.work()
    wish(prepaid)
    prepaid.work()
    prepaid.work()
    assert prepaid.modem.log.count("ussd") == 1
    found = prepaid.facts.get("modem.modem0.balance")
    assert found is not None
    assert found.value == {
        "amount": 38.2, "currency": "ZMW", "at": prepaid.clock.now(), "sms_left": 191,
        "sms": None, "until": None,
    }  # fmt: skip
    assert prepaid.db.value("SELECT amount FROM balance") == micros("38.20")


def test_a_wish_survives_a_power_cut(prepaid: Station) -> None:
    """It is a row: whoever comes back asks."""
    wish(prepaid)
    prepaid.power_cut()
    prepaid.work()
    assert balance(prepaid) == 38.2


def test_no_question_while_there_is_no_network(prepaid: Station) -> None:
    """The wish waits for the network."""
    prepaid.work()
    prepaid.modem.link = LinkState.SEARCHING
    wish(prepaid)
    prepaid.work()
    assert check(prepaid) is None
    prepaid.modem.link = LinkState.READY
    prepaid.work()
    assert check(prepaid) == "done"


@pytest.mark.parametrize("error", [NoReply("the USSD code", 30), Refused("CME", 100)])
def test_silence_is_asked_again_and_blocks_nothing(
    prepaid: Station, error: NoReply | Refused
) -> None:
    """The modem stays open, messages go out, and after a while it is tried again; not for ever."""
    prepaid.modem.ussd_answers["*114#"] = error
    wish(prepaid)
    prepaid.queue()
    prepaid.work()
    assert (check(prepaid), prepaid.modem.opened, prepaid.states()) == ("failed", 1, ["ACCEPTED"])
    for _ in range(20):
        prepaid.clock.advance(1800)
        prepaid.work()
    assert prepaid.modem.log.count("ussd") == 4
    prepaid.modem.ussd_answers["*114#"] = "Your balance is K1.00"
    wish(prepaid)
    prepaid.work()
    assert balance(prepaid) == 1.0


def test_a_cable_that_goes_meanwhile_is_an_ordinary_loss(prepaid: Station) -> None:
    """The modem is opened again, and the wish is still there."""
    wish(prepaid)
    prepaid.modem.die_in["ussd"] = PortLost("modem0", "unplugged")
    prepaid.turn.step()
    prepaid.clock.advance(60)
    prepaid.work()
    assert (prepaid.modem.opened, balance(prepaid)) == (2, 38.2)


def test_what_cannot_be_read_is_kept_in_its_words(prepaid: Station) -> None:
    """No number is made up; the answer is there for whoever writes a pattern."""
    prepaid.modem.ussd_answers["*114#"] = "Dear customer, dial *117# for your balance"
    wish(prepaid)
    prepaid.work()
    assert (check(prepaid), balance(prepaid)) == ("unreadable", None)
    answer = prepaid.facts.get("modem.modem0.balance_answer")
    assert answer is not None
    assert answer.value == "Dear customer, dial *117# for your balance"


def test_the_menu_is_answered_as_configured(prepaid: Station) -> None:
    """`*144#,1` is the code and what is answered to its menu."""
    prepaid.money = AirtimePolicy(Wishes(ussd="*144#,1", pattern="reste {amount}", currency="XOF"))
    prepaid.modem.ussd_answers["*144#,1"] = "Il vous reste 1 250 FCFA"
    prepaid.restart()
    prepaid.airtime.opened()
    wish(prepaid)
    prepaid.work()
    assert balance(prepaid) == 1250


def test_the_balance_may_come_by_sms(prepaid: Station) -> None:
    """The question goes to the operator's number, and its answer is read when it comes."""
    wishes = Wishes(sms_to="1415", sms_text="BL", currency="NPR")
    prepaid.money = AirtimePolicy(wishes)
    prepaid.restart()
    prepaid.airtime.opened()
    wish(prepaid)
    prepaid.work()
    prepaid.work()
    assert (check(prepaid), prepaid.states()) == ("asked", ["ACCEPTED"])
    prepaid.modem.receive(deliver("Your current balance is Rs. 87.30", sender="1415"))
    prepaid.work()
    assert (check(prepaid), balance(prepaid)) == ("done", 87.3)


def test_only_the_operator_is_believed(prepaid: Station) -> None:
    """A health worker who writes of a balance is no operator."""
    prepaid.work()
    prepaid.modem.receive(deliver("Your balance is K0.00"))
    prepaid.work()
    prepaid.work()
    assert balance(prepaid) is None


def test_a_top_up_is_noticed(prepaid: Station) -> None:
    """The operator's news of a top-up has the balance asked for."""
    prepaid.work()
    prepaid.modem.receive(deliver("You have been recharged with K20.00", sender="114"))
    prepaid.work()
    prepaid.work()
    assert balance(prepaid) == 38.2


def test_messages_of_the_time_before_are_not_read_as_news(prepaid: Station) -> None:
    """What lay in the store when relay learnt of airtime is not an answer of today."""
    prepaid.modem.receive(deliver("Your balance is K5.00", sender="114"))
    prepaid.work()
    prepaid.power_cut()
    prepaid.work()
    assert len(prepaid.db.query("SELECT 1 FROM balance")) <= 1


def test_the_price_is_learnt(prepaid: Station) -> None:
    """What the balance lost while so many SMS went out is what they cost."""
    prepaid.money = AirtimePolicy(Wishes(), operators.known())
    prepaid.restart()
    wish(prepaid)
    prepaid.work()
    prepaid.clock.advance(1)
    for number in range(6):
        prepaid.queue(f"Message {number}", id_=f"m{number}")
    prepaid.work()
    prepaid.modem.ussd_answers["*114#"] = "Your main balance is K36.70."
    wish(prepaid)
    prepaid.work()
    price = prepaid.facts.get("modem.modem0.price")
    assert price is not None
    assert price.value == {"micros": micros("0.25"), "currency": "ZMW"}
    found = prepaid.facts.get("modem.modem0.balance")
    assert found is not None
    assert found.value["sms_left"] == 146
