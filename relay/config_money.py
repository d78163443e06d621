"""How the values about airtime are read, as `relay.config_values` reads the others."""

from __future__ import annotations

import re

from relay.config_secrets import Unfit
from relay.config_values import Place, kind, text
from relay.core.balance import BadPattern, check


def amount(value: object, _: Place) -> float:
    """An amount of money; 0 stands for 'not said'."""
    wanted = "write an amount such as 0.25, without a currency and without quotes"
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise Unfit(f"is {kind(value)}; {wanted}")
    if not 0 <= value < 1e9:  # which nan does not fulfil either
        raise Unfit(f"{value} is out of range; {wanted}")
    return float(value)


def ussd(value: object, place: Place) -> str:
    """`*144#`, or with what is answered to the menus `*144#,1`."""
    written = text(value, place).replace(" ", "")
    if written and not re.fullmatch(r"[*#][0-9*#]+(,[0-9*#]+)*", written):
        raise Unfit(
            f'is {kind(value)}; write what a phone dials, such as "*144#", and after commas what '
            'it answers to the menus, such as "*144#,1"'
        )
    return written


def balance_pattern(value: object, place: Place) -> str:
    written = text(value, place)
    try:
        if written:
            check(written)
    except BadPattern as error:
        raise Unfit(str(error)) from None
    return written


def currency(value: object, place: Place) -> str:
    """ISO 4217, or empty."""
    written = text(value, place)
    if written and not re.fullmatch(r"[A-Z]{3}", written):
        raise Unfit(f'is {kind(value)}; write its three letters, such as "ZMW"')
    return written


def short_number(value: object, place: Place) -> str:
    """A number that an SMS can be sent to, or empty."""
    written = text(value, place)
    if written and not re.fullmatch(r"\+?[0-9]{3,15}", written):
        raise Unfit(f'is {kind(value)}; write the digits of a number, such as "131"')
    return written
