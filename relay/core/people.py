"""People and places: whom a number belongs to, and what was agreed with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from relay.core import number as numbers


class Consent(StrEnum):
    """What a person has said about messages from here: nothing yet, yes, or stop."""

    NONE = "NONE"
    GIVEN = "GIVEN"
    STOPPED = "STOPPED"


@dataclass(frozen=True, slots=True)
class Person:
    """One person, known by a number; `name` and `language` are '' where nobody has told.

    `paused` has posts of channels held back, `places` are ids. `consent_at` is epoch ms, and
    `consent_source` who or what has said so: "sms in 12", "people import by root".
    """

    id: int
    number: str
    name: str = ""
    language: str = ""
    consent: Consent = Consent.NONE
    paused: bool = False
    tags: frozenset[str] = frozenset()
    attributes: Mapping[str, str] = field(default_factory=dict)
    places: tuple[int, ...] = ()
    consent_at: int | None = None
    consent_source: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One node of the tree of places, such as a village in a ward."""

    id: int
    name: str
    level: str
    parent_id: int | None


# From the smallest upwards; a place lies in one of a larger kind.
LEVELS = ("village", "ward", "district")

_TAG = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,39}")


def tag_of(text: str) -> str | None:
    """A tag or the name of an attribute as it is kept, in lower case; None for what is none."""
    word = text.strip().casefold()
    return word if _TAG.fullmatch(word) else None


def telling(number: str) -> str:
    """What all spellings of a number share: its last eight digits, or all that there is."""
    return numbers.telling(number) or number


def same_person(one: str, other: str) -> bool:
    """Whether two spellings are of one number: with and without the country.

    Two that both name their countries are so only if they are the same, and short ones too: at a
    border the same last digits are two people.
    """
    return one == other or numbers.alike(one, other)
