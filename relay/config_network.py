"""Readers of keys that are numbers and names of the mobile network."""

from __future__ import annotations

import re

from relay.config_secrets import Unfit
from relay.config_values import Place, kind, text


def service_centre(value: object, place: Place) -> str:
    """The number of an SMSC; empty for the one that the SIM knows."""
    number = re.sub(r"[\s().-]", "", text(value, place))
    if number and not re.fullmatch(r"\+[0-9]{5,15}", number):
        raise Unfit('is no number of a service centre; write it with its country, "+254…"')
    return number


def sender(value: object, place: Place) -> str:
    """Who a message seems to come from: a name, or a number."""
    name = text(value, place).strip()
    if not re.fullmatch(r"\+?[0-9]{3,15}|[A-Za-z][A-Za-z0-9 ._-]{1,10}", name):
        raise Unfit('is no sender; write a name of 2 to 11 letters and digits, as "relay"')
    return name


def own_number(value: object, place: Place) -> str:
    """The number of a SIM in E.164; empty for none."""
    written = re.sub(r"[\s()-]", "", text(value, place))
    if written and not re.fullmatch(r"\+[0-9]{5,15}", written):
        raise Unfit(f'is {kind(value)}; write the whole number, such as "+254711000000"')
    return written
