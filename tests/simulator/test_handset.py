"""Phones on the virtual network: what they send arrives, what they get they show."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.pdu import Deliver, decode
from relay.core.segment import compose
from relay.simulator.handset import ReceivedSms
from relay.simulator.terminal import Terminal
from tests.simulator.conftest import MODEM, NURSE, Lab
from tests.simulator.sms import length, send, submit_pdu

TEXTS = [
    "Hello",
    "P 12 weeks, BP 120/80",
    "Habari €{}[]",
    "नमस्ते, आप कैसे हैं?",
    "ok 👍🏽",
    "@" * 8,
    "",
]


def listed(terminal: Terminal) -> list[Deliver]:
    """Everything in memory, decoded."""
    pdus = [line for line in terminal.say("AT+CMGL=4")[:-1] if not line.startswith("+CMGL")]
    decoded = [decode(pdu) for pdu in pdus]
    return [pdu for pdu in decoded if isinstance(pdu, Deliver)]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_arrives_as_it_was_written(lab: Lab, quiet: Any, text: str) -> None:
    """Any alphabet, with the sender's number and the centre's time."""
    _, terminal = quiet()
    lab.network.handset(NURSE).send(text, to=MODEM)
    (message,) = listed(terminal)
    assert (message.text, message.sender.number) == (text, NURSE)
    assert message.sc_time == lab.time.now() // 1000 * 1000


@pytest.mark.parametrize("zone", [-20, 0, 12, 22])
def test_the_centre_stamps_its_own_zone(zone: int, quiet: Any, lab: Lab) -> None:
    """Local time with the zone in quarters: the instant is the same everywhere."""
    lab.network.zone_quarters = zone
    _, terminal = quiet()
    lab.network.handset(NURSE).send("Hello", to=MODEM)
    assert listed(terminal)[0].sc_time == lab.time.now() // 1000 * 1000


@pytest.mark.parametrize("bits", [8, 16])
def test_a_long_text_comes_in_parts(lab: Lab, quiet: Any, bits: int) -> None:
    """With 8-bit or 16-bit references."""
    _, terminal = quiet()
    lab.network.handset(NURSE).send("x" * 400, to=MODEM, ref_bits=bits)
    concats = [part.concat for part in listed(terminal)]
    assert [(c.total, c.seq, c.bits) for c in concats if c] == [(3, n, bits) for n in (1, 2, 3)]


def test_parts_can_be_reordered_lost_and_doubled(lab: Lab, quiet: Any) -> None:
    """The network does what it wants with the parts."""
    _, terminal = quiet()
    handset = lab.network.handset(NURSE)
    handset.send("x" * 400, to=MODEM, order=lambda parts: (parts[2], parts[0], parts[0]))
    assert [part.concat.seq for part in listed(terminal) if part.concat] == [3, 1, 1]


def test_a_name_instead_of_a_number(lab: Lab, quiet: Any) -> None:
    """Alphanumeric senders and short codes."""
    _, terminal = quiet()
    handset = lab.network.handset(NURSE)
    for sender in ("MPESA", "Airtel 4G+", "40404"):
        handset.send("Hello", to=MODEM, sender=sender)
    assert [message.sender.number for message in listed(terminal)] == [
        "MPESA",
        "Airtel 4G+",
        "40404",
    ]


def test_a_flash_message_has_class_0(lab: Lab, quiet: Any) -> None:
    """Quectel stores it, with its class."""
    _, terminal = quiet()
    lab.network.handset(NURSE).send("Evacuate", to=MODEM, flash=True)
    assert listed(terminal)[0].message_class == 0


def test_octets_and_ports(lab: Lab, quiet: Any) -> None:
    """A WAP push is 8-bit data to port 2948."""
    _, terminal = quiet()
    lab.network.handset(NURSE).send_wap_push(to=MODEM)
    (push,) = listed(terminal)
    assert push.text is None
    assert push.ports == (2948, 9200)


def test_any_octets_can_be_delivered(lab: Lab, quiet: Any) -> None:
    """A PDU that nobody can read lies in memory all the same."""
    _, terminal = quiet()
    lab.network.handset(NURSE).send_pdu("00FF00", to=MODEM)
    assert "00FF00" in terminal.say("AT+CMGL=4")


@given(st.text(st.characters(codec="utf-16", exclude_characters="\0"), min_size=1, max_size=300))
def test_what_a_modem_sends_a_handset_shows(text: str) -> None:
    """Byte for byte, in as many parts as it takes."""
    lab = Lab()
    terminal = Terminal(lab.modem())
    terminal.say("ATE0")
    for pdu in compose(NURSE, text, concat_ref=7, validity_s=None, report=False):
        send(terminal, pdu)
    assert [message.text for message in lab.network.handset(NURSE).inbox] == [text]


def test_the_inbox_knows_sender_time_and_parts(lab: Lab, quiet: Any) -> None:
    """What a phone shows beside the text."""
    _, terminal = quiet()
    for pdu in compose(NURSE, "x" * 200, concat_ref=7, validity_s=None, report=False):
        send(terminal, pdu)
    handset = lab.network.handset(NURSE)
    assert handset.inbox == [ReceivedSms(MODEM, "x" * 200, lab.time.now(), 2)]
    assert len(handset.raw) == 2


def test_a_handset_answers_by_rule(lab: Lab, quiet: Any) -> None:
    """The first rule that matches, after its delay; older texts get nothing."""
    _, terminal = quiet()
    handset = lab.network.handset(NURSE)
    send(terminal, submit_pdu("STOCK?"))
    handset.answer(r"(?i)stock", "ORS 40", delay_s=3)
    handset.answer("", "what?")
    send(terminal, submit_pdu("Stock?"))
    send(terminal, submit_pdu("Hello"))
    assert [message.text for message in listed(terminal)] == ["what?"]
    lab.pass_time(3)
    assert [message.text for message in listed(terminal)] == ["what?", "ORS 40"]


def test_national_numbers_are_the_same_phone(lab: Lab) -> None:
    """0700… is +254700…; short codes are left alone."""
    network = lab.network
    assert network.handset("0700000001") is network.handset("+254700000001")
    assert network.canonical("254700000001") == "+254700000001"
    assert network.canonical("40404") == "40404"


def test_two_modems_can_text_each_other(lab: Lab, quiet: Any) -> None:
    """The network connects all its subscribers."""
    _, first = quiet()
    _, second = quiet(number="+254711000009")
    pdu = submit_pdu("Hello neighbour", to="+254711000009")
    first.type(f"AT+CMGS={length(pdu)}\r".encode())
    first.type(pdu.encode() + b"\x1a")
    assert [message.sender.number for message in listed(second)] == [MODEM]
