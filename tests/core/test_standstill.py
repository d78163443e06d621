"""What keeps messages here, as far as status knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.core.health import judge
from relay.core.link import LinkState
from relay.core.standstill import standstill
from relay.core.station import AirtimeFacts, Running, Station
from relay.core.working import PauseFacts
from tests.core.test_health import DAEMON, MODEM, NOW, STORE, WELL

PURSE = AirtimeFacts("usb1")


def of(station: Station, *, urgent: bool = False) -> str:
    return standstill(station, judge(station).problems, urgent=urgent)


def paid(**more: object) -> Station:
    return replace(WELL, airtime=(replace(PURSE, **more),))  # type: ignore[arg-type]


STOPPED = replace(WELL, daemon=replace(DAEMON, running=Running.NO))


@pytest.mark.parametrize(
    ("station", "ordinary", "urgent"),
    [
        (WELL, "", ""),
        (paid(), "", ""),
        (paid(reserve=True, held=3), "CREDIT_RESERVE", ""),
        (paid(capped=True), "COST_CAP", ""),
        (paid(out_since=NOW - 5), "SIM_NO_CREDIT", "SIM_NO_CREDIT"),
        (replace(WELL, pauses=(PauseFacts("sending", NOW, "anna"),)), "PAUSED", "PAUSED"),
        (replace(WELL, pauses=(PauseFacts("sync", NOW, "anna"),)), "", ""),
        (replace(WELL, modems=(replace(MODEM, held_since=NOW),)), "SIM_CHANGED", "SIM_CHANGED"),
        (replace(WELL, modems=(replace(MODEM, smsc=""),)), "SMSC_UNKNOWN", "SMSC_UNKNOWN"),
        (
            replace(WELL, modems=(replace(MODEM, state=LinkState.SEARCHING),)),
            "NET_SEARCHING",
            "NET_SEARCHING",
        ),
        (STOPPED, "DAEMON_STOPPED", "DAEMON_STOPPED"),
        (
            replace(STOPPED, store=replace(STORE, read_only=True)),
            "DISK_READONLY",
            "DISK_READONLY",
        ),
    ],
)
def test_what_is_in_the_way_is_named(station: Station, ordinary: str, urgent: str) -> None:
    assert of(station) == ordinary
    assert of(station, urgent=True) == urgent


def test_nothing_is_in_the_way_while_one_modem_sends() -> None:
    two = (replace(MODEM, name="usb2", state=LinkState.LOST), MODEM)
    assert of(replace(WELL, modems=two)) == ""
