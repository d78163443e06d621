"""What is no person's text has a name; what may be one goes on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core import broadcast
from relay.core.address import Address
from relay.core.deliver import Deliver
from relay.core.foreign import NAMES, foreign, named
from relay.core.pdu import decode
from relay.core.udh import Concat, Element
from relay.errors import PduError
from tests.air import NOON, NURSE

MMS = bytes.fromhex("B40603BEAF848C82983433363735008D908918802B")
OPERATOR, SHORT_CODE = Address.originator("MTN"), Address.originator("144")


def came(**fields: Any) -> Deliver:
    """As the network encodes it and relay reads it again."""
    what: dict[str, Any] = {"sender": Address.parse(NURSE), "sc_time": NOON, "text": "N Jane 21"}
    if "data" in fields:
        what |= {"text": None, "dcs": 0x04}
    read = decode(Deliver(**(what | fields)).encode())
    assert isinstance(read, Deliver)
    return read


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"data": MMS, "ports": (2948, 9200), "sender": OPERATOR}, "mms.notice"),
        ({"data": b"\x01\x06\x22application/vnd.wap.mms-message\0", "ports": (2948, 9200)},
         "mms.notice"),
        ({"data": b"\x01\x06\x04\x03\xae\x81\xea", "ports": (2948, 9200)}, "wap.push"),
        ({"data": b"x", "ports": (49_999, 1)}, "wap.push"),
        ({"data": b"BEGIN:VCARD", "ports": (9204, 0)}, "phone.content"),
        ({"text": "BEGIN:VCARD", "ports": (226, 226)}, "phone.content"),
        ({"data": b"\0\1\2"}, "data.message"),
        ({"data": b"\0\1\2", "ports": (16_000, 16_000)}, "data.message"),
        ({"dcs": 0x10, "sender": OPERATOR}, "flash.operator"),
        ({"dcs": 0x10, "sender": SHORT_CODE}, "flash.operator"),
        ({"dcs": 0x18, "sender": OPERATOR, "text": "ж"}, "flash.operator"),
        ({"pid": 0x40, "text": ""}, "silent.sms"),
        ({"pid": 0x40, "data": b"\xde\xad"}, "silent.sms"),
        ({"pid": 0x5F}, "voicemail.sign"),
        ({"dcs": 0xC8, "text": ""}, "voicemail.sign"),
        ({"dcs": 0xD8, "text": "You have 2 new messages"}, "voicemail.sign"),
        ({"dcs": 0xE0, "text": "2 új"}, "voicemail.sign"),
        ({"elements": (Element(0x01, b"\x80\x02"),)}, "voicemail.sign"),
        ({"pid": 0x7F, "data": b"\x02\x70\x00"}, "sim.data"),
        ({"pid": 0x7D}, "sim.data"),
    ],
)  # fmt: skip
def test_foreign_things_are_named(fields, reason):
    assert foreign([came(**fields)]) == reason
    assert reason in NAMES


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"sender": OPERATOR},
        {"sender": SHORT_CODE},
        {"dcs": 0x10},  # a flash, but from a person
        {"dcs": 0x12},  # class 2: for the SIM, yet a text
        {"pid": 0x41},  # replaces an earlier one on a phone
        {"pid": 0x47},
        {"ports": (5000, 5000)},  # a form of a phone's own program
        {"text": "ნინო", "dcs": 0x08},
        {"concat": Concat(7, 2, 1)},
    ],
)
def test_what_may_be_a_persons_text_goes_on(fields):
    assert foreign([came(**fields)]) is None


def test_a_notice_in_two_parts_is_read_as_one():
    """Its type may stand in the second part, when the operator's name is long."""
    head, tail = b"\x01\x06\x30" + b"h" * 30, b"application/vnd.wap.mms-message\0"
    parts = [
        came(data=data, ports=(2948, 9200), concat=Concat(3, 2, seq))
        for seq, data in enumerate((head, tail), 1)
    ]
    assert foreign(parts) == "mms.notice"


def test_counts_have_words():
    assert named("mms.notice", 7) == "7 MMS notices"
    assert named("voicemail.sign", 1) == "1 voicemail sign"
    assert named("something.new", 2) == "2 SMS (something.new)"


@pytest.mark.parametrize(
    ("pdu", "text"),
    [
        ("123400320111" + "C8329BFD06", "Hello"),
        ("123400321112" + "6566" + "0041004200430020", "ABC"),
        ("123400324411" + "0102", None),
    ],
)
def test_a_cell_broadcast_page_is_read(pdu, text):
    page = broadcast.read(pdu)
    assert (page.serial, page.message_id, page.page) == (0x1234, 50, 1)
    assert page.text == text


@given(st.binary(max_size=100))
def test_any_octets_are_a_page_or_a_pdu_error(octets):
    try:
        broadcast.read(octets.hex())
    except PduError:
        assert len(octets) < 6


def test_half_a_surrogate_pair_for_a_known_port_is_named():
    """Found by fuzzing: one such SMS ended the modem's worker again and again."""
    head = "00400C915274000000100008"
    words = "0605040B8423F0D8000061"
    read = decode(f"{head}{'21' * 7}{len(words) // 2:02X}{words}")
    assert isinstance(read, Deliver)
    assert read.text is not None
    assert foreign([read]) == "wap.push"
