"""Which SIM is the station's own."""

from __future__ import annotations

import pytest

from relay.core.card import NO_CARD, Accepted, Card, Standing, standing

OURS = Card("8925401000000000017", "639020000000017")
THEIRS = Card("8925401000000000044", "639020000000044")
MINE = Accepted(OURS, "usb1", "usb1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (OURS, OURS, True),
        (OURS, THEIRS, False),
        (OURS, Card("", OURS.imsi), True),
        (OURS, Card(OURS.iccid, ""), True),
        (Card(OURS.iccid, ""), Card("", OURS.imsi), False),  # nothing to compare
        (OURS, Card(OURS.iccid[:-1], ""), True),  # without its check digit
        (OURS, Card(OURS.iccid + "F"), True),
        (OURS, Card(OURS.iccid, "1"), True),  # one card with two identities
        (Card("89254", ""), Card("89254", ""), True),
        (NO_CARD, NO_CARD, False),
    ],
)
def test_a_card_is_known_by_what_both_times_were_told(one, other, same):
    assert one.is_same(other) is same
    assert other.is_same(one) is same


@pytest.mark.parametrize(
    ("card", "modem", "accepted", "found"),
    [
        (OURS, "usb1", [], Standing.FIRST),
        (OURS, "usb1", [MINE], Standing.ACCEPTED),
        (THEIRS, "usb1", [MINE], Standing.CHANGED),
        (NO_CARD, "usb1", [MINE], Standing.UNKNOWN),
        # another modem of the station
        (OURS, "usb2", [MINE], Standing.ACCEPTED),
        (THEIRS, "usb2", [MINE], Standing.FIRST),
        # two that were swapped
        (THEIRS, "usb1", [MINE, Accepted(THEIRS, "usb2", "usb2")], Standing.ACCEPTED),
        # a modem that got another name, and then another SIM
        (THEIRS, "usb2", [Accepted(OURS, "usb1", "usb2")], Standing.CHANGED),
    ],
)
def test_standing(card, modem, accepted, found):
    assert standing(card, modem, accepted) is found
