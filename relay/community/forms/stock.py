"""Reports of stock: `SOH LA 20 R LA 30`, and what of it was used since the last one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from relay.community.forms.code import Header, header, without_code
from relay.community.forms.form import Stock
from relay.community.forms.script import BLANKS, visible, western

# A word and its number may be written apart, together, or with a sign between them.
_PART = re.compile(r"[^\W\d_]+|-?[0-9]+")
_MOST = 1_000_000
_LONGEST = 7
_MOST_PARTS = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a report: what is on the shelf (None if it was not said), and what came in."""

    item: str
    on_hand: int | None = None
    received: int = 0


@dataclass(frozen=True, slots=True)
class Movement:
    """What is written down: `used` is None where nobody knows what there was before.

    Less than nothing cannot be used: then more is there than was known of, and `used` is 0.
    """

    item: str
    before: int | None
    received: int
    count: int
    used: int | None


@dataclass(frozen=True, slots=True)
class Misread:
    """The word at which the report cannot be read; `known` says whether it is an item."""

    word: str
    known: bool = True


def body(text: str, code: str) -> str:
    """What stands behind the code, or behind a header: `1!SOH!LA#20`."""
    if header(text) is Header.NONE:
        return without_code(text, code)
    return text.split("!", 2)[2]


def read(stock: Stock, body: str) -> tuple[Line, ...] | Misread:
    """The items in the order in which they come; `body` is what stands behind the code."""
    lines: dict[str, Line] = {}
    for item, count, came_in in _numbers(stock, body):
        if count is None or (stock.items and item not in _upper(stock.items)):
            return Misread(item, known=count is None)
        line = lines.get(item, Line(item))
        lines[item] = (
            Line(item, line.on_hand, line.received + count)
            if came_in
            else Line(item, count, line.received)
        )
    return tuple(lines.values()) or Misread("")


def _numbers(stock: Stock, body: str) -> Iterator[tuple[str, int | None, bool]]:
    """(item, number or None where none follows, whether it came in)"""
    marks = _upper(stock.received)
    came_in, item = False, ""
    shelf: set[str] = set()
    arrived: set[str] = set()
    for word in _PART.findall(western(visible(body)).strip(BLANKS).upper())[:_MOST_PARTS]:
        if item:
            # R LA 30 LA 20: what is told again, and was not counted yet, is what is on hand.
            came_in = came_in and item not in arrived - shelf
            (arrived if came_in else shelf).add(item)
            count = _count(word)
            yield item, count, came_in
            if count is None:
                return
            item = ""
        elif word in marks:
            came_in = True
            arrived.clear()
        else:
            item = word
    if item:
        yield item, None, came_in


def _count(word: str) -> int | None:
    if len(word) > _LONGEST or not (word.isascii() and word.isdigit()):
        return None
    return int(word) if int(word) <= _MOST else None


def _upper(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word.upper() for word in words)


def settle(line: Line, before: int | None) -> Movement:
    """Receipts are added to what there was before, whatever the order in the report was."""
    known = None if before is None else before + line.received
    if line.on_hand is None:
        count = line.received if known is None else known
        return Movement(line.item, before, line.received, count, None)
    used = None if known is None else max(0, known - line.on_hand)
    return Movement(line.item, before, line.received, line.on_hand, used)


def is_low(stock: Stock, movement: Movement) -> bool:
    levels: Mapping[str, int] = {item.upper(): level for item, level in stock.low.items()}
    level = levels.get(movement.item)
    return level is not None and movement.count <= level
