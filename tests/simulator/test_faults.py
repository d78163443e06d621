"""Each fault, switched on at run time, and what a host sees of it."""

from __future__ import annotations

from typing import Any

import pytest

from relay.simulator.faults import NOISE, Cure, Hang
from relay.simulator.outlet import Direction
from relay.simulator.simcard import SimCard
from relay.simulator.terminal import lines
from tests.simulator.conftest import MODEM, NURSE, Lab
from tests.simulator.sms import length, send, submit_pdu


def test_silence_ends_by_itself(lab: Lab, quiet: Any) -> None:
    """Nothing is answered meanwhile, and nothing later; messages still come in."""
    modem, terminal = quiet()
    modem.faults.silence(30)
    assert terminal.say("AT") == []
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    lab.pass_time(30)
    assert terminal.say("AT") == ["OK"]
    assert modem.memory("ME").used == 1


@pytest.mark.parametrize("cure", list(Cure))
def test_a_hang_ends_at_its_step_of_the_ladder(quiet: Any, cure: Cure) -> None:
    """No earlier step helps; the right one does."""
    modem, terminal = quiet("sim800")
    modem.faults.silence(cured_by=cure)
    steps = {
        Cure.ESCAPE: lambda: terminal.type(b"\x1b"),
        Cure.REOPEN: modem.reopened,
        Cure.ATZ: lambda: terminal.type(b"ATZ\r"),
        Cure.CFUN: lambda: terminal.type(b"AT+CFUN=1,1\r"),
        Cure.USB: lambda: (modem.authorize(allowed=False), modem.authorize(allowed=True)),
        Cure.POWER: lambda: (modem.unplug(), modem.replug()),
    }
    for step, take in steps.items():
        take()
        alive = bool(terminal.say("AT"))
        assert alive == (step >= cure), step


@pytest.mark.parametrize("kind", list(Hang))
@pytest.mark.parametrize("cure", list(Cure))
def test_every_way_of_hanging_has_its_cure(lab: Lab, quiet: Any, kind: Hang, cure: Cure) -> None:
    """A restart by itself cures nothing, and AT+CFUN=1,1 no hang that needs more."""
    modem, terminal = quiet("sim800")
    modem.faults.hang(kind, cured_by=cure, every_s=1000)
    steps = {
        Cure.ESCAPE: lambda: terminal.type(b"\x1b"),
        Cure.REOPEN: modem.reopened,
        Cure.ATZ: lambda: terminal.type(b"ATZ\r"),
        Cure.CFUN: lambda: terminal.type(b"AT+CFUN=1,1\r"),
        Cure.USB: lambda: (modem.authorize(allowed=False), modem.authorize(allowed=True)),
        Cure.POWER: lambda: (modem.unplug(), modem.replug()),
    }
    for step, take in steps.items():
        modem.restart(port_loss=False)
        take()
        assert (modem.faults.hangs.kind is None) == (step >= cure), step
    assert "OK" in terminal.say("AT")


def test_a_deaf_modem_sends_and_gets_nothing_until_it_is_cured(lab: Lab, quiet: Any) -> None:
    """The network holds what it cannot hand over, and brings it then."""
    modem, terminal = quiet("sim800")
    modem.faults.hang(Hang.DEAF, cured_by=Cure.CFUN)
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    assert terminal.say("AT") == ["OK"]
    assert modem.memory("SM").used == 0
    terminal.type(b"AT+CFUN=1,1\r")
    lab.pass_time(1)
    assert modem.memory("SM").used == 1


def test_a_refusing_modem_answers_everything_with_error(quiet: Any) -> None:
    modem, terminal = quiet("sim800")
    modem.faults.hang(Hang.REFUSING)
    assert terminal.say("AT+CSQ") == ["ERROR"]
    modem.faults.clear()
    assert terminal.say("AT+CSQ")[-1] == "OK"


def test_a_looping_modem_restarts_again_and_again(lab: Lab, quiet: Any) -> None:
    modem, _ = quiet("sim800")
    modem.faults.hang(Hang.LOOP, every_s=10)
    before = modem.power_ups
    lab.pass_time(35)
    assert modem.power_ups - before == 3


def test_a_storm_of_noise_goes_on(lab: Lab, quiet: Any) -> None:
    modem, terminal = quiet("sim800")
    modem.faults.hang(Hang.STORM, every_s=1)
    lab.pass_time(3.5)
    assert terminal.heard() == NOISE * 24
    assert terminal.type(b"AT\r") == b""


def test_the_curing_command_is_answered(quiet: Any) -> None:
    """ATZ wakes it, and gets its OK."""
    modem, terminal = quiet()
    modem.faults.silence(cured_by=Cure.ATZ)
    assert terminal.type(b"AT\rATZ\r") == b"\r\nOK\r\n"


def test_garbage_comes_at_any_moment(quiet: Any) -> None:
    """Bytes that are neither UTF-8 nor a line."""
    modem, terminal = quiet()
    modem.faults.garbage()
    assert terminal.heard() == NOISE
    with pytest.raises(UnicodeDecodeError):
        NOISE.decode()


def test_a_dribbling_line_loses_nothing(lab: Lab, quiet: Any) -> None:
    """One byte at a time, 10 ms apart, in order."""
    modem, terminal = quiet()
    modem.faults.dribble(1, 0.01)
    assert terminal.type(b"AT+CSQ\r") == b"\r"
    lab.pass_time(0.0101)
    assert terminal.heard() == b"\n"
    lab.pass_time(1)
    assert terminal.heard() == b"+CSQ: 18,0\r\n\r\nOK\r\n"


def test_a_line_can_end_oddly(quiet: Any) -> None:
    """\\r\\r\\n, as SIM7600 firmware does."""
    modem, terminal = quiet()
    modem.faults.line_ends("\r\r\n")
    assert terminal.type(b"AT\r") == b"\r\r\nOK\r\r\n"
    modem.faults.clear()
    assert terminal.type(b"AT\r") == b"\r\nOK\r\n"


def test_an_indication_inside_a_reply(quiet: Any, lab: Lab) -> None:
    """Between the header and the PDU, in one write."""
    modem, terminal = quiet()
    (pdu,) = lab.network.handset(NURSE).send("Hello", to=MODEM)
    modem.faults.inside("AT+CMGR", "^RSSI:12")
    header, intruder, body, final = terminal.say("AT+CMGR=0")
    assert header.startswith("+CMGR:")
    assert (intruder, body, final) == ("^RSSI:12", pdu, "OK")
    assert "^RSSI:12" not in terminal.say("AT+CMGR=0")


def test_a_message_arrives_inside_a_reply(quiet: Any, lab: Lab) -> None:
    """A real one: its +CMTI is in the reply, and it lies in its slot."""
    modem, terminal = quiet()
    handset = lab.network.handset(NURSE)
    modem.faults.inside("+CSQ", lambda: handset.send("Hello", to=MODEM))
    assert terminal.say("AT+CSQ") == ["+CSQ: 18,0", '+CMTI: "ME",0', "OK"]
    assert modem.memory("ME").used == 1


def test_a_message_arrives_between_prompt_and_reference(quiet: Any, lab: Lab) -> None:
    """As seen in the wild, 0 to 1.5 ms after each prompt."""
    _, terminal = quiet("huawei-e17x")
    terminal.say("AT+CNMI=2,1,0,0,0")
    pdu = submit_pdu()
    terminal.type(f"AT+CMGS={length(pdu)}\r".encode())
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    assert lines(terminal.heard()) == ['+CMTI: "SM",0']
    assert lines(terminal.type(pdu.encode() + b"\x1a")) == ["+CMGS: 0", "OK"]


def test_sim800_keeps_indications_until_the_command_is_done(quiet: Any, lab: Lab) -> None:
    """A family that does not interrupt itself."""
    _, terminal = quiet("sim800")
    pdu = submit_pdu()
    terminal.type(f"AT+CMGS={length(pdu)}\r".encode())
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    assert terminal.heard() == b""
    said = lines(terminal.type(pdu.encode() + b"\x1a"))
    assert said == ["+CMGS: 0", "OK", '+CMTI: "SM",1']


@pytest.mark.parametrize(
    ("error", "said"),
    [(500, "+CMS ERROR: 500"), ("CME 14", "+CME ERROR: 14"), ("NO CARRIER", "NO CARRIER")],
)
def test_a_command_is_refused_so_many_times(quiet: Any, error: str | int, said: str) -> None:
    """With any error, in any of its forms."""
    modem, terminal = quiet()
    terminal.say("AT+CMEE=1")
    modem.faults.refuse("AT+CMGD", error, times=2)
    assert [terminal.say("AT+CMGD=0") for _ in range(3)] == [[said], [said], ["OK"]]


def test_the_network_took_it_and_nobody_says_so(quiet: Any, lab: Lab) -> None:
    """No +CMGS, one submission; the modem goes on with the next command."""
    modem, terminal = quiet()
    modem.faults.swallow("+CMGS")
    assert send(terminal, submit_pdu()) == []
    assert len(lab.network.submissions) == 1
    assert terminal.say("AT") == ["OK"]


def test_the_answer_comes_late(quiet: Any, lab: Lab) -> None:
    """With the report of the delivery before it."""
    modem, terminal = quiet("huawei-e17x")
    terminal.say("AT^CURC=0;+CNMI=2,1,0,1,0")
    modem.faults.answer_late("+CMGS", 60)
    assert send(terminal, submit_pdu(report=True))[0].startswith("+CDS:")
    lab.pass_time(60)
    assert lines(terminal.heard()) == ["+CMGS: 0", "OK"]


def test_a_restart_forgets_the_late_answer(quiet: Any, lab: Lab) -> None:
    """What an earlier life of the modem wanted to say never comes."""
    modem, terminal = quiet("sim800")
    modem.faults.answer_late("+CMGS", 60)
    send(terminal, submit_pdu())
    modem.faults.reboot()
    terminal.heard()
    lab.pass_time(61)
    assert b"+CMGS" not in terminal.heard()


def test_a_slow_prompt(quiet: Any, lab: Lab) -> None:
    """> comes 40 s later, and takes the PDU then."""
    modem, terminal = quiet()
    modem.faults.slow_prompt(40)
    pdu = submit_pdu()
    assert terminal.type(f"AT+CMGS={length(pdu)}\r".encode()) == b""
    lab.pass_time(40)
    assert terminal.heard() == b"\r\n> "
    assert b"+CMGS: 0" in terminal.type(pdu.encode() + b"\x1a")


def test_bare_and_missing_prompts(quiet: Any, lab: Lab) -> None:
    """> without a blank; no > at all, with the modem in PDU entry all the same."""
    modem, terminal = quiet()
    modem.faults.bare_prompt()
    assert terminal.type(b"AT+CMGS=20\r") == b"\r\n>"
    terminal.type(b"\x1b")
    modem.faults.no_prompt()
    assert terminal.type(b"AT+CMGS=20\r") == b""
    assert terminal.type(b"AT\r") == b""
    assert terminal.type(b"\x1b") == b"\r\nOK\r\n"
    assert terminal.say("AT") == ["OK"]


def test_the_sim_is_busy(quiet: Any) -> None:
    """Its commands fail, the modem's own do not."""
    modem, terminal = quiet()
    terminal.say("AT+CMEE=1")
    modem.faults.sim_busy(3)
    assert terminal.say("AT+CPIN?") == ["+CME ERROR: 14"]
    assert terminal.say("AT+CMGL=4") == ["+CMS ERROR: 314"]
    assert terminal.say("AT+CSQ")[1] == "OK"
    assert terminal.say("AT+CIMI") == ["+CME ERROR: 14"]
    assert terminal.say("AT+CIMI")[1] == "OK"


def test_the_service_centre_is_lost(quiet: Any, lab: Lab) -> None:
    """An empty +CSCA, and +CMS ERROR: 330 for whoever relies on it."""
    modem, terminal = quiet()
    modem.faults.lose_smsc()
    assert terminal.say("AT+CSCA?")[0] == '+CSCA: "",129'
    assert send(terminal, submit_pdu()) == ["+CMS ERROR: 330"]
    terminal.say('AT+CSCA="+254700000999"')
    assert send(terminal, submit_pdu())[1] == "OK"


def test_another_sim_is_another_number(quiet: Any, lab: Lab) -> None:
    """Its messages come along; those for the old number wait for the old SIM."""
    modem, terminal = quiet("sim800")
    handset, old = lab.network.handset(NURSE), modem.sim
    other = SimCard("+254711000099", iccid="8925499900000000099", imsi="639990000000099")
    modem.faults.swap_sim(other)
    terminal.say("ATE0")
    assert terminal.say("AT+CCID")[0] == "8925499900000000099f"
    handset.send("for the old one", to=MODEM)
    handset.send("for the new one", to=other.number)
    assert modem.memory("SM").used == 1
    modem.faults.swap_sim(old)
    assert modem.memory("SM").used == 1
    assert other.memory.used == 1


def test_a_sim_keeps_its_messages_in_another_family(quiet: Any, lab: Lab) -> None:
    """Counted from 0 there, from 1 here."""
    huawei, _ = quiet("huawei-e17x")
    simcom, terminal = quiet("sim800", number="+254711000009")
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    sim = huawei.sim
    huawei.faults.swap_sim(SimCard.none())
    simcom.faults.swap_sim(sim)
    terminal.say("ATE0")
    assert terminal.say("AT+CMGL=4")[0].startswith("+CMGL: 1,0,")


@pytest.mark.parametrize("at", range(12))
def test_the_line_dies_after_exactly_so_many_bytes(quiet: Any, at: int) -> None:
    """Counted in what the host gets."""
    modem, terminal = quiet()
    modem.faults.cut(at)
    assert terminal.type(b"AT+CSQ\r") == b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n"[:at]
    assert terminal.say("AT") == []


def test_a_cut_can_do_anything_after_so_many_bytes_written(quiet: Any, lab: Lab) -> None:
    """Here: pull the plug when all but the Ctrl-Z has been written; and one byte later."""
    modem, terminal = quiet("huawei-e17x")
    pdu = submit_pdu()
    typed = f"AT+CMGS={length(pdu)}\r{pdu}\x1a".encode()
    modem.faults.cut(len(typed) - 1, Direction.TO_MODEM, modem.unplug)
    terminal.type(typed)
    assert (terminal.plugged, len(lab.network.submissions)) == (False, 0)
    modem.replug()
    terminal.type(b"ATE0\r")
    modem.faults.cut(len(typed), Direction.TO_MODEM, modem.unplug)
    terminal.type(typed)
    assert (terminal.plugged, len(lab.network.submissions)) == (False, 1)


def test_every_fault_can_be_cleared(quiet: Any) -> None:
    """Afterwards the modem is as good as new."""
    modem, terminal = quiet()
    faults = modem.faults
    faults.silence()
    faults.dribble(1, 1)
    faults.refuse("+CSQ", times=None)
    faults.swallow("+CSQ", 9)
    faults.sim_busy()
    faults.cut(3)
    faults.clear()
    assert terminal.type(b"AT+CSQ;+CIMI\r").count(b"\r\n") == 6
