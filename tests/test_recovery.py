"""Recovery as a station lives it: modems that hang, go mad or deaf, with messages on the way."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from relay.simulator.faults import Cure, Hang
from relay.simulator.stick import Stick
from tests.station import GATEWAY, Station

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
def test_a_hang_is_cured_by_its_step(station: Station, cure: Cure) -> None:
    """Messages that came and went meanwhile are there once; the second cure knows the first."""
    illnesses = 2 if cure is Cure.CFUN else 1
    step = {Cure.ESCAPE: "ESC"}.get(cure, cure.name)
    station.start()
    station.passes(0)
    for number in range(1, illnesses + 1):
        station.modem.faults.silence(cured_by=cure)
        station.passes(number)
        station.eventually(lambda: ladder(station) == "WELL", "the cure is proved")
    if cure is not Cure.ESCAPE:  # which is part of every time-out as well
        assert steps(station)[-illnesses:] == [step] * illnesses
    nothing_lost_or_doubled(station, illnesses + 1)


def lasting(**recovery: float) -> Mapping[str, Mapping[str, object]]:
    return {**HASTY, "recovery": {**HASTY["recovery"], **recovery}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "cure"),
    [(Hang.REFUSING, Cure.ATZ), (Hang.STORM, Cure.REOPEN), (Hang.UNANSWERED, Cure.REOPEN)],
)
def test_a_mad_modem_ends_up_on_the_ladder(tmp_path: Path, kind: Hang, cure: Cure) -> None:
    """Submissions without an answer were made all the same; reports say so, none is doubled.

    It is bound by its IMEI, and does not even tell that any more: it is no other modem.
    """
    with Station(tmp_path, port=Stick, changes=HASTY) as station:
        station.start()
        station.passes(0)
        station.modem.faults.hang(kind, cured_by=cure, every_s=0.2)
        for number in range(1, 6):
            station.passes(number, within_s=60)
        station.eventually(lambda: steps(station), "a step was taken")
        assert station.modem.faults.hangs.kind is None
        nothing_lost_or_doubled(station, 6)


@pytest.mark.slow
def test_a_modem_that_restarts_in_a_loop_is_cured(tmp_path: Path) -> None:
    """Opening it anew would help for a moment, again and again."""
    with Station(tmp_path, changes=lasting(proof_s=6, settle_s=1)) as station:
        station.start()
        station.passes(0)
        station.modem.faults.hang(Hang.LOOP, cured_by=Cure.CFUN, every_s=3)
        for number in range(1, 4):
            station.passes(number)
        station.eventually(lambda: "CFUN" in steps(station), "it is restarted", within_s=60)
        station.eventually(lambda: ladder(station) == "WELL", "the cure is proved", within_s=60)
        assert station.modem.faults.hangs.kind is None
        nothing_lost_or_doubled(station, 4)


@pytest.mark.slow
def test_a_stick_is_taken_from_the_usb_and_its_power_is_switched(tmp_path: Path) -> None:
    """The real files of /sys, in a folder; and a program that switches the power."""
    asked, done = tmp_path / "asked", tmp_path / "done"
    program = tmp_path / "modem-power"
    program.write_text(f"#!/bin/sh\ntouch {asked}\nwhile [ ! -e {done} ]; do sleep 0.05; done\n")
    program.chmod(0o755)
    changes = {**HASTY, "modem.usb": {**HASTY["modem.usb"], "power_cycle": [str(program)]}}
    with Station(tmp_path, port=Stick, changes=changes) as station:
        station.start()
        station.passes(0)
        station.modem.faults.silence(cured_by=Cure.USB)
        station.passes(1)
        assert steps(station)[-1] == "USB"
        station.eventually(lambda: ladder(station) == "WELL", "the cure is proved")
        station.modem.faults.silence(cured_by=Cure.POWER)
        station.eventually(asked.exists, "its power is switched", within_s=40)
        station.modem.unplug()
        station.modem.replug()
        done.touch()
        station.passes(2)
        assert steps(station)[-1] == "POWER"
        nothing_lost_or_doubled(station, 3)


@pytest.mark.slow
def test_a_deaf_modem_is_found_and_cured(tmp_path: Path) -> None:
    """It answers, sends, and gets nothing; its SMS to itself shows it, and goes to no server."""
    modem = {**HASTY["modem.usb"], "number": GATEWAY, "canary": True, "canary_wait_s": 2}
    with Station(tmp_path, changes={**HASTY, "modem.usb": modem}) as station:
        station.start()
        station.passes(0)
        station._processes[-1].stop()
        busy = {"sums": [36_000] * 168, "weeks": [1] * 168, "hours": 1000, "arrivals": 1000,
                "longest": 0}  # fmt: skip
        with closing(sqlite3.connect(station.store)) as conn, conn:
            conn.execute(
                "INSERT OR REPLACE INTO fact VALUES ('modem.usb.rhythm', ?, 0, '')",
                (json.dumps(busy),),
            )
        station.start()
        station.modem.faults.hang(Hang.DEAF, cured_by=Cure.CFUN)
        station.text("report 1")
        station.eventually(lambda: "CFUN" in steps(station), "it is found", within_s=60)
        station.eventually(lambda: station.forwarded["report 1"], "it hears again", within_s=60)
        canary = station.fact("modem.usb.canary")
        station.eventually(
            lambda: station.fact("modem.usb.canary")["returned_at"], "the canary is back"
        )
        assert station.on_air(canary["text"]) == 1
        assert station.forwarded == {"report 0": 1, "report 1": 1}
