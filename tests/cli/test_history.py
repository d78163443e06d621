"""`relay history`: plots for a person, numbers for everybody else."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from relay.cli import history
from relay.clock import local
from relay.store.history import sample
from tests.air import deliver
from tests.clinic import Clinic

Relay = Callable[..., Result]
Said = Callable[..., dict[str, Any]]


def days_go_by(clinic: Clinic, days: int = 2) -> None:
    for hour in range(days * 24):
        signal = None if hour == 5 else -71 - hour % 7
        sample(clinic.db, clinic.clock.now(), clinic.clock.now(), {"usb1": signal})
        clinic.clock.advance(3600)
    clinic.receives(deliver("Malaria 3"))
    clinic.sends()
    sample(clinic.db, clinic.clock.now(), clinic.clock.now(), {"usb1": -71})


def test_where_nobody_looks_there_is_a_line_a_day(clinic: Clinic, relay: Relay) -> None:
    """Least, usual, most; and how often the modem was away."""
    days_go_by(clinic)
    lines = relay("history", "signal").stdout.splitlines()
    assert lines[0].split() == ["DAY", "WHAT", "LEAST", "USUAL", "MOST", "FIGURES"]
    assert len(lines) == 4
    assert sum(" of " in line for line in lines) == 1
    assert "signal usb1, dBm  -77    -74    -71" in lines[2]


def test_every_topic_is_there_without_asking(clinic: Clinic, said: Said) -> None:
    """Signal, traffic, queue; credit as soon as a balance was seen."""
    days_go_by(clinic)
    found = said("history")
    assert [(one["topic"], one["name"]) for one in found["series"]] == [
        ("signal", "usb1"),
        ("traffic", "received"),
        ("traffic", "sent"),
        ("traffic", "delivered"),
        ("traffic", "failed"),
        ("queue", "to go out"),
        ("queue", "not at the server"),
    ]
    assert found["series"][1]["points"][-1][1] == 1
    assert found["series"][5]["points"][-1][1] == 1


def test_credit_is_what_the_operator_said(clinic: Clinic, said: Said) -> None:
    """In money, not in millionths."""
    with clinic.db.transaction() as tx:
        tx.execute(
            "INSERT INTO balance (at, modem, sim, amount, currency, sms, via)"
            " VALUES (?, 'usb1', 'sim', 38200000, 'ZMW', NULL, 'USSD')",
            (clinic.clock.now(),),
        )
    (one,) = said("history", "credit")["series"]
    assert (one["unit"], one["points"]) == ("ZMW", [[clinic.clock.now(), 38.2]])


def test_a_spreadsheet_gets_every_figure(clinic: Clinic, relay: Relay) -> None:
    """A figure that is not known is an empty cell, not 0."""
    days_go_by(clinic)
    rows = list(csv.DictReader(io.StringIO(relay("history", "signal", "--csv").stdout)))
    assert len(rows) == 49
    assert [row["value"] for row in rows].count("") == 1


def test_only_the_days_that_were_asked_for(clinic: Clinic, said: Said) -> None:
    """Today counts as one."""
    days_go_by(clinic, 3)
    (one,) = said("history", "signal", "--days", "1")["series"]
    today = local(clinic.clock.now())[:10]
    assert {local(at)[:10] for at, _ in one["points"]} == {today}


def test_a_terminal_gets_plots(
    clinic: Clinic, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of characters, without colours."""
    days_go_by(clinic)
    monkeypatch.setattr(history, "fancy", lambda: True)
    screen = relay("history").stdout
    assert "signal usb1, dBm" in screen
    assert "## received" in screen
    assert "oo not at the server" in screen
    assert "\x1b" not in screen
    assert max(map(len, screen.splitlines())) <= 80


def test_without_plotext_it_says_so_and_shows_the_numbers(
    clinic: Clinic, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a traceback for a package that is not there."""
    days_go_by(clinic)
    monkeypatch.setattr(history, "fancy", lambda: True)
    monkeypatch.delitem(sys.modules, "relay.cli.plots", raising=False)
    monkeypatch.setitem(sys.modules, "plotext", None)
    result = relay("history", "queue")
    assert "pip install" in result.stderr
    assert "queue to go out" in result.stdout


def test_nothing_yet(relay: Relay) -> None:
    """A new station says when there will be something."""
    result = relay("history")
    assert result.exit_code == 0
    assert "Nothing is known yet" in result.stderr


def test_a_topic_that_is_none(relay: Relay) -> None:
    """Exit 64, and those that there are."""
    result = relay("history", "weather")
    assert result.exit_code == 64
    assert "signal, traffic, queue, credit" in result.stderr


def test_no_other_command_pays_for_it() -> None:
    """`relay status` starts in a blink."""
    code = (
        "import sys, relay.cli.main, relay.cli.status, relay.status, relay.status_screen;"
        "print([name for name in ('plotext', 'textual', 'rich') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
