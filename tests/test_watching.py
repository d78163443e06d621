"""Alerts and hooks in a real relay: a modem that goes away, a program that is told, one SMS."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from relay.core.plain import MINUTE
from tests.station import Station

pytestmark = pytest.mark.pty

TECHNICIAN = "+254700000077"


def program(folder: Path) -> tuple[str, Callable[[], list[dict[str, object]]]]:
    """A hook that keeps each document it was given in a file of its own."""
    kept = folder / "kept"
    kept.mkdir()
    hook = folder / "hook"
    hook.write_text(
        f'#!/bin/sh\nf=$(mktemp -p "{kept}" .XXXXXX)\ncat > "$f"\nmv "$f" "{kept}/got${{f##*.}}"\n'
    )
    hook.chmod(0o755)

    def told() -> list[dict[str, object]]:
        return [json.loads(path.read_bytes()) for path in kept.glob("got*")]

    return str(hook), told


def test_a_hook_is_told_of_each_message_and_holds_up_none(tmp_path: Path) -> None:
    hook, told = program(tmp_path)
    with Station(tmp_path / "site", changes={"hooks": {"on_message": [hook]}}) as station:
        relay = station.start()
        station.text("$(reboot) `id` \\n")
        station.eventually(lambda: station.forwarded["$(reboot) `id` \\n"], "forwarded")
        station.eventually(told, "told")
        assert [one["text"] for one in told()] == ["$(reboot) `id` \\n"]
        assert relay.stop() == 0


def test_a_hook_that_hangs_holds_up_neither_messages_nor_the_end(tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.write_text("#!/bin/sh\nsleep 600\n")
    hook.chmod(0o755)
    with Station(tmp_path / "site", changes={"hooks": {"on_message": [str(hook)]}}) as station:
        relay = station.start()
        for number in range(3):
            station.text(f"Report {number}")
        station.eventually(lambda: len(station.forwarded) == 3, "all forwarded")
        assert relay.stop() == 0


def test_a_kill_tells_it_again_after_the_start(tmp_path: Path) -> None:
    """At least once, also over kill -9: what was owed is on the disk."""
    hook, told = program(tmp_path)
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nsleep 600\n")
    slow.chmod(0o755)
    changes = {"hooks": {"on_message": [str(slow)]}}
    with Station(tmp_path / "site", changes=changes) as station:
        station.start()
        station.text("Report")
        station.eventually(lambda: station.query("SELECT 1 FROM hook_call"), "owed")
        station.relays[-1].tell(signal.SIGKILL)
        station.relays[-1].wait()
        changes["hooks"]["on_message"] = [hook]
        station.start()
        station.eventually(told, "told")
        assert [one["text"] for one in told()] == ["Report"]


@pytest.mark.slow
def test_the_technician_gets_one_sms_also_over_a_kill(tmp_path: Path) -> None:
    """Through the real daemon and the radio; the trouble is an hour old in its store."""
    changes = {"alerts": {"to": [TECHNICIAN], "store_min": 1, "refusal_h": 0, "relay_h": 0}}
    with Station(tmp_path / "site", changes=changes) as station:
        station.start()
        station.eventually(lambda: station.fact("modem.usb.link"), "the modem is up")
        station.relays[-1].stop()
        now = station.clock.now()
        raised = (
            "store", "", "STORE_RESCUED", now - 60 * MINUTE, now, 60 * MINUTE,
            None, now - 10 * MINUTE, None, "", None,
        )  # fmt: skip
        write(station, "INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", raised)
        moved = json.dumps({"how": "deleted", "copy": ""})
        write(station, "INSERT INTO fact VALUES ('store.moved', ?, ?, '')", (moved, now))
        station.start()
        station.eventually(lambda: station.screen(TECHNICIAN), "an SMS", within_s=90)
        (text,) = station.screen(TECHNICIAN)
        assert "trouble with the database since" in text
        station.relays[-1].kill()
        station.start()
        station.eventually(lambda: station.fact("modem.usb.link"), "the modem is up")
        station.text("Report")
        station.eventually(lambda: station.forwarded["Report"], "it works")
        assert station.screen(TECHNICIAN).total() == 1


def write(station: Station, sql: str, row: tuple[object, ...]) -> None:
    with closing(sqlite3.connect(station.store, timeout=10)) as conn, conn:
        conn.execute(sql, row)
