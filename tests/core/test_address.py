"""Address fields: numbers of every type, names, and nothing at all."""

from __future__ import annotations

import pytest

from relay.core.address import Address, read
from relay.core.octets import Octets
from relay.errors import NumberError, PduError


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("0C91527400000010", Address("+254700000001", ton=1)),
        ("0B914272000000F0", Address("+24270000000", ton=1)),
        ("0AA17000000010", Address("0700000001", ton=2)),
        ("05810404F4", Address("40404")),
        ("0481AB21", Address("#*12")),
        ("0581DC1EF2", Address("abc12")),
        ("09D04D68711A04", Address("MPESA", ton=5, npi=0)),
        ("10D0D3B0392C4F8FDF6D", Address("Safaricom", ton=5, npi=0)),
        ("0DD0F334FC1CA69701", Address("sipgate", ton=5, npi=0)),
        ("00D0", Address("", ton=5, npi=0)),
        ("0080", Address("", ton=0, npi=0)),
        ("0091", Address("", ton=1)),
    ],
)
def test_every_kind_of_address(field, address):
    """International, national, short code, service digits, name, empty: both ways."""
    assert read(Octets(field)) == address
    assert address.encode().hex().upper() == field


def test_a_name_counted_in_whole_octets_gets_no_at_sign():
    """Seven letters fill 13 semi-octets; some networks say 14, and the rest is not '@'."""
    assert read(Octets("0ED0F334FC1CA69701")).number == "sipgate"


def test_a_name_with_a_letter_of_the_extension_table():
    """An escape code in a name is no blank."""
    assert read(Octets(Address("A|B", 5, 0).encode().hex())).number == "A|B"


def test_an_address_longer_than_the_standard_allows_is_read():
    """Some networks put more than twenty digits; the message is worth more than the rule."""
    assert read(Octets("1681" + "21" * 11)).number == "12" * 11


def test_an_address_that_is_cut_off_is_an_error():
    """What stands behind it would be read as something else."""
    with pytest.raises(PduError, match="an address"):
        read(Octets("0B9142"))


def test_a_recipient_is_international_if_it_says_so():
    """A plus makes TON 1 (0x91); everything else is left to the network (0x81)."""
    assert Address.parse("+254 700-000-001") == Address("+254700000001", ton=1)
    assert Address.parse("+254700000001").type_octet == 0x91
    assert Address.parse("0700000001").type_octet == 0x81
    with pytest.raises(NumberError):
        Address.parse("MPESA")


def test_a_sender_may_be_a_number_a_name_or_nobody():
    """The network writes all three."""
    assert Address.originator("+254700000001").ton == 1
    assert Address.originator("40404") == Address("40404")
    assert Address.originator("MPESA") == Address("MPESA", ton=5, npi=0)
    assert Address.originator("").encode() == b"\x00\x80"


@pytest.mark.parametrize(
    "address",
    [
        Address("1" * 21),
        Address("12 34"),
        Address("+1+2", ton=1),
        Address("twelve chars", ton=5),
        Address("नमस्ते", ton=5),
    ],
)
def test_what_no_address_field_can_hold_is_refused(address):
    """Twenty digits, or eleven letters of the GSM alphabet."""
    with pytest.raises(NumberError):
        address.encode()
