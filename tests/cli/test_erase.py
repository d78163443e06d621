"""`relay erase`: what a technician is told, asked, and can look up afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from click.testing import Result

from relay.core.cht import Answer
from tests.air import NOON, deliver
from tests.clinic import Clinic

Relay = Callable[..., Result]
Said = Callable[..., dict[str, Any]]
THEIRS = "+254711222333"


def three(clinic: Clinic, *, forwarded: bool = True) -> None:
    clinic.receives(*(deliver(f"P {n}", sender=THEIRS, at=NOON + n * 1000) for n in range(3)))
    clinic.receives(deliver("P 9"))
    if forwarded:
        clinic.exchanges.begin(NOON, [1, 2, 3], [])
        clinic.exchanges.settle(NOON, Answer((), None))


def test_it_asks_says_and_is_accounted_for(clinic: Clinic, relay: Relay) -> None:
    three(clinic)
    clinic.sends("come", to="0711 222 333")
    dry = relay("erase", THEIRS, "--dry-run")
    assert "3  messages that came in" in dry.stdout
    assert "would be cancelled: out 1" in dry.stdout
    assert THEIRS not in dry.output
    assert relay("erase", THEIRS, stdin="n\n").exit_code == 130
    assert clinic.db.value("SELECT count(*) FROM inbound WHERE sender = ?", (THEIRS,)) == 3
    done = relay("erase", THEIRS, stdin="y\n")
    assert done.exit_code == 0
    assert "Erased." in done.stdout
    assert "in use" not in done.stderr
    audited = relay("audit")
    assert audited.exit_code == 0
    assert "  3 erased by " in audited.stdout
    assert " on 2026-05-28 " in audited.stdout
    assert "(1, 2, 3)" in audited.stdout
    (entry,) = clinic.db.query("SELECT * FROM journal WHERE what = 'erase'")
    assert (entry["detail"], entry["outcome"]) == ("…333", "3 in, 1 out")
    again = relay("outbox", "retry", "1")
    assert again.exit_code == 1
    assert "nothing of it failed" in again.stderr
    assert "words and number removed" in relay("trace", "in", "1").stdout
    assert relay("inbox").exit_code == relay("outbox").exit_code == 0
    assert relay("outbox", "retry", "--all-failed").output == ""
    assert "There is nothing of …333" in relay("erase", THEIRS).stdout


def test_what_the_server_lacks_needs_a_word_more(clinic: Clinic, relay: Relay, said: Said) -> None:
    three(clinic, forwarded=False)
    refused = relay("erase", THEIRS, "--yes")
    assert refused.exit_code == 1
    assert "the server does not have 3 messages yet" in refused.stderr
    assert clinic.db.value("SELECT text FROM inbound WHERE id = 1") == "P 0"
    found = said("erase", THEIRS, "--yes", "--also-waiting")
    assert (found["erased"], found["overwritten"], found["waiting"]) == (True, True, [1, 2, 3])
    assert relay("inbox", "release", "1").exit_code == 1


def test_what_is_at_the_radio_is_waited_for(clinic: Clinic, relay: Relay) -> None:
    clinic.sends("come", to=THEIRS)
    clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
    refused = relay("erase", THEIRS, "--yes")
    assert refused.exit_code == 1
    assert "out 1 is on its way" in refused.stderr
    assert "Try again in a minute" in refused.stderr


def test_copies_and_the_configuration_are_named(clinic: Clinic, relay: Relay) -> None:
    three(clinic)
    folder = clinic.config.store.path.parent
    relay("backup", folder / "stick.db")
    sealed = clinic.config.store.backup_dir / "relay-2026-01-01.db.age"
    sealed.parent.mkdir(parents=True)
    sealed.write_bytes(b"sealed")
    clinic.path.write_text(clinic.path.read_text() + f"# the nurse is {THEIRS}\n")
    left = relay("erase", THEIRS, "--yes").stderr
    assert f"sudo rm {folder / 'stick.db'}" in left
    assert f"take it out of {clinic.path}" in left
    assert f"cannot be seen here: {sealed}" in left
    (folder / "stick.db").unlink()
    assert "stick.db" not in relay("erase", THEIRS, "--yes").stderr


def test_a_number_that_may_be_two_peoples(clinic: Clinic, relay: Relay) -> None:
    clinic.receives(deliver("P 1", sender=THEIRS), deliver("P 2", sender="+255711222333"))
    refused = relay("erase", "0711222333", "--yes", "--also-waiting")
    assert refused.exit_code == 1
    assert "Give it with its country" in refused.stderr
    assert relay("erase", "MPESA").exit_code == 65


def test_with_relay_running_as_without(clinic: Clinic, relay: Relay, said: Said) -> None:
    three(clinic)
    clinic.starts()
    assert said("erase", THEIRS, "--yes")["overwritten"]
    clinic.db.check()
    assert clinic.db.value("SELECT count(*) FROM inbound WHERE text IS NULL") == 3
