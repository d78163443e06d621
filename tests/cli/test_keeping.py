"""`relay backup` and `relay restore`, as a technician types them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from relay.core.health import judge
from relay.sealing import new_identity
from relay.store.database import Database
from tests.cli.conftest import Relay
from tests.clinic import DAY, Clinic

Said = Callable[..., dict[str, Any]]


def test_copies_go_into_a_folder_and_are_listed(
    clinic: Clinic, relay: Relay, said: Said, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    clinic.sends("kept")
    for _ in range(3):
        assert relay("backup", stick, "--keep", 2).exit_code == 0
        clinic.clock.advance(DAY)
    found = said("backup", "--list", stick)["copies"]
    assert [one["outbound"] for one in found] == [1, 1]
    assert "1 d ago" in relay("backup", "--list", stick).stdout
    (stick / "relay-2020-01-01.db").write_text("no database")
    assert "damaged" in relay("backup", "--list", stick).stdout
    assert relay("backup", "--list").stderr.startswith("There are no copies in")


def test_a_copy_by_hand_counts_as_one(clinic: Clinic, relay: Relay, tmp_path: Path) -> None:
    """Status asks for it, so it must be content with it."""
    clinic.works()
    clinic.passes(2 * DAY)
    clinic.modem()
    clinic.server()
    assert [one.code for one in judge(clinic.station()).problems] == ["BACKUP_LATE"]
    relay("backup", tmp_path / "copy.db")
    assert not judge(clinic.station()).problems


def test_a_nightly_copy_that_failed_is_told(clinic: Clinic) -> None:
    clinic.works()
    clinic.put(store__backup_failed={"why": "the copy x could not be made: no room. Nothing"})
    (problem,) = judge(clinic.station()).problems
    assert problem.code == "BACKUP_FAILED"
    assert "no room." in problem.what
    clinic.clock.advance(1)
    clinic.put(store__backup={"path": str(clinic.path)})
    assert not judge(clinic.station()).problems


def test_a_sealed_copy_comes_back_with_its_key(
    clinic: Clinic, relay: Relay, tmp_path: Path
) -> None:
    private, public = new_identity()
    clinic.sends("kept")
    result = relay("backup", tmp_path / "copy.age", "--to", public)
    assert "sealed" in result.stdout
    clinic.db.close()
    refused = relay("restore", tmp_path / "copy.age")
    assert (refused.exit_code, "--identity KEYFILE" in refused.stderr) == (74, True)
    (tmp_path / "key.txt").write_text(f"# public key: {public}\n{private}\n")
    result = relay("restore", tmp_path / "copy.age", "--identity", tmp_path / "key.txt")
    assert result.exit_code == 0, result.stderr
    assert "1 message had not been sent" in result.stderr
    store = clinic.config.store.path
    assert not [path.name for path in store.parent.iterdir() if "unsealed" in path.name]
    (tmp_path / "key.txt").write_text(new_identity()[0])
    other = relay("restore", tmp_path / "copy.age", "--identity", tmp_path / "key.txt")
    assert (other.exit_code, "cannot be opened" in other.stderr) == (1, True)


def test_nothing_is_restored_under_a_running_relay(
    clinic: Clinic, relay: Relay, tmp_path: Path
) -> None:
    relay("backup", tmp_path / "copy.db")
    clinic.starts()
    result = relay("restore", tmp_path / "copy.db")
    assert result.exit_code == 74
    assert "Is relay running already?" in result.stderr


def test_a_person_decides_on_what_was_restored(
    clinic: Clinic, relay: Relay, said: Said, tmp_path: Path
) -> None:
    """Three messages, three answers; status asks until there is nothing left to ask."""
    for n in range(4):
        clinic.sends(f"m{n}", to=f"+25470000000{n}")
    relay("backup", tmp_path / "copy.db")
    clinic.db.close()
    assert said("restore", tmp_path / "copy.db")["held"] == 4
    clinic.db = Database.open(clinic.config.store.path)
    (problem,) = [one for one in judge(clinic.station()).problems if one.code == "RESTORED"]
    assert "4 messages had not left then" in problem.what
    listed = said("outbox", "list", "--state", "restored")["messages"]
    assert [one["id"] for one in listed] == [4, 3, 2, 1]
    assert "held since the database was restored" in relay("status").stdout
    assert relay("outbox", "sent", 1).stdout == "out 1: counted as sent\n"
    assert relay("outbox", "cancel", 2).exit_code == 0
    assert relay("outbox", "release", "--restored").stdout == "out 3: released\nout 4: released\n"
    assert relay("outbox", "release").exit_code == 64
    assert relay("outbox", "sent", 1).exit_code == 1
    with closing(sqlite3.connect(clinic.config.store.path)) as conn:
        found = [row[0] for row in conn.execute("SELECT status FROM outbound ORDER BY id")]
    assert found == ["SENT", "FAILED", "UNSENT", "UNSENT"]
    assert "RESTORED" not in [one.code for one in judge(clinic.station()).problems]


def test_an_upgrade_is_tried_on_a_copy(clinic: Clinic, relay: Relay, said: Said) -> None:
    clinic.sends("kept")
    assert "can take it over. Migrations that are due: none." in relay("upgrade-check").stdout
    assert said("upgrade-check")["rows"]["outbound"] == 1
    with clinic.db.transaction() as tx:
        tx.execute(
            "INSERT INTO raw_pdu (hash, sim, pdu, state, modem, via, kept_at, seen_at)"
            " VALUES ('h', '1', 'no PDU', 'DECODED', 'usb', 'SM:1', 1, 1)"
        )
    result = relay("upgrade-check")
    assert (result.exit_code, "Keep the relay that runs" in result.stderr) == (70, True)


def test_a_station_without_a_database_can_be_upgraded(clinic: Clinic, relay: Relay) -> None:
    clinic.db.close()
    clinic.config.store.path.unlink()
    assert relay("upgrade-check").exit_code == 0


def test_what_is_finished_is_purged_by_hand(clinic: Clinic, relay: Relay, said: Said) -> None:
    clinic.sends("words that go")
    clinic.sends("words that stay")
    clinic.outbox.cancel(clinic.clock.now(), 1)
    clinic.clock.advance(8 * DAY)
    assert said("purge", "--older-than", 7, "--texts", "--dry-run")["messages"] == 1
    result = relay("purge", "--older-than", 7, "--texts")
    assert result.stdout == "Removed: the words of 1 finished message.\n"
    assert clinic.db.value("SELECT text FROM outbound WHERE id = 1") == ""
    assert relay("purge", "--older-than", 9).stdout == "Removed: 0 finished messages.\n"
    assert relay("purge", "--older-than", 7).stdout == "Removed: 1 finished message.\n"
    assert clinic.db.value("SELECT text FROM outbound") == "words that stay"
    assert clinic.db.value("SELECT count(*) FROM journal WHERE what = 'purge'") == 3
    assert relay("purge").exit_code == 64
