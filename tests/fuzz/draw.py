"""Bytes as a row of choices: any bytes are some input, and a small change is a small change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """Choices are taken from the front; when nothing is left, every choice is the first one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return max(0, len(self._data) - self._at)

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def below(self, count: int) -> int:
        return self.byte() % count

    def pick(self, things: Sequence[T]) -> T:
        return things[self.below(len(things))]

    def take(self, count: int) -> bytes:
        """Up to `count` bytes."""
        self._at, start = min(self._at + count, len(self._data)), self._at
        return self._data[start : self._at]

    def rest(self) -> bytes:
        return self.take(self.left)

    def pieces(self, data: bytes) -> list[bytes]:
        """`data` cut at places that are drawn."""
        cuts = sorted(int(place * len(data) / 255) for place in self.take(self.below(8)))
        return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
