"""One word, however a phone or a person writes it: case, width, digits, accents, what is unseen.

Everything here takes time in proportion to the text, whatever somebody sends.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache

# Where a message was typed on a phone, these stand behind or before a word and are no part of it.
# + and - are (O+ and O- are two blood groups), and so is the # of a form.
_BEHIND = ".,;:!?\"'`´’‘”“»«)]}…।॥؟،؛。、"
_BEFORE = "\"'`´‘’“”«»([{¡¿"
# UAX #15 §13.1.1 (Stream-Safe Text Format): no language puts more marks on one letter, and
# to put more into their order costs time in proportion to the square of their number.
_MOST_MARKS = 30
# The minus sign, and the apostrophe that a phone makes of a plain one.
_ALIKE = {"\u2212": "-", "\u2019": "'", "\u2018": "'"}
_WORD = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]+")
# Longer words are no near miss of anything.
_LONGEST = 40
_SHORTEST = 4
_LONG = 8  # letters from which on two slips may be made

# What looks like one of our letters on a phone: Cyrillic, Greek, digits.
_LOOKALIKES = str.maketrans(
    "аеорсухтмнкві" "јѕһԁԛԝ" "αεορτυχκνιηµβζ" "0135",
    "aeopcyxtmhkbi" "jshdqw" "aeoptyxknihubz" "oies",
)  # fmt: skip


def fold(text: str) -> str:
    """The same for every way to write the same.

    Without regard to case, width (NFKC), the alphabet of the digits, the accents of Latin, Greek
    and Cyrillic letters, what cannot be seen (zero-width and control characters), blanks, the
    kind of dash, and the punctuation and pictures around it. Folding twice changes nothing.
    """
    folded = _folded(text)
    while (again := _folded(folded)) != folded:
        folded = again
    return folded


def _folded(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKD", "".join(_few_marks(text)))
        text = unicodedata.normalize("NFC", "".join(map(_plain, text.casefold())))
    words = " ".join(_WORD.findall(text.casefold()))
    bare = words.rstrip(_BEHIND + " ").lstrip(_BEFORE + " ")
    return bare if bare.isascii() else _unpictured(bare)


def _unpictured(text: str) -> str:
    """Without the emoji at both ends: STOP with two folded hands is STOP."""
    first, end = 0, len(text)
    while first < end and _is_picture(text[first]):
        first += 1
    while end > first and _is_picture(text[end - 1]):
        end -= 1
    return text[first:end]


def _is_picture(character: str) -> bool:
    # Sk: the colour of the skin of an emoji.
    return unicodedata.category(character) in {"So", "Sk"}


def _few_marks(text: str) -> Iterator[str]:
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) == "Mn" else 0
        if marks <= _MOST_MARKS:
            yield character


@cache
def _plain(character: str) -> str:
    """One character of a decomposed text, as it is compared."""
    if character < "\x7f":
        return character
    if "\u0300" <= character <= "\u036f" or "\ufe00" <= character <= "\ufe0f":
        return ""  # accents; how an emoji is to look
    match unicodedata.category(character):
        case "Nd":
            return str(unicodedata.decimal(character))
        case "Cf":
            return ""
        case "Pd":
            return "-"
    return _ALIKE.get(character, character)


def lookalike(folded: str) -> str:
    """A folded text in the letters that it seems to be written in: СТОР and ST0P as stop."""
    return folded.translate(_LOOKALIKES)


def words(text: str) -> Iterator[tuple[str, int]]:
    """Each word, folded, and where in the text it ends. What folds to nothing is no word."""
    for found in _WORD.finditer(text):
        if folded := fold(found[0]):
            yield folded, found.end()


def first_word(text: str) -> tuple[str, str]:
    """The first word, folded, and what stands behind it as it was written, without outer blanks.

    Both are empty where there is no word.
    """
    for word, end in words(text):
        return word, text[end:].strip()
    return "", ""


# --- near misses --------------------------------------------------------------------------------


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of `known` that was most likely meant, or None where there is none or several.

    All are folded. One slip is forgiven (a letter too many, too few or wrong, two swapped), two
    where both have eight letters; none in digits, because Ward 1 is not Ward 2, and none in
    words of three letters, of which too many are near.
    """
    if len(word) > _LONGEST:
        return None
    found: dict[int, set[str]] = {0: set(), 1: set(), 2: set()}
    for other in known:
        slips = _slips(word, other, _forgiven(word, other))
        if slips is not None:
            found[slips].add(other)
    best = found[0] or found[1] or found[2]
    return best.pop() if len(best) == 1 else None


def _forgiven(one: str, other: str) -> int:
    if one == other or max(len(one), len(other)) < _SHORTEST or _digits(one) != _digits(other):
        return 0
    return 2 if min(len(one), len(other)) >= _LONG else 1


def _digits(word: str) -> str:
    return "".join(filter(str.isdigit, word))


def _slips(one: str, other: str, most: int) -> int | None:
    """How many slips lie between two words, None for more than `most`."""
    if one == other:
        return 0
    if abs(len(one) - len(other)) > most or len(set(one) ^ set(other)) > 2 * most:
        return None
    distance = _distance(one, other)
    return distance if distance <= most else None


def _distance(one: str, other: str) -> int:
    """Optimal string alignment: Levenshtein, and two neighbours that changed places."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]
