"""A computer on its battery, and one whose battery is about to be empty."""

from __future__ import annotations

import pytest

from relay.core.health import judge
from relay.core.power import PowerFacts
from relay.core.station import Station


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (PowerFacts(), set()),
        (PowerFacts(mains=True, percent=3), set()),
        (PowerFacts(mains=None, percent=3), set()),
        (PowerFacts(mains=False), {"ON_BATTERY"}),
        (PowerFacts(mains=False, percent=21), {"ON_BATTERY"}),
        (PowerFacts(mains=False, percent=20), {"BATTERY_LOW"}),
    ],
)
def test_the_power_in_the_verdict(facts: PowerFacts, codes: set[str]) -> None:
    found = {one.code for one in judge(Station(now=0, power=facts, battery_low=20)).problems}
    assert found & {"ON_BATTERY", "BATTERY_LOW"} == codes
