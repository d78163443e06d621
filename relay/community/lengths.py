"""How many SMS a text takes once its fields are filled in: each one more is paid for each time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from relay.community.wording import ENGLISH, fill, placeholders
from relay.core.segment import segment
from relay.errors import TextError

# What the fields hold that are longer than a short word, as they mostly are.
TYPICAL: Mapping[str, str] = {
    "number": "+254700000001",
    "phone": "+254700000001",
    "sender": "+254700000001",
    "who": "Wanjiku +254700000001",
    "name": "Wanjiku",
    "names": "Asha, Wanjiku",
    "place": "Korogocho",
    "places": "Huruma, Korogocho",
    "site": "Korogocho clinic",
    "where": "Korogocho clinic",
    "channels": "PEACE, NOTICES, HEALTH",
    "choices": "YES 31, YES 37",
    "title": "Pregnancy registration",
    "fields": "name weeks",
    "sign": "bleeding",
    "disease": "cholera",
    "week": "2026-W48",
    "what": "AB-",
    "code": "137",
}
_OTHERWISE = "12345"


@dataclass(frozen=True, slots=True)
class Length:
    """A text of a rule set: the way to it in the file, its language, and the SMS it takes."""

    keys: tuple[str, ...]
    language: str
    parts: int


def lengths(
    tables: Mapping[str, Any], national: Sequence[str] = (), keys: tuple[str, ...] = ()
) -> Iterator[Length]:
    """Of every text of a rule set, wherever it stands: a table with an `en` of letters is one."""
    if isinstance(tables.get(ENGLISH), str):
        for language, text in tables.items():
            yield Length((*keys, language), language, sms_of(text, national))
        return
    for key, below in tables.items():
        if isinstance(below, Mapping):
            yield from lengths(below, national, (*keys, key))


def sms_of(template: str, national: Sequence[str] = ()) -> int:
    """How many SMS it takes, with what its fields usually hold. 0 where no SMS can carry it."""
    fields = {one: TYPICAL.get(one, _OTHERWISE) for one in placeholders(template)}
    try:
        return len(segment(fill(template, fields), national=national).parts)
    except TextError:
        return 0
