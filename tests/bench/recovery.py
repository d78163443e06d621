"""Recovery: from the moment at which a modem hangs to the next message that makes its way."""

from __future__ import annotations

import tempfile
from pathlib import Path

from relay.simulator.hangs import Cure, Hang
from relay.simulator.stick import Stick
from tests.bench.tables import Table
from tests.station import MOTHER, Station

# The waits of a modem that answers slowly are part of each step; here they are a tenth of what
# relay.toml has, so that the table is made in minutes. The order of the figures is that of them.
_TENTH = {"command_timeout_s": 1.0, "wake_timeout_s": 1.5, "survey_s": 0.5}
_RECOVERY: dict[str, object] = {"settle_s": 4.5, "proof_s": 1, "again_s": 360}
_HANGS = (
    *((Hang.SILENT, cure) for cure in Cure),
    (Hang.STORM, Cure.CFUN),
    (Hang.REFUSING, Cure.ATZ),
    (Hang.UNANSWERED, Cure.CFUN),
)


def table() -> Table:
    rows = tuple(_row(kind, cure) for kind, cure in _HANGS)
    return Table(
        "recovery",
        (
            "hang",
            "cured by",
            "first, s",
            "steps",
            "second, s",
            "steps",
            "lost",
            "double",
        ),
        rows,
        "Through the daemon, on a pty. All waits (`command_timeout_s`, `wake_timeout_s`, "
        "`settle_s`) are a tenth of the usual ones; the times grow with them.",
    )


def _row(kind: Hang, cure: Cure) -> tuple[object, ...]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        asked, done = place / "asked", place / "done"
        switch = place / "modem-power"
        switch.write_text(
            f"#!/bin/sh\nrm -f {done}; touch {asked}\nwhile [ ! -e {done} ]; do sleep 0.05; done\n"
        )
        switch.chmod(0o755)
        modem: dict[str, object] = {**_TENTH, "power_cycle": [str(switch)]}
        changes: dict[str, dict[str, object]] = {"modem.usb": modem, "recovery": _RECOVERY}
        with Station(place, port=Stick, changes=changes) as station:
            bench = _Bench(station, asked, done)
            bench.passes()
            first = bench.cured(kind, cure)
            second = bench.cured(kind, cure)
            lost, double = bench.lost_and_double()
            return (kind.value, cure.name, *first, *second, lost, double)


class _Bench:
    def __init__(self, station: Station, asked: Path, done: Path) -> None:
        self._station = station
        self._asked, self._done = asked, done
        self._messages = 0
        station.start()

    def cured(self, kind: Hang, cure: Cure) -> tuple[float, str]:
        """Seconds from the hang to a message that has made its way, and the steps of it."""
        before = len(self._steps())
        began = self._station.clock.monotonic()
        self._station.modem.faults.hang(kind, cured_by=cure, every_s=2)
        self.passes()
        while not self._well():  # one submission without an answer is no illness yet
            self.passes()
        seconds = self._station.clock.monotonic() - began
        self.passes()  # what only the work itself can prove
        self._station.eventually(self._proved, "the cure is proved", within_s=120)
        steps = self._steps()[before:]
        return round(seconds, 1), " ".join(steps) or "-"

    def passes(self) -> None:
        station, number = self._station, self._messages
        self._messages += 1
        station.text(f"report {number}")
        station.server.queue(f"m{number}", MOTHER, f"reply {number}")
        station.eventually(
            lambda: (
                self._power()
                and station.forwarded[f"report {number}"]
                and station.server.state(f"m{number}") == "delivered"
            ),
            f"message {number} passes",
            within_s=180,
        )

    def _power(self) -> bool:
        """Do what the program for the power asks; always true."""
        if self._asked.exists():
            self._asked.unlink()
            self._station.modem.unplug()
            self._station.modem.replug()
            self._done.touch()
        return True

    def _well(self) -> bool:
        return self._power() and self._station.modem.faults.hangs.kind is None

    def _proved(self) -> bool:
        fact = self._station.fact("modem.usb.ladder") or {"state": "WELL"}
        return fact["state"] == "WELL"

    def _steps(self) -> list[str]:
        return [one["step"] for one in self._station.fact("modem.usb.recovery") or []]

    def lost_and_double(self) -> tuple[int, int]:
        station, count = self._station, self._messages
        station.eventually(station.at_rest, "rest", within_s=60)
        seen = [station.forwarded[f"report {n}"] for n in range(count)]
        seen += [station.screen()[f"reply {n}"] for n in range(count)]
        return seen.count(0), sum(n > 1 for n in seen)
