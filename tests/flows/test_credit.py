"""No credit: held and probed over days, and over as soon as somebody tops up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay import operators
from relay.core.airtime import Wishes
from relay.core.credit import DayCap, Reserve
from relay.core.link import LinkState
from relay.core.money import micros
from relay.core.outbound import PartState
from relay.core.priority import Priority
from relay.errors import ModemError, OutcomeUnknown, Refused
from relay.flows.airtime import AirtimePolicy, wanted
from relay.flows.credit import CreditHold
from relay.store.accounts import Accounts
from tests.air import deliver
from tests.flows.conftest import MOTHER, Station

DAY = 86_400
REJECTED = Refused("CMS", 21)


@pytest.fixture
def broke(station: Station) -> Station:
    """MTN Zambia, an SMS costs K 0.20, K 0.05 are left, and the network rejects everything."""
    station.modem.identity = replace(station.modem.identity, imsi="645020000000001")
    station.money = AirtimePolicy(Wishes(price=micros("0.20")), operators.known())
    station.modem.ussd_answers["*114#"] = "Your balance is K0.05"
    station.modem.link = LinkState.CLOSED
    station.modem.answers = [REJECTED] * 100_000
    station.sweep_s = station.survey_s = 6 * 3600
    station.restart()
    return station


def pass_days(station: Station, days: float) -> None:
    """Turns as the worker would take them, without the waiting; of a long time not every one."""
    ends_at = station.clock.monotonic() + days * DAY
    while (now := station.clock.monotonic()) < ends_at:
        wait = station.turn.step()
        idle = wait if wait < 5 else max(wait, 600.0)
        station.clock.advance(min(max(idle, 1.0), ends_at - now))


def tried(station: Station) -> int:
    return station.modem.log.count("submit")


def top_up(station: Station, answer: str = "Your balance is K20.05") -> None:
    station.modem.ussd_answers["*114#"] = answer
    station.modem.answers = []


def out(station: Station) -> bool:
    found = station.facts.get("modem.modem0.credit")
    return found is not None and found.value["out_since"] is not None


def test_one_refusal_and_the_balance_are_enough(broke: Station) -> None:
    """The first rejection has the balance asked for; then nothing more is tried for a while."""
    for number in range(46):
        broke.queue(f"Message {number}", id_=f"m{number}")
    pass_days(broke, 200 / DAY)
    assert (out(broke), tried(broke)) == (True, 1)
    assert set(broke.states()) == {"QUEUED"}


def test_the_routing_fact_says_that_nothing_is_left(broke: Station) -> None:
    broke.queue()
    pass_days(broke, 200 / DAY)
    found = broke.facts.get("modem.modem0.balance")
    assert found is not None
    assert (found.value["amount"], found.value["sms_left"]) == (0.05, 0)


def test_weeks_without_credit_fail_nothing_and_cost_few_tries(broke: Station) -> None:
    """One message an interval, at most six hours apart; attempts are not used up."""
    for number in range(20):
        broke.queue(f"Message {number}", id_=f"m{number}")
    pass_days(broke, 10)
    assert set(broke.states()) == {"QUEUED"}
    assert 9 * 4 <= tried(broke) <= 10 * 4 + 12
    assert max(row[0] for row in broke.db.query("SELECT attempts FROM part")) <= 1
    top_up(broke)
    pass_days(broke, 0.3)
    assert set(broke.states()) == {"ACCEPTED"}
    assert len(broke.modem.submitted) == len(set(broke.modem.submitted)) == 20


def test_a_power_cut_forgets_nothing_of_it(broke: Station) -> None:
    """The state and the time of the next probe are rows."""
    broke.queue()
    pass_days(broke, 1)
    before = tried(broke)
    broke.power_cut()
    pass_days(broke, 100 / DAY)
    assert (out(broke), tried(broke)) == (True, before)


def test_a_check_by_hand_after_a_top_up_goes_on_at_once(broke: Station) -> None:
    broke.queue()
    pass_days(broke, 1)
    top_up(broke)
    broke.facts.put(broke.clock.now(), wanted("modem0"), True)
    pass_days(broke, 5 / DAY)
    assert broke.states() == ["ACCEPTED"]


def test_the_operators_message_of_a_top_up_goes_on_at_once(broke: Station) -> None:
    """Even where the balance cannot be read: then a message probes it."""
    broke.queue()
    pass_days(broke, 1)
    top_up(broke, "Sorry, try later")
    broke.modem.receive(deliver("You have been recharged with K20.00", sender="114"))
    pass_days(broke, 5 / DAY)
    assert broke.states() == ["ACCEPTED"]


def test_a_probe_that_is_accepted_ends_it(broke: Station) -> None:
    """The balance may lie: a bundle pays, and the network knows it."""
    for number in range(5):
        broke.queue(f"Message {number}", id_=f"m{number}")
    pass_days(broke, 200 / DAY)
    broke.modem.answers = []
    pass_days(broke, 0.01)
    assert set(broke.states()) == {"ACCEPTED"}
    assert not out(broke)


def test_without_a_balance_three_rejections_say_it(broke: Station) -> None:
    """No USSD code is known for this SIM."""
    broke.modem.identity = replace(broke.modem.identity, imsi="")
    broke.restart()
    for number in range(10):
        broke.queue(f"Message {number}", to=f"{MOTHER}{number}"[-12:], id_=f"m{number}")
    pass_days(broke, 14)
    assert out(broke)
    assert set(broke.states()) == {"QUEUED"}
    assert tried(broke) < 75
    broke.modem.answers = []
    pass_days(broke, 0.5)
    assert set(broke.states()) == {"ACCEPTED"}


def test_a_number_that_is_always_rejected_is_no_lack_of_credit(broke: Station) -> None:
    """With plenty on the SIM the rejection is the message's own affair, on its own schedule."""
    broke.modem.ussd_answers["*114#"] = "Your balance is K38.20"
    broke.modem.answers = [REJECTED] * 2
    broke.queue()
    pass_days(broke, 0.1)
    assert not out(broke)
    assert broke.states() == ["ACCEPTED"]


@pytest.mark.parametrize("code", [38, 500, 8, 50, 42])
def test_other_refusals_count_when_the_balance_says_so(broke: Station, code: int) -> None:
    """Networks have many words for it; with an empty purse any of them will do."""
    broke.modem.answers = [Refused("CMS", code)] * 100
    broke.queue()
    pass_days(broke, 1)
    assert out(broke)
    assert broke.states() == ["QUEUED"]


def test_the_balance_is_not_asked_for_too_often(broke: Station) -> None:
    """A network that is out of order for a day is no reason to ask all day."""
    broke.modem.ussd_answers["*114#"] = "Your balance is K38.20"
    broke.modem.answers = [Refused("CMS", 38)] * 100
    for number in range(20):
        broke.queue(f"Message {number}", to=f"+26097700{number:04}", id_=f"m{number}")
    pass_days(broke, 2 / 24)
    assert broke.modem.log.count("ussd") <= 4


def test_what_nobody_knows_holds_the_probe_for_an_interval(broke: Station) -> None:
    """Silence after a probe is no acceptance, and no reason to try again at once."""
    broke.queue("one", id_="m1")
    broke.queue("two", id_="m2", to="+260977000077")
    pass_days(broke, 200 / DAY)
    broke.modem.answers = [OutcomeUnknown("silence"), *[REJECTED] * 10]
    broke.clock.advance(300)
    for _ in range(10):
        broke.turn.step()
    assert out(broke)
    assert tried(broke) == 2


def test_only_urgent_messages_use_the_reserve(broke: Station) -> None:
    """The rest waits, and goes when there is more."""
    broke.modem.answers = []
    broke.modem.ussd_answers["*114#"] = "Your balance is K2.00"
    broke.reserve = Reserve(sms=8)
    broke.restart()
    broke.facts.put(broke.clock.now(), wanted("modem0"), True)
    pass_days(broke, 1 / DAY)
    for number in range(6):
        broke.queue(f"Message {number}", id_=f"m{number}")
    broke.outbox.enqueue(
        broke.clock.now(), recipient=MOTHER, text="Alarm", server="cht", server_id="a",
        priority=Priority.ALERT,
    )  # fmt: skip
    pass_days(broke, 0.5)
    assert broke.states().count("ACCEPTED") == 2  # the alert, and one down to the reserve
    assert broke.part(7).state is PartState.ACCEPTED
    top_up(broke)
    broke.facts.put(broke.clock.now(), wanted("modem0"), True)
    pass_days(broke, 0.1)
    assert set(broke.states()) == {"ACCEPTED"}


def test_another_sim_starts_afresh(broke: Station) -> None:
    """What was believed of one SIM says nothing of the next."""
    broke.queue()
    pass_days(broke, 1)
    answers: list[int | ModemError] = []
    broke.modem.answers = answers
    broke.modem.identity = replace(broke.modem.identity, iccid="8926099")
    broke.modem.link = LinkState.CLOSED
    pass_days(broke, 5 / DAY)
    assert broke.states() == ["ACCEPTED"]


def test_a_rejection_before_anybody_knew_counts_as_no_try(broke: Station) -> None:
    """When there is credit again it is due at once; one that has another cause is not."""
    broke.queue()
    pass_days(broke, 200 / DAY)
    top_up(broke)
    broke.facts.put(broke.clock.now(), wanted("modem0"), True)
    pass_days(broke, 3 / DAY)
    assert (broke.states(), broke.part().attempts) == (["ACCEPTED"], 1)


@pytest.mark.parametrize("refusal", [REJECTED, Refused("CMS", 1)], ids=["rejected", "barred"])
def test_one_that_is_always_refused_is_not_all_that_probes(
    broke: Station, refusal: Refused
) -> None:
    """Without a balance only a message can find out that there is credit again."""
    broke.money = AirtimePolicy()
    broke.restart()
    for number in range(4):
        broke.queue(f"Message {number}", f"+2547000001{number:02}", id_=f"m{number}")
    pass_days(broke, 1)
    assert out(broke)
    head = broke.part(1).number
    broke.modem.answers = []
    broke.modem.barred = {head: refusal}
    pass_days(broke, 1)
    assert broke.states()[1:] == ["ACCEPTED"] * 3


def test_what_was_given_back_counts_neither_as_spent_nor_as_a_probe(station: Station) -> None:
    """A network that comes and goes in the middle of the queue does not fill the day's cap."""
    hold = CreditHold(
        "modem0", Accounts(station.db), station.facts, station.clock, cap=DayCap(10, 1)
    )
    hold.opened("sim")
    for _ in range(20):
        hold.rested()
        hold.claimed(MOTHER)
    hold.rested()
    assert hold.selection().takes(0, MOTHER)
