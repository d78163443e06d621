"""Which form a message names, and what stands behind the name.

CHT, api/src/services/report/smsparser.js: `getFormCode`, `stripFormCode` and the test for Muvuku
headers. Time grows with the length of the message and no faster, whatever is in it.
"""

from __future__ import annotations

from enum import Enum, auto

from relay.community.forms.script import BLANKS, INVISIBLE, LINE_ENDS, visible

_BEHIND_CODE = BLANKS + "!-,:#"


class Header(Enum):
    """How the values of a message are written."""

    NONE = auto()  # as words: compact, or with labels (TextForms)
    POSITIONAL = auto()  # 1!CODE!value#value
    LABELLED = auto()  # J1!CODE!LABEL#value#LABEL#value
    UNKNOWN = auto()  # a header of a kind that nobody reads


def form_code(text: str) -> str:
    """The code that the message begins with, in capitals; '' if it has none."""
    between = text.split("!", 2)
    if len(between) == 3:
        return visible(between[1]).upper()
    token = _token(text.lstrip(BLANKS))
    return visible(token).upper()


def _token(text: str) -> str:
    for place, character in enumerate(text):
        if character in _BEHIND_CODE:
            return text[:place]
    return text


def header(text: str) -> Header:
    """Something must stand between the second `!` and the end of the first line."""
    begun = text.lstrip(BLANKS)
    mark, found, rest = begun[:3].partition("!")
    if not found or not _is_mark(mark):
        return Header.NONE
    rest = begun[len(mark) + 1 :]
    line = rest[: _line_end(rest)]
    if not 0 < line.find("!", 1) < len(line) - 1:
        return Header.NONE
    if mark == "1":
        return Header.POSITIONAL
    return Header.LABELLED if mark.upper() == "J1" else Header.UNKNOWN


def _is_mark(mark: str) -> bool:
    """One digit, or a letter and one digit."""
    return mark.isascii() and mark[-1:].isdigit() and (len(mark) == 1 or mark[:-1].isalpha())


def _line_end(text: str) -> int:
    return next((i for i, character in enumerate(text) if character in LINE_ENDS), len(text))


def without_code(text: str, code: str) -> str:
    """What stands behind the code; the whole text where it does not begin with it."""
    place = _behind(text, code)
    if place is None:
        return text
    return text[place:].lstrip(_BEHIND_CODE)


def _behind(text: str, code: str) -> int | None:
    """Where the code ends, with what is invisible in it passed over."""
    place = len(text) - len(text.lstrip(BLANKS))
    for wanted in code:
        while place < len(text) and text[place] in INVISIBLE:
            place += 1
        if place == len(text) or text[place].upper() != wanted.upper():
            return None
        place += 1
    return place
