"""TextForms: `LABEL value#LABEL value`, between which blanks, `#`, `!` and `-` may stand.

CHT, api/src/services/report/textforms-parser.js. Its pattern may take the cube of a message's
length; this takes the same from it in one pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from relay.community.forms.script import BLANKS, LINE_ENDS, number

_LABEL = re.compile(r"[A-Za-z_.*]+")
_BETWEEN = rf"[{BLANKS}!-]*"
# What may stand between a label and words: a date, a number that does not begin with 0.
_FRONT = re.compile(
    rf"{_BETWEEN}(?P<date>[0-9]{{4}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}})?"
    rf"{_BETWEEN}(?P<number>[1-9][0-9]*(?:\.[0-9]*)?)?{_BETWEEN}"
)

Value = str | float | tuple[object, ...] | None


def labelled_values(body: str) -> dict[str, Value]:
    """By label, in small letters. Of a label that comes more than once, all values."""
    found: dict[str, list[Value]] = {}
    for label, value in _pairs(body):
        several = found.setdefault(label, [])
        if several or value is not None:
            several.append(value)
    return {label: _one_or_all(several) for label, several in found.items()}


def _one_or_all(several: list[Value]) -> Value:
    if len(several) > 1:
        return tuple(several)
    return several[0] if several else None


def _pairs(body: str) -> Iterator[tuple[str, Value]]:
    for part in body.split("#"):
        if (said := part.strip(BLANKS)) and (pair := _pair(said)):
            yield pair


def _pair(part: str) -> tuple[str, Value] | None:
    """The first label behind whose date and number everything stands on one line."""
    last_line = max((part.rfind(end) for end in LINE_ENDS), default=-1)
    for label in _LABEL.finditer(part):
        front = _FRONT.match(part, label.end())
        assert front is not None  # all of it may be absent
        if front.end() > last_line:
            return label[0].lower(), _value(front["date"], front["number"], part[front.end() :])
    return None


def _value(day: str | None, digits: str | None, words: str) -> Value:
    """A number and words are one value (`16A`), a date alone is a day, else they are words."""
    if digits is not None:
        return digits + words if words else number(digits)
    if day is not None:
        return _day(day)
    return words or None


def _day(text: str) -> str | None:
    year, month, day = (int(part) for part in re.split(r"[-/]", text))
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
