"""+CNMI, +CNMA, memories: how a message gets from the network to the host."""

from __future__ import annotations

from typing import Any

import pytest

from relay.simulator.terminal import lines
from tests.simulator.conftest import MODEM, NURSE, Lab
from tests.simulator.sms import length, send, submit_pdu


def test_a_stored_message_is_indicated(lab: Lab, quiet: Any, family: str) -> None:
    """<mt> 1: +CMTI with the memory and the slot, counted as the family counts."""
    modem, terminal = quiet(family)
    terminal.say("AT+CNMI=2,1,0,0,0")
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    memory = modem.settings.memories[2]
    assert lines(terminal.heard()) == [f'+CMTI: "{memory}",{modem.profile.first_index}']


def test_without_indication_it_is_stored_all_the_same(lab: Lab, quiet: Any) -> None:
    """<mt> 0: silence; the memory is the truth."""
    modem, terminal = quiet("huawei-e17x")
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    assert terminal.heard() == b""
    assert modem.memory("SM").used == 1


def test_listing_marks_as_read(lab: Lab, quiet: Any) -> None:
    """The first look says 0, the second 1; +CMGL=0 finds it no more."""
    _, terminal = quiet("sim800")
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    assert terminal.say("AT+CMGL=4")[0].startswith('+CMGL: 1,0,"",')
    assert terminal.say("AT+CMGL=4")[0].startswith('+CMGL: 1,1,"",')
    assert terminal.say("AT+CMGL=0") == ["OK"]
    assert terminal.say("AT+CMGR=1")[0].startswith('+CMGR: 1,"",')


def test_direct_routing_stores_nothing(lab: Lab, quiet: Any) -> None:
    """<mt> 2: +CMT with the PDU, which lies nowhere else."""
    modem, terminal = quiet("quectel-ec2x")
    terminal.say("AT+CNMI=2,2,0,0,0")
    (pdu,) = lab.network.handset(NURSE).send("Hello", to=MODEM)
    assert lines(terminal.heard()) == [f"+CMT: ,{len(pdu) // 2 - 8}", pdu]
    assert modem.memory("ME").used == 0


@pytest.mark.parametrize(
    ("profile", "stored"), [("quectel-ec2x", True), ("sim800", False), ("huawei-e17x", False)]
)
def test_where_a_flash_message_goes(lab: Lab, quiet: Any, profile: str, stored: bool) -> None:
    """With <mt> 1 some families store class 0, others hand it over."""
    _, terminal = quiet(profile)
    terminal.say("AT+CNMI=2,1,0,0,0")
    lab.network.handset(NURSE).send("Now", to=MODEM, flash=True)
    assert terminal.heard().startswith(b"\r\n+CMTI" if stored else b"\r\n+CMT:")


def test_mode_0_keeps_indications_back(lab: Lab, quiet: Any) -> None:
    """They come when <mode> is no longer 0, or never if <bfr> is 1."""
    _, terminal = quiet("quectel-ec2x")
    terminal.say("AT+CNMI=0,1,0,0,0")
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    assert terminal.heard() == b""
    assert terminal.say("AT+CNMI=2,1,0,0,0") == ["OK", '+CMTI: "ME",0']
    terminal.say("AT+CNMI=0,1,0,0,0")
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    assert terminal.say("AT+CNMI=2,1,0,0,1") == ["OK"]


def test_a_report_can_be_stored(quiet: Any) -> None:
    """<ds> 2: +CDSI, and it lies in SR."""
    modem, terminal = quiet("quectel-ec2x")
    terminal.say("AT+CNMI=2,1,0,2,0")
    assert send(terminal, submit_pdu(report=True)) == ["+CMGS: 0", "OK", '+CDSI: "SR",0']
    assert modem.memory("SR").used == 1


def test_phase_2_plus_wants_an_acknowledgement(lab: Lab, quiet: Any) -> None:
    """The next +CMT comes only after AT+CNMA."""
    _, terminal = quiet("quectel-ec2x")
    terminal.say("AT+CSMS=1;+CNMI=2,2,0,0,0")
    handset = lab.network.handset(NURSE)
    handset.send("one", to=MODEM)
    handset.send("two", to=MODEM)
    assert terminal.heard().count(b"+CMT:") == 1
    said = terminal.say("AT+CNMA")
    assert said[0] == "OK"
    assert said[1].startswith("+CMT:")
    assert terminal.say("AT+CNMA") == ["OK"]
    assert terminal.say("AT+CNMA") == ["+CMS ERROR: 340"]
    assert lab.network.smsc.waiting(MODEM) == 0


def test_without_acknowledgement_the_network_keeps_it(lab: Lab, quiet: Any) -> None:
    """After 15 s direct routing ends, and the message comes again, into memory."""
    modem, terminal = quiet("quectel-ec2x")
    terminal.say("AT+CSMS=1;+CNMI=2,2,0,0,0")
    lab.network.handset(NURSE).send("one", to=MODEM)
    lab.pass_time(16)
    terminal.heard()
    assert terminal.say("AT+CNMI?")[0] == "+CNMI: 2,0,0,0,0"
    assert lab.network.smsc.waiting(MODEM) == 1
    lab.network.available(MODEM)
    assert modem.memory("ME").used == 1


def test_a_full_memory_is_announced(lab: Lab, quiet: Any) -> None:
    """By the families that do so."""
    modem, terminal = quiet("huawei-e17x")
    modem.faults.fill("SM")
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    assert lines(terminal.heard()) == []  # AT+CNMI=0: said when the host wants to hear it
    assert terminal.say("AT+CNMI=2,1,0,0,0") == ["OK", '^SMMEMFULL: "SM"']
    assert terminal.say("AT+CPMS?")[0] == '+CPMS: "SM",20,20,"SM",20,20,"SM",20,20'


@pytest.mark.parametrize(("flag", "left"), [(1, [0, 2, 3]), (2, [0, 2]), (3, [0]), (4, [])])
def test_deleting_by_flag(lab: Lab, quiet: Any, flag: int, left: list[int]) -> None:
    """1 read, 2 and sent, 3 and unsent, 4 everything."""
    modem, terminal = quiet("quectel-ec2x")
    for stat in (0, 1, 2, 3):
        modem.memory("ME").put("00", stat)
    assert terminal.say(f"AT+CMGD=0,{flag}") == ["OK"]
    assert [stored.stat for _, stored in modem.memory("ME").listed()] == left


def test_writing_and_sending_from_memory(lab: Lab, quiet: Any, family: str) -> None:
    """STO UNSENT becomes STO SENT where the family keeps it up."""
    modem, terminal = quiet(family)
    pdu = submit_pdu()
    index = modem.profile.first_index
    assert send(terminal, pdu, "AT+CMGW") == [f"+CMGW: {index}", "OK"]
    assert terminal.say("AT+CMGL=2")[1] == pdu
    assert lab.network.submissions == []
    assert terminal.say(f"AT+CMSS={index}") == ["+CMSS: 0", "OK"]
    stat = 3 if modem.profile.marks_sent else 2
    assert terminal.say("AT+CMGL=4")[0].startswith(f"+CMGL: {index},{stat},")
    assert [taken.recipient for taken in lab.network.submissions] == [NURSE]


def test_a_refused_stored_message_stays_unsent(lab: Lab, quiet: Any) -> None:
    """Nothing was sent, so nothing says so."""
    _, terminal = quiet("huawei-e17x")
    send(terminal, submit_pdu(), "AT+CMGW")
    lab.network.refuse(38, times=1)
    assert terminal.say("AT+CMSS=0") == ["+CMS ERROR: 38"]
    assert terminal.say("AT+CMGL=4")[0].startswith("+CMGL: 0,2,")


def test_power_lost_before_the_mark(lab: Lab, quiet: Any) -> None:
    """The network took it, the modem was gone: the slot still says unsent."""
    modem, terminal = quiet("huawei-e17x")
    send(terminal, submit_pdu(), "AT+CMGW")
    lab.network.submit_delay_s = 5
    terminal.type(b"AT+CMSS=0\r")
    modem.unplug()
    lab.pass_time(5)
    modem.replug()
    assert len(lab.network.submissions) == 1
    assert modem.memory("SM").slots[0].stat == 2


def test_memory_refuses_what_does_not_fit(quiet: Any) -> None:
    """+CMGW into a full memory, +CMSS of nothing, +CMGW of rubbish."""
    modem, terminal = quiet("quectel-ec2x")
    assert terminal.say("AT+CMSS=7") == ["+CMS ERROR: 321"]
    assert terminal.say("AT+CMGW=0") == ["+CMS ERROR: 304"]
    modem.faults.fill("ME")
    assert send(terminal, submit_pdu(), "AT+CMGW") == ["+CMS ERROR: 322"]
    assert terminal.say("AT+CMSS=7") == ["+CMS ERROR: 304"]


def test_a_received_message_can_be_written(quiet: Any, lab: Lab) -> None:
    """+CMGW with <stat> 0 takes a DELIVER."""
    modem, terminal = quiet("quectel-ec2x")
    (pdu,) = lab.network.handset(NURSE).send("Hello", to="+254700000002")
    terminal.type(f"AT+CMGW={length(pdu) - 7},0\r".encode())
    assert b"+CMGW: 0" in terminal.type(pdu.encode() + b"\x1a")
    assert modem.memory("ME").slots[0].stat == 0
