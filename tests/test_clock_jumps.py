"""The clock of the computer jumps by fifty years, back and forth, under a whole station.

Needs libfaketime (Debian: `apt install faketime`); without it the same is told by
`test_timekeeper.py` with a clock of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.station import GATEWAY, MOTHER, NURSE, Station
from tests.test_daemon import up

pytestmark = [pytest.mark.pty, pytest.mark.slow]

AUNT, UNCLE = "+254700000043", "+254700000044"
LONG = "of two parts " * 20
LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


class SetClock:
    """The clock of the computer as relay's process sees it; its counter goes on."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.environ = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_NO_CACHE": "1",
        }

    def set(self, offset: str) -> None:
        self._file.write_text(f"{offset}\n", "ascii")


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    if LIBRARY is None:
        pytest.skip("!! no libfaketime here: apt install faketime")
    changes: dict[str, dict[str, Any]] = {
        "sending": {"uncertain_wait_s": 600},
        "modem.usb": {"submission": "direct"},
        "server.cht": {"poll_max_s": 1},
    }
    with Station(tmp_path, changes=changes) as made:
        yield made


class Late:
    """The parts of a message that the network brings much later."""

    def __init__(self) -> None:
        self.parts: list[Any] = []

    def keep_back(self, parts: Sequence[Any]) -> list[Any]:
        self.parts += parts[1:]
        return list(parts[:1])


def states(station: Station) -> dict[str, str]:
    """What becomes of the three messages that are under way."""
    (waiting,) = station.query("SELECT state FROM inbound WHERE total = 2")
    parts = station.query(
        "SELECT recipient, state, part.finished_at FROM part"
        " JOIN outbound ON outbound.id = outbound_id"
    )
    return {"parts": waiting["state"]} | {
        row["recipient"]: row["state"] for row in parts if row["finished_at"] is None
    }


UNDER_WAY = {"parts": "WAITING_PARTS", AUNT: "ACCEPTED", UNCLE: "UNCERTAIN"}


def test_fifty_years_lose_double_and_expire_nothing(station, tmp_path):
    """With parts that are missing, a report that is awaited, and a message in doubt: while relay
    is off, and twice while it runs."""
    clock, late = SetClock(tmp_path), Late()
    for phone in (AUNT, UNCLE):
        station.handset(phone).switch_off()
    relay = up(station)
    station.passes(1)
    station.text(LONG, order=late.keep_back)
    station.server.queue("aunt", AUNT, "to aunt")
    station.eventually(lambda: station.server.state("aunt") == "sent", "it is accepted")
    relay.kill()
    station.server.queue("uncle", UNCLE, "to uncle")
    assert station.start(die="on the air").wait() == 9
    begun = states(station)
    assert begun | {UNCLE: "UNCERTAIN"} == UNDER_WAY

    clock.set("-50y")
    relay = station.start(environ=clock.environ)
    station.passes(2, within_s=60)
    for number, offset in enumerate(("+50y", "-50y", "+0"), 3):
        clock.set(offset)
        station.pass_time(1.5)
        station.passes(number, within_s=60)
        assert states(station) == UNDER_WAY, offset

    station.handset(NURSE)._carry(late.parts, GATEWAY, None)
    for phone in (AUNT, UNCLE):
        station.handset(phone).switch_on()
    station.eventually(station.at_rest, "rest", within_s=60)
    assert station.forwarded == {f"report {n}": 1 for n in range(1, 6)} | {LONG: 1}
    assert station.screen(AUNT) == {"to aunt": 1}
    assert station.screen(UNCLE) == {"to uncle": 1}
    assert station.screen(MOTHER) == {f"reply {n}": 1 for n in range(1, 6)}
    assert len({row["day"] for row in station.query("SELECT day FROM tally")}) <= 2
    assert relay.log.count("job.done job=backup") <= 1
    assert relay.stop() == 0
