"""A whole relay and its money: credit that runs out, loops, and what the network charged."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from relay.simulator.ussd import UssdAnswer
from tests.station import GATEWAY, MOTHER, NURSE, Station

pytestmark = [pytest.mark.pty, pytest.mark.slow]

BALANCE = {"balance_ussd": "*144#,1", "balance_pattern": "You have {amount}"}


def charged(station: Station) -> int:
    """What the ledger says was charged, in SMS."""
    return int(station.query("SELECT coalesce(sum(charged), 0) FROM segment")[0][0])


def have_gone(station: Station, n: int) -> bool:
    return len(station.network.submissions) >= n


def test_credit_ends_in_the_middle_and_comes_back(tmp_path: Path) -> None:
    """Nothing fails and nothing goes twice; status says what to do; a top-up is seen at once
    when somebody asks for the balance, by a menu."""
    changes: dict[str, dict[str, Any]] = {
        "modem.usb": BALANCE,
        "airtime": {"price_per_sms": 1, "currency": "ZMW"},
    }
    with Station(tmp_path, changes=changes) as station:
        account = station.network.account(GATEWAY)
        account.credit = 3.0
        told = UssdAnswer("You have K{credit}.")
        station.network.ussd_codes["*144#"] = UssdAnswer("1 Balance\n2 Data", options={"1": told})
        for number in range(8):
            station.server.queue(f"m{number}", MOTHER, f"Message {number}")
        station.start()
        station.eventually(
            lambda: (station.fact("modem.usb.credit") or {}).get("out_since"), "no credit"
        )
        assert (station.on_air("Message 0"), len(station.network.submissions)) == (1, 3)
        said = station.command("status").stdout
        assert "SIM_NO_CREDIT" in said
        assert re.search(r"balance ZMW 0\.00", said)

        account.credit = 50.0
        asked = station.command("balance", "--check")
        assert "ZMW 50.00" in asked.stdout, asked.stderr
        station.eventually(lambda: len(station.screen()) == 8, "everything goes out")
        assert set(station.screen().values()) == {1}
        assert "SIM_NO_CREDIT" not in station.command("status").stdout
        station.eventually(lambda: charged(station) == 8, "the ledger")


def test_relay_and_an_auto_reply_stop(tmp_path: Path) -> None:
    """A server that thanks for everything, and a phone that answers everything."""
    with Station(tmp_path, changes={"loops": {"max_echoes_per_hour": 3}}) as station:
        # Two in one second would be the same bytes, and count as a repetition of the network.
        station.handset(NURSE).answer("Thank", "I am on leave until Monday.", delay_s=1.1)
        relay = station.start()
        station.text("P 1 Anna")
        answered = 0

        def looks_like_a_loop() -> bool:
            nonlocal answered
            while answered < len(station.server.reports):
                answered += 1
                station.server.queue(f"thanks-{answered}", NURSE, "Thank you for your report.")
            return bool(station.query("SELECT 1 FROM held"))

        station.eventually(looks_like_a_loop, "the loop is found", within_s=40)
        assert len(station.network.submissions) == 3
        said = station.command("status").stdout
        assert "LOOP_SUSPECTED" in said
        (held,) = station.query("SELECT outbound_id FROM held")
        shown = station.command("outbox", "list", "--held").stdout
        assert str(held[0]) in shown
        station.handset(NURSE).switch_off()
        assert station.command("outbox", "release", str(held[0])).returncode == 0
        station.eventually(lambda: len(station.network.submissions) == 4, "released")
        assert relay.exit_code is None


def test_the_day_costs_no_more_than_the_cap(tmp_path: Path) -> None:
    """Urgent messages go all the same."""
    changes = {"airtime": {"price_per_sms": 0.5, "max_cost_per_day": 2.2}}
    with Station(tmp_path, changes=changes) as station:
        for number in range(8):
            station.server.queue(f"m{number}", MOTHER, f"Message {number}")
        station.start()
        station.eventually(lambda: len(station.network.submissions) == 4, "as many as are paid")
        station.eventually(lambda: "COST_CAP" in station.command("status").stdout, "status")
        assert len(station.network.submissions) == 4


def test_the_ledger_is_the_bill_of_the_network_over_kill_9(tmp_path: Path) -> None:
    """Stored submission: the modem's memory says what had gone, so the sums are the same."""
    changes = {"modem.usb": {"submission": "stored"}}
    with Station(tmp_path, changes=changes) as station:
        account = station.network.account(GATEWAY)
        account.credit = 1000.0
        for number in range(30):
            station.server.queue(f"m{number}", MOTHER, f"Message {number} " * 15)  # two parts
        station.network.submit_delay_s = 0.02
        for sent in (3, 11, 25, 40):
            relay = station.start()
            station.eventually(partial(have_gone, station, sent), "some went")
            relay.kill()
        station.start()
        station.eventually(station.at_rest, "all is settled", within_s=60)
        rows = station.query("SELECT sum(charged), sum(charged = 0) FROM segment")
        assert tuple(rows[0]) == (len(station.network.submissions), 0)
        assert account.credit == 1000.0 - charged(station)
