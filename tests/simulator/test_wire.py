"""The network's own octets, checked against the codec that relay itself uses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.pdu import Deliver, StatusReport, decode
from relay.core.segment import compose
from relay.errors import PduError
from relay.simulator import wire

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "pdu.json").read_text())
NUMBERS = st.from_regex(r"\+[1-9][0-9]{3,14}", fullmatch=True)
DELIVERS = [vector["pdu"] for vector in VECTORS if vector["type"] == "deliver"]


@given(
    NUMBERS,
    NUMBERS,
    st.integers(1_000_000_000, 3_000_000_000),
    st.integers(-48, 56),
    st.text("aé€漢", max_size=60),
)
def test_a_submission_becomes_what_relay_reads(
    sender: str, recipient: str, second: int, zone: int, text: str
) -> None:
    """Sender, time, text."""
    (pdu,) = compose(recipient, text, concat_ref=0, validity_s=None, report=True)
    submit = wire.read_submit(pdu)
    assert (submit.recipient, submit.report) == (recipient, True)
    scts = wire.time_stamp(second * 1000, zone)
    message = decode(wire.deliver_pdu(submit, smsc="+254700000999", sender=sender, scts=scts))
    assert isinstance(message, Deliver)
    assert (message.sender.number, message.text) == (sender, text)
    assert message.sc_time == second * 1000


@given(NUMBERS, st.integers(0, 255), st.integers(0, 255))
def test_a_report_is_what_relay_reads(number: str, mr: int, tp_st: int) -> None:
    """Reference, recipient, status, both times."""
    at = wire.time_stamp(1_700_000_000_000, 12)
    pdu = wire.report_pdu(
        smsc="+254700000999", mr=mr, recipient=number, sent=at, ended=at, tp_st=tp_st
    )
    report = decode(pdu)
    assert isinstance(report, StatusReport)
    assert (report.mr, report.tp_st, report.recipient.number) == (mr, tp_st, number)
    assert report.sc_time == report.discharge_time == 1_700_000_000_000


@pytest.mark.parametrize("pdu", DELIVERS)
def test_the_class_of_a_message(pdu: str) -> None:
    """The same as relay's own decoder says."""
    message = decode(pdu)
    assert isinstance(message, Deliver)
    assert wire.class_of_deliver(pdu) == message.message_class
    assert wire.tpdu_octets(pdu) == len(pdu) // 2 - 1 - int(pdu[:2], 16)


@pytest.mark.parametrize("validity_s", [300, 43_200, 86_400, 7 * 86_400, 63 * 7 * 86_400])
def test_validity_is_read_as_it_was_written(validity_s: int) -> None:
    """In all four ranges of the relative format."""
    (pdu,) = compose("+254700000001", "x", concat_ref=0, validity_s=validity_s, report=False)
    assert wire.read_submit(pdu).validity_s == validity_s


@given(st.binary(max_size=40))
def test_nothing_breaks_the_network(octets: bytes) -> None:
    """Whatever is submitted or delivered, it is refused or carried."""
    pdu = octets.hex().upper()
    wire.class_of_deliver(pdu)
    wire.kind_of(pdu)
    wire.tpdu_octets(pdu)
    try:
        assert len(wire.read_submit(pdu).user_data) <= 255
    except PduError as error:
        assert error.pdu == pdu


@pytest.mark.parametrize("number", ["+254700000001", "40404", "0711", "*144#", "+1"])
def test_a_number_is_read_as_it_was_written(number: str) -> None:
    """Odd and even, with stars and hashes, with and without +."""
    field = wire.address(number)
    assert wire.read_number(field[1], field[2:], field[0]) == number


@pytest.mark.parametrize("dcs", [0x00, 0x04, 0x08, 0x0C, 0x10, 0xC0, 0xD0, 0xE0, 0xF1, 0xF5])
def test_which_codings_are_septets(dcs: int) -> None:
    """TS 23.038 §4: 0C is reserved and taken as the default alphabet, E0 is UCS2, F5 is data."""
    assert wire.is_seven_bit(dcs) is (dcs not in (0x04, 0x08, 0xE0, 0xF5))
