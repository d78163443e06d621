"""`relay sim`: what a person sees of the SIMs, and says."""

from __future__ import annotations

import json
from pathlib import Path

from relay.core.device import Identity
from relay.store.pins import Pins
from relay.store.sims import Sims
from tests.cli.conftest import Relay
from tests.clinic import Clinic

OURS = Identity(imsi="639020000000017", iccid="8925401000000000017", number="+254711000017")
THEIRS = Identity(imsi="639020000000044", iccid="8925401000000000044")


def swapped(clinic: Clinic) -> None:
    sims = Sims(clinic.db)
    for identity in (OURS, THEIRS):
        sims.see(clinic.clock.now(), "usb1", identity)
        clinic.clock.advance(60)


def test_the_list_is_masked(relay: Relay, clinic: Clinic) -> None:
    swapped(clinic)
    listed = relay("sim").stdout
    assert "…017" in listed
    assert "not accepted" in listed
    assert OURS.iccid not in listed
    assert OURS.iccid in relay("sim", "list", "--show-numbers").stdout
    found = json.loads(relay("sim", "list", "--json").stdout)["sims"]
    assert [(row["state"], row["iccid"], row["received"]) for row in found] == [
        ("not accepted", "…044", 0),
        ("accepted", "…017", 0),
    ]


def test_a_person_accepts_the_sim_that_is_in_the_modem(relay: Relay, clinic: Clinic) -> None:
    assert relay("sim", "accept").exit_code == 1  # none was seen
    swapped(clinic)
    assert "…044 in modem usb1: not accepted" in relay("sim", "show").stdout
    assert "it sends from now on" in relay("sim", "accept", "--modem", "usb1").stdout
    assert not Sims(clinic.db).holds("usb1")
    again = relay("sim", "accept")
    assert (again.exit_code, "accepted already" in again.stderr) == (1, True)
    assert "accepted" in relay("sim", "show").stdout


def test_a_person_lets_the_pin_be_tried_again(relay: Relay, clinic: Clinic) -> None:
    pins = Pins(clinic.db, clinic.clock.now, "usb1")
    pins.record_attempt(OURS.iccid, "1234")
    assert relay("sim", "pin-again").exit_code == 0
    assert not pins.refused(OURS.iccid, "1234")


def test_a_modem_that_is_not_configured(relay: Relay, tmp_path: Path) -> None:
    result = relay("sim", "accept", "--modem", "usb9")
    assert result.exit_code == 64
    assert "one of: usb1" in result.stderr
