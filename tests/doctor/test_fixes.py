"""`relay doctor --fix`: each step mends what it is for, and nothing else is touched."""

from __future__ import annotations

import os

import pytest

from relay.core.device import Identity
from relay.doctor.fixes import FIXES, RULES, mend, offered
from relay.store.database import Database
from relay.store.sims import Sims
from tests.doctor.test_faults import (
    filling,
    given_up,
    hanging,
    held_by,
    no_centre,
    not_enabled,
    open_config,
    sleeps,
    stopped,
)

pytestmark = pytest.mark.pty


def fixed(ward, *names):
    """What was taken, by name; the faults that are left."""
    steps = offered(ward.examine(), names)
    taken = list(mend(ward.world(), str(ward.clinic.path), steps, "tester"))
    return {one.fix.name: one for one in taken}, [r.finding.code for r in ward.roots()]


def test_every_fix_has_words_that_say_what_it_does():
    assert all(fix.does and name == fix.name for name, fix in FIXES.items())


def test_the_right_to_read_a_password_is_taken_from_strangers(ward):
    station = ward(runs=True)
    open_config(station)
    taken, left = fixed(station)
    assert taken["config"].done
    assert left == []
    assert station.clinic.path.stat().st_mode & 0o777 == 0o640


def test_the_kernel_lets_the_modem_awake(ward):
    station = ward(runs=False)
    sleeps(station)
    taken, left = fixed(station, "usb")
    assert taken["usb"].done
    assert left == []


def test_a_crowded_memory_is_emptied_and_nothing_lost(ward):
    station = ward(runs=False)
    filling(station)
    there = station.modem.memory("ME").used
    taken, left = fixed(station, "storage")
    assert taken["storage"].done, taken
    assert left == []
    assert station.modem.memory("ME").used == 0
    (entry,) = station.clinic.db.query("SELECT who, what, detail, outcome FROM journal")
    assert entry["who"] == "tester"
    assert entry["what"] == "fix storage"
    assert entry["outcome"].startswith(f"{there} messages kept here")
    assert station.clinic.db.value("SELECT count(*) FROM raw_pdu") == there


def unused_store(station):
    """relay has not run yet: there is a folder for the database, and nothing in it."""
    station.clinic.db.close()
    for file in station.clinic.config.store.path.parent.iterdir():
        file.unlink()
    station.clinic.db = Database.open(station.folder / "other.db")


def test_before_relay_has_run_nothing_is_put_in_its_place(ward):
    """What root makes there would not belong to relay."""
    station = ward(runs=False)
    unused_store(station)
    filling(station)
    taken, _ = fixed(station, "storage")
    assert not taken["storage"].done
    assert "start relay" in taken["storage"].outcome
    assert station.modem.memory("ME").used > 0
    assert not station.clinic.config.store.path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_lock_that_root_takes_belongs_to_relay(ward):
    station = ward(runs=False)
    unused_store(station)
    folder = station.clinic.config.store.path.parent
    os.chown(folder, 4711, 4711)
    station.examine()
    assert {file.stat().st_uid for file in folder.iterdir()} == {4711}


def test_a_memory_that_a_running_relay_empties_is_left_to_it(ward):
    station = ward(runs=True)
    station.clinic.modem(memories=[{"memory": "SM", "used": 20, "total": 20}])
    assert offered(station.examine(), ()) == ()


def test_the_sim_gets_back_the_centre_that_it_had(ward):
    station = ward(runs=False)
    sims, now = Sims(station.clinic.db), station.clinic.clock.now()
    card = Identity(iccid=station.modem.sim.iccid, imsi=station.modem.sim.imsi)
    sighting = sims.see(now, "usb1", card)
    assert sighting is not None
    sims.see_smsc(now, sighting.id, station.network.smsc.number)
    no_centre(station)
    taken, left = fixed(station, "smsc")
    assert taken["smsc"].done, taken
    assert left == []
    assert station.modem.sim.smsc == station.network.smsc.number


def test_without_a_centre_of_before_a_person_must_ask_the_operator(ward):
    station = ward(runs=False)
    no_centre(station)
    assert [fix.name for fix, _ in offered(station.examine(), ())] == ["service"]


def test_modemmanager_is_kept_off(ward):
    station = ward(runs=False)
    held_by("ModemManager")(station)
    taken, _ = fixed(station, "modemmanager")
    assert taken["modemmanager"].done
    rules = (station.folder / "udev" / RULES).read_text()
    assert 'ATTRS{idVendor}=="12d1", ATTRS{idProduct}=="1001"' in rules
    assert ("udevadm", "control", "--reload") in station.ran


@pytest.mark.parametrize("breaks", [stopped, given_up])
def test_the_service_is_enabled_and_started_when_the_lock_is_free(ward, breaks):
    station = ward(runs=True)
    breaks(station)
    taken, _ = fixed(station, "service")
    assert taken["service"].done
    assert verbs(station) == ["enable", "reset-failed", "start"]


def test_a_service_that_works_is_only_enabled(ward):
    station = ward(runs=True)
    not_enabled(station)
    assert fixed(station, "service")[0]["service"].done
    assert verbs(station) == ["enable"]


def test_a_relay_that_hangs_is_started_anew(ward):
    station = ward(runs=True)
    hanging(station)
    assert fixed(station, "service")[0]["service"].done
    assert verbs(station) == ["enable", "restart"]


def verbs(station):
    """What systemctl was told to do."""
    return [words[1] for words in station.ran if words[0] == "systemctl" and words[1] != "show"]


def test_a_step_that_is_not_allowed_says_how_it_would_be(ward, monkeypatch):
    station = ward(runs=True)
    open_config(station)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted", str(station.clinic.path))

    monkeypatch.setattr(type(station.clinic.path), "chmod", refuse)
    taken, left = fixed(station)
    assert not taken["config"].done
    assert "sudo" in taken["config"].outcome
    assert left == ["CONFIG_OPEN"]


def test_what_costs_or_cannot_be_undone_is_never_offered():
    """No PIN, no SMS, no money, no message deleted: those are for a person."""
    assert set(FIXES) == {
        "config", "store", "socket", "usb", "modemmanager", "storage", "smsc", "service",
    }  # fmt: skip
