"""The network's answer to a USSD code: +CUSD (3GPP TS 27.007 §7.15) and its many encodings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from relay.core.at import is_hex
from relay.core.gsm7 import DEFAULT, pack, unpack

# <m> of +CUSD
DONE, MENU, ENDED, OTHER_CLIENT, NOT_SUPPORTED, NETWORK_TIMEOUT = range(6)

_CUSD = re.compile(r"\+CUSD:\s*+(\d)\s*+(?:,|$)")
_UNSPECIFIED = 15  # <dcs>: the default alphabet, no language
_SHORTEST_PACKED = 8
# What the alphabet of TS 23.038 has below 0x20, from modems that pass its codes through.
_CONTROL = {code: DEFAULT.decode(bytes([code])) for code in range(1, 0x20) if code != 0x1B}
_CONTROL |= {0x0A: "\n", 0x0D: "\r"}


@dataclass(frozen=True, slots=True)
class UssdAnswer:
    """`kind` is <m>; `text` is decoded and may be empty."""

    kind: int
    text: str = field(repr=False, default="")


def read_cusd(line: str) -> UssdAnswer | None:
    """The answer in a +CUSD line (line ends inside the text included), or None."""
    found = _CUSD.match(line)
    if found is None:
        return None
    shown, dcs = _shown(line[found.end() :])
    return UssdAnswer(int(found[1]), ussd_text(shown, dcs))


def _shown(text: str) -> tuple[str, int]:
    """<str> and <dcs> of `"text",15`, with or without quotes, blanks and <dcs>."""
    before, comma, last = text.rpartition(",")
    dcs = last.strip()
    if comma and dcs.isdecimal() and len(dcs) <= 3:
        return _unquoted(before), int(dcs)
    return _unquoted(text), _UNSPECIFIED


def _unquoted(text: str) -> str:
    return text.strip().removeprefix('"').removesuffix('"')


def ussd_text(shown: str, dcs: int) -> str:
    """The text that a modem shows as characters, as UCS2 in hex, or as packed septets in hex.

    The cell broadcast data coding scheme (TS 23.038 §5) says which alphabet the network used,
    not how the modem shows it: that is guessed from the characters.
    """
    if not is_hex(shown):
        return shown.translate(_CONTROL)
    if len(shown) % 4 == 0 and (_is_ucs2(dcs) or _looks_ucs2(shown)):
        return bytes.fromhex(shown).decode("utf-16-be", "replace")
    if len(shown) >= _SHORTEST_PACKED and not shown.isdigit():
        octets = bytes.fromhex(shown)
        text = DEFAULT.decode(unpack(octets[:223], len(octets) * 8 // 7)).rstrip("\r@")
        if _is_readable(text):
            return text
    return shown


def packed(code: str) -> str | None:
    """A USSD code as packed septets in hex, as older Huawei firmware wants it."""
    septets = DEFAULT.encode(code)
    if septets is None:
        return None
    if len(septets) % 8 == 7:
        septets += b"\r"  # TS 23.038 §6.1.2.3.1: seven spare bits would read as '@'
    return pack(septets).hex().upper()


def _is_ucs2(dcs: int) -> bool:
    # §5: 0x11 UCS2 with a language in front; 01xx 10xx general coding with UCS2
    return dcs == 0x11 or (dcs & 0xCC) == 0x48


def _looks_ucs2(shown: str) -> bool:
    groups = [shown[i : i + 2] for i in range(0, len(shown), 4)]
    return (
        len(groups) > 1
        and max(groups.count(high) for high in set(groups)) * 5 >= len(groups) * 4
        and groups.count("00") * 2 >= len(groups)
    )


def _is_readable(text: str) -> bool:
    plain = sum(
        (character.isascii() and character.isalnum()) or character in " \n.,:;*#-/()"
        for character in text
    )
    return bool(text) and plain * 10 >= len(text) * 9
