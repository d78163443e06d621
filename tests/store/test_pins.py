"""The ledger of PIN attempts: a restart loop must never block a SIM."""

from __future__ import annotations

from relay.store.database import Database
from relay.store.pins import Pins
from tests.air import NOON as NOW

SIM, OTHER_SIM, PIN, OTHER_PIN = "8925401", "8925402", "1234", "4321"


def ledger(db: Database) -> Pins:
    """As a new process finds it."""
    return Pins(db, lambda: NOW)


def test_a_pin_that_was_never_tried_may_be(db: Database) -> None:
    assert not ledger(db).refused(SIM, PIN)


def test_an_attempt_whose_result_nobody_saw_counts_as_refused(db: Database) -> None:
    """The power went away between the attempt and its answer."""
    ledger(db).record_attempt(SIM, PIN)
    assert ledger(db).refused(SIM, PIN)


def test_a_refused_pin_is_never_tried_again_with_that_sim(db: Database) -> None:
    ledger(db).record_attempt(SIM, PIN)
    ledger(db).record_result(SIM, PIN, accepted=False)
    assert ledger(db).refused(SIM, PIN)
    assert not ledger(db).refused(SIM, OTHER_PIN)
    assert not ledger(db).refused(OTHER_SIM, PIN)


def test_an_accepted_pin_may_be_sent_at_every_start(db: Database) -> None:
    ledger(db).record_attempt(SIM, PIN)
    ledger(db).record_result(SIM, PIN, accepted=True)
    assert not ledger(db).refused(SIM, PIN)


def test_the_pin_itself_is_nowhere_in_the_store(db: Database) -> None:
    ledger(db).record_attempt(SIM, PIN)
    stored = "".join(str(tuple(row)) for row in db.query("SELECT key, value FROM fact"))
    assert PIN not in stored.replace(str(NOW), "")
    assert SIM not in stored
