"""A list of places, taken over: looked at as a whole, the tree too, then written at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from relay.community.lists import BadRow, PlaceRow, cell, lies_in, unknown_place
from relay.community.spelling import fold
from relay.core.people import LEVELS, Place
from relay.flows.people_lists import Fate
from relay.store import places
from relay.store.database import Database


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list would do: its rows by folded name, each behind the one that it lies in."""

    rows: Mapping[str, tuple[PlaceRow, Fate]]
    bad: tuple[BadRow, ...]

    def count(self, fate: Fate) -> int:
        return sum(one is fate for _, one in self.rows.values())


# --- what it would do ---------------------------------------------------------------------------


def plan(view: sqlite3.Connection, rows: Iterable[PlaceRow | BadRow]) -> Plan:
    """Nothing is written."""
    bad: list[BadRow] = []
    there = {fold(place.name): place for place in places.everywhere(view)}
    taken = _taken(view, there)
    good: dict[str, PlaceRow] = {}
    for row in rows:
        try:
            if isinstance(row, BadRow):
                raise row
            _claim(taken, row)
            good[fold(row.name)] = row
        except BadRow as error:
            bad.append(error)
    tree = _Tree(there, dict(places.found_by(view)), good)
    while errors := list(tree.mistakes()):  # what lies in a bad one is bad too
        bad += errors
    fates = {word: _fate(view, tree, word) for word in tree.in_order()}
    return Plan({word: (good[word], fate) for word, fate in fates.items()}, tuple(bad))


def _taken(view: sqlite3.Connection, there: Mapping[str, Place]) -> dict[str, str]:
    """Each word by which a place is found, and the folded name of that place."""
    named = {place.id: word for word, place in there.items()}
    return {word: named[place_id] for word, place_id in places.found_by(view)}


def _claim(taken: dict[str, str], row: PlaceRow) -> None:
    """No word finds two places."""
    name = fold(row.name)
    if taken.get(name, name) != name:
        raise BadRow(
            row.line, f"{row.name!r} is another name of {taken[name]}", "choose another name"
        )
    for alias in row.aliases:
        if taken.get(alias, name) != name:
            raise BadRow(row.line, f"{alias!r} is {taken[alias]} already", "take the alias out")
    taken |= dict.fromkeys((name, *row.aliases), name)


class _Tree:
    """The places as they would be: those that are there, and the rows of the list over them."""

    def __init__(
        self, there: Mapping[str, Place], ids: Mapping[str, int], rows: dict[str, PlaceRow]
    ) -> None:
        self._there = there
        self._named = {place.id: word for word, place in there.items()}
        self._ids = ids
        self._rows = rows
        self._lines = {fold(row.name): row.line for row in rows.values()}

    def in_order(self) -> Iterator[str]:
        """The rows, each behind its parent."""
        done: set[str] = set()
        for word in self._rows:
            line: list[str] = []
            at: str | None = word
            while at in self._rows and at not in done:
                line.append(at)
                at = self.parent(at)
            done |= set(line)
            yield from reversed(line)

    def parent(self, word: str) -> str | None:
        """The folded name of what it would lie in."""
        row = self._rows.get(word)
        if row is None or row.parent is None:
            place = self._there.get(word)
            above = None if place is None else place.parent_id
            return None if above is None else self._named.get(above)
        return self._word(row.parent)

    def level(self, word: str) -> str:
        row = self._rows.get(word)
        if row is not None and row.level is not None:
            return row.level
        return self._there[word].level if word in self._there else LEVELS[0]

    def row(self, word: str) -> PlaceRow:
        return self._rows[word]

    def place(self, word: str) -> Place | None:
        return self._there.get(word)

    def _word(self, written: str) -> str:
        """What a place is found by may be an alias."""
        word = fold(written)
        if word in self._rows or word in self._there or word not in self._ids:
            return word
        return self._named[self._ids[word]]

    def mistakes(self) -> Iterator[BadRow]:
        """Each is taken out of the list."""
        for word, row in list(self._rows.items()):
            try:
                self._check(word, row)
            except BadRow as error:
                del self._rows[word]
                yield error

    def _check(self, word: str, row: PlaceRow) -> None:
        above = self.parent(word)
        if above is None:
            return
        if above not in self._rows and above not in self._there:
            if above in self._lines:
                raise BadRow(row.line, f"it lies in that of line {self._lines[above]}",
                             "correct that one")  # fmt: skip
            raise unknown_place(row.line, row.parent or above, [*self._there, *self._rows])
        lies_in(row.line, self.level(word), self.level(above), row.name)
        seen = {word}
        while above is not None:
            if above in seen:
                raise BadRow(row.line, f"{row.name} would lie in itself", "correct the parents")
            seen.add(above)
            above = self.parent(above)


def _fate(view: sqlite3.Connection, tree: _Tree, word: str) -> Fate:
    place = tree.place(word)
    if place is None:
        return Fate.ADDED
    above = tree.parent(word)
    known = None if above is None else tree.place(above)
    moved = above is not None and (known is None or known.id != place.parent_id)
    more = set(tree.row(word).aliases) - set(places.aliases(view, place.id))
    return Fate.CHANGED if moved or more or tree.level(word) != place.level else Fate.SAME


# --- and done -----------------------------------------------------------------------------------


def carry_out(db: Database, now: int, done: Plan, source: str) -> None:
    """Write what is to be added or changed; `source` says who did it."""
    with db.transaction() as tx:
        for word, (row, fate) in done.rows.items():
            if fate is not Fate.SAME:
                _write(tx, now, word, row, source)


def _write(tx: sqlite3.Connection, now: int, word: str, row: PlaceRow, source: str) -> None:
    above = places.find(tx, fold(row.parent)) if row.parent else None
    place = places.find(tx, word)
    if place is None:
        parent_id = None if above is None else above.id
        place = places.add(tx, now, row.name, word, row.level or LEVELS[0], parent_id, source)
    else:
        parent_id = place.parent_id if above is None else above.id
        places.move(tx, now, place.id, row.level or place.level, parent_id, source)
    for alias in row.aliases:
        places.add_alias(tx, now, place.id, alias, source)


# --- the other way round ------------------------------------------------------------------------


def cells(view: sqlite3.Connection) -> Iterator[tuple[str, ...]]:
    """A row for each place, as a list has it: what lies in another comes behind it."""
    known = {place.id: place for place in places.everywhere(view)}
    for place, _ in places.paths(known.values()):
        above = known.get(place.parent_id) if place.parent_id is not None else None
        name = above.name if above is not None else ""
        yield (place.name, place.level, name, cell(places.aliases(view, place.id)))
