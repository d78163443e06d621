"""Which port is tried first, and which modem a section means."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.usb import Binding, Role, SerialPort, check_digit, in_order, role, same_imei
from relay.core.usb_ids import AT_PORTS, DATA_PORTS, OTHER_PORTS, STORAGE_MODES


def port(usb="12d1:1001", interface=0, usb_path="1-1", path="/dev/ttyUSB0", protocol=None):
    vendor, _, product = usb.partition(":")
    return SerialPort(path, vendor, product, interface, protocol, usb_path)


kinds = st.sampled_from(["12d1:1001", "12d1:1436", "2c7c:0125", "1e0e:9001", "1a86:7523", ""])


@st.composite
def buses(draw):
    """Any devices in any sockets, each with some ports, numbered in any order."""
    sockets = draw(st.dictionaries(st.sampled_from(["1-1", "1-1.2", "2-3"]), kinds))
    found = [
        (usb, interface, socket, draw(st.sampled_from([None, 1, 2, 3, 0xFF])))
        for socket, usb in sockets.items()
        for interface in sorted(draw(st.sets(st.integers(0, 6), min_size=1)))
    ]
    numbers = draw(st.permutations(range(len(found))))
    return [
        port(usb, interface, socket, f"/dev/ttyUSB{number}", protocol)
        for (usb, interface, socket, protocol), number in zip(found, numbers, strict=True)
    ]


@pytest.mark.parametrize(
    ("usb", "interface", "protocol", "expected"),
    [
        ("12d1:1001", 2, None, Role.AT),
        ("12d1:1001", 0, None, Role.DATA),
        ("12d1:1001", 1, None, Role.OTHER),
        ("12d1:9999", 4, 0x02, Role.AT),  # by Huawei's protocol numbers
        ("12d1:9999", 4, 0x01, Role.DATA),
        ("12d1:9999", 4, 0x14, Role.OTHER),
        ("2c7c:0125", 2, 0xFF, Role.AT),
        ("2c7c:0125", 3, 0xFF, Role.DATA),
        ("2c7c:0125", 1, 0xFF, Role.OTHER),
        ("1e0e:9001", 2, None, Role.AT),
        ("1e0e:9001", 0, None, Role.OTHER),
        ("19d2:0031", 1, None, Role.AT),
        ("19d2:0031", 3, None, Role.DATA),
        ("1a86:7523", 0, None, Role.UNKNOWN),
        ("1a86:7523", None, None, Role.UNKNOWN),
    ],
)
def test_what_a_port_is_for(usb, interface, protocol, expected):
    assert role(port(usb, interface, protocol=protocol)) is expected


def test_the_tables_do_not_contradict_each_other():
    """A port has one purpose, and what is a disk has no ports."""
    for key in {*AT_PORTS, *DATA_PORTS, *OTHER_PORTS}:
        purposes = [set(table.get(key, ())) for table in (AT_PORTS, DATA_PORTS, OTHER_PORTS)]
        assert sum(map(len, purposes)) == len(set.union(*purposes)), key
    assert not STORAGE_MODES & {*AT_PORTS} - {"19d2:0003"}


@given(buses(), buses())
def test_every_port_is_tried_and_devices_stay_together(found, before):
    """Nothing is left out; the ports of one device follow one another."""
    last = before[0] if before else None
    ordered = in_order(found, last)
    assert sorted(map(repr, ordered)) == sorted(map(repr, found))
    runs = [device for device, _ in groupby(one.device for one in ordered)]
    assert len(runs) == len(set(runs))


@given(buses(), st.randoms())
def test_the_order_does_not_depend_on_the_numbering(found, chance):
    """Whatever number the kernel gave: the same device and interface come first."""
    numbers = list(range(len(found)))
    chance.shuffle(numbers)
    renamed = [
        replace(one, path=f"/dev/ttyUSB{number}")
        for one, number in zip(found, numbers, strict=True)
    ]
    assert [(one.device, one.interface) for one in in_order(found)] == [
        (one.device, one.interface) for one in in_order(renamed)
    ]


def test_the_place_where_it_was_comes_first_and_then_its_like():
    """The socket beats the kind, and the port that worked beats its neighbours."""
    here = port("1a86:7523", 1, "1-2", "/dev/ttyUSB5")
    alike = port("1a86:7523", 0, "1-1", "/dev/ttyUSB1")
    other = port("2c7c:0125", 2, "1-0", "/dev/ttyUSB0")
    neighbour = port("1a86:7523", 0, "1-2", "/dev/ttyUSB4")
    last = port("1a86:7523", 1, "1-2", "/dev/ttyUSB0")
    assert in_order([other, alike, neighbour, here], last) == [here, neighbour, alike, other]


@given(st.text("0123456789", min_size=14, max_size=14), st.integers(0, 13), st.integers(1, 9))
def test_the_check_digit_finds_every_single_mistake(digits, place, by):
    """That is what Luhn's formula is for."""
    wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    assert check_digit(digits) != check_digit(wrong)


def test_an_imei_is_compared_by_type_and_serial_number():
    """Check digit, 0 or two digits of a version: modems differ in what follows."""
    assert check_digit("49015420323751") == 8  # the example of TS 23.003, in many handbooks
    assert same_imei("490154203237518", "490154203237510")
    assert same_imei("490154203237518", "4901542032375101")
    assert not same_imei("490154203237518", "490154203237528")
    assert not same_imei("", "")


def test_a_section_takes_what_it_names_and_nothing_that_another_names():
    mine = Binding(imei="490154203237518")
    any_other = Binding(port="auto", foreign=frozenset({"490154203237518"}))
    assert mine.takes("490154203237518") and not mine.takes("") and not mine.takes("35" * 7)
    assert any_other.takes("353142039999993") and any_other.takes("")
    assert not any_other.takes("490154203237510")
    assert Binding(usb="12d1:1001").means("12d1", "1001", "1-1")
    assert not Binding(usb="12d1:1001", usb_path="1-2").means("12d1", "1001", "1-1")
