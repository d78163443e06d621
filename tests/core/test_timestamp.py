"""Seven octets of date, time and zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.timestamp import NONSENSE, QUARTER_MS, Timestamp, decode, encode


def at(iso: str) -> int:
    return int(datetime.fromisoformat(iso).astimezone(UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("octets", "moment", "zone"),
    [
        ("42501001000080", "2024-05-01T10:00:00+02:00", 8),
        ("42501001000000", "2024-05-01T10:00:00+00:00", 0),
        ("4250100100000A", "2024-05-01T10:00:00-05:00", -20),
        ("42501001000022", "2024-05-01T10:00:00+05:30", 22),
        ("42501001000032", "2024-05-01T10:00:00+05:45", 23),
        ("42501001000065", "2024-05-01T10:00:00+14:00", 56),
        ("4250100100004A", "2024-05-01T10:00:00-06:00", -24),
        ("42209232959500", "2024-02-29T23:59:59+00:00", 0),
        ("99211332959500", "1999-12-31T23:59:59+00:00", 0),
        ("07101000000000", "1970-01-01T00:00:00+00:00", 0),
        ("96211332959500", "2069-12-31T23:59:59+00:00", 0),
    ],
)
def test_local_time_and_its_zone_make_a_moment(octets, moment, zone):
    """The zone counts quarter hours; bit 3 makes it negative."""
    assert decode(bytes.fromhex(octets)) == Timestamp(at(moment), zone)
    assert encode(at(moment), zone) == bytes.fromhex(octets)


def test_a_zone_may_count_more_than_nine_units():
    """0xC2 is 2 tens and 12 units: 32 quarters, as an operator really writes it."""
    assert decode(bytes.fromhex("610103409544C2")) == Timestamp(at("2016-10-29T20:59:44Z"), 32)


@pytest.mark.parametrize(
    "octets",
    [
        "00000000000000",
        "FFFFFFFFFFFFFF",
        "42311001000000",  # month 13
        "42001001000000",  # month 0
        "42509901000000",  # day 99
        "32209201000000",  # 29 February of a common year
        "42501042000000",  # hour 24
        "42501001060000",  # minute 60
        "42501001000600",  # second 60
        "4A501001000000",  # no digit
        "425010010000FF",  # 21 h 15 min west
    ],
)
def test_nonsense_is_no_time(octets):
    """Better no time than a wrong one."""
    assert decode(bytes.fromhex(octets)) is NONSENSE


def test_no_time_is_written_as_zeros():
    """As networks write the time of what never happened."""
    assert encode(None) == bytes(7)
    assert decode(encode(None)) is NONSENSE


@pytest.mark.parametrize("moment", [-1, at("2070-01-01T00:00:00Z")])
def test_two_digits_of_a_year_are_not_stretched(moment):
    """1970 to 2069; anything else would come back as another century."""
    with pytest.raises(ValueError, match="year"):
        encode(moment)


def test_a_zone_beyond_the_octet_is_refused():
    """79 quarter hours are all that the sign leaves room for."""
    with pytest.raises(ValueError, match="zone"):
        encode(0, 80)


@given(st.integers(0, 3_000_000_000), st.integers(-79, 79))
def test_every_second_comes_back(seconds, zone):
    """decode(encode(x)) == x in any zone."""
    moment = seconds * 1000 + 80 * QUARTER_MS
    assert decode(encode(moment, zone)) == Timestamp(moment, zone)


@given(st.binary(min_size=7, max_size=7))
def test_any_octets_are_a_time_or_nonsense(octets):
    """And what is a time can be written again."""
    read = decode(octets)
    assert read is NONSENSE or decode(encode(read.at, read.zone)) == read
