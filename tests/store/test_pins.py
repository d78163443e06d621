"""The ledger of PIN attempts: a restart loop must never block a SIM."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from relay.errors import StoreFull
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.pins import Pins
from tests.air import NOON as NOW

SIM, OTHER_SIM, PIN, OTHER_PIN = "8925401", "8925402", "1234", "4321"


def ledger(db: Database, modem: str = "usb1") -> Pins:
    """As a new process finds it."""
    return Pins(db, lambda: NOW, modem)


def tried(db: Database, iccid: str, pin: str, accepted: bool | None = False) -> None:
    ledger(db).record_attempt(iccid, pin)
    if accepted is not None:
        ledger(db).record_result(iccid, pin, accepted=accepted)


def test_a_pin_that_was_never_tried_may_be(db: Database) -> None:
    assert not ledger(db).refused(SIM, PIN)


def test_an_attempt_whose_result_nobody_saw_counts_as_refused(db: Database) -> None:
    """The power went away between the attempt and its answer."""
    tried(db, SIM, PIN, accepted=None)
    assert ledger(db).refused(SIM, PIN)
    assert ledger(db).unsettled(SIM, PIN)
    tried(db, SIM, PIN, accepted=None)
    assert not ledger(db).unsettled(SIM, PIN)  # a second time is enough


def test_a_refused_pin_is_never_tried_again_with_that_sim(db: Database) -> None:
    tried(db, SIM, PIN)
    assert ledger(db).refused(SIM, PIN)
    assert not ledger(db).unsettled(SIM, PIN)
    assert not ledger(db).refused(SIM, OTHER_PIN)
    assert not ledger(db).refused(OTHER_SIM, PIN)


def test_an_earlier_wrong_value_stays_refused_after_the_right_one(db: Database) -> None:
    """The configuration is set back to what it once was."""
    tried(db, SIM, PIN)
    tried(db, SIM, OTHER_PIN, accepted=True)
    assert ledger(db).refused(SIM, PIN)
    assert not ledger(db).refused(SIM, OTHER_PIN)


def test_an_accepted_pin_may_be_sent_at_every_start(db: Database) -> None:
    tried(db, SIM, PIN, accepted=True)
    assert not ledger(db).refused(SIM, PIN)
    tried(db, SIM, PIN)  # it was changed in a phone
    assert ledger(db).refused(SIM, PIN)


def test_a_card_that_does_not_tell_its_number_counts_as_the_one_that_refused(db: Database) -> None:
    """Its ICCID can be read at one start, and not at the next."""
    tried(db, SIM, PIN)
    assert ledger(db).refused("", PIN)
    assert not ledger(db, "usb2").refused("", PIN)  # another modem, another card
    assert not ledger(db).refused("", OTHER_PIN)


def test_and_the_other_way_round(db: Database) -> None:
    tried(db, "", PIN)
    assert ledger(db).refused(SIM, PIN)
    assert not ledger(db).refused(SIM, OTHER_PIN)


def test_our_own_tries_are_counted_until_the_sim_is_opened(db: Database) -> None:
    tried(db, SIM, PIN)
    tried(db, SIM, OTHER_PIN, accepted=None)
    assert ledger(db).used_up(SIM) == 2
    assert ledger(db).used_up(OTHER_SIM) == 0
    tried(db, SIM, "0000", accepted=True)
    assert ledger(db).used_up(SIM) == 0


def test_a_sim_that_was_busy_has_used_up_nothing(db: Database) -> None:
    tried(db, SIM, PIN, accepted=None)
    ledger(db).record_untried(SIM, PIN)
    assert not ledger(db).refused(SIM, PIN)
    assert ledger(db).used_up(SIM) == 0


def test_a_restored_backup_gives_no_try_back(db: Database, tmp_path: Path) -> None:
    """The instructions move relay.db* away; the record of attempts stays."""
    db.backup(tmp_path / "copy.db")
    tried(db, SIM, PIN)
    (tmp_path / "copy.db").replace(db.path.with_name("restored.db"))
    old = Database.open(db.path.with_name("restored.db"))
    try:
        assert ledger(old).refused(SIM, PIN)
    finally:
        old.close()


def test_a_record_of_an_older_relay_holds(db: Database) -> None:
    """It knew only the facts."""
    tried(db, SIM, PIN)
    db.path.with_name("sim-pins.json").unlink()
    assert ledger(db).refused(SIM, PIN)
    assert Facts(db).prefix("pin.")


def test_a_record_that_cannot_be_read_or_written_allows_nothing(db: Database) -> None:
    file = db.path.with_name("sim-pins.json")
    file.write_text("{", encoding="utf-8")
    with pytest.raises(StoreFull, match="cannot be read"):
        ledger(db).refused(SIM, PIN)
    file.unlink()
    file.mkdir()
    with pytest.raises(StoreFull):
        ledger(db).record_attempt(SIM, PIN)


def test_a_person_may_allow_it_again(db: Database) -> None:
    tried(db, SIM, PIN)
    tried(db, OTHER_SIM, PIN, accepted=True)
    ledger(db).forget()
    assert not ledger(db).refused(SIM, PIN)
    assert not ledger(db).refused(OTHER_SIM, PIN)


def test_the_pin_itself_is_nowhere_on_the_disk(db: Database) -> None:
    tried(db, SIM, "48151623")
    file = db.path.with_name("sim-pins.json")
    stored = "".join(str(tuple(row)) for row in db.query("SELECT key, value FROM fact"))
    stored += file.read_text("utf-8")
    assert "48151623" not in stored
    assert SIM not in stored
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
