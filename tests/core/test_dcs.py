"""The 256 data coding schemes."""

from __future__ import annotations

import pytest

from relay.core.dcs import CODINGS, Coding, Encoding, Indication, Waiting, dcs_of

GSM7, UCS2, DATA = Encoding.GSM7, Encoding.UCS2, Encoding.DATA


@pytest.mark.parametrize(
    ("dcs", "coding"),
    [
        (0x00, Coding(GSM7)),
        (0x04, Coding(DATA)),
        (0x06, Coding(DATA)),
        (0x08, Coding(UCS2)),
        (0x0C, Coding(GSM7)),
        (0x10, Coding(GSM7, message_class=0)),
        (0x15, Coding(DATA, message_class=1)),
        (0x1A, Coding(UCS2, message_class=2)),
        (0x20, Coding(DATA, compressed=True)),
        (0x28, Coding(DATA, compressed=True)),
        (0x48, Coding(UCS2, auto_delete=True)),
        (0x50, Coding(GSM7, message_class=0, auto_delete=True)),
        (0x80, Coding(GSM7)),
        (0xB8, Coding(GSM7)),
        (0xC8, Coding(GSM7, indication=Indication(Waiting.VOICEMAIL, active=True))),
        (0xD1, Coding(GSM7, indication=Indication(Waiting.FAX, active=False))),
        (0xE2, Coding(UCS2, indication=Indication(Waiting.EMAIL, active=False))),
        (0xEB, Coding(UCS2, indication=Indication(Waiting.OTHER, active=True))),
        (0xF0, Coding(GSM7, message_class=0)),
        (0xF5, Coding(DATA, message_class=1)),
        (0xF3, Coding(GSM7, message_class=3)),
    ],
)
def test_each_group_says_what_the_standard_says(dcs, coding):
    """TS 23.038 §4: general, auto-deletion, reserved, message waiting, class."""
    assert CODINGS[dcs] == coding


@pytest.mark.parametrize(
    ("encoding", "message_class", "dcs"),
    [(GSM7, None, 0x00), (UCS2, None, 0x08), (DATA, None, 0x04), (GSM7, 0, 0x10), (UCS2, 0, 0x18)],
)
def test_what_relay_sends_is_of_the_general_group(encoding, message_class, dcs):
    """Every phone knows that one."""
    assert dcs_of(encoding, message_class) == dcs
    assert CODINGS[dcs] == Coding(encoding, message_class=message_class)
