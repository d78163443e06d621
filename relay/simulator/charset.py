"""Strings as AT+CSCS asks for them (TS 27.007 §5.5)."""

from __future__ import annotations

CHARSETS = ("IRA", "GSM", "UCS2")


def encoded(text: str, charset: str) -> str:
    """UCS2 is hex; the rest goes as it is, without the quotes that would end the string."""
    if charset == "UCS2":
        return text.encode("utf-16-be").hex().upper()
    return text.replace('"', "'")


def decoded(text: str, charset: str) -> str:
    """Raises ValueError for a string that is no UCS2 hex."""
    return bytes.fromhex(text).decode("utf-16-be") if charset == "UCS2" else text


def from_packed(text: str) -> str:
    """Hex of packed septets, as some families want USSD codes; plain text is left alone."""
    try:
        bits = int.from_bytes(bytes.fromhex(text), "little")
    except ValueError:
        return text
    count = len(text) * 4 // 7
    septets = [bits >> 7 * place & 0x7F for place in range(count)]
    # TS 23.038 §6.1.2.3.1: a spare septet at the end is filled with a carriage return, or zero
    return "".join(map(chr, septets)).rstrip("\r\0")
