"""Alerts over a real store and the real verdict: what is told, what waits, what is told once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.assembly_alerts import policy, set_hooks
from relay.core.health import judge
from relay.core.link import LinkState
from relay.core.outbound import Accepted, RefusedForGood, ReportDelivered
from relay.flows.alerting import Alerting
from relay.status import observe
from relay.store.alerts import Alerts
from relay.workers import Bell
from tests.clinic import HOUR, MINUTE, TOML, Clinic, locks

TECHNICIAN = "+260970000001"
SET = (
    TOML
    + f"""
[alerts]
to = ["{TECHNICIAN}"]
[hooks]
on_alert = ["/bin/true"]
"""
)


class Watched(Clinic):
    """A clinic whose daemon has an alerts thread, stepped by hand."""

    def __init__(self, folder: Path, toml: str = SET) -> None:
        super().__init__(folder, toml)
        set_hooks(self.config.hooks, self.db)
        self.starts_anew()

    def starts_anew(self) -> None:
        """As after a kill -9: nothing is left but the store."""
        store = Alerts(self.db, self.outbox)
        self.alerting = Alerting(
            self.station, store, self.clock, policy(self.config), Bell(), Bell()
        )

    def goes_on(self, seconds: float, modem: str = "READY", server: str = "OK") -> None:
        """Time goes by in this state, with a dozen looks, or one every five minutes."""
        step = max(300.0, seconds / 12)
        for _ in range(int(seconds // step)):
            self.passes(step)
            self.put(store__backup={"path": ""})
            self.modem(modem)
            self.server(server, since=self.clock.now() if server == "OK" else 1)
            self.alerting.step()

    def texts(self) -> list[str]:
        rows = self.db.query(
            "SELECT text FROM outbound WHERE recipient = ? ORDER BY id", (TECHNICIAN,)
        )
        return [row["text"] for row in rows]

    def waiting(self) -> int:
        return int(self.db.value("SELECT count(*) FROM part WHERE state = 'QUEUED'"))

    def leaves(self) -> None:
        """What waits goes out."""
        while part := self.outbox.claim(self.clock.now(), "usb1", "direct"):
            sent = self.outbox.record(self.clock.now(), part, Accepted(7))
            self.outbox.record(self.clock.now(), sent, ReportDelivered(0))


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Watched]:
    clinic = Watched(tmp_path)
    with clinic:
        clinic.works()
        yield clinic


def test_a_server_that_is_away_for_a_day_is_told_in_one_sms(clinic: Watched) -> None:
    clinic.goes_on(30 * HOUR, server="NET_DNS")
    (text,) = clinic.texts()
    assert text.startswith("Mwase clinic: server main not reached since ")


def test_the_only_modem_is_told_of_when_it_works_again(clinic: Watched) -> None:
    clinic.goes_on(2 * HOUR, modem="LOST")
    assert clinic.texts() == []
    clinic.goes_on(5 * MINUTE)
    (text,) = clinic.texts()
    assert text.startswith("Mwase clinic: solved: modem usb1 missing or silent (")
    clinic.goes_on(3 * HOUR)
    assert len(clinic.texts()) == 1


def test_an_alert_is_urgent_and_is_not_held_as_a_loop(clinic: Watched) -> None:
    clinic.goes_on(30 * HOUR, server="NET_DNS")
    (row,) = clinic.db.query("SELECT * FROM outbound WHERE recipient = ?", (TECHNICIAN,))
    assert (row["server"], row["priority"], row["key"], row["reason"]) == ("", 10, "alert", None)
    assert row["useful_until"] > clinic.clock.now()


def test_what_could_not_leave_gives_way_and_is_told_with_the_next(clinic: Watched) -> None:
    """The network refuses all, so the alert waits: the next one takes its place and says both."""
    clinic.goes_on(26 * HOUR, server="NET_DNS")
    assert clinic.waiting() == 1
    clinic.goes_on(6 * HOUR, server="AUTH_401")
    assert clinic.waiting() == 1
    last = clinic.texts()[-1]
    assert "refuses the password" in last
    assert "not reached" in last


def test_what_left_is_not_told_again(clinic: Watched) -> None:
    clinic.goes_on(26 * HOUR, server="NET_DNS")
    clinic.leaves()
    clinic.goes_on(2 * HOUR, server="AUTH_401")
    assert "not reached" not in clinic.texts()[-1]


def test_neither_a_kill_nor_a_reboot_tells_twice(clinic: Watched) -> None:
    for _ in range(10):
        clinic.goes_on(HOUR, server="NET_DNS")
        clinic.starts_anew()
    assert len(clinic.texts()) == 1


def test_the_store_is_not_written_while_nothing_changes(clinic: Watched) -> None:
    clinic.goes_on(10 * MINUTE)
    before = clinic.db.value("SELECT total_changes()")
    for _ in range(10):
        clinic.alerting.step()
    assert clinic.db.value("SELECT total_changes()") == before


def test_alerts_that_wait_do_not_tell_of_themselves(clinic: Watched) -> None:
    """The network takes nothing for two days, and only alerts wait for it."""
    clinic.goes_on(40 * HOUR, server="NET_DNS")
    kinds = {row["kind"] for row in clinic.db.query("SELECT kind FROM alert")}
    assert kinds == {"server"}
    assert clinic.waiting() == 1


def test_alerts_that_are_refused_do_not_tell_of_themselves(tmp_path: Path) -> None:
    """The network refuses both technicians' numbers, and nothing else fails."""
    toml = SET.replace(f'["{TECHNICIAN}"]', f'["{TECHNICIAN}", "+260970000002"]')
    clinic = Watched(tmp_path, toml)
    with clinic:
        clinic.works()
        for _ in range(40):
            clinic.goes_on(HOUR, server="NET_DNS")
            while part := clinic.outbox.claim(clinic.clock.now(), "usb1", "direct"):
                clinic.outbox.record(clinic.clock.now(), part, RefusedForGood("NET_REJECTED: 21"))
        kinds = {row["kind"] for row in clinic.db.query("SELECT kind FROM alert")}
        assert kinds == {"server"}


def test_alerts_that_are_held_or_in_doubt_do_not_tell_of_themselves(tmp_path: Path) -> None:
    """The technician's phone answers by itself; and the power went while an alert went out."""
    toml = SET + '[sending]\non_uncertain = "hold"\n'
    clinic = Watched(tmp_path, toml)
    with clinic:
        clinic.works()
        clinic.goes_on(30 * HOUR, server="NET_DNS")
        with clinic.db.transaction() as tx:
            tx.execute("UPDATE part SET state = 'UNCERTAIN', modem = 'usb1', uncertain_at = 1")
            tx.execute("INSERT INTO held SELECT id, 1 FROM outbound")
        codes = {problem.code for problem in judge(clinic.station()).problems}
        assert {"UNCERTAIN_HELD", "LOOP_SUSPECTED"} <= codes
        clinic.goes_on(8 * HOUR, server="NET_DNS")
        kinds = {row["kind"] for row in clinic.db.query("SELECT kind FROM alert")}
        assert kinds == {"server"}


def test_programs_are_told_when_it_begins_and_when_it_is_over(clinic: Watched) -> None:
    clinic.goes_on(HOUR, modem="LOST")
    clinic.goes_on(2 * HOUR)
    rows = clinic.db.query("SELECT document FROM hook_call WHERE hook = 'on_alert' ORDER BY id")
    first, last = (json.loads(row["document"]) for row in rows)
    assert (first["v"], first["state"], first["code"]) == (1, "raised", "MODEM_LOST")
    assert "Modem usb1 is missing" in first["what"]
    assert (last["state"], last["subject"]) == ("solved", "usb1")
    assert first["began_at"] < last["over_at"]


def test_the_daemon_reads_its_own_store_beside_its_own_locks(tmp_path: Path) -> None:
    """POSIX gives up all locks of a process that closes a file: the daemon closes none."""
    with Clinic(tmp_path) as clinic:
        clinic.works()
        before = locks(clinic.config.store.path)
        assert before
        station = observe(clinic.config, clinic.clock.now())
        assert station.modems[0].state is LinkState.READY
        assert locks(clinic.config.store.path) == before
