"""What sysfs says of mains and batteries, and why relay was off."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.power import PowerFacts, Why, dark, power
from relay.power import boot_id, look

MAINS = {"type": "Mains", "online": "1"}
DEAD = {"type": "Mains", "online": "0"}
FULL = {"type": "Battery", "status": "Full", "capacity": "96"}
DRAINED = {
    "type": "Battery", "status": "Discharging", "energy_now": "30000000",
    "energy_full": "50000000", "power_now": "12000000",
}  # fmt: skip
CHARGE = {
    "type": "Battery", "status": "Discharging", "charge_now": "1000", "charge_full": "4000",
    "current_now": "-500",
}  # fmt: skip


@pytest.mark.parametrize(
    ("supplies", "facts"),
    [
        ([], PowerFacts()),
        ([MAINS], PowerFacts(mains=True)),
        ([MAINS, FULL], PowerFacts(mains=True, percent=96)),
        ([DEAD, DRAINED], PowerFacts(mains=False, percent=60, left_s=9000)),
        ([DRAINED], PowerFacts(mains=False, percent=60, left_s=9000)),
        ([DEAD, CHARGE], PowerFacts(mains=False, percent=25, left_s=7200)),
        ([DEAD, DRAINED, DRAINED], PowerFacts(mains=False, percent=60, left_s=9000)),
        ([{**FULL, "scope": "Device"}, MAINS], PowerFacts(mains=True)),
        ([{**FULL, "present": "0"}], PowerFacts()),
        ([{"type": "USB", "online": "0"}, MAINS], PowerFacts(mains=True)),
        ([DEAD, {"type": "Battery", "status": "Discharging"}], PowerFacts(mains=False)),
        ([DEAD, {**FULL, "time_to_empty_now": "600"}], PowerFacts(False, 96, 600)),
    ],
)
def test_what_a_computer_tells(supplies: list[dict[str, str]], facts: PowerFacts) -> None:
    """Two batteries count together, a mouse not at all, and what is not told is not known."""
    assert power(supplies) == facts


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([*DRAINED, *CHARGE, "online", "capacity", "scope"]),
            st.sampled_from(["Battery", "Mains", "-1", "0", "7", "²", "x", "9" * 15]),
        )
    )
)
def test_no_driver_can_make_it_fail(supplies: list[dict[str, str]]) -> None:
    facts = power(supplies)
    assert facts.percent is None or 0 <= facts.percent <= 100


def test_it_is_read_from_the_folder(tmp_path: Path) -> None:
    for name, supply in {"AC": DEAD, "BAT0": DRAINED}.items():
        (tmp_path / name).mkdir()
        for key, value in supply.items():
            (tmp_path / name / key).write_text(value + "\n")
    assert look(tmp_path) == PowerFacts(mains=False, percent=60, left_s=9000)
    assert look(tmp_path / "nothing") == PowerFacts()
    assert boot_id(tmp_path / "nothing") == ""


HOUR = 3_600_000


@pytest.mark.parametrize(
    ("cleanly", "same_boot", "why"),
    [
        (True, True, Why.STOPPED),
        (True, None, Why.STOPPED),
        (True, False, Why.SHUTDOWN),
        (False, True, Why.CRASH),
        (False, None, Why.CRASH),
        (False, False, Why.POWER),
    ],
)
def test_why_it_was_off(cleanly: bool, same_boot: bool | None, why: Why) -> None:
    """Only a computer that has started anew without a word of farewell has lost its power."""
    found = dark(0, 4 * HOUR, cleanly=cleanly, same_boot=same_boot)
    assert found is not None
    assert (found.since, found.until, found.why) == (0, 4 * HOUR, why)
    assert dark(0, 60_000, cleanly=cleanly, same_boot=same_boot) is None
