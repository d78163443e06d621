"""What a technician reads of a SIM: which one, since when, and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from relay.core.health import judge
from relay.core.link import LinkState
from relay.core.station import DaemonFacts, MemoryFacts, ModemFacts, Running, Station
from relay.core.verdict import Verdict
from tests.air import NOON

DAY = 86_400_000
WELL = ModemFacts(
    "usb1", LinkState.READY, seen_at=NOON, registration=1, signal_dbm=-71, smsc="+254722500029"
)


def problems(*modems: ModemFacts) -> dict[tuple[str, str], Verdict]:
    station = Station(
        NOON, daemon=DaemonFacts(Running.YES, started_at=NOON - DAY, beat_at=NOON), modems=modems
    )
    found = judge(station).problems
    return {
        (problem.code, problem.subject or ""): problem.verdict
        for problem in found
        if problem.code.startswith("SIM_") or problem.code.startswith("SMSC_")
    }


@pytest.mark.parametrize(
    ("changes", "code", "verdict"),
    [
        ({}, None, None),
        ({"held_since": NOON - 60_000, "held_sim": "…044"}, "SIM_CHANGED", Verdict.CRIT),
        ({"smsc": ""}, "SMSC_UNKNOWN", Verdict.CRIT),
        ({"smsc": None}, None, None),  # it would not say: nothing is known
        ({"smsc_before": True, "smsc_at": NOON - DAY}, "SMSC_CHANGED", Verdict.WARN),
        ({"smsc_before": True, "smsc_at": NOON - 3 * DAY}, None, None),
        ({"smsc_before": True, "smsc_at": NOON - DAY, "smsc_set": True}, None, None),
        ({"smsc_before": False, "smsc_at": NOON}, None, None),  # the first one that was seen
    ],
)
def test_what_is_wrong_with_the_sim(changes: dict[str, Any], code: str, verdict: Verdict) -> None:
    found = problems(replace(WELL, **changes))
    assert found == ({(code, "usb1"): verdict} if code else {})


def test_while_another_modem_sends_it_is_not_urgent() -> None:
    held = replace(WELL, held_since=NOON, held_sim="…044")
    assert problems(held, replace(WELL, name="usb2"))["SIM_CHANGED", "usb1"] is Verdict.WARN
    both = problems(held, replace(held, name="usb2"))
    assert set(both.values()) == {Verdict.CRIT}


def test_a_modem_without_a_sim_has_no_other_sim() -> None:
    """One fault, one line: the SIM that was in it last is history."""
    gone = replace(WELL, state=LinkState.SIM_ABSENT, held_since=NOON, held_sim="…044")
    assert problems(gone) == {("SIM_ABSENT", "usb1"): Verdict.CRIT}


def test_a_swap_shows_though_the_modem_is_lost_again() -> None:
    gone = replace(WELL, state=LinkState.LOST, held_since=NOON, held_sim="…044")
    assert problems(gone) == {("SIM_CHANGED", "usb1"): Verdict.CRIT}


def test_a_memory_that_fills_up_and_one_that_sticks() -> None:
    uses = (MemoryFacts("SM", 8, 10), MemoryFacts("ME", 10, 100))
    found = problems(replace(WELL, memories=uses, stuck=(("SM", 3, "+CMS ERROR: 320"),)))
    assert found == {
        ("SIM_STUCK", "usb1"): Verdict.WARN,
        ("SIM_FILLING", "usb1"): Verdict.WARN,
    }
