"""The AT console: what may be typed to a modem by hand, and what of it may be written down."""

from __future__ import annotations

import re

# A voucher, a PIN, a number, or a message in hexadecimal digits.
_SECRET = re.compile(r"\+?[0-9A-Fa-f]{5,}")


def masked_digits(text: str) -> str:
    """A text without the numbers in it: of each run of digits the last three remain."""
    return _SECRET.sub(lambda found: "…" + found[0][-3:], text)
