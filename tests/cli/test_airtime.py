"""`relay balance` and `relay airtime` as a person types them."""

from __future__ import annotations

import csv
import io

from relay.core.balance import Balance
from relay.core.money import micros
from relay.core.outbound import Accepted, NoAnswer
from relay.store.accounts import Accounts
from tests.cli.conftest import Relay
from tests.clinic import Clinic

MONTH = "2026-05"  # of tests.air.NOON, wherever the tests run


def sent(clinic: Clinic, n: int) -> None:
    clinic.put(modem__usb1__price={"micros": micros("0.20"), "currency": "ZMW"})
    for _ in range(n):
        clinic.sends("Come", server="main")
        part = clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
        assert part is not None
        clinic.outbox.record(clinic.clock.now(), part, Accepted(1))


def test_the_bill_as_csv(clinic: Clinic, relay: Relay) -> None:
    """One line for each server, modem and country; nobody's number."""
    sent(clinic, 3)
    clinic.sends("Come", server="main")
    part = clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
    assert part is not None
    clinic.outbox.record(clinic.clock.now(), part, NoAnswer("silence"))
    result = relay("airtime", "--csv", "--month", MONTH)
    (line,) = csv.DictReader(io.StringIO(result.stdout))
    assert line == {
        "month": MONTH, "server": "main", "modem": "usb1", "prefix": "+25470…", "sms": "3",
        "in_doubt": "1", "unpriced": "0", "cost": "0.6", "currency": "ZMW",
    }  # fmt: skip


def test_the_bill_as_a_table(clinic: Clinic, relay: Relay) -> None:
    sent(clinic, 2)
    assert "In all 2 SMS, ZMW 0.40" in relay("airtime", "--month", MONTH).stdout
    assert "No SMS" in relay("airtime", "--month", "2020-01").stderr
    assert relay("airtime", "--month", "May").exit_code == 64


def test_the_balance_and_how_far_it_reaches(clinic: Clinic, relay: Relay) -> None:
    """`ZMW 38.20, about 191 SMS`, less what was sent since."""
    clinic.put(modem__usb1__price={"micros": micros("0.20"), "currency": "ZMW"})
    Accounts(clinic.db).observe(
        clinic.clock.now(), "usb1", "sim", Balance(micros("38.20"), "ZMW"), "USSD",
        micros("0.20"),
    )  # fmt: skip
    clinic.clock.advance(60)
    sent(clinic, 5)
    said = relay("balance").stdout
    assert "ZMW 38.20, about 186 SMS" in said
    assert "ZMW 0.20 for one SMS" in said


def test_what_is_not_known_is_said(clinic: Clinic, relay: Relay) -> None:
    result = relay("balance")
    assert "not known" in result.stdout
    assert result.exit_code == 1


def test_a_pattern_is_tried(relay: Relay) -> None:
    result = relay("balance", "--try", "balance is {amount}", "Your balance is K38.20.")
    assert "K 38.20" in result.stdout
    assert relay("balance", "--try", "reste {amount}", "no number").exit_code == 1
    assert relay("balance", "--try", "nothing", "no number").exit_code == 64
