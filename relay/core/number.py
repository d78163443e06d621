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


# --- whose number it is -------------------------------------------------------------------------

# Shorter ones are short codes, which are the same in no two countries.
_SUBSCRIBER_DIGITS = 7
_COUNTRY_DIGITS = 3  # at most (ITU-T E.164 §6.2.1)


def alike(one: str, other: str) -> bool:
    """Whether two spellings may be of one number: +254700000001, 00254700000001, 254 700 000 001
    and 0700000001 are. Two numbers with their countries are only if they are the same."""
    (a, a_whole), (b, b_whole) = sorted(
        (_digits(one), _digits(other)), key=lambda spelled: len(spelled[0])
    )
    if not a or a == b:
        return bool(a)
    if a_whole:  # nothing that is longer lacks its country
        return False
    return any(_within(b, local, whole=b_whole) for local in (a, a.lstrip("0")))


def is_whole(number: str) -> bool:
    """Whether a spelling has its country in front, beyond doubt."""
    return _digits(number)[1]


def _digits(number: str) -> tuple[str, bool]:
    bare = _DECORATION.sub("", number)
    if not _DIALABLE.fullmatch(bare):
        return "", False
    if bare.startswith("+"):
        return bare[1:], True
    return (bare[2:], True) if bare.startswith("00") else (bare, False)


def _within(longer: str, local: str, *, whole: bool) -> bool:
    """Whether `longer` is the national number `local` behind a country or a trunk prefix."""
    if len(local) < _SUBSCRIBER_DIGITS or not longer.endswith(local):
        return False
    before = longer[: -len(local)]
    country = len(before) <= _COUNTRY_DIGITS and not before.startswith("0")
    return country or (before == "0" and not whole)


def telling(number: str) -> str:
    """The digits by which a number is found in running text, with or without its country."""
    return _digits(number)[0][-8:]


def semi_octets(number: str) -> tuple[str, ...]:
    """How a PDU may spell a number of this person (3GPP TS 23.040 §9.1.2.3), hexadecimal: as it
    is, and without its country."""
    digits, _ = _digits(number)
    local = [digits[n:] for n in range(1, _COUNTRY_DIGITS + 1)] if is_whole(number) else []
    spelled = [digits, *(f"0{one.lstrip('0')}" for one in local)]
    return tuple(_swapped(one) for one in spelled if len(one) > _SUBSCRIBER_DIGITS)


def _swapped(digits: str) -> str:
    filled = digits + "F" * (len(digits) % 2)
    return "".join(filled[n + 1] + filled[n] for n in range(0, len(filled), 2))
