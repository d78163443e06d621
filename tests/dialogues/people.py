"""Who there is in a dialogue: places and people, written as staff would have them in the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from relay.community.spelling import fold
from relay.core.people import Place
from relay.store import people, places
from tests.dialogues.script import About

SOURCE = "the dialogue"


def add_place(tx: sqlite3.Connection, now: int, words: Mapping[str, str]) -> None:
    """`name`, and if given `parent`, `level` and `aliases`."""
    parent = known(tx, words["parent"]).id if "parent" in words else None
    name = words["name"]
    place = places.add(tx, now, name, fold(name), words.get("level", ""), parent, SOURCE)
    for alias in words.get("aliases", "").split(","):
        if alias.strip():
            places.add_alias(tx, now, place.id, fold(alias), SOURCE)


def add_people(tx: sqlite3.Connection, now: int, numbers: Sequence[str], who: About) -> None:
    for number in numbers:
        person = people.ensure(tx, now, number, SOURCE).id
        if who.name:
            people.set_name(tx, now, person, who.name, SOURCE)
        if who.language:
            people.set_language(tx, now, person, who.language, SOURCE)
        for tag in who.tags:
            people.tag(tx, now, person, tag, SOURCE)
        for key, value in who.attributes.items():
            people.set_attribute(tx, now, person, key, value, SOURCE)
        for name in who.places:
            people.put_in(tx, now, person, known(tx, name).id, SOURCE)


def known(tx: sqlite3.Connection, name: str) -> Place:
    """Raises LookupError, which says what is missing."""
    if (place := places.find(tx, fold(name))) is None:
        raise LookupError(f"there is no place {name!r}: a line 'place {name}' must stand above")
    return place
