"""The dialogue with a modem as it may be shown: no numbers, no texts, no cards."""

from __future__ import annotations

import re

from relay.core.number import masked

# A PDU or a text in hexadecimal, a number, an IMEI, an ICCID.
_HEX = re.compile(r"\b[0-9A-Fa-f]{24,}\b")
_DIGITS = re.compile(r"\+?\d{6,}")
_TEXT = re.compile(r'(\+CUSD: ?\d,)"[^"]*"?')


def veiled(line: str) -> str:
    """One line of it: long hexadecimal is only counted, digits keep their last three."""
    line = _TEXT.sub(r'\1"…"', line)
    line = _HEX.sub(lambda found: f"({len(found[0]) // 2} octets)", line)
    return _DIGITS.sub(lambda found: masked(found[0]), line)
