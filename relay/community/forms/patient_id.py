"""Short ids with a check digit, as CHT hands them out, so that none looks foreign to a server.

CHT, shared-libs/transitions/src/lib/ids.js: at least five digits, of which the last one is the
weighted sum of the others modulo 11 (with 0 for 10), so that two digits that changed places do
not name somebody else. When ids run out they become longer.
"""

from __future__ import annotations

from collections.abc import Callable

SHORTEST, LONGEST = 5, 13

# (how many digits) → so many random ones: handed in.
Digits = Callable[[int], str]


def with_check_digit(digits: str) -> str:
    """The first digit weighs most: one more than there are digits."""
    total = sum(int(digit) * weight for digit, weight in _weighted(digits))
    rest = total % 11
    return f"{digits}{0 if rest == 10 else rest}"


def _weighted(digits: str) -> zip[tuple[str, int]]:
    return zip(digits, range(len(digits) + 1, 1, -1), strict=True)


def is_id(text: str) -> bool:
    """Whether this can be an id: the right length, and its check digit right."""
    if not (SHORTEST <= len(text) <= LONGEST and text.isascii() and text.isdigit()):
        return False
    return with_check_digit(text[:-1]) == text


def candidates(digits: Digits, length: int, count: int) -> list[str]:
    """New ids to choose from; some may be the same."""
    return [with_check_digit(digits(length - 1)) for _ in range(count)]
