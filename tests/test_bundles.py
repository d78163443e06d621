"""Messages on a stick: from a clinic without internet to the server, and the receipt back."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay import sealing
from relay.bundles import files, keys
from relay.bundles.keys import KeyTrouble
from relay.core import bundle
from relay.core.bundle import BadBundle
from relay.simulator.server import CentralServer
from relay.store.auditing import audit
from tests.station import PASSWORD, ROOT, Station
from tests.two_laptops import TwoLaptops, cht

NURSE = "+254700000001"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[TwoLaptops]:
    with TwoLaptops(tmp_path) as world:
        yield world


def receipt_of(file: Path) -> Path:
    return file.with_suffix(".receipt")


# --- the road -----------------------------------------------------------------------------------


def test_there_and_back(world: TwoLaptops) -> None:
    """Messages, statuses and what the server wants sent; each time again changes nothing."""
    world.receives(3)
    world.server.queue("id-1", NURSE, "Karibu")
    file = world.exports()
    for _ in range(2):
        done = world.brings(file)
        assert (done.forwarded, done.handouts, done.trouble) == (3, 1, "")
    assert world.forwarded == ["P 1", "P 2", "P 3"]
    assert world.waiting == (3, 0)  # a stick can be lost: nothing is marked before the receipt
    for _ in range(2):
        assert world.takes(receipt_of(file)).exit_code == 0
    assert world.waiting == (0, 1)  # that the gateway has it
    assert [row["server_id"] for row in world.clinic.db.query("SELECT * FROM outbound")] == [
        "id-1"
    ]
    world.brings(world.exports())
    assert world.server.state("id-1") == "received-by-gateway"
    assert audit(world.clinic.db).sound


def test_what_is_on_the_stick_is_said(world: TwoLaptops) -> None:
    world.receives(2)
    world.exports()
    assert "2 here (2 exported on a stick)" in world.relay("audit").stdout
    assert world.relay("inbox").stdout.count("WAITING, on a stick") == 2
    assert "WAITING, on a stick" in world.relay("inbox", "show", 1).stdout
    world.clock.advance(3600)
    assert "2 waiting, 2 of them on a stick (1 h ago)" in shown(world)
    world.syncs()
    assert "on a stick" not in world.relay("inbox").stdout
    assert "on a stick" not in shown(world)
    assert "2 messages and 0 statuses for server main" in world.relay("journal").stdout
    assert "exported" not in world.relay("audit").stdout


def shown(world: TwoLaptops) -> str:
    """The screen of status, its lines joined."""
    return " ".join(world.relay("status").stdout.split())


def test_the_net_comes_back_before_the_stick(world: TwoLaptops) -> None:
    """An older status from the stick does not stay the last word."""
    world.server.queue("id-1", NURSE, "Karibu")
    world.syncs()
    file = world.exports()  # with UNSENT
    world.sends()
    world.syncs()
    assert world.server.state("id-1") == "sent"
    world.brings(file)
    assert world.server.state("id-1") == "received-by-gateway"  # it overwrites without looking
    for _ in range(3):
        world.takes(receipt_of(file))
        world.syncs()
    assert world.server.state("id-1") == "sent"
    assert world.waiting == (0, 0)


def test_an_older_stick_that_comes_later_sets_nothing_back(world: TwoLaptops) -> None:
    world.server.queue("id-1", NURSE, "Karibu")
    world.syncs()
    older = world.exports()
    world.sends()
    newer = world.exports()
    world.brings(newer)
    world.brings(older)
    assert world.server.state("id-1") == "sent"


STEPS = st.lists(
    st.one_of(
        st.sampled_from(["receive", "export", "sync"]),
        st.tuples(st.sampled_from(["bring", "take"]), st.integers(0, 5)),
    ),
    max_size=14,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_in_any_order_and_any_number_of_times_each_record_is_there_once(steps: list) -> None:
    with tempfile.TemporaryDirectory() as folder, TwoLaptops(Path(folder)) as world:
        world.receives(2)
        sticks = [world.exports()]
        for step in steps:
            match step:
                case "receive":
                    world.receives()
                case "export":
                    sticks.append(world.exports())
                case "sync":
                    world.syncs()
                case ("bring", n):
                    assert not world.brings(sticks[n % len(sticks)]).trouble
                case ("take", n) if receipt_of(sticks[n % len(sticks)]).exists():
                    assert world.takes(receipt_of(sticks[n % len(sticks)])).exit_code == 0
        last = world.exports()
        world.brings(last)
        world.takes(receipt_of(last))
        assert world.forwarded == sorted(f"P {n}" for n in range(1, world.received + 1))
        assert world.waiting == (0, 0)
        assert audit(world.clinic.db).at_server == world.received


@pytest.mark.parametrize(("at", "after"), [(1, "after"), (2, "before"), (3, "after")])
def test_killed_between_the_batches(world: TwoLaptops, at: int, after: str) -> None:
    world.receives(70)
    file = world.exports()
    words = [world.journal, file, world.server.url, world.clock.now(), at, after]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.two_laptops", *map(str, words)], cwd=ROOT, check=False
    )
    assert ran.returncode == -signal.SIGKILL
    assert not receipt_of(file).exists()
    assert world.brings(file).forwarded == 70
    assert len(world.forwarded) == len(set(world.forwarded)) == 70


def test_a_server_that_cannot_be_reached_keeps_the_rest_for_the_next_time(
    world: TwoLaptops,
) -> None:
    world.receives(2)
    file = world.exports()
    world.server.stop()
    done = world.brings(file)
    assert (done.forwarded, bool(done.trouble)) == (0, True)
    world.takes(receipt_of(file))
    assert world.waiting == (2, 0)
    world.server.start()
    world.clock.advance(120)
    assert world.brings(file).forwarded == 2


def test_what_is_at_the_server_is_forgotten_at_the_office(world: TwoLaptops) -> None:
    world.receives(1)
    file = world.exports()
    world.brings(file)
    with closing(sqlite3.connect(world.journal)) as conn:
        assert conn.execute("SELECT sender, text FROM inbound").fetchall() == [("", "")]
    with CentralServer(user="gateway", password="secret") as other:
        world.brings(file, cht(other.url))
        assert [report.content for report in other.reports] == ["P 1"]


# --- whole, or not at all -----------------------------------------------------------------------


def refused(world: TwoLaptops, octets: bytes) -> bool:
    file = world.stick / "bad.export"
    file.write_bytes(octets)
    with pytest.raises((BadBundle, files.NotOurs)):
        files.opened(file, [world.office])
    return True


def test_cut_at_every_byte_it_is_refused(world: TwoLaptops) -> None:
    world.receives(1)
    whole = world.exports().read_bytes()
    assert all(refused(world, whole[:n]) for n in range(len(whole)))
    assert refused(world, whole + b"x")


def test_changed_in_any_byte_it_is_refused(world: TwoLaptops) -> None:
    world.receives(1)
    whole = world.exports().read_bytes()
    for n in range(0, len(whole), 3):
        assert refused(world, whole[:n] + bytes([whole[n] ^ 0x10]) + whole[n + 1 :])


def inside(world: TwoLaptops, change: Callable[[bytes], bytes]) -> bytes:
    """What a holder of the office's public key can make of the file's content."""
    plain = sealing.opened(world.exports().read_bytes(), [world.office.identity])
    target = world.stick / "forged"
    sealing.seal(io.BytesIO(change(plain)), target, [keys.recipient(world.office.public)])
    return target.read_bytes()


def test_who_can_write_to_the_office_cannot_sign_for_the_station(world: TwoLaptops) -> None:
    """Any byte of the content changed, any line taken away."""
    world.receives(2)
    plain = sealing.opened(world.exports().read_bytes(), [world.office.identity])
    lines = plain.splitlines(keepends=True)
    for n in range(len(lines)):
        short = b"".join(lines[:n] + lines[n + 1 :])
        with pytest.raises(BadBundle):
            bundle.read(short, keys.verify)
    for n in range(0, len(plain), 7):
        bad = plain[:n] + bytes([plain[n] ^ 1]) + plain[n + 1 :]
        with pytest.raises(BadBundle):
            bundle.read(bad, keys.verify)
    assert refused(world, inside(world, lambda found: found.replace(b"P 1", b"P 9")))


def test_a_bad_file_changes_nothing(world: TwoLaptops) -> None:
    world.receives(1)
    file = world.exports()
    file.write_bytes(file.read_bytes()[:-1])
    ran = world.relay("import", file, "--journal", world.journal, "--to-server", "http://x/")
    assert ran.exit_code == 1
    assert "Nothing of it was applied" in ran.stderr
    assert not world.journal.exists()


# --- who may ------------------------------------------------------------------------------------


def test_a_station_that_is_not_known_is_not_believed(world: TwoLaptops) -> None:
    world.receives(1)
    file = world.exports()
    keys.believed_path(world.journal).unlink()
    words = ["import", file, "--journal", world.journal, "--to-server", world.server.url]
    words += ["--user", "gateway", "--password-file", password(world)]
    ran = world.relay(*words)
    assert ran.exit_code == 1
    assert "not known here" in ran.stderr
    assert world.forwarded == []
    assert world.relay(*words, "--trust").exit_code == 0
    assert world.relay(*words).exit_code == 0
    assert world.forwarded == ["P 1"]


def password(world: TwoLaptops) -> Path:
    path = world.stick.parent / "password"
    path.write_text("secret\n")
    return path


def test_only_the_one_it_was_sealed_to_opens_it(world: TwoLaptops, tmp_path: Path) -> None:
    file = world.exports(to=keys.own(tmp_path / "other.db").public)
    ran = world.relay("import", file, "--journal", world.journal, "--to-server", "http://x/")
    assert "sealed to another computer's key" in ran.stderr


def test_a_receipt_of_another_office_is_not_believed(world: TwoLaptops, tmp_path: Path) -> None:
    world.receives(1)
    stranger = keys.own(tmp_path / "stranger.db")
    header = bundle.Header(bundle.RECEIPT, "1", station_of(world), "main", stranger.public, 0)
    uuid = world.clinic.exchanges.waiting(1)[0].uuid
    file = world.stick / "forged.receipt"
    octets = bundle.receipt(bundle.Receipt(header, (uuid,), (), ()), stranger.sign)
    files.write(file, octets, [keys.own(world.clinic.config.store.path).public])
    ran = world.takes(file)
    assert (ran.exit_code, world.waiting) == (1, (1, 0))
    assert "to which this station exports nothing" in ran.stderr


def test_a_receipt_of_another_station_is_refused(world: TwoLaptops) -> None:
    """Also where it can be opened, after a computer was copied."""
    world.receives(1)
    file = world.exports()
    world.brings(file)
    with world.clinic.db.transaction() as tx:
        tx.execute("UPDATE meta SET value = 'another' WHERE key = 'gateway_id'")
    ran = world.takes(receipt_of(file))
    assert (ran.exit_code, world.waiting) == (1, (1, 0))
    assert "for another station" in ran.stderr


def station_of(world: TwoLaptops) -> str:
    return str(world.clinic.db.value("SELECT value FROM meta WHERE key = 'gateway_id'"))


def test_two_stations_do_not_get_the_same_message(world: TwoLaptops, tmp_path: Path) -> None:
    world.server.queue("id-1", NURSE, "Karibu")
    assert world.brings(world.exports()).handouts == 1
    with world.clinic.db.transaction() as tx:
        tx.execute("UPDATE meta SET value = 'another' WHERE key = 'gateway_id'")
    assert world.brings(world.exports()).handouts == 0


def test_a_receipt_from_long_ago_sends_nothing_again(world: TwoLaptops) -> None:
    """Neither what failed since, nor what was forgotten since."""
    world.server.queue("id-1", NURSE, "Karibu")
    file = world.exports()
    world.brings(file)
    world.takes(receipt_of(file))
    world.clinic.outbox.cancel(world.clock.now(), 1)
    world.syncs()
    world.takes(receipt_of(file))
    assert [row["status"] for row in world.clinic.db.query("SELECT * FROM outbound")] == ["FAILED"]


# --- the stick ----------------------------------------------------------------------------------


def test_a_stick_that_is_full_or_gone_leaves_nothing_behind(
    world: TwoLaptops, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.receives(1)
    gone = world.relay("export", world.stick / "gone", "--to", world.office.public)
    assert (gone.exit_code, "no folder" in gone.stderr) == (73, True)
    ran = world.relay("export", "/dev/full/..", "--to", world.office.public)
    assert ran.exit_code == 73
    monkeypatch.setattr(os, "fsync", full)
    ran = world.relay("export", world.stick, "--to", world.office.public)
    assert (ran.exit_code, "No space left" in ran.stderr) == (73, True)
    assert list(world.stick.iterdir()) == []
    assert "exported" not in world.relay("audit").stdout


def full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_each_server_has_a_file_of_its_own(tmp_path: Path) -> None:
    with TwoLaptops(tmp_path) as world:
        more = world.clinic.path.read_text("utf-8").replace("[server.main]", "[server.other]")
        section = more[more.index("[server.other]") :]
        with world.clinic.path.open("a", encoding="utf-8") as file:
            file.write(section.replace("http://127.0.0.1", "http://localhost"))
        world.receives(1)
        words = ["export", world.stick, "--to", world.office.public]
        assert world.relay(*words).exit_code == 64  # which one?
        assert world.relay(*words, "--server", "nobody").exit_code == 64
        assert world.relay(*words, "--all-servers").exit_code == 0
        names = sorted(path.name.split("-")[3] for path in world.stick.iterdir())
        assert names == ["main", "other"]


def test_without_the_package_it_says_what_is_missing(
    world: TwoLaptops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nacl.signing", None)
    keys.path_of(world.clinic.config.store.path).unlink()
    ran = world.relay("export", world.stick, "--to", world.office.public)
    assert ran.exit_code == 1
    assert "pip install 'relay-gateway[field]'" in ran.stderr
    assert list(world.stick.iterdir()) == []


def test_to_nobody_is_no_export(world: TwoLaptops) -> None:
    assert world.relay("export", world.stick).exit_code == 64
    assert world.relay("export", world.stick, "--to", "age1nonsense").exit_code == 1
    assert list(world.stick.iterdir()) == []


def test_the_keys_are_their_owners_alone_and_stay(tmp_path: Path) -> None:
    store = tmp_path / "relay.db"
    one = keys.own(store)
    assert keys.own(store) == one
    assert keys.path_of(store).stat().st_mode & 0o777 == 0o600
    assert one.identity not in repr(one)
    keys.path_of(store).write_text("torn")
    with pytest.raises(KeyTrouble, match="Put it back"):
        keys.own(store)


# --- by hand, on two computers ------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.pty
def test_the_whole_story(tmp_path: Path) -> None:
    """A relay that runs and has no internet; an office that was never a station."""
    nowhere = {"server.cht": {"url": "http://127.0.0.1:9/api/sms"}}
    with Station(tmp_path, changes=nowhere) as station:
        station.start()
        station.text("P 1")
        waits = "SELECT 1 FROM forwarding WHERE state = 'WAITING'"
        station.eventually(lambda: station.query(waits), "it is kept")
        (tmp_path / "usb").mkdir()
        (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
        key = office(tmp_path, "import", "--key").strip()
        station_key = station.command("export", "--key").stdout.strip()
        exported = station.command("export", str(tmp_path / "usb"), "--to", key)
        assert "1 message and 0 statuses" in exported.stdout, exported.stderr
        (file,) = (tmp_path / "usb").iterdir()
        said = office(
            tmp_path, "import", str(file), "--to-server", station.server.url, "--user", "gateway",
            "--password-file", str(tmp_path / "password"), "--station", station_key, "--json",
        )  # fmt: skip
        assert json.loads(said)["forwarded"] == 1
        taken = station.command("import", str(receipt_of(file)))
        assert "1 more message is at the server" in taken.stdout, taken.stderr
        assert not station.query(waits)
        assert station.forwarded == {"P 1": 1}


def office(folder: Path, *words: str) -> str:
    """A command on a computer that has no station."""
    ran = subprocess.run(
        [sys.executable, "-m", "relay", *words],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "XDG_DATA_HOME": str(folder / "office"), "RELAY_CONFIG": "/nowhere"},
    )  # fmt: skip
    return ran.stdout
