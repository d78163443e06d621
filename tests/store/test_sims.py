"""The SIMs that were seen, and which of them is accepted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from relay.core.card import Standing
from relay.core.device import Identity
from relay.store.database import Database
from relay.store.sims import Sims, listed, looked_up
from tests.air import NOON

OURS = Identity(imsi="639020000000017", iccid="8925401000000000017")
THEIRS = Identity(imsi="639020000000044", iccid="8925401000000000044", number="+254700000044")


@pytest.fixture
def sims(db: Database) -> Sims:
    return Sims(db)


def seen(sims: Sims, identity: Identity, modem: str = "usb1", at: int = NOON) -> Standing:
    found = sims.see(at, modem, identity)
    return Standing.UNKNOWN if found is None else found.standing


def test_the_first_sim_is_accepted_by_itself(db, sims):
    assert seen(sims, OURS) is Standing.FIRST
    assert seen(sims, OURS) is Standing.ACCEPTED
    assert not sims.holds("usb1")
    assert looked_up(db, "usb1").held_since is None


def test_another_one_is_held_until_a_person_accepts_it(db, sims):
    seen(sims, OURS)
    first = sims.see(NOON + 1, "usb1", THEIRS)
    again = sims.see(NOON + 9, "usb1", THEIRS)
    assert first is not None
    assert again is not None
    assert (first.news, again.news) == (True, False)
    assert first.since == again.since == NOON + 1  # one occasion, whatever restarts
    assert first.before.iccid == OURS.iccid
    assert sims.holds("usb1")
    found = looked_up(db, "usb1")
    assert (found.card.iccid, found.accepted.iccid) == (THEIRS.iccid, OURS.iccid)
    sims.accept(NOON + 10, first.id)
    assert not sims.holds("usb1")
    assert seen(sims, THEIRS) is Standing.ACCEPTED
    assert seen(sims, OURS) is Standing.CHANGED  # the old one is the stranger now


def test_the_accepted_sim_resumes_by_itself(sims):
    seen(sims, OURS)
    seen(sims, THEIRS)
    assert seen(sims, OURS) is Standing.ACCEPTED
    assert not sims.holds("usb1")
    back = sims.see(NOON + 60, "usb1", THEIRS)
    assert back is not None
    assert (back.news, back.since) == (True, NOON + 60)  # another occasion


def test_a_sim_that_tells_nothing_holds_nothing_up(sims):
    seen(sims, OURS)
    assert seen(sims, Identity()) is Standing.UNKNOWN
    assert not sims.holds("usb1")


def test_what_a_sim_tells_later_is_added(db, sims):
    """The IMSI can be read only after the PIN."""
    seen(sims, Identity(iccid=OURS.iccid))
    seen(sims, OURS)
    (row,) = listed(db)
    assert (row["iccid"], row["imsi"]) == (OURS.iccid, OURS.imsi)


def test_the_service_centre_is_remembered_with_its_sim(sims):
    sim = sims.see(NOON, "usb1", OURS)
    assert sim is not None
    assert sims.see_smsc(NOON, sim.id, "+254722500029") == ""
    assert sims.see_smsc(NOON, sim.id, "+254722500029") == ""
    assert sims.see_smsc(NOON, sim.id, "+254722500030") == "+254722500029"
    assert sims.smsc(sim.id) == "+254722500030"


def test_a_sim_that_tells_only_its_iccid_is_known_by_what_it_told_before(sims):
    seen(sims, OURS)
    seen(sims, replace(OURS, imsi=""))
    assert sims.imsi_of(OURS.iccid) == OURS.imsi
    assert (sims.imsi_of(THEIRS.iccid), sims.imsi_of("")) == ("", "")
