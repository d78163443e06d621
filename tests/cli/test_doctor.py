"""`relay doctor` as a person types it, and beside a real relay."""

from __future__ import annotations

import json
import re

import pytest

from relay.cli.desk import EX_DATAERR, EX_USAGE
from relay.core.doctor.chain import CHECKS
from relay.simulator.stick import Stick
from tests.station import GATEWAY, MOTHER, Station


def test_the_chain_is_in_order_and_has_no_loose_end():
    """What a check rests on, or may follow from, is looked at before it."""
    seen: set[str] = set()
    for check in CHECKS:
        assert seen >= {*check.needs, *check.after}, check.name
        seen.add(check.name)
    assert len(seen) == len(CHECKS)


def test_every_check_has_a_probe():
    from relay.doctor.examination import PROBES

    assert set(PROBES) == {check.name for check in CHECKS}


def test_the_list_names_every_check_and_every_fix(relay):
    said = relay("doctor", "--list").stdout
    assert all(f"  {check.name} " in said for check in CHECKS)
    assert "give the SIM back the service centre" in said


@pytest.mark.parametrize("words", [["nonsense"], ["--fix", "nonsense"]])
def test_a_name_that_is_none_is_refused_with_the_way_to_the_list(relay, words):
    result = relay("doctor", *words)
    assert result.exit_code == EX_USAGE
    assert "relay doctor --list" in result.stderr


def test_one_check_shows_itself_and_what_is_broken_under_it(relay, clinic):
    clinic.works()
    result = relay("doctor", "storage")
    assert result.exit_code == 2
    assert "PORT_MISSING" in result.stdout
    assert "storage: needs usb" in result.stdout
    assert "DNS" not in result.stdout


def test_a_program_is_told_the_roots(relay, clinic):
    clinic.works()
    told = json.loads(relay("doctor", "usb", "--json").stdout)
    assert told["schema"] == 1
    assert told["exit"] == 2
    assert told["roots"] == [{"code": "PORT_MISSING", "subject": "usb1"}]
    (usb,) = [one for one in told["checks"] if one["check"] == "usb"]
    assert usb["mark"] == "fail"
    assert usb["action"]


def test_a_code_that_was_misheard_is_not_read(relay):
    result = relay("doctor", "--read", "RD1-J2EQ-0000-J008-8EMM-2RWP-W0")
    assert result.exit_code == EX_DATAERR
    assert "read out again" in result.stderr


def test_money_is_not_spent_by_who_does_not_say_yes(relay, clinic):
    clinic.works()
    result = relay("doctor", "--send-test", "+254700000001", stdin="n\n")
    assert "costs money" in result.stderr
    assert result.exit_code == 130
    assert clinic.db.value("SELECT count(*) FROM outbound") == 0


def test_without_a_number_of_its_own_a_station_asks_for_one(relay, clinic):
    clinic.works()
    result = relay("doctor", "--send-test", "--yes")
    assert result.exit_code == EX_USAGE
    assert "relay doctor --send-test NUMBER" in result.stderr


@pytest.mark.pty
@pytest.mark.slow
def test_doctor_beside_a_real_relay_and_without_one(tmp_path):
    """Up, down, broken on purpose, mended, and heard over the phone."""
    with Station(tmp_path, port=Stick) as station:
        relay = station.start()
        station.eventually(lambda: _state(station) == "READY", "the modem is up")
        station.eventually(lambda: station.fact("server.cht.last_ok"), "the server is reached")
        up = station.command("doctor")
        assert "is relay's own" in up.stdout
        assert up.returncode == 0, up.stdout

        sent = station.command("doctor", "--send-test", MOTHER, "--yes", "send")
        assert "was delivered" in sent.stdout, sent.stdout
        assert station.command("doctor", "--send-test", GATEWAY, "--yes", "send").returncode == 0
        station.server.stop()
        off = station.command("doctor")
        assert [*_roots(off.stdout)] == ["NET_REFUSED"]
        station.server.start()
        relay.stop()

        station.modem.faults.fill("ME", leave=3)
        station.modem.faults.lose_smsc()
        down = station.command("doctor", "-v")
        assert _roots(down.stdout) == ["DAEMON_STOPPED", "SIM_FILLING", "SMSC_UNKNOWN"]
        assert "> AT+CSCA?" in down.stderr
        assert not re.search(r"\d{7}", down.stderr)
        mended = station.command("doctor", "--fix")
        assert _roots(mended.stdout) == ["DAEMON_STOPPED"]
        assert station.left_in_memory() == 0

        code = station.command("doctor", "--sms").stdout.strip()
        heard = station.command("doctor", "--read", code)
        assert "DAEMON_STOPPED: relay is not running." in heard.stdout
        station.start()
        station.eventually(lambda: _state(station) == "READY", "the modem was given back")
        assert not station.forwarded  # the test that came back is no report


def _state(station: Station) -> str:
    return str((station.fact("modem.usb.link") or {}).get("state"))


def _roots(shown: str) -> list[str]:
    found = re.search(r"Root causes: \d+ \((.*)\)\.", " ".join(shown.split()))
    return found[1].split(", ") if found else []
