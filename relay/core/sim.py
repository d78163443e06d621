"""What a SIM and a modem say about themselves: PIN state, tries left, ICCID, identity lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from relay.core.replies import value_of

Lines = Sequence[str]


def pin_state(lines: Lines) -> str | None:
    """READY, SIM PIN, SIM PUK, … of AT+CPIN? (TS 27.007 §8.3)."""
    value = value_of(lines, "+CPIN")
    return None if value is None else value.strip('" ').upper()


def tries_left(lines: Lines) -> int | None:
    """How many tries PIN1 has left, in the words of every family whose manual tells it."""
    for line in lines:
        for pattern in _TRIES:
            if found := pattern.match(line):
                return int(found[1])
    return None


_TRIES = (
    re.compile(r'\+CPINR:\s*"?SIM PIN"?\s*,\s*(\d{1,2})'),
    # Huawei: code, tries of that code, PUK, PIN, PUK2, PIN2
    re.compile(r"\^CPIN:\s*[^,]*,\s*\d*\s*,\s*\d+\s*,\s*(\d{1,2})"),
    re.compile(r"\+SPIC:\s*(\d{1,2})"),
    re.compile(r'\+QPINC:\s*"?SC"?\s*,\s*(\d{1,2})'),
    # ZTE; Cinterion; Telit; u-blox; Wavecom and Sierra; Ericsson; MediaTek: PIN1 comes first
    re.compile(r"(?:\+ZPINPUK|\^SPIC|#PCT|\+UPINCNT|\+CPINC|\*EPIN|\+EPINC):\s*(\d{1,2})"),
)


def iccid(lines: Lines) -> str | None:
    """The ICCID (ITU-T E.118) of +CCID, +ICCID, ^ICCID, +QCCID, a bare line, or +CRSM.

    EF_ICCID read by +CRSM=176,12258 is nibble-swapped BCD; it begins with 98 where the others
    begin with 89.
    """
    for line in lines:
        if found := _CRSM.match(line):
            return _unswapped(found[1])
        if found := _ICCID.match(line):
            digits = found[1].upper().rstrip("F")
            return _unswapped(digits) if digits.startswith("98") else digits
    return None


_CRSM = re.compile(r'\+CRSM:\s*144\s*,\s*\d+\s*,\s*"?([0-9A-Fa-f]{18,20})"?')
_ICCID = re.compile(r'(?:[+^%$]\w+:\s*)?"?(8[9][0-9A-Fa-f]{16,18}|98[0-9A-Fa-f]{16,18})"?$')


def _unswapped(text: str) -> str:
    padded = text.upper() + "F" * (len(text) % 2)
    pairs = (padded[i + 1] + padded[i] for i in range(0, len(padded), 2))
    return "".join(pairs).rstrip("F")


def said(line: str) -> str:
    """One identity line without its `+NAME:` and quotes; empty for a bare OK."""
    text = re.sub(r"^\+[A-Z]+:\s*", "", line).strip('" ')
    return "" if text == "OK" else text


def digits_of(line: str) -> str:
    """The one long number in an identity line: an IMEI or IMSI."""
    found = re.search(r"\d{14,16}", line)
    return found[0] if found else ""
