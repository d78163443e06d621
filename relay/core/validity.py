"""How long the service centre keeps trying: TP-VP in its formats (3GPP TS 23.040 §9.2.3.12)."""

from __future__ import annotations

from relay.core import timestamp
from relay.core.octets import Octets

# TP-VPF, bits 4 and 3 of the first octet.
ABSENT = 0b00
ENHANCED = 0b01
RELATIVE = 0b10
ABSOLUTE = 0b11

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S
WEEK_S = 7 * DAY_S


def relative_s(octet: int) -> int:
    """Seconds of a relative validity period: 5 minutes to 63 weeks (§9.2.3.12.1)."""
    if octet <= 143:
        return (octet + 1) * 5 * MINUTE_S
    if octet <= 167:
        return 12 * HOUR_S + (octet - 143) * 30 * MINUTE_S
    if octet <= 196:
        return (octet - 166) * DAY_S
    return (octet - 192) * WEEK_S


_RELATIVE_S = tuple(relative_s(octet) for octet in range(256))
LONGEST_S = _RELATIVE_S[-1]


def relative_octet(seconds: int) -> int:
    """The shortest period that is at least so many seconds, or the longest one there is."""
    return next((octet for octet, lasts in enumerate(_RELATIVE_S) if lasts >= seconds), 255)


def within(seconds: int) -> int:
    """The longest period that is no longer than so many seconds; the shortest is 5 minutes."""
    return max((lasts for lasts in _RELATIVE_S if lasts <= seconds), default=5 * MINUTE_S)


def read_enhanced(octets: Octets) -> int | None:
    """Seconds of an enhanced validity period (§9.2.3.12.3), None where it names none."""
    period = octets.take(7, "the validity period")
    indicator, value = period[0], period[1:]
    if indicator & 0x80:  # a second indicator octet follows
        value = value[1:]
    match indicator & 0b111:
        case 0b001:
            return _RELATIVE_S[value[0]]
        case 0b010:
            return value[0]
        case 0b011:
            return _clock_s(value)
        case _:
            return None


def _clock_s(value: bytes) -> int | None:
    """Hours, minutes and seconds in semi-octets."""
    try:
        hours, minutes, seconds = map(timestamp.unswapped, value[:3])
    except ValueError:
        return None
    return hours * HOUR_S + minutes * MINUTE_S + seconds
