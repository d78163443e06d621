"""Recovery as a station lives it: modems that hang, go mad or deaf, with messages on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.simulator.faults import Cure
from tests.station import MOTHER, Station

pytestmark = pytest.mark.pty

# A station for people who have no time: the steps are those of the field, the waits are not.
HASTY: dict[str, dict[str, object]] = {
    "modem.usb": {"command_timeout_s": 0.5, "wake_timeout_s": 1.5, "survey_s": 0.5},
    "recovery": {"settle_s": 2, "proof_s": 1, "again_s": 5},
}


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(tmp_path, changes=HASTY) as made:
        yield made


def passes(station: Station, number: int, within_s: float = 40) -> None:
    """A text in and a text out make their whole way, once."""
    station.text(f"report {number}")
    station.server.queue(f"m{number}", MOTHER, f"reply {number}")
    station.eventually(
        lambda: (
            station.forwarded[f"report {number}"] == 1
            and station.server.state(f"m{number}") == "delivered"
        ),
        f"message {number} passes",
        within_s=within_s,
    )


def ladder(station: Station) -> str:
    return str((station.fact("modem.usb.ladder") or {}).get("state", "WELL"))


def steps(station: Station) -> list[str]:
    return [one["step"] for one in station.fact("modem.usb.recovery") or []]


def nothing_lost_or_doubled(station: Station, count: int) -> None:
    station.eventually(station.at_rest, "rest", within_s=40)
    assert station.forwarded == {f"report {n}": 1 for n in range(count)}
    assert station.screen() == {f"reply {n}": 1 for n in range(count)}


@pytest.mark.slow
@pytest.mark.parametrize("cure", [Cure.ESCAPE, Cure.REOPEN, Cure.ATZ, Cure.CFUN])
def test_a_hang_is_cured_by_its_step_and_the_next_time_at_once(
    station: Station, cure: Cure
) -> None:
    """Messages that came and went meanwhile are there once; the second cure knows the first."""
    step = {Cure.ESCAPE: "ESC"}.get(cure, cure.name)
    station.start()
    passes(station, 0)
    for number in (1, 2):
        station.modem.faults.silence(cured_by=cure)
        passes(station, number)
        station.eventually(lambda: ladder(station) == "WELL", "the cure is proved")
    if cure is not Cure.ESCAPE:  # which is part of every time-out as well
        assert steps(station)[-2:] == [step, step]
    nothing_lost_or_doubled(station, 3)
