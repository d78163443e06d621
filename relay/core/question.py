"""A question that relay has asked somebody, and whose answer it will know again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """Asked of `number` by `owner`, about what `about` says (JSON values). Times are epoch ms.

    With `choices` it is answered by one of these words, else by yes or no. `code` is the number
    that the answer may repeat, and must where several questions are open.
    """

    id: int
    number: str
    owner: str
    kind: str
    about: Mapping[str, object]
    choices: tuple[str, ...]
    code: int | None
    asked_at: int
    expires_at: int
