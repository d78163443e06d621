"""The disk and the database on their bad days, under a running station: nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.station import MOTHER, RelayProcess, Station
from tests.test_daemon import TEMPFAIL, up

pytestmark = [pytest.mark.pty, pytest.mark.slow]


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(tmp_path) as made:
        yield made


def problems(station: Station) -> dict[str, str]:
    """What `relay status` shows: code → words."""
    told = station.command("status", "--json")
    return {one["code"]: one["what"] for one in json.loads(told.stdout)["problems"]}


# --- the file under the running relay -----------------------------------------------------------


def test_a_deleted_database_comes_back(station):
    """It lives on for the process alone, which puts it back, and reads on."""
    relay = up(station)
    station.passes(1)
    station.store.unlink()
    station.eventually(lambda: "store.rescued" in relay.log, "it is rescued")
    station.eventually(station.store.exists, "it is there again")
    station.passes(2)
    assert relay.exit_code is None
    assert station.forwarded == {"report 1": 1, "report 2": 1}
    assert relay.stop() == 0


def test_a_moved_folder_loses_nothing(station):
    """Somebody moved it all away: what relay has is written to the old place."""
    relay = up(station)
    station.passes(1)
    station.store.parent.rename(station.folder / "moved")
    station.eventually(lambda: "store.rescued" in relay.log, "it is rescued")
    station.passes(2)
    assert station.forwarded == {"report 1": 1, "report 2": 1}


def test_a_database_that_was_put_in_its_place_is_taken(station):
    """A person restored a copy without stopping relay: the copy counts, and what relay had is
    kept beside it."""
    relay = up(station)
    station.passes(1)
    assert station.command("backup", str(station.folder / "copy.db")).returncode == 0
    station.passes(2)
    (station.folder / "copy.db").rename(station.store)
    station.eventually(lambda: "store.rescued" in relay.log, "it is rescued")
    station.passes(3)
    (rescued,) = station.store.parent.glob("relay.db.rescued-*")
    with closing(sqlite3.connect(rescued)) as conn:
        assert conn.execute("SELECT count(*) FROM inbound").fetchone()[0] == 2
    assert "STORE_REPLACED" in problems(station)


# --- damage while relay runs --------------------------------------------------------------------


def test_damage_that_shows_while_relay_runs_is_mended(station):
    """It is set aside and salvaged by the same process; no worker goes on against it."""
    relay = up(station)
    station.passes(1)
    with closing(sqlite3.connect(station.store)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        root = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = 'part'").fetchone()[0]
    with station.store.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xa5" * 4096)
    with closing(sqlite3.connect(station.store)) as conn, conn:  # so that its cache is stale
        conn.execute("INSERT INTO meta VALUES ('test', '1')")
    station.server.queue("m2", MOTHER, "reply 2")
    station.eventually(lambda: "store.salvaged" in relay.log, "it is salvaged", within_s=60)
    station.passes(3)
    assert relay.exit_code is None
    assert station.screen()["reply 2"] == 1
    assert station.forwarded == {"report 1": 1, "report 3": 1}
    assert "STORE_SALVAGED" in problems(station)


# --- another process ----------------------------------------------------------------------------


def test_a_program_that_holds_the_database_is_named(station):
    """What comes in waits on the SIM, status works, and relay goes on when it is let go."""
    relay = up(station)
    station.passes(1)
    with closing(sqlite3.connect(station.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        station.text("report 2")
        station.eventually(lambda: "worker.waiting worker=modem-usb" in relay.log, "it waits")
        assert f"(process {os.getpid()})" in relay.log
        assert station.left_in_memory() == 1
        assert station.command("status").returncode in (0, 1, 2)
        other.execute("ROLLBACK")
    station.passes(3, within_s=60)
    assert station.forwarded == {f"report {n}": 1 for n in (1, 2, 3)}


def refused(station: Station, store: Path) -> None:
    """A second relay on this path does not start."""
    config = station.folder / "second.toml"
    config.write_text(f'[store]\npath = "{store}"\n', "utf-8")
    config.chmod(0o600)
    second = subprocess.run(
        [sys.executable, "-m", "relay", "run", "--config", str(config)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert second.returncode == TEMPFAIL, second.stderr
    assert "holds the database" in second.stderr


def test_a_second_daemon_is_refused_by_whatever_path(station):
    """Another name for the folder or the file, or with the lock file gone."""
    up(station)
    station.passes(1)
    (station.folder / "other").symlink_to(station.store.parent)
    refused(station, station.folder / "other" / "relay.db")
    links = station.folder / "links"
    links.mkdir()
    (links / "soft.db").symlink_to(station.store)
    refused(station, links / "soft.db")
    (links / "hard.db").hardlink_to(station.store)
    refused(station, links / "hard.db")
    station.store.with_name("relay.db.lock").unlink()
    refused(station, station.store)
    station.passes(2)


# --- a small disk -------------------------------------------------------------------------------


class SmallDisk:
    """A file system of a few megabytes, for the state of a station."""

    def __init__(self, place: Path, megabytes: int) -> None:
        place.mkdir(parents=True, exist_ok=True)
        self.place = place
        self._ballast = place / "somebody's films"
        options = f"size={megabytes}m,mode=700"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)],
            capture_output=True, text=True, check=False,
        ) if shutil.which("mount") else None  # fmt: skip
        if done is None or done.returncode:
            pytest.skip(f"!! no small disk can be mounted here: {done and done.stderr}")

    def leave(self, octets: int) -> None:
        """Somebody's films take all but so much, whatever relay writes meanwhile."""
        with self._ballast.open("ab") as file:
            while (size := self._free() - octets) > 0:
                with suppress(OSError):
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)

    def _free(self) -> int:
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize

    def fill(self) -> None:
        self.leave(0)

    def free(self) -> None:
        self._ballast.unlink()

    def end(self) -> None:
        subprocess.run(["umount", "-l", str(self.place)], check=True)


@pytest.fixture
def disk(station: Station) -> Iterator[SmallDisk]:
    small = SmallDisk(station.store.parent, 6)
    yield small
    for relay in station._processes:
        if relay.exit_code is None:
            relay.kill()
    small.end()


def test_a_full_disk_under_a_running_relay(station, disk):
    """What comes in waits on the SIM; with room it goes on by itself. Twice."""
    relay = up(station)
    station.passes(1)
    disk.fill()
    station.text("report 2")
    station.eventually(lambda: "worker.waiting worker=modem-usb" in relay.log, "it says so")
    assert station.left_in_memory() == 1
    assert "DISK_FULL" in problems(station)
    disk.free()
    station.passes(3, within_s=60)
    station.eventually(station.at_rest, "rest")
    assert relay.exit_code is None
    assert station.forwarded == {f"report {n}": 1 for n in (1, 2, 3)}


def test_a_log_that_takes_the_last_of_the_room_is_folded_back(station, disk):
    """A disk so small that the log alone would fill it: messages pass all the same."""
    relay = up(station)
    disk.leave(700_000)
    for number in range(1, 26):
        station.text(f"report {number}")
    station.eventually(lambda: len(station.server.reports) == 25, "all are up", within_s=90)
    assert relay.exit_code is None


def test_a_reserve_lets_relay_receive_on_a_full_disk(station):
    """It is given up within seconds, and taken back when there is room again."""
    disk = SmallDisk(station.store.parent, 160)
    try:
        relay = up(station)
        kept = station.store.with_name("relay.db.reserve")
        station.eventually(kept.exists, "it is kept")
        disk.fill()
        station.eventually(lambda: "disk.full reserve" in relay.log, "it is given up")
        station.passes(1, within_s=60)
        assert "DISK_LOW" in problems(station)
        disk.free()
        station.eventually(kept.exists, "it is taken back")
        relay.kill()
    finally:
        disk.end()


def test_a_start_on_a_full_disk(station, disk):
    """The supervisor tries again, and what was stored before is there."""
    up(station).stop()
    disk.fill()
    relay = station.start()
    ended = first_end(relay)
    disk.free()
    if ended:
        station._processes.clear()
        up(station)
    station.passes(1, within_s=60)


def first_end(relay: RelayProcess) -> bool:
    """Whether it gave up, in words."""
    try:
        code = relay.wait(6)
    except AssertionError:
        return False
    assert code == 73
    assert "Free some space" in relay.log
    return True
