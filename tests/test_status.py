"""`relay status` over a real store: what it observes, and the screens that people see."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.clock import local, wall
from relay.core.cht import Answer
from relay.core.health import Verdict, judge
from relay.core.outbound import Accepted, Event, NoAnswer, RefusedForGood, RefusedForNow
from relay.core.power import PowerFacts
from relay.core.station import Running, Station
from relay.status import free_space, is_alive, is_held, is_read_only, lock_path
from relay.status_json import document
from relay.status_screen import WIDTH, one_line, screen
from tests.air import NOON, deliver, delivers, report
from tests.clinic import DAY, HOUR, TOML, Clinic


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic(tmp_path) as clinic:
        yield clinic


def shown(station: Station, **more: Any) -> str:
    """The screen, with what depends on this computer taken out."""
    store = replace(station.store, free=18 * 10**9)
    station = replace(station, store=store, power=PowerFacts())
    text = "\n".join(screen(station, judge(station), **more))
    return re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d", "2026-05-28 14:30", text)


def submits(clinic: Clinic, event: Event) -> None:
    """The modem takes the next part, and this comes of it."""
    part = clinic.outbox.claim(clinic.clock.now(), "usb1", "direct")
    assert part is not None
    clinic.outbox.record(clinic.clock.now(), part, event)


def traffic(clinic: Clinic) -> None:
    """Two reports come in, one message goes out and is delivered."""
    clinic.receives(deliver("report A"), deliver("report B", at=NOON + 1000))
    clinic.sends()
    submits(clinic, Accepted(7))
    clinic.receives(report(7, "+254700000001"))


def forward(clinic: Clinic, *ids: int) -> None:
    clinic.exchanges.begin(clinic.clock.now(), ids, [])
    clinic.exchanges.settle(clinic.clock.now(), Answer((), None))


# --- screens ------------------------------------------------------------------------------------


def test_a_good_day(clinic: Clinic) -> None:
    """One line for the nurse; the facts with their age for the technician."""
    clinic.starts()
    traffic(clinic)
    forward(clinic, 1, 2)
    clinic.clock.advance(3 * HOUR)
    clinic.modem()
    clinic.server()
    clinic.put(server__main__clock_offset_s=1)
    clinic.passes(12)
    text = shown(clinic.station())
    assert (
        text
        == """\
OK      SMS come in, go out and reach the server.
        Mwase clinic, 2026-05-28 14:30

 Modem   usb1: READY, MTN ZM, 3G, good signal (-71 dBm), SIM …017 asked 12 s ago
 In      2 today; 0 safe here only                                   counted now
 Out     0 waiting; today 1 sent, 1 delivered, 0 failed              counted now
 Server  main: OK; 2 at the server (2 today), 0 waiting        answered 12 s ago
 Disk    18 GB free; no copy yet                                    measured now
 Clock   agrees with server main
 relay   0.1.0, running for 3 h
Nothing to do."""
    )


def test_the_modem_is_missing(clinic: Clinic) -> None:
    """For how long, why, and what to do; what came in before is safe."""
    clinic.works()
    traffic(clinic)
    clinic.passes(1800)
    clinic.server()
    clinic.modem("LOST", "port /dev/ttyUSB0 cannot be used: permission denied")
    clinic.sends()
    clinic.passes(20)
    text = shown(clinic.station())
    assert (
        text
        == """\
CRIT    SMS neither come in nor go out; the server is reached. 2 messages are
        safe here.
        Mwase clinic, 2026-05-28 14:30

 1. Modem usb1 is missing or silent (for 30 min).                     MODEM_LOST
    -> Port /dev/ttyUSB0 cannot be used: permission denied.
    -> Unplug it, count to ten, plug it in again; relay finds it by itself.

 Modem   usb1: LOST                                               asked 20 s ago
 In      2 today; 2 safe here only (oldest 30 min)                   counted now
 Out     1 waiting, oldest 20 s; today 1 sent, 1 delivered, 0 failed counted now
 Server  main: OK; 0 at the server (0 today), 2 waiting        answered 20 s ago
 Disk    18 GB free; no copy yet                                    measured now
 relay   0.1.0, running for 3 h 30 min"""
    )


def test_the_server_is_out_of_reach_for_two_days(clinic: Clinic) -> None:
    """SMS go on; what waits is counted, and where it waits is said."""
    clinic.works()
    since = clinic.clock.now()
    traffic(clinic)
    clinic.passes(2 * DAY + 4 * HOUR)
    clinic.modem()
    clinic.server("NET_DNS", "cht.example.org: the name was not found", since)
    clinic.put(store__backup={"path": str(clinic.path)})
    clinic.beats()
    text = shown(clinic.station())
    assert text.splitlines()[:6] == [
        "CRIT    SMS come in and go out, but the server was not reached for 2 d 4 h. 2",
        "        messages are safe here.",
        "        Mwase clinic, 2026-05-28 14:30",
        "",
        " 1. Server main: its name was not found; last reached 2 d 4 h ago.       NET_DNS",
        "    -> Is there internet at all? Router, cable, mobile data, credit for data.",
    ]
    assert "2 safe here only (oldest 2 d 4 h)" in text


def test_a_killed_daemon(clinic: Clinic) -> None:
    """What was true is shown as what was; what is safe is counted from the disk."""
    clinic.works()
    traffic(clinic)
    clinic.dies()
    clinic.clock.advance(7 * HOUR)
    text = shown(clinic.station())
    assert text.startswith(
        "UNKNOWN relay is not running; it was last alive 7 h ago. 2 messages are safe\n"
    )
    assert "-> Start it: sudo systemctl start relay" in text
    assert "usb1: was READY" in text
    assert "main: was OK" in text


def test_a_stopped_daemon(clinic: Clinic) -> None:
    """Stopped on purpose is told from killed."""
    clinic.works()
    clinic.beats("stopped")
    clinic.dies()
    clinic.clock.advance(60)
    assert "it was stopped in good order" in shown(clinic.station())


def poison(clinic: Clinic) -> None:
    clinic.receives(deliver("poison"))
    clinic.exchanges.park_report(NOON, 1, "the server refuses it: HTTP 400: bad")


def salvage(clinic: Clinic) -> None:
    clinic.put(store__check={"ok": False, "detail": "page 7"})
    clinic.clock.advance(1)
    clinic.put(store__salvaged={"path": "relay.db.damaged-1", "detail": "", "rows": {}})


def lost_copy(clinic: Clinic) -> None:
    clinic.clock.advance(2 * DAY)
    clinic.put(store__backup={"path": "/nowhere/relay.db"})
    clinic.modem()
    clinic.server()


def rejections(clinic: Clinic) -> None:
    for text in "abc":
        clinic.sends(text)
        submits(clinic, RefusedForGood("NET_REJECTED: +CMS ERROR: 21 rejected"))


SCENES: dict[str, tuple[Callable[[Clinic], None], Verdict, str]] = {
    "the SIM asks for a PIN": (
        lambda clinic: clinic.modem("PIN_REQUIRED", "PIN_REQUIRED"),
        Verdict.CRIT,
        "PIN_REQUIRED",
    ),
    "the server does not let relay in": (
        lambda clinic: clinic.server("AUTH_401", "HTTP 401: Unauthorized"),
        Verdict.CRIT,
        "AUTH_401",
    ),
    "a poison message is set aside": (poison, Verdict.WARN, "PARKED"),
    "an SMS cannot be read": (
        lambda clinic: clinic.receives("00FFFF"),
        Verdict.WARN,
        "UNDECODABLE",
    ),
    "the credit is used up": (rejections, Verdict.CRIT, "SMS_REJECTED"),
    "the check found damage": (
        lambda clinic: clinic.put(store__check={"ok": False, "detail": "page 7"}),
        Verdict.CRIT,
        "STORE_DAMAGED",
    ),
    "the database was salvaged after that": (salvage, Verdict.WARN, "STORE_SALVAGED"),
    "a worker crashes again and again": (
        lambda clinic: clinic.put(
            **{"worker__sync-main": {"crashes": 4, "trouble": "crashed: KeyError in cht.py:7"}}
        ),
        Verdict.WARN,
        "WORKER_CRASHES",
    ),
    "the copy is gone": (lost_copy, Verdict.WARN, "BACKUP_LATE"),
    "the clock is two hours slow": (
        lambda clinic: clinic.put(server__main__clock_offset_s=7_200),
        Verdict.WARN,
        "CLOCK_OFF",
    ),
}


@pytest.mark.parametrize("scene", SCENES)
def test_what_a_technician_meets(clinic: Clinic, scene: str) -> None:
    """One cause, one code, one action; every line fits 80 columns."""
    happens, verdict, code = SCENES[scene]
    clinic.works()
    happens(clinic)
    clinic.passes(5)
    health = judge(clinic.station())
    assert (health.verdict, [problem.code for problem in health.problems]) == (verdict, [code])
    lines = shown(clinic.station()).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert any(line.endswith(code) for line in lines)


def test_doubt_that_a_person_decides(tmp_path: Path) -> None:
    """The message, and the commands for both decisions."""
    with Clinic(tmp_path, TOML + '[sending]\non_uncertain = "hold"\n') as clinic:
        clinic.works()
        clinic.sends("x" * 400)
        submits(clinic, NoAnswer("silence"))
        text = shown(clinic.station())
    assert text.startswith("CRIT")
    assert "1 part uncertain -> relay trace out 1" in text
    assert "-> Or not: relay outbox cancel 1" in text


def test_nothing_is_set_up(tmp_path: Path) -> None:
    """A fresh installation: neither modem nor server, and it says what to write."""
    with Clinic(tmp_path, '[store]\npath = "state/relay.db"\n') as clinic:
        clinic.starts()
        clinic.passes(600)
        text = shown(clinic.station())
    assert text.startswith("CRIT    SMS neither come in nor go out, and no server is set up.")
    assert "MODEM_NONE" in text
    assert "SERVER_NONE" in text


def test_it_has_never_run(clinic: Clinic) -> None:
    """No database is no error: somebody has just installed relay."""
    clinic.db.close()
    clinic.config.store.path.unlink()
    station = clinic.station()
    assert station.daemon.running is Running.NEVER
    assert "no database yet" in shown(station)
    assert judge(station).verdict is Verdict.UNKNOWN


def test_a_damaged_database(clinic: Clinic) -> None:
    """Nothing is said of messages then: not 0, and not "safe"."""
    clinic.db.close()
    clinic.config.store.path.write_bytes(b"x" * 5000)
    station = clinic.station()
    assert one_line(station, judge(station)) == "CRIT STORE_CORRUPT in=? here=? out=? uncertain=?"
    assert "safe here" not in shown(station)


def test_a_newer_database(clinic: Clinic) -> None:
    """relay was downgraded: it says so instead of guessing."""
    with clinic.db.transaction() as tx:
        tx.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('relay', 'm999')")
    station = clinic.station()
    assert (station.store.trouble, station.inward) == ("STORE_TOO_NEW", None)


def test_three_actions_at_most(clinic: Clinic) -> None:
    """Who has ten things to do does none; the rest is counted."""
    clinic.works()
    clinic.modem("SIM_ABSENT")
    clinic.server("AUTH_401", "HTTP 401")
    clinic.receives("00FFFF")
    clinic.put(store__check={"ok": False, "detail": "page 7"})
    text = shown(clinic.station())
    assert re.findall(r"^ (\d)\. ", text, re.MULTILINE) == ["1", "2", "3"]
    assert "and 1 more thing: relay status --json" in text


def test_every_kind_of_waiting_is_told_apart(clinic: Clinic) -> None:
    """Short of parts, unreadable, not text, refused, to be told."""
    clinic.works()
    first, _ = delivers(["one half", "other half"])
    clinic.receives(first, deliver("a"), deliver("b", at=NOON + 1000), deliver(""), "00FFFF")
    clinic.exchanges.park_report(clinic.clock.now(), 2, "HTTP 400")
    clinic.sends("from the server", server="main", server_id="wo-1")
    text = " ".join(shown(clinic.station()).split())
    for words in (
        "1 safe here only",
        "1 long SMS short of parts",
        "1 unreadable",
        "set aside: 1 empty SMS",
        "1 refused, 1 status to tell",
    ):
        assert words in text


def test_every_kind_of_sending_is_told_apart(clinic: Clinic) -> None:
    """Urgent, tried again later and why, without a report yet, failed and why."""
    clinic.works()
    for number in range(3):
        clinic.sends(to=f"+25470000000{number}")
    submits(clinic, Accepted(7))
    submits(clinic, RefusedForNow("NET_CONGESTION: busy", clinic.clock.now() + 60_000))
    submits(clinic, RefusedForGood("DEST_UNASSIGNED: +CMS ERROR: 1"))
    clinic.sends("d", priority=1)
    text = " ".join(shown(clinic.station()).split())
    for words in (
        "2 waiting (1 urgent), oldest 0 s",
        "1 part tried again later: 1 NET_CONGESTION",
        "1 awaits a delivery report",
        "failed in 24 h: 1 DEST_UNASSIGNED",
    ):
        assert words in text


CAPPED = (
    TOML
    + """\
[sending]
max_per_hour = 1
quiet_from = "22:00"
quiet_until = "06:00"
"""
)


def test_what_holds_messages_is_told(tmp_path: Path) -> None:
    """A cap, a later time, an earlier message to the same number: a warning only for the cap."""
    with Clinic(tmp_path, CAPPED) as clinic:
        clinic.clock.step((wall(NOON, "12:00") - NOON) / 1000)
        clinic.works()
        now = clinic.clock.now()
        clinic.sends(to="+254700000001")
        submits(clinic, RefusedForNow("NET_CONGESTION: busy", now + 600_000))
        clinic.sends(to="+254700000001")
        clinic.sends(to="+254700000002")
        submits(clinic, Accepted(7))
        clinic.sends(to="+254700000003", not_before=now + 7_200_000)
        station = clinic.station()
        text = " ".join(shown(station).split())
    opens = local(now + 3_600_000)[:16]
    assert "max_per_hour reached: 1 held until" in text
    assert "1 for a later time" in text
    assert "1 behind an earlier one to the same number" in text
    (problem,) = judge(station).problems
    assert (problem.code, problem.verdict) == ("CAP_REACHED", "WARN")
    assert "1 message waits: max_per_hour allows 1" in problem.what
    assert station.outward
    assert local(station.outward.held.caps[0].opens_at)[:16] == opens


def test_quiet_hours_are_told_and_nothing_is_wrong(tmp_path: Path) -> None:
    """Nor just after them, when messages have waited all night."""
    with Clinic(tmp_path, CAPPED) as clinic:
        clinic.clock.step((wall(NOON, "22:00") - NOON) / 1000)
        clinic.works()
        clinic.sends()
        clinic.passes(2 * HOUR)
        clinic.modem()
        clinic.server()
        assert "quiet hours until 06:00: 1 held" in " ".join(shown(clinic.station()).split())
        assert judge(clinic.station()).verdict == "OK"
        clinic.passes(3.5 * HOUR)
        clinic.modem()
        clinic.server()
        assert "quiet hours" not in shown(clinic.station())
        assert judge(clinic.station()).problems == ()


def test_what_expired_or_was_replaced_is_counted(clinic: Clinic) -> None:
    """What was replaced by a newer message has not failed."""
    clinic.works()
    clinic.sends(key="stock")
    clinic.sends(key="stock")
    clinic.sends(useful_until=clinic.clock.now() + 1)
    clinic.clock.advance(1)
    clinic.outbox.expire(clinic.clock.now(), clinic.clock.now())
    text = " ".join(shown(clinic.station()).split())
    assert "1 failed; 1 of them too old; 1 replaced by a newer one" in text
    assert "failed in 24 h: 1 MSG_EXPIRED" in text


def test_what_is_odd_about_modem_and_clock_is_told(clinic: Clinic) -> None:
    """Roaming costs, a SIM fills up, a clock was set."""
    clinic.works()
    clinic.modem(registration=5, memories=[{"memory": "SM", "used": 18, "total": 20}])
    clinic.put(server__main__clock_offset_s=-95, clock__step={"seconds": 3600})
    text = " ".join(shown(clinic.station()).split())
    for words in ("roaming", "SM 18 of 20 used", "1 min 35 s ahead of server main",
                  "was set forward by 1 h, 0 s ago"):  # fmt: skip
        assert words in text


def test_a_daemon_that_hangs(clinic: Clinic) -> None:
    """It says since when."""
    clinic.works()
    clinic.clock.advance(600)
    text = shown(clinic.station())
    assert text.startswith("UNKNOWN relay hangs: no SMS come in or go out.")
    assert "last sign of life 10 min ago" in text


# --- numbers and programs -----------------------------------------------------------------------


def test_numbers_are_masked_unless_asked_for(clinic: Clinic) -> None:
    """A photo of the screen goes round in chats."""
    clinic.works()
    station = clinic.station()
    assert not re.search(r"\d{7}", shown(station))
    assert "8926003000000044017" in shown(station, show_numbers=True)
    masked = json.dumps(document(station, judge(station))["modems"])
    assert "8926003000000044017" not in masked
    in_full = json.dumps(document(station, judge(station), show_numbers=True)["modems"])
    assert "+260970000042" in in_full


def test_one_line_for_programs(clinic: Clinic) -> None:
    """Verdict, codes, counts."""
    clinic.works()
    clinic.modem("SIM_ABSENT")
    clinic.sends()
    station = clinic.station()
    assert one_line(station, judge(station)) == "CRIT SIM_ABSENT in=0 here=0 out=1 uncertain=0"


def test_the_document_is_json_with_a_schema(clinic: Clinic) -> None:
    """Null where nothing is known; verdict and exit code agree."""
    clinic.works()
    found = json.loads(json.dumps(document(clinic.station(), judge(clinic.station()))))
    assert (found["schema"], found["verdict"], found["exit"]) == (1, "ok", 0)
    assert found["modems"][0]["state"] == "READY"
    assert found["daemon"]["running"] is True
    clinic.db.close()
    clinic.config.store.path.write_bytes(b"x" * 5000)
    broken = document(clinic.station(), judge(clinic.station()))
    assert (broken["in"], broken["out"]) == (None, None)


# --- facts of any shape -------------------------------------------------------------------------

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**15) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_KEYS = (
    "daemon", "daemon.beat", "daemon.started", "modem.usb1.link", "modem.usb1.survey",
    "modem.usb1.identity", "modem.usb1.opened", "server.main.outcome", "server.main.last_ok",
    "server.main.clock_offset_s", "store.salvaged", "store.backup", "store.check", "clock.step",
    "worker.modem-usb1",
)  # fmt: skip
_INNER = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("pid", "state", "version", "started_at", "detail", "since", "memories", "path", "ok",
         "code", "seconds", "crashes", "trouble", "iccid", "signal_dbm"), _JSON
    ),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(_KEYS, _JSON | _INNER)))
def test_facts_of_any_shape_make_a_screen(clinic: Clinic, facts: dict[str, Any]) -> None:
    """An older or newer daemon writes other facts; status must not be what breaks."""
    with clinic.db.transaction() as tx:
        tx.execute("DELETE FROM fact")
    clinic.facts.put_all(clinic.clock.now(), facts)
    station = clinic.station()
    health = judge(station)
    assert screen(station, health)
    assert json.dumps(document(station, health))


# --- is it running? -----------------------------------------------------------------------------


def test_the_lock_says_whether_it_runs(clinic: Clinic) -> None:
    """It ends with the process, however that ended."""
    path = clinic.config.store.path
    assert is_held(path) is False
    clinic.starts()
    assert is_held(path) is True
    clinic.dies()
    assert is_held(path) is False


def test_asking_leaves_the_lock_free(clinic: Clinic) -> None:
    """status must not keep the daemon from starting."""
    clinic.starts()
    clinic.dies()
    assert is_held(clinic.config.store.path) is False
    clinic.starts()
    assert is_held(clinic.config.store.path) is True


def test_a_lock_that_cannot_be_looked_at_is_unknown(tmp_path: Path) -> None:
    """Then the last sign of life decides."""
    lock_path(tmp_path / "relay.db").symlink_to(tmp_path / "relay.db.lock")
    assert is_held(tmp_path / "relay.db") is None


def test_a_process_is_there_or_not() -> None:
    """None where the fact holds no number."""
    assert is_alive(os.getpid()) is True
    assert is_alive(2**22 + 1) is False
    assert is_alive(None) is None
    assert is_alive(-1) is None


def test_a_clock_set_back_does_not_stop_the_daemon(clinic: Clinic) -> None:
    """The beat lies in the future, the lock is held: it runs."""
    clinic.works()
    clinic.clock.step(-5 * DAY)
    assert clinic.station().daemon.running is Running.YES


def test_a_daemon_that_says_nothing_hangs(clinic: Clinic) -> None:
    """Two minutes without a sign, and the lock still held."""
    clinic.works()
    clinic.clock.advance(120)
    assert clinic.station().daemon.running is Running.SILENT


def test_without_the_lock_the_beat_decides(clinic: Clinic) -> None:
    """A user who may not look at the lock still learns whether relay runs."""
    from relay.status_facts import daemon

    clinic.works()
    facts = clinic.facts.prefix("daemon")
    now = clinic.clock.now()
    assert daemon(facts, now, held=None, lives=True).running is Running.YES
    assert daemon(facts, now, held=None, lives=False).running is Running.NO
    assert daemon(facts, now + 600_000, held=None, lives=True).running is Running.NO


def test_room_is_asked_for_where_the_store_will_be(tmp_path: Path) -> None:
    """The folder may not be there yet."""
    assert (free_space(tmp_path / "not" / "yet") or 0) > 0


def test_a_disk_that_takes_no_writing_is_seen(tmp_path: Path) -> None:
    assert not is_read_only(tmp_path / "not" / "yet")
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    locked = [Path(point) for _, point, _, options, *_ in mounts if options.startswith("ro,")]
    assert all(is_read_only(one) for one in locked if one.is_dir())
