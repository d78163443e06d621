"""Readers of keys that are numbers and names of the mobile network."""

from __future__ import annotations

import re

from relay.config_secrets import Secret, Unfit
from relay.config_values import Place, kind, password, text, texts, web_address


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


def phone_numbers(value: object, place: Place) -> tuple[str, ...]:
    """Numbers in E.164, each once."""
    numbers = tuple(own_number(one, place) for one in texts(value, place))
    if len(set(numbers)) < len(numbers) or "" in numbers:
        raise Unfit("has a number twice, or an empty one; remove it")
    return numbers


def ping_address(value: object, place: Place) -> Secret | None:
    """The URL of a dead-man switch: whoever knows it can ping it, so it is kept as a secret."""
    secret = password(value, place)
    if secret:
        web_address(secret.reveal(), place)
    return secret


def path_suffix(value: object, place: Place) -> str:
    """What is put behind a URL, from its / on; or empty."""
    written = text(value, place)
    if written and not re.fullmatch(r"/[A-Za-z0-9._~/-]*", written):
        raise Unfit(f'is {kind(value)}; write the end of a URL from / on, such as "/fail"')
    return written
