"""A list of people, taken over: looked at as a whole first, then written in small transactions.

So a list with a mistake in row 9,000 changes nothing, and one of 10,000 rows never keeps an SMS
waiting. A list that was broken off is given once more: what is there already stays as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from relay.community.lists import BadRow, PersonRow, cell, unknown_place
from relay.community.spelling import fold
from relay.core.people import Consent, Person, same_person, telling
from relay.store import people, places
from relay.store.database import Database

_SLICE = 100


class Fate(StrEnum):
    """What becomes of a row."""

    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can be used. `stopped` is one that asks for a consent which a STOP denies."""

    row: PersonRow
    places: tuple[int, ...]
    fate: Fate
    stopped: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list would do."""

    entries: tuple[Entry, ...]
    bad: tuple[BadRow, ...]

    def count(self, fate: Fate) -> int:
        return sum(entry.fate is fate for entry in self.entries)

    @property
    def stopped(self) -> int:
        return sum(entry.stopped for entry in self.entries)


# --- what it would do ---------------------------------------------------------------------------


def plan(view: sqlite3.Connection, rows: Iterable[PersonRow | BadRow]) -> Plan:
    """Nothing is written."""
    entries: list[Entry] = []
    bad: list[BadRow] = []
    found = Places(view)
    lines: dict[str, list[PersonRow]] = {}
    for row in rows:
        try:
            if isinstance(row, BadRow):
                raise row
            _once(lines, row)
            entries.append(_entry(view, row, found.of(row)))
        except BadRow as error:
            bad.append(error)
    return Plan(tuple(entries), tuple(bad))


def _once(lines: dict[str, list[PersonRow]], row: PersonRow) -> None:
    others = lines.setdefault(telling(row.number), [])
    for other in others:
        if same_person(other.number, row.number):
            raise BadRow(row.line, f"line {other.line} has this number too", "take one out")
    others.append(row)


class Places:
    """The places that rows name, each looked up once."""

    def __init__(self, view: sqlite3.Connection) -> None:
        self._view = view
        self._ids: dict[str, int | None] = {}

    def of(self, row: PersonRow) -> tuple[int, ...]:
        """Raises `BadRow` for one that there is not."""
        return tuple(self._id(row.line, written) for written in row.places)

    def _id(self, line: int, written: str) -> int:
        if written not in self._ids:
            place = places.find(self._view, fold(written))
            self._ids[written] = None if place is None else place.id
        place_id = self._ids[written]
        if place_id is None:
            raise unknown_place(line, written, places.names(self._view))
        return place_id


def _entry(view: sqlite3.Connection, row: PersonRow, place_ids: tuple[int, ...]) -> Entry:
    person = people.by_number(view, row.number)
    if person is None:
        denied = row.consent is Consent.GIVEN and people.opted_out(view, row.number)
        return Entry(row, place_ids, Fate.ADDED, denied)
    denied = person.consent is Consent.STOPPED and row.consent in {Consent.GIVEN, Consent.NONE}
    fate = Fate.CHANGED if _differs(person, row, place_ids, denied) else Fate.SAME
    return Entry(row, place_ids, fate, denied)


def _differs(person: Person, row: PersonRow, place_ids: tuple[int, ...], denied: bool) -> bool:
    return (
        (row.name is not None and row.name != person.name)
        or (row.language is not None and row.language != person.language)
        or (row.consent is not None and row.consent is not person.consent and not denied)
        or (bool(place_ids) and set(place_ids) != set(person.places))
        or not person.tags >= set(row.tags)
        or any(person.attributes.get(name, "") != value for name, value in row.attributes)
    )


# --- and done -----------------------------------------------------------------------------------


def carry_out(db: Database, now: int, done: Plan, source: str) -> None:
    """Write what is to be added or changed; `source` says who did it."""
    wanted = [entry for entry in done.entries if entry.fate is not Fate.SAME]
    for start in range(0, len(wanted), _SLICE):
        with db.transaction() as tx:
            for entry in wanted[start : start + _SLICE]:
                _write(tx, now, entry, source)


def _write(tx: sqlite3.Connection, now: int, entry: Entry, source: str) -> None:
    row = entry.row
    person = people.ensure(tx, now, row.number, source)
    if row.name is not None:
        people.set_name(tx, now, person.id, row.name, source)
    if row.language is not None:
        people.set_language(tx, now, person.id, row.language, source)
    if row.consent not in {None, person.consent} and person.consent is not Consent.STOPPED:
        assert row.consent is not None
        people.set_consent(tx, now, person.id, row.consent, source)
    for tag in row.tags:
        people.tag(tx, now, person.id, tag, source)
    for name, value in row.attributes:
        people.set_attribute(tx, now, person.id, name, value, source)
    if entry.places:
        _move(tx, now, person, entry.places, source)


def _move(
    tx: sqlite3.Connection, now: int, person: Person, place_ids: Sequence[int], source: str
) -> None:
    for place_id in set(person.places) - set(place_ids):
        people.take_out(tx, now, person.id, place_id, source)
    for place_id in place_ids:
        people.put_in(tx, now, person.id, place_id, source)


# --- the other way round ------------------------------------------------------------------------


def cells(view: sqlite3.Connection, some: Iterable[Person]) -> Iterator[tuple[str, ...]]:
    """A row for each of them, as a list has it."""
    named = {place.id: place.name for place in places.everywhere(view)}
    for person in some:
        yield (
            person.number,
            person.name,
            person.language,
            cell(named[one] for one in person.places if one in named),
            cell(sorted(person.tags)),
            cell(f"{name}={value}" for name, value in sorted(person.attributes.items())),
            "" if person.consent is Consent.NONE else person.consent.lower(),
        )
