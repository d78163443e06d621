"""What a SIM and its network do to a station on bad days: the whole relay over a pty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from relay.simulator import junk
from tests.station import GATEWAY, MOTHER, NURSE, RelayProcess, Station, new_sim

HELD = "SELECT 1 FROM sim WHERE held_since IS NOT NULL"

AGAIN = "is not tried again"

pytestmark = [pytest.mark.pty, pytest.mark.slow]


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(tmp_path) as station:
        yield station


def test_junk_frees_its_slot_and_only_texts_of_people_reach_the_server(station):
    """One of each kind, with a report in between and a text that replaces another."""
    for name in junk.JUNK:
        junk.send(station.network, name, f"text of {name}", station.modem, NURSE)
    station.text("P Jane 21")
    relay = station.start()
    station.eventually(lambda: station.forwarded["P Jane 21"], "the report is at the server")
    junk.send(station.network, "broadcast", "Storm", station.modem, NURSE)
    station.eventually(
        lambda: station.query("SELECT 1 FROM inbound WHERE reason = 'cell.broadcast'"), "kept"
    )
    station.eventually(station.at_rest, "the SIM is empty")
    assert station.forwarded == Counter(["P Jane 21", "text of replace"])
    found = {row[0] for row in station.query("SELECT reason FROM inbound WHERE state = 'PARKED'")}
    assert found == {
        "mms.notice", "wap.push", "flash.operator", "silent.sms", "voicemail.sign", "sim.data",
        "data.message", "cell.broadcast",
    }  # fmt: skip
    assert "text of" not in relay.log
    listed = station.command("inbox", "list", "--state", "aside").stdout
    assert "voicemail.sign" in listed
    assert "set aside: 1 cell broadcast" in station.command("status").stdout


def notices(station: Station) -> list[str]:
    """What relay itself has told the server."""
    return [str(one.content) for one in station.server.reports if one.sender == "relay"]


def test_another_sim_receives_and_waits_to_send(station):
    """Until the old one is back; then until a person accepts another."""
    station.start()
    station.eventually(lambda: station.query("SELECT 1 FROM sim"), "the SIM was seen")
    old = station.modem.sim
    station.modem.insert(new_sim("+254711999044", "huawei-e17x"))
    station.eventually(lambda: station.query(HELD), "it is seen")
    station.server.queue("m1", MOTHER, "Come on Monday")
    station.text("P Jane 21", to="+254711999044")
    station.eventually(lambda: station.forwarded["P Jane 21"], "it receives")
    station.eventually(
        lambda: station.query("SELECT 1 FROM outbound WHERE server_id = 'm1'"), "it has come"
    )
    station.eventually(lambda: notices(station), "the server is told")
    assert len(notices(station)) == 1
    assert "the SIM in modem usb has changed (…" in notices(station)[0]
    assert station.on_air("Come on Monday") == 0
    status = station.command("status").stdout
    assert "CRIT" in status
    assert "SIM_CHANGED" in status
    station.modem.insert(old)
    station.eventually(lambda: station.on_air("Come on Monday") == 1, "the old SIM goes on")
    station.modem.insert(new_sim("+254711999044", "huawei-e17x"))
    station.eventually(lambda: station.query(HELD), "it is seen again")
    station.server.queue("m2", MOTHER, "Come on Friday")
    assert "…044 in modem usb: not accepted" in station.command("sim", "show").stdout
    assert station.command("sim", "accept").returncode == 0
    station.eventually(lambda: station.on_air("Come on Friday") == 1, "and it sends")
    assert "SIM_CHANGED" not in station.command("status").stdout


def test_a_lost_service_centre_is_given_back(station):
    station.start()
    station.eventually(lambda: station.query("SELECT 1 FROM sim WHERE smsc <> ''"), "noted")
    station.modem.faults.lose_smsc()
    station.eventually(lambda: station.modem.sim.smsc, "it was given back")
    station.server.queue("m1", MOTHER, "Come on Monday")
    station.eventually(lambda: station.on_air("Come on Monday") == 1, "the message went out")


@pytest.mark.parametrize("manners", ["counter", "no counter", "no ICCID", "swallowed"])
def test_a_kill_loop_with_a_wrong_pin_costs_one_try(tmp_path, manners):
    """relay is killed as soon as the PIN is out, or a moment later, and started again."""
    with Station(tmp_path, changes={"modem.usb": {"pin": "1234"}}) as station:
        sim = new_sim(GATEWAY, "huawei-e17x")
        sim.pin = "9999"
        station.modem.insert(sim)
        faults = station.modem.faults
        if manners != "counter":
            faults.refuse("^CPIN", times=None)
        if manners == "no ICCID":
            for command in ("+CCID", "+ICCID", "^ICCID", "+CRSM"):
                faults.refuse(command, times=None)
        if manners == "swallowed":
            faults.swallow("+CPIN=", times=9)
        left: list[int] = []
        processes: list[RelayProcess] = []
        for number in range(4):
            processes.append(station.start())
            if number == 0:
                station.eventually(lambda: sim.pin_tries < 3, "the PIN was tried")
            else:
                station.eventually(lambda: AGAIN in processes[-1].log, "it is not tried again")
            processes[-1].kill()
            station.modem.restart(port_loss=False)  # the SIM asks for its PIN again
            left.append(sim.pin_tries)
        assert left == [2] * 4


def test_the_tries_left_are_shown(tmp_path):
    with Station(tmp_path, changes={"modem.usb": {"pin": "1234"}}) as station:
        sim = new_sim(GATEWAY, "huawei-e17x")
        sim.pin = "9999"
        station.modem.insert(sim)
        station.start()
        station.eventually(lambda: station.fact("modem.usb.pin_tries") == 2, "refused once")
        station.eventually(
            lambda: "2 PIN tries left" in station.command("status").stdout, "status says so"
        )
        assert "PIN_REFUSED" in station.command("status").stdout


def reached(station: Station, text: str) -> bool:
    return station.forwarded[text] > 0


def test_calls_hold_up_no_sms(tmp_path):
    """The modem takes no SMS while it rings, and is deaf after a call that nobody ends."""
    changes = {"modem.usb": {"call_reply": "Please send an SMS"}}
    with Station(tmp_path, changes=changes) as station:
        station.modem.faults.refuse_while_ringing(302)
        station.modem.faults.deaf_after_call()
        relay = station.start()
        station.eventually(lambda: station.query("SELECT 1 FROM sim"), "the modem is up")
        for number in range(3):
            station.modem.calls.ring(NURSE)
            station.server.queue(f"m{number}", MOTHER, f"Come on day {number}")
            station.eventually(lambda: station.modem.calls.caller is None, "it was ended")
            station.modem.calls.give_up()
            station.text(f"P Jane {number}")
            station.eventually(partial(reached, station, f"P Jane {number}"), "it receives")
        for number in range(3):
            station.eventually(partial(station.on_air, f"Come on day {number}"), "it sends")
        station.eventually(lambda: station.screen(NURSE)["Please send an SMS"] == 1, "answered")
        assert relay.log.count("call.came") == 3
        assert NURSE not in relay.log
        assert "3 calls today" in station.command("status").stdout
