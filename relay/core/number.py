"""Recipients as people and servers write them, and numbers as logs may show them."""

from __future__ import annotations

import re

from relay.errors import NumberError

# What people type, paste and print into numbers: blanks of every width, hyphens, brackets, and
# the invisible marks that messengers and address books put around them.
_DECORATION = re.compile(
    "[\\s()\\-\u00ad\u2010-\u2015\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)

# E.164 has at most 15 digits; without `+` the dialling prefix comes on top, and TP-DA
# (3GPP TS 23.040 §9.1.2.5) ends at 20.
_DIALABLE = re.compile(r"\+[0-9]{3,15}|[0-9]{3,20}")


def dialable(text: str) -> str:
    """The digits of a recipient, with a leading `+` where it has one.

    Raises `NumberError` ('destination.invalid') for anything that cannot be dialled, such as
    the name of a sender ('MPESA').
    """
    number = _DECORATION.sub("", text)
    if not number:
        raise NumberError(detail="there is no number")
    if not _DIALABLE.fullmatch(number):
        raise NumberError(detail=f"{masked(number)} is not a number that can be dialled")
    return number


def masked(number: str) -> str:
    """A number for a log: its last three characters, or nothing of one that has no more."""
    return "…" + (number[-3:] if len(number) > 3 else "")


def prefix(number: str) -> str:
    """What of a number tells country and operator, and not whose it is; of a short code all."""
    if len(number) <= 6:
        return number
    return number[: 6 if number.startswith("+") else 3] + "…"
