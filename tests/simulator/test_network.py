"""The service centre: exactly-once accounting, refusals, credit, store-and-forward, reports."""

from __future__ import annotations

from typing import Any

import pytest

from relay.core.pdu import StatusReport, decode
from relay.simulator.rules import ReportRule
from relay.simulator.terminal import Terminal, lines
from tests.simulator.conftest import MODEM, NURSE, Lab
from tests.simulator.sms import length, send, submit_pdu


def reports(data: bytes) -> list[StatusReport]:
    """The status reports among what the modem said."""
    decoded = [decode(line) for line in lines(data) if line.startswith("07")]
    return [pdu for pdu in decoded if isinstance(pdu, StatusReport)]


def routed(quiet: Any) -> Terminal:
    """A modem that hands status reports to its host."""
    _, terminal = quiet()
    terminal.say("AT+CNMI=2,1,0,1,0")
    assert isinstance(terminal, Terminal)
    return terminal


def test_every_accepted_submission_is_counted_once(lab: Lab, quiet: Any) -> None:
    """Sender, recipient, reference, time, and the PDU as it was on the air."""
    _, terminal = quiet()
    send(terminal, submit_pdu("one"))
    send(terminal, submit_pdu("two"))
    first, second = lab.network.submissions
    assert (first.sender, first.recipient, first.mr) == (MODEM, NURSE, 0)
    assert second.pdu[4:6] == "01"  # TP-MR is the modem's own
    assert second.at == lab.time.now()


@pytest.mark.parametrize("code", [38, 500, 27, 21])
def test_a_refused_submission_is_not_counted(lab: Lab, quiet: Any, code: int) -> None:
    """So many times, then it goes through."""
    _, terminal = quiet()
    lab.network.refuse(code, times=2)
    said = [send(terminal, submit_pdu()) for _ in range(3)]
    assert said == [[f"+CMS ERROR: {code}"]] * 2 + [["+CMGS: 2", "OK"]]
    assert len(lab.network.submissions) == 1


def test_one_recipient_can_be_refused_for_ever(lab: Lab, quiet: Any) -> None:
    """The others are served."""
    _, terminal = quiet()
    lab.network.refuse(27, recipient="0700000002")
    assert send(terminal, submit_pdu(to="+254700000002")) == ["+CMS ERROR: 27"]
    assert send(terminal, submit_pdu(to="+254700000002")) == ["+CMS ERROR: 27"]
    assert send(terminal, submit_pdu())[1] == "OK"
    lab.network.relent()
    assert send(terminal, submit_pdu(to="+254700000002"))[1] == "OK"


def test_airtime_runs_out(lab: Lab, quiet: Any) -> None:
    """A prepaid SIM pays for each SMS, and then no more."""
    _, terminal = quiet()
    account = lab.network.account(MODEM)
    account.credit, account.price = 2.5, 1.2
    said = [send(terminal, submit_pdu())[-1] for _ in range(3)]
    assert said == ["OK", "OK", "+CMS ERROR: 21"]
    assert account.credit == pytest.approx(0.1)


def test_a_slow_network_keeps_the_modem_waiting(lab: Lab, quiet: Any) -> None:
    """+CMGS comes when the network has answered, and the SMS is counted then."""
    _, terminal = quiet()
    lab.network.submit_delay_s = 30
    pdu = submit_pdu()
    terminal.type(f"AT+CMGS={length(pdu)}\r".encode())
    assert terminal.type(pdu.encode() + b"\x1a") == b""
    lab.pass_time(29)
    assert (terminal.heard(), lab.network.submissions) == (b"", [])
    lab.pass_time(1)
    assert terminal.heard() == b"\r\n+CMGS: 0\r\n\r\nOK\r\n"


def test_a_wrong_service_centre_takes_nothing(lab: Lab, quiet: Any) -> None:
    """Neither the SIM's nor the one in the PDU."""
    _, terminal = quiet()
    terminal.say('AT+CSCA="+999"')
    assert send(terminal, submit_pdu()) == ["+CMS ERROR: 38"]
    assert lab.network.submissions == []


def test_messages_wait_for_a_phone_that_is_off(lab: Lab, quiet: Any) -> None:
    """In order, and until it is on again."""
    _, terminal = quiet()
    handset = lab.network.handset(NURSE)
    handset.switch_off()
    for text in ("one", "two"):
        send(terminal, submit_pdu(text))
    assert handset.inbox == []
    assert lab.network.smsc.waiting(NURSE) == 2
    handset.switch_on()
    assert [message.text for message in handset.inbox] == ["one", "two"]


def test_messages_wait_for_a_modem_that_is_away(lab: Lab, quiet: Any) -> None:
    """Unplugged, out of coverage, radio off: nothing is lost."""
    modem, terminal = quiet()
    handset = lab.network.handset(NURSE)
    modem.unplug()
    handset.send("one", to=MODEM)
    modem.replug()
    modem.register(2)
    handset.send("two", to=MODEM)
    modem.register(1)
    terminal.say("AT+CFUN=4")
    handset.send("three", to=MODEM)
    assert modem.memory("ME").used == 2
    terminal.say("AT+CFUN=1")
    assert modem.memory("ME").used == 3


def test_messages_wait_for_room_in_the_memory(lab: Lab, quiet: Any) -> None:
    """Each slot that is freed lets one more in, with its indication after the OK."""
    modem, terminal = quiet("sim800")
    modem.faults.fill("SM", leave=1)
    handset = lab.network.handset(NURSE)
    for text in ("one", "two", "three"):
        handset.send(text, to=MODEM)
    assert terminal.heard() == b'\r\n+CMTI: "SM",10\r\n'
    assert lab.network.smsc.waiting(MODEM) == 2
    assert terminal.say("AT+CMGD=10") == ["OK", '+CMTI: "SM",10']
    assert terminal.say("AT+CMGD=10") == ["OK", '+CMTI: "SM",10']
    assert lab.network.smsc.waiting(MODEM) == 0


def test_a_report_tells_of_the_delivery_at_once(lab: Lab, quiet: Any) -> None:
    """With the reference, the recipient and both times, after +CMGS."""
    terminal = routed(quiet)
    pdu = submit_pdu(report=True)
    terminal.type(f"AT+CMGS={length(pdu)}\r".encode())
    said = terminal.type(pdu.encode() + b"\x1a")
    (report,) = reports(said)
    assert (report.mr, report.tp_st, report.recipient.number) == (0, 0x00, NURSE)
    assert report.sc_time == report.discharge_time == lab.time.now() // 1000 * 1000
    assert said.startswith(b"\r\n+CMGS: 0\r\n\r\nOK\r\n\r\n+CDS: ")


def test_no_report_without_being_asked(quiet: Any) -> None:
    """TP-SRR decides."""
    assert send(routed(quiet), submit_pdu(report=False)) == ["+CMGS: 0", "OK"]


@pytest.mark.parametrize(
    ("rule", "told", "arrives"),
    [
        (ReportRule.immediate(), [(0, 0x00)], True),
        (ReportRule.delayed(60), [(60, 0x00)], True),
        (ReportRule.temporary(60), [(0, 0x30), (60, 0x00)], True),
        (ReportRule.failed(), [(0, 0x46)], False),
        (ReportRule.failed(0x41, seconds=9), [(9, 0x41)], False),
        (ReportRule.absent(), [], True),
    ],
)
def test_report_rules(
    lab: Lab, quiet: Any, rule: ReportRule, told: list[tuple[int, int]], arrives: bool
) -> None:
    """What comes when, and whether the message arrives."""
    terminal = routed(quiet)
    lab.network.reports = rule
    pdu = submit_pdu(report=True)
    terminal.type(f"AT+CMGS={length(pdu)}\r".encode())
    said, at = terminal.type(pdu.encode() + b"\x1a"), 0
    seen = [(at, report.tp_st) for report in reports(said)]
    for at in range(1, 70):
        lab.pass_time(1)
        seen += [(at, report.tp_st) for report in reports(terminal.heard())]
    assert seen == told
    assert bool(lab.network.handset(NURSE).inbox) is arrives


def test_a_handset_has_its_own_rule(lab: Lab, quiet: Any) -> None:
    """It goes before the network's."""
    terminal = routed(quiet)
    lab.network.handset(NURSE).reports = ReportRule.absent()
    assert send(terminal, submit_pdu(report=True)) == ["+CMGS: 0", "OK"]


def test_the_report_waits_until_the_phone_is_on(lab: Lab, quiet: Any) -> None:
    """Delivered means delivered."""
    terminal = routed(quiet)
    handset = lab.network.handset(NURSE)
    handset.switch_off()
    send(terminal, submit_pdu(report=True))
    lab.pass_time(3600)
    assert terminal.heard() == b""
    handset.switch_on()
    assert [report.tp_st for report in reports(terminal.heard())] == [0x00]


def test_a_message_expires_with_its_validity(lab: Lab, quiet: Any) -> None:
    """The phone stays off too long: TP-ST 0x46, and it never arrives."""
    from relay.core.segment import compose

    terminal = routed(quiet)
    handset = lab.network.handset(NURSE)
    handset.switch_off()
    (pdu,) = compose(NURSE, "today only", concat_ref=1, validity_s=3600, report=True)
    send(terminal, pdu)
    lab.pass_time(3600)
    assert [report.tp_st for report in reports(terminal.heard())] == [0x46]
    handset.switch_on()
    assert handset.inbox == []
