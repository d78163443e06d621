"""Times of the network: TP-SCTS and TP-DT (3GPP TS 23.040 §9.2.3.11), and absolute validity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

LENGTH = 7
QUARTER_MS = 15 * 60 * 1000
# 19 h 45 min; no place on earth is further than 14 h away, and 0xFF would be 21 h 15 min.
_WIDEST_ZONE = 79
# Two digits of a year: no network older than this ever carried an SMS.
_FIRST_YEAR = 1970
_NOWHERE = bytes(LENGTH)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Timestamp(NamedTuple):
    """`at` is epoch milliseconds UTC; `zone` the local time's distance in quarter hours."""

    at: int | None
    zone: int = 0


NONSENSE = Timestamp(None)


def decode(octets: bytes) -> Timestamp:
    """Seven octets; `NONSENSE` where they are no date, as in many reports of failure."""
    try:
        year, month, day, hour, minute, second = map(unswapped, octets[:6])
        century = 1900 if year >= _FIRST_YEAR % 100 else 2000
        local = datetime(century + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return NONSENSE
    zone = _zone(octets[6])
    if abs(zone) > _WIDEST_ZONE:
        return NONSENSE
    return Timestamp((local - _EPOCH) // _MILLISECOND - zone * QUARTER_MS, zone)


def encode(at: int | None, zone: int = 0) -> bytes:
    """Whole seconds of `at` as local time of `zone`; zeros for None.

    Raises ValueError outside 1970 to 2069, which is all that two digits can tell apart.
    """
    if at is None:
        return _NOWHERE
    if abs(zone) > _WIDEST_ZONE:
        raise ValueError(f"a zone of {zone} quarter hours")
    local = _EPOCH + timedelta(seconds=(at + zone * QUARTER_MS) // 1000)
    if not _FIRST_YEAR <= local.year < _FIRST_YEAR + 100:
        raise ValueError(f"the year {local.year} has no timestamp")
    fields = (local.year % 100, local.month, local.day, local.hour, local.minute, local.second)
    sign = 0x08 if zone < 0 else 0
    return bytes([*map(swapped, fields), swapped(abs(zone)) | sign])


def swapped(value: int) -> int:
    """A number from 0 to 99 as two semi-octets, the tens in the lower one."""
    return value % 10 << 4 | value // 10


def unswapped(octet: int) -> int:
    """The number in two semi-octets. ValueError where one of them is no digit."""
    tens, units = octet & 0xF, octet >> 4
    if tens > 9 or units > 9:
        raise ValueError("not a decimal digit")
    return tens * 10 + units


def _zone(octet: int) -> int:
    """Bit 3 is the sign. Some service centres count the units beyond 9 (0xC2 is 32 quarters)."""
    quarters = (octet & 0x07) * 10 + (octet >> 4)
    return -quarters if octet & 0x08 else quarters
