"""What a running relay can be asked beside its work, with a real daemon and a simulated modem."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import relay
from relay.control.client import ControlRefused, Conversation, ask
from relay.errors import RelayError
from relay.simulator.ussd import UssdAnswer
from tests.station import MOTHER, Station

pytestmark = pytest.mark.pty


@pytest.fixture
def station(place: Path) -> Iterator[Station]:
    with Station(place, changes={"airtime": {"ussd_timeout_s": 5}}) as one:
        one.start()
        one.eventually(
            lambda: (one.fact("modem.usb.link") or {}).get("state") == "READY", "the modem is up"
        )
        yield one


@pytest.fixture
def told(station: Station) -> Callable[..., dict[str, Any]]:
    """`told("ping")` asks the daemon."""
    path = station.store.with_name("control.sock")
    return lambda name, **given: ask(path, name, timeout_s=60, **given)


def test_it_says_who_it_is_and_how_the_modem_is_now(station, told):
    """A survey is fresh: it asks the modem, and status knows it afterwards."""
    pong = told("ping")
    assert (pong["version"], pong["pid"]) == (relay.__version__, station.relays[0].pid)
    station.modem.radio.rssi = 9  # -95 dBm, 3GPP TS 27.007 §8.5
    (modem,) = told("survey")["modems"]
    assert modem["error"] is None
    assert modem["survey"]["signal_dbm"] == -95
    assert modem["identity"]["imei"] == station.modem.imei
    assert station.fact("modem.usb.survey")["signal_dbm"] == -95


def test_a_modem_that_is_away_is_said_to_be(station, told):
    station.modem.unplug()
    station.eventually(lambda: station.fact("modem.usb.link")["state"] == "LOST", "it is missed")
    (modem,) = told("survey")["modems"]
    assert (modem["state"], modem["survey"]) == ("LOST", None)
    with pytest.raises(ControlRefused) as error:
        told("ussd", code="*100#")
    assert error.value.code == "AWAY"


def test_a_ussd_code_is_dialled_and_journaled(station, told):
    """It may cost money: who dialled what is written down, without the voucher."""
    station.network.ussd_codes["*100#"] = UssdAnswer("Your balance is K 5.00")
    assert told("ussd", code="*100#")["text"] == "Your balance is K 5.00"
    with pytest.raises(ControlRefused):
        told("ussd", code="*114*1234567890123#")
    rows = station.query("SELECT what, detail, outcome FROM journal ORDER BY id")
    assert [tuple(row)[:2] for row in rows] == [
        ("ussd", "usb: *100#"),
        ("ussd", "usb: *114*…123#"),
    ]
    assert rows[0]["outcome"] == "OK"


def test_messages_flow_while_the_socket_is_flooded(station, told):
    """Surveys without end delay a message by a command at a time, and lose none."""
    path = station.store.with_name("control.sock")
    for number in range(5):
        station.text(f"report {number}")
        told("survey")
        with pytest.raises(ControlRefused):
            ask(path, "no such ask")
    station.eventually(lambda: len(station.forwarded) == 5, "all are up")


@pytest.mark.slow
def test_the_socket_comes_back_after_kill_9(station, told):
    first = told("ping")["pid"]
    station.relays[-1].kill()
    second = station.start()
    station.eventually(lambda: _pid(told) == second.pid, "it is there again")
    assert second.pid != first


def _pid(told: Callable[..., dict[str, Any]]) -> int | None:
    try:
        return int(told("ping")["pid"])
    except RelayError:
        return None


@pytest.mark.slow
def test_a_path_that_is_too_long_costs_only_the_socket(place):
    long = place / ("x" * 100) / "control.sock"
    with Station(place, changes={"control": {"path": str(long)}}) as station:
        daemon = station.start()
        station.text("report 1")
        station.eventually(lambda: station.forwarded["report 1"] == 1, "it works without")
        assert "control.shut code=PATH_TOO_LONG" in daemon.log


# --- pause and resume ---------------------------------------------------------------------------


def test_sending_that_is_paused_stays_so_over_a_restart(station, told):
    """Receiving goes on, status says who did it, and resuming sends what has waited."""
    told("pause")
    station.relays[-1].kill()
    station.start()
    assert station.command("send", MOTHER, "Come on Monday").returncode == 0
    station.text("report 1")
    station.eventually(lambda: station.forwarded["report 1"] == 1, "receiving goes on")
    assert not station.network.submissions
    status = json.loads(station.command("status", "--json").stdout)
    (problem,) = [one for one in status["problems"] if one["code"] == "PAUSED"]
    assert problem["action"] == "relay resume"
    assert told("resume") == {"paused": {}}
    station.eventually(lambda: station.screen()["Come on Monday"] == 1, "it is sent")
    assert [row["what"] for row in station.query("SELECT what FROM journal")] == [
        "pause",
        "resume",
    ]


@pytest.mark.slow
def test_an_exchange_that_is_paused_is_made_up_for(station, told):
    told("pause", what="sync")
    assert told("sync")["servers"][0]["code"] == "PAUSED"
    station.text("report 1")
    station.eventually(
        lambda: station.query("SELECT 1 FROM forwarding WHERE state = 'WAITING'"), "it is kept"
    )
    assert not station.forwarded
    told("resume", what="sync")
    station.eventually(lambda: station.forwarded["report 1"] == 1, "it goes up")


@pytest.mark.slow
def test_sync_now_does_not_wait_for_the_next_try(place):
    """Whoever has mended the internet sees at once whether it works."""
    with Station(place, changes={"server.cht": {"poll_min_s": 600, "poll_max_s": 900}}) as station:
        station.server.stop()
        station.start()
        station.eventually(lambda: station.fact("server.cht.outcome"), "it has failed")
        path = station.store.with_name("control.sock")
        assert ask(path, "sync", timeout_s=60)["servers"][0]["code"] != "OK"
        station.server.start()
        assert ask(path, "sync", timeout_s=60)["servers"] == [
            {"server": "cht", "code": "OK", "detail": "", "tried": True}
        ]


# --- the AT console -----------------------------------------------------------------------------


def test_the_console_speaks_with_the_modem_and_messages_go_on(station, told):
    assert told("at", command="AT+CSQ")["lines"] == ["+CSQ: 18,0"]
    assert told("at", command="AT+NOSUCH?")["final"] == "ERROR"
    station.text("report 1")
    station.eventually(lambda: station.forwarded["report 1"] == 1, "receiving goes on")


def test_dangerous_commands_are_refused_and_journaled(station, told):
    for command, code in (("AT+CMGD=1,4", "DANGEROUS"), ("AT+CMGS=20", "NEVER")):
        with pytest.raises(ControlRefused) as error:
            told("at", command=command)
        assert error.value.code == code
        assert error.value.next
    rows = station.query("SELECT detail, outcome FROM journal")
    assert [tuple(row) for row in rows] == [
        ("usb: AT+CMGD=1,4", "refused by relay"),
        ("usb: AT+CMGS=20", "refused by relay"),
    ]


def test_after_force_the_modem_is_set_up_before_anybody_uses_it(station, told):
    """Text mode would make every message unreadable: relay brings the modem up anew."""
    opened = station.fact("modem.usb.opened")
    assert opened
    at = station.query("SELECT at FROM fact WHERE key = 'modem.usb.opened'")[0][0]
    assert told("at", command="AT+CMGF=1", force=True)["final"] == "OK"
    station.text("report 1")
    station.eventually(lambda: station.forwarded["report 1"] == 1, "it is read as a PDU")
    assert station.query("SELECT at FROM fact WHERE key = 'modem.usb.opened'")[0][0] > at


def test_one_console_at_a_time_and_nothing_that_was_typed_stays(station, told):
    path = station.store.with_name("control.sock")
    at = station.query("SELECT at FROM fact WHERE key = 'modem.usb.opened'")[0][0]
    with Conversation(path, 60) as console:
        assert console.ask("at", command="AT+CREG=2")["final"] == "OK"
        assert console.ask("at", command="AT+CREG?")["lines"][0].startswith("+CREG: 2,")
        with pytest.raises(ControlRefused) as error:
            told("at", command="AT")
        assert error.value.code == "LOCKED"
    station.eventually(
        lambda: station.query("SELECT at FROM fact WHERE key = 'modem.usb.opened'")[0][0] > at,
        "it is brought up anew",
    )
    assert told("at", command="AT+CREG?")["lines"][0].startswith("+CREG: 0,")


@pytest.mark.slow
def test_a_modem_without_its_pin_can_be_spoken_to(place):
    with Station(place) as station:
        station.modem.sim.pin = "4711"
        station.start()
        station.eventually(
            lambda: (station.fact("modem.usb.link") or {}).get("state") == "PIN_REQUIRED", "locked"
        )
        path = station.store.with_name("control.sock")
        assert ask(path, "at", timeout_s=60, command="AT+CPIN?")["lines"] == ["+CPIN: SIM PIN"]


@pytest.mark.slow
def test_the_command_speaks_in_place_of_a_relay_that_is_down(station):
    station.relays[-1].stop()
    done = station.command("at", "AT+CSQ")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["+CSQ: 18,0", "OK"]
    assert "opens the port itself" in done.stderr
    refused = station.command("at", "AT+CMGD=1")
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    listed = station.command("journal", "--json")
    assert [one["outcome"] for one in json.loads(listed.stdout)["journal"]] == [
        "refused by relay",
        "OK",
    ]


@pytest.mark.slow
def test_with_relay_down_the_commands_say_so_and_what_to_do(station):
    station.relays[-1].stop()
    for words in (["survey"], ["ussd", "*100#"], ["sync"], ["pause"], ["reload"]):
        done = station.command(*words)
        assert done.returncode == 3, words
        assert "systemctl start relay" in done.stderr


# --- reload and log level -----------------------------------------------------------------------


def test_a_changed_configuration_is_taken_up_without_a_restart(station, told):
    """The same process goes on with the new one; nothing is lost on the way."""
    pid = told("ping")["pid"]
    station.change({"gateway": {"name": "Mwase"}, "log": {"level": "debug"}})
    station.text("report 1")
    done = station.command("reload")
    assert done.returncode == 0, done.stderr
    assert "gateway.name, log.level" in done.stdout
    assert told("ping")["pid"] == pid
    station.text("report 2")
    station.eventually(lambda: len(station.forwarded) == 2, "both are up")
    assert told("reload") == {"changed": []}


def test_a_stop_during_a_reload_is_obeyed(station, told):
    """systemd asks once, and kills whoever has not heard it."""
    station.change({"gateway": {"name": "Mwase"}})
    station.write_config()
    assert told("reload") == {"changed": ["gateway.name"]}
    assert station.relays[-1].stop() == 0
    assert "daemon.stopped" in station.relays[-1].log
    assert station.relays[-1].log.count("daemon.started") == 1


def test_a_bad_configuration_is_refused_and_the_old_one_holds(station, told):
    path = station.write_config()
    whole = path.read_text("utf-8")
    path.write_text(whole + "[sending]\nvalidity_h = 'x'\n[nonsense]\n", "utf-8")
    with pytest.raises(ControlRefused) as error:
        told("reload")
    assert error.value.code == "CONFIG_BAD"
    path.write_text(whole.replace("[store]", "[store]\nbackups_kept = 0"), "utf-8")
    with pytest.raises(ControlRefused, match="backups_kept"):
        told("reload")
    station.relays[-1].tell(signal.SIGHUP)
    station.eventually(lambda: "config.refused" in station.relays[-1].log, "the signal is heard")
    station.text("report 1")
    station.eventually(lambda: station.forwarded["report 1"] == 1, "it goes on")


@pytest.mark.slow
def test_another_database_needs_a_restart(station, told):
    station.change({"store": {"path": str(station.folder / "other.db")}})
    station.write_config()
    with pytest.raises(ControlRefused) as error:
        told("reload")
    assert error.value.code == "NEEDS_RESTART"


@pytest.mark.slow
def test_an_exchange_that_hangs_does_not_hold_up_a_reload(place):
    """The process begins once more, as after a power cut; what was in flight is in doubt."""
    with Station(place, changes={"server.cht": {"read_timeout_s": 60}}) as station:
        daemon = station.start()
        station.eventually(lambda: station.fact("server.cht.last_ok"), "the server is reached")
        station.server.faults.hang()
        station.text("report 1")
        path = station.store.with_name("control.sock")
        station.eventually(
            lambda: station.query("SELECT 1 FROM forwarding WHERE state = 'WAITING'"), "kept"
        )
        since = ask(path, "ping")["since"]
        station.change({"gateway": {"name": "Mwase"}})
        station.write_config()
        ask(path, "reload")
        station.eventually(lambda: _since(path) not in {None, since}, "it began anew", within_s=60)
        assert daemon.exit_code is None
        station.server.faults.clear()
        station.eventually(lambda: station.forwarded["report 1"] == 1, "it is up", within_s=60)


def _since(path: Path) -> int | None:
    try:
        return int(ask(path, "ping")["since"])
    except RelayError:
        return None


def test_the_log_says_more_for_a_while(station, told):
    assert told("loglevel", level="trace") == {"level": "trace", "minutes": 10}
    told("at", command="AT+CSQ")
    station.eventually(lambda: "line=AT+CSQ" in station.relays[-1].log, "the lines are written")
    assert told("loglevel", level="info") == {"level": "info", "minutes": None}
