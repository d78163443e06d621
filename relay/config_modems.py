"""How relay.toml names modems and numbers: readers of keys, as in `config_values`."""

from __future__ import annotations

import re

from relay.config_secrets import Unfit
from relay.config_values import Place, kind, text
from relay.core.usb import check_digit

_PREFIX = re.compile(r"\+?[0-9]{1,14}")


def imei(value: object, place: Place) -> str:
    """The 15 digits of an IMEI, with its check digit (3GPP TS 23.003 annex B); '' is none."""
    written = re.sub(r"[ ./-]", "", text(value, place))
    if not written:
        return ""
    if not re.fullmatch(r"[0-9]{15}", written):
        more = " (16 are an IMEISV: leave out the last two and add the check digit)"
        hint = more if re.fullmatch(r"[0-9]{16}", written) else ""
        raise Unfit(f"is {kind(value)}; write the 15 digits of the IMEI in quotes{hint}")
    if int(written[14]) != check_digit(written):
        raise Unfit(
            f"{written} is mistyped: its check digit does not fit; copy it again from the label "
            "of the modem or from `relay modems`"
        )
    return written


def usb_numbers(value: object, place: Place) -> str:
    """Vendor and product of a USB device, as lsusb shows them; '' is none."""
    written = text(value, place).lower()
    if written and not re.fullmatch(r"[0-9a-f]{4}:[0-9a-f]{4}", written):
        raise Unfit(f'is {kind(value)}; write vendor:product, such as "12d1:1436" (lsusb)')
    return written


def usb_socket(value: object, place: Place) -> str:
    """Where a USB device is plugged in, in the kernel's words; '' is anywhere."""
    written = text(value, place)
    if written and not re.fullmatch(r"\d+-\d+(\.\d+)*", written):
        raise Unfit(f'is {kind(value)}; write the place as `relay modems` shows it, as "1-1.2"')
    return written


def prefixes(value: object, place: Place) -> tuple[str, ...]:
    """The beginnings of phone numbers, as they are dialled."""
    if not isinstance(value, list):
        raise Unfit(f'is {kind(value)}; write a list, such as ["+26096", "+26076"] or []')
    for one in value:
        if not isinstance(one, str) or not _PREFIX.fullmatch(one):
            raise Unfit(f'has {kind(one)} in it; write beginnings of numbers, such as "+26096"')
    return tuple(dict.fromkeys(value))


def operator_lines(value: object, place: Place) -> tuple[str, ...]:
    """Lines of MCC and MNC and the beginnings of that operator's numbers."""
    if not isinstance(value, list):
        raise Unfit(f'is {kind(value)}; write a list, such as ["64502 +26096 +26076"] or []')
    for one in value:
        code, *rest = one.split() if isinstance(one, str) and one.strip() else [""]
        if not (re.fullmatch(r"[0-9]{5,6}", code) and rest and all(map(_PREFIX.fullmatch, rest))):
            raise Unfit(
                f"has {kind(one)} in it; write the operator's MCC and MNC and the beginnings of "
                'its numbers, such as "64502 +26096 +26076"'
            )
    return tuple(value)
