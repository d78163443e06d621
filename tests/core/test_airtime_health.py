"""What status says of money: none left, little left, and what nobody can read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.core.airtime import forecast, in_words
from relay.core.airtime_health import airtime
from relay.core.money import micros
from relay.core.station import AirtimeFacts, DaemonFacts, Running, Station

NOW = 1_780_000_000_000
RICH = AirtimeFacts(
    "usb1", amount=micros("38.20"), currency="ZMW", price=micros("0.20"), daily=17.0, queued=46,
    at=NOW,
)  # fmt: skip


def codes(*known: AirtimeFacts) -> list[str]:
    running = DaemonFacts(running=Running.YES)
    return [one.code for one in airtime(Station(NOW, daemon=running, airtime=known))]


def test_the_forecast_in_words() -> None:
    assert RICH.words() == "ZMW 38.20, about 191 SMS, 11 days; queue needs 46"
    assert replace(RICH, price=None).words() == (
        "ZMW 38.20, how many SMS is not known; queue needs 46"
    )
    assert in_words(None, "", None, forecast(None, None, None), None) == "not known"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (RICH, []),
        (AirtimeFacts("usb1"), []),
        (replace(RICH, sent=190), ["CREDIT_LOW"]),
        (replace(RICH, queued=300), ["CREDIT_LOW"]),
        (replace(RICH, daily=150.0), ["CREDIT_LOW"]),
        (replace(RICH, price=None, daily=150.0), []),
        (replace(RICH, out_since=NOW), ["SIM_NO_CREDIT"]),
        (replace(RICH, reserve=True, held=3), ["CREDIT_RESERVE"]),
        (replace(RICH, capped=True, held=3), ["COST_CAP"]),
        (replace(RICH, check="unreadable", check_at=NOW + 1), ["BALANCE_UNREADABLE"]),
        (replace(RICH, check="unreadable", check_at=NOW - 1), []),
    ],
)
def test_what_is_said_of_one_sim(known: AirtimeFacts, expected: list[str]) -> None:
    assert codes(known) == expected


def test_a_second_sim_that_can_pay_makes_it_less_bad() -> None:
    station = Station(
        NOW,
        daemon=DaemonFacts(running=Running.YES),
        airtime=(replace(RICH, out_since=NOW), replace(RICH, modem="usb2")),
    )
    (problem,) = airtime(station)
    assert problem.verdict == "WARN"
    assert "Another modem" in problem.what
