"""What a SIM and its network do to a station on bad days: the whole relay over a pty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.simulator import junk
from tests.station import NURSE, Station

pytestmark = pytest.mark.pty


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(tmp_path) as station:
        yield station


def test_junk_frees_its_slot_and_only_texts_of_people_reach_the_server(station):
    """One of each kind, with a report in between and a text that replaces another."""
    for name in junk.JUNK:
        junk.send(station.network, name, f"text of {name}", station.modem, NURSE)
    station.text("P Jane 21")
    relay = station.start()
    station.eventually(lambda: station.forwarded["P Jane 21"], "the report is at the server")
    junk.send(station.network, "broadcast", "Storm", station.modem, NURSE)
    station.eventually(
        lambda: station.query("SELECT 1 FROM inbound WHERE reason = 'cell.broadcast'"), "kept"
    )
    station.eventually(station.at_rest, "the SIM is empty")
    assert station.forwarded == Counter(["P Jane 21", "text of replace"])
    found = {row[0] for row in station.query("SELECT reason FROM inbound WHERE state = 'PARKED'")}
    assert found == {
        "mms.notice", "wap.push", "flash.operator", "silent.sms", "voicemail.sign", "sim.data",
        "data.message", "cell.broadcast",
    }  # fmt: skip
    assert "text of" not in relay.log
    listed = station.command("inbox", "list", "--state", "aside").stdout
    assert "voicemail.sign" in listed
    assert "set aside: 1 cell broadcast" in station.command("status").stdout
