"""Text in columns of a terminal, in any script: wrapped, padded, with something at the right edge.

A combining mark takes no column of its own, a wide character two. Marks that stand beside their
letter (category Mc, as in Devanagari) count as one column: no terminal gives them more.
"""

from __future__ import annotations

import unicodedata

WIDTH = 80


def columns(text: str) -> int:
    """How many columns of a terminal a text takes at most."""
    return len(text) if text.isascii() else sum(map(_column, text))


def _column(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def padded(text: str, width: int) -> str:
    return text + " " * max(0, width - columns(text))


def wrapped(words: str, first: str, rest: str, width: int = WIDTH) -> list[str]:
    """Lines that begin with `first` and then `rest`; only a word longer than a line is cut."""
    room = max(1, width - max(columns(first), columns(rest)))
    lines, line = [], ""
    for word in _short(words.split(" "), room):
        longer = f"{line} {word}" if line else word
        if line and columns(longer) > room:
            lines.append(line)
            longer = word
        line = longer
    lines.append(line)
    return [f"{rest if n else first}{line}".rstrip() for n, line in enumerate(lines)]


def _short(words: list[str], room: int) -> list[str]:
    """The words, the long ones in pieces that a line has room for."""
    pieces = []
    for word in filter(None, words):
        left = word
        while columns(left) > room:
            cut = _cut(left, room)
            pieces.append(left[:cut])
            left = left[cut:]
        pieces.append(left)
    return pieces


def _cut(word: str, room: int) -> int:
    """After how many characters a long word is cut: never between a letter and its marks."""
    taken, cut = 0, 1
    for place, character in enumerate(word):
        mark = unicodedata.category(character)[0] == "M"
        if taken <= room and not mark:
            cut = max(1, place)
        taken += _column(character)
        if taken > room:
            return cut
    return len(word)


def with_tail(line: str, tail: str, width: int = WIDTH) -> list[str]:
    """The line with something at its right edge, on a line of its own where there is no room."""
    if not tail:
        return [line]
    room = width - columns(line) - columns(tail)
    if room >= 1:
        return [line + " " * room + tail]
    if columns(tail) > width:
        return [line, *wrapped(tail, "", "", width)]
    return [line, " " * (width - columns(tail)) + tail]
