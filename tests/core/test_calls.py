"""Who calls, and who gets an SMS in answer."""

from __future__ import annotations

import pytest

from relay.core.calls import CallPolicy, deserves_reply
from relay.core.device import CallEnded, IncomingCall
from relay.core.urc import read_urc

POLICY = CallPolicy(reply="Please send an SMS")


@pytest.mark.parametrize(
    ("line", "urc"),
    [
        ("RING", IncomingCall()),
        ("+CRING: VOICE", IncomingCall()),
        ('+CLIP: "+254700000001",145,"",,"",0', IncomingCall("+254700000001")),
        ('+CLIP: "0700000001",129', IncomingCall("0700000001")),
        ("+CLIP: +254700000001,145", IncomingCall("+254700000001")),
        ('+CLIP: "",128', IncomingCall()),
        ('+CLIP: "",128,,,,2', IncomingCall()),
        ("NO CARRIER", CallEnded()),
        ("^CEND: 1,0,67,31", CallEnded()),
        ("MISSED_CALL: 02:03AM +254700000001", CallEnded()),
    ],
)
def test_what_a_modem_says_of_a_call(line, urc):
    assert read_urc(line) == urc


def test_no_number_stands_in_a_log():
    assert "254" not in repr(IncomingCall("+254700000001"))


@pytest.mark.parametrize(
    ("caller", "more", "answer"),
    [
        ("+254700000001", {}, True),
        ("0700000001", {}, True),
        ("", {}, False),  # hidden
        ("144", {}, False),
        ("MPESA", {}, False),
        ("+254700000001", {"replied": True}, False),
        ("+254700000001", {"replies": 20}, False),
        ("+254700000001", {"policy": CallPolicy()}, False),
    ],
)
def test_who_gets_an_sms(caller, more, answer):
    how = {"policy": POLICY, "replied": False, "replies": 0, **more}
    assert deserves_reply(caller, **how) is answer
