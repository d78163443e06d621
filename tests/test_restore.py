"""A whole station is copied, lives on, is destroyed and restored: handsets and server count."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.station import MOTHER, Station, never_fell
from tests.test_daemon import up

pytestmark = pytest.mark.pty


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(tmp_path) as made:
        yield made


def test_nothing_is_doubled_after_a_restore(station: Station) -> None:
    """Messages wait for the modem when the copy is made, and go out before the laptop dies."""
    relay = up(station)
    station.passes(1)
    station.modem.unplug()
    station.server.queue("m2", MOTHER, "reply 2")
    station.server.queue("m3", MOTHER, "reply 3")
    station.eventually(
        lambda: len(station.query("SELECT id FROM part WHERE state = 'QUEUED'")) == 2, "they wait"
    )
    copy = station.folder / "copy.db"
    assert station.command("backup", str(copy)).returncode == 0
    station.modem.replug()
    station.text("report 2")
    station.eventually(lambda: station.all_told("delivered"), "all goes out", within_s=40)
    station.eventually(lambda: station.forwarded["report 2"] == 1, "all comes in")
    relay.kill()
    shutil.rmtree(station.store.parent)

    restored = station.command("restore", str(copy), "--json")
    assert json.loads(restored.stdout)["held"] == 2
    up(station)
    station.passes(4)
    assert station.screen() == {f"reply {n}": 1 for n in (1, 2, 3, 4)}
    assert station.forwarded == {f"report {n}": 1 for n in (1, 2, 4)}
    told = json.loads(station.command("status", "--json").stdout)["problems"]
    assert "RESTORED" in [one["code"] for one in told]

    assert station.command("outbox", "sent", "--restored").returncode == 0
    station.passes(5)
    assert [station.on_air(f"reply {n}") for n in range(1, 6)] == [1] * 5
    assert all(never_fell(station.climbed(f"m{n}")[:6]) for n in (1, 4, 5))
