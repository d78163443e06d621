"""Starting, restarting, unplugging; PIN and PUK; registration; calls; chatter."""

from __future__ import annotations

from typing import Any

import pytest

from relay.simulator.profiles import profile_named
from relay.simulator.simcard import SimCard
from relay.simulator.terminal import Terminal, lines
from tests.simulator.conftest import FAMILIES, MODEM, Lab
from tests.simulator.sms import send, submit_pdu

BOOTS = {
    "huawei-e17x": ["^SRVST:0", "^SIMST:1", "^SRVST:2", "^MODE:5,4", "^RSSI:18"],
    "sim800": [
        "RDY",
        "+CFUN: 1",
        "+CPIN: READY",
        "Call Ready",
        "SMS Ready",
        '*PSUTTZ: 2023,11,14,22,13,20,"+12",0',
        "DST: 0",
        '+CIEV: 10,"63999","Virtual Mobile","Virtual Mobile", 0, 0',
    ],
    "quectel-ec2x": [
        "RDY",
        "+CFUN: 1",
        "+CPIN: READY",
        "+QUSIM: 1",
        "+QIND: SMS DONE",
        "+QIND: PB DONE",
    ],
}


@pytest.mark.parametrize("profile", FAMILIES)
def test_a_reset_answers_then_boots_with_the_words_of_its_family(quiet: Any, profile: str) -> None:
    """OK first; then everything is forgotten: echo, CMEE, CNMI, CMGF."""
    _, terminal = quiet(profile)
    fresh = terminal.say("AT+CNMI?")[0]
    terminal.say("AT+CMEE=2;+CNMI=2,2,0,1,0;+CMGF=1")
    assert terminal.say("AT+CFUN=1,1") == ["OK", *BOOTS[profile]]
    assert terminal.say("ATE0") == ["ATE0", "OK"]
    assert terminal.say("AT+CMEE?;+CNMI?;+CMGF?") == ["+CMEE: 0", fresh, "+CMGF: 0", "OK"]


def test_a_starting_modem_answers_but_its_sim_does_not(lab: Lab) -> None:
    """Until SMS Ready, SIM commands fail; then messages that waited come in."""
    terminal = Terminal(lab.modem("sim800", boot_s=4.0))
    terminal.say("AT+CFUN=1,1")
    lab.network.handset("+254700000001").send("Hello", to=MODEM)
    assert terminal.say("AT+CMGL=4")[1:] == ["ERROR"]
    assert terminal.say("AT")[1:] == ["OK"]
    lab.pass_time(4)
    assert lines(terminal.heard())[-1] == '+CMTI: "SM",1'


def test_a_usb_stick_takes_its_port_along(lab: Lab, quiet: Any) -> None:
    """AT+CFUN=1,1: the port vanishes and comes back; a SIM800 on a UART stays."""
    _, stick = quiet("quectel-ec2x", boot_s=10.0)
    stick.say("AT+CFUN=1,1")
    assert not stick.plugged
    lab.pass_time(5)
    assert stick.plugged
    _, board = quiet("sim800", boot_s=10.0, number="+254711000009")
    board.say("AT+CFUN=1,1")
    assert board.plugged


@pytest.mark.parametrize(("profile", "next_mr"), [("quectel-ec2x", 1), ("sim800", 0)])
def test_the_reference_after_a_restart(quiet: Any, profile: str, next_mr: int) -> None:
    """Some families go on counting, others start over."""
    modem, terminal = quiet(profile)
    send(terminal, submit_pdu())
    modem.faults.reboot()
    terminal.say("ATE0")
    assert send(terminal, submit_pdu())[0] == f"+CMGS: {next_mr}"


def test_memory_outlives_the_power(lab: Lab, quiet: Any) -> None:
    """What was received and written lies where it lay."""
    modem, terminal = quiet("quectel-ec2x")
    lab.network.handset("+254700000001").send("Hello", to=MODEM)
    modem.unplug()
    assert terminal.type(b"AT\r") == b""
    modem.replug()
    assert modem.memory("ME").used == 1


def test_a_pin_is_asked_for_and_counted(quiet: Any) -> None:
    """Wrong once, then right; the counter shows both."""
    _, terminal = quiet("quectel-ec2x", pin="1234")
    terminal.say("AT+CMEE=1")
    assert terminal.say("AT+CPIN?") == ["+CPIN: SIM PIN", "OK"]
    assert terminal.say("AT+CMGL=4") == ["+CMS ERROR: 311"]
    assert terminal.say('AT+CPIN="9999"') == ["+CME ERROR: 16"]
    assert terminal.say("AT+CPINR")[0] == "+CPINR: SIM PIN,2,3"
    assert terminal.say('AT+CPIN="1234"') == ["OK", *BOOTS["quectel-ec2x"][3:]]
    assert terminal.say("AT+CPINR")[0] == "+CPINR: SIM PIN,3,3"
    assert terminal.say("AT+CPIN?") == ["+CPIN: READY", "OK"]
    assert terminal.say('AT+CPIN="1234"') == ["+CME ERROR: 3"]
    assert terminal.say('AT+CLCK="SC",2') == ["+CLCK: 1", "OK"]


def test_three_wrong_pins_want_the_puk(quiet: Any) -> None:
    """And the right PUK sets a new PIN."""
    modem, terminal = quiet("huawei-e17x", pin="1234")
    terminal.say("AT+CMEE=1")
    said = [terminal.say('AT+CPIN="0000"') for _ in range(3)]
    assert said == [["+CME ERROR: 16"], ["+CME ERROR: 16"], ["+CME ERROR: 12"]]
    assert terminal.say("AT^CPIN?")[0] == "^CPIN: SIM PUK,,10,0,10,3"
    assert terminal.say('AT+CPIN="1234"') == ["+CME ERROR: 12"]
    assert terminal.say('AT+CPIN="00000000","5678"') == ["+CME ERROR: 16"]
    assert modem.sim.puk_tries == 9
    assert terminal.say('AT+CPIN="12345678","5678"')[0] == "OK"
    assert modem.sim.pin == "5678"


def test_the_counter_outlives_the_power(quiet: Any) -> None:
    """The way in which a supervisor blocks a SIM."""
    modem, terminal = quiet("sim800", pin="1234")
    for _ in range(3):
        terminal.say('AT+CPIN="0000"')
        modem.faults.reboot()
    assert terminal.say("AT+CPIN?")[1:] == ["+CPIN: SIM PUK", "OK"]


def test_ten_wrong_puks_end_the_sim() -> None:
    """Then it is waste."""
    sim = SimCard("+254711000000", pin="1234")
    for _ in range(3):
        sim.enter_pin("0")
    for _ in range(10):
        sim.enter_puk("0", "1")
    assert sim.state.value == "BLOCKED"


def test_the_pin_can_be_switched_off_and_changed(quiet: Any) -> None:
    """+CLCK and +CPWD."""
    modem, terminal = quiet(pin="1234")
    terminal.say('AT+CPIN="1234"')
    assert terminal.say('AT+CPWD="SC","1234","4321"') == ["OK"]
    assert terminal.say('AT+CLCK="SC",0,"1234"') == ["ERROR"]
    assert terminal.say('AT+CLCK="SC",0,"4321"') == ["OK"]
    modem.faults.reboot()
    assert terminal.say("AT+CPIN?")[1] == "+CPIN: READY"


def test_no_sim(quiet: Any) -> None:
    """Each family of errors has its own number for it."""
    modem, terminal = quiet()
    modem.insert(SimCard.none())
    terminal.say("ATE0+CMEE=1")
    assert terminal.say("AT+CPIN?") == ["+CME ERROR: 10"]
    assert terminal.say("AT+CMGL=4") == ["+CMS ERROR: 310"]


@pytest.mark.parametrize(
    ("stat", "asked"),
    [(1, '+CREG: 2,1,"2E81","06B4A101",7'), (2, "+CREG: 2,2"), (3, "+CREG: 2,3")],
)
def test_registration_shows(quiet: Any, stat: int, asked: str) -> None:
    """With the cell only where there is one."""
    modem, terminal = quiet()
    terminal.say("AT+CREG=2")
    modem.register(stat)
    assert lines(terminal.heard()) == [asked.replace("2,", "", 1)]
    assert terminal.say("AT+CREG?")[0] == asked


def test_without_registration_nothing_is_sent(lab: Lab, quiet: Any) -> None:
    """+CMS ERROR: 331, no operator, and the radio can be off too."""
    modem, terminal = quiet()
    modem.register(2)
    assert send(terminal, submit_pdu()) == ["+CMS ERROR: 331"]
    assert terminal.say("AT+COPS?")[0] == "+COPS: 0"
    modem.register(5)
    assert send(terminal, submit_pdu())[1] == "OK"
    terminal.say("AT+CFUN=4")
    assert terminal.say("AT+CREG?;+CSQ")[:2] == ["+CREG: 0,0", "+CSQ: 99,0"]
    terminal.say("AT+CFUN=1")
    terminal.say("AT+COPS=2")
    assert terminal.say("AT+COPS?")[0] == "+COPS: 2"
    assert len(lab.network.submissions) == 1


def test_a_call_rings_until_someone_ends_it(lab: Lab, quiet: Any) -> None:
    """RING every 5 s, the number only with AT+CLIP=1; ATH ends it."""
    modem, terminal = quiet("huawei-e17x")
    modem.calls.ring("+254700000001")
    terminal.say("AT+CLIP=1")
    lab.pass_time(5)
    ring, clip = lines(terminal.heard())
    assert ring == "RING"
    assert clip.startswith('+CLIP: "+254700000001",145')
    assert terminal.say("AT+CLCC")[0] == '+CLCC: 1,1,4,0,0,"+254700000001",145'
    assert terminal.say("ATH") == ["OK"]
    lab.pass_time(20)
    assert b"RING" not in terminal.heard()


def test_the_caller_gives_up(quiet: Any) -> None:
    """Each family says so in its way."""
    modem, terminal = quiet("huawei-e17x")
    modem.calls.ring("40404")
    terminal.heard()
    modem.calls.give_up()
    assert lines(terminal.heard()) == ["^CEND:1,0,104,16"]
    assert terminal.say("AT+CLCC") == ["OK"]


def test_an_answered_call_rings_no_more(lab: Lab, quiet: Any) -> None:
    """ATA, then AT+CHUP."""
    modem, terminal = quiet()
    assert terminal.say("ATA") == ["NO CARRIER"]
    terminal.say("AT+CRC=1")
    modem.calls.ring("40404")
    assert lines(terminal.heard()) == ["+CRING: VOICE"]
    assert terminal.say("ATA") == ["OK"]
    lab.pass_time(20)
    assert terminal.heard() == b""
    assert terminal.say("AT+CHUP;+CLCC") == ["OK"]


def test_huawei_talks_by_itself(lab: Lab, quiet: Any) -> None:
    """^BOOT and ^RSSI, for ever, until AT^CURC=0."""
    _, terminal = quiet("huawei-e17x")
    lab.pass_time(65)
    said = lines(terminal.heard())
    assert said[0].startswith("^BOOT:20000,")
    assert said.count("^RSSI:18") == 2
    terminal.say("AT^CURC=0")
    lab.pass_time(65)
    assert terminal.heard() == b""


def test_a_profile_that_does_not_exist_names_those_that_do() -> None:
    """So that a person can choose."""
    with pytest.raises(ValueError, match="huawei-e17x, sim800, quectel-ec2x"):
        profile_named("nokia")
