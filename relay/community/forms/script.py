"""Blanks, digits and numbers as CHT sees them: those of JavaScript (ECMA-262), not of Python."""

from __future__ import annotations

import re
import unicodedata

# ECMA-262 §12.2 and §12.3: what `\s` stands for. Python's differs in both directions.
BLANKS = (
    "\t\n\x0b\x0c\r \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
LINE_ENDS = "\n\r\u2028\u2029"
INVISIBLE = "\u200b\u200c\u200d\ufeff"
_INVISIBLE = dict.fromkeys(map(ord, INVISIBLE))
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_BASED = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")
# Beyond this many characters it is no number that a person has typed.
_LONGEST_NUMBER = 40


def visible(text: str) -> str:
    """Without the joiners and marks of zero width that keyboards leave behind."""
    return text.translate(_INVISIBLE)


def western(text: str) -> str:
    """The digits of any script as 0 to 9.

    CHT does so with Devanagari only; people who write other digits mean the same by them.
    """
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c, c)) for c in text)


def number(text: str) -> int | float | None:
    """The number that a text is; None if it is none. An empty text is no number, a blank one 0."""
    if not text or len(text) > _LONGEST_NUMBER:
        return None
    digits = western(text).strip(BLANKS)
    if not digits:
        return 0
    if _BASED.fullmatch(digits):
        return int(digits, 0)
    if not _DECIMAL.fullmatch(digits):
        return None
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        return None
    return int(value) if value.is_integer() else value


def as_text(value: int | float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)
