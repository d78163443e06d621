"""Places: a tree, such as village < ward < district, found by name or alias.

The words by which a place is found come here folded: who compares words has folded them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from relay.core.people import Person, Place
from relay.core.plain import many
from relay.errors import StoreError
from relay.store import people, trail

_PLACE = "SELECT id, name, level, parent_id FROM place"
# Deeper is none, also where rows were damaged into a ring.
_DEEPEST = 32


@dataclass(eq=False)
class PlaceInUse(StoreError):
    """A place with people or places in it, or with reports of it, is not removed."""

    place: str
    people: int
    below: tuple[str, ...]

    def __str__(self) -> str:
        if self.below:
            return f"these places lie in {self.place}: {', '.join(self.below[:5])}"
        if self.people:
            who = many(self.people, "person is", "people are")
            return f"{who} in {self.place}"
        return f"something else refers to {self.place}"


def find(tx: sqlite3.Connection, word: str) -> Place | None:
    """By its folded name, or else by a folded alias."""
    row = tx.execute(
        f"{_PLACE} WHERE word = :word UNION ALL {_PLACE} WHERE id ="
        " (SELECT place_id FROM place_alias WHERE word = :word) LIMIT 1",
        {"word": word},
    ).fetchone()
    return None if row is None else Place(*row)


def names(tx: sqlite3.Connection) -> list[str]:
    """All folded names and aliases, for near misses."""
    rows = tx.execute("SELECT word FROM place UNION SELECT word FROM place_alias")
    return [row[0] for row in rows]


def found_by(tx: sqlite3.Connection) -> list[tuple[str, int]]:
    """Each folded name and alias with the id of its place."""
    rows = tx.execute("SELECT word, id FROM place UNION SELECT word, place_id FROM place_alias")
    return [(row[0], row[1]) for row in rows]


def get(tx: sqlite3.Connection, place_id: int) -> Place:
    """Raises KeyError for an id that no place has, or has any more."""
    row = tx.execute(f"{_PLACE} WHERE id = ?", (place_id,)).fetchone()
    if row is None:
        raise KeyError(place_id)
    return Place(*row)


def everywhere(tx: sqlite3.Connection) -> list[Place]:
    return [Place(*row) for row in tx.execute(f"{_PLACE} ORDER BY word")]


def ancestors(tx: sqlite3.Connection, place_id: int) -> list[int]:
    """Up to the root, the nearest first, itself included."""
    rows = tx.execute(
        "WITH RECURSIVE up (id, far) AS (SELECT id, 0 FROM place WHERE id = ? UNION ALL"
        f" SELECT parent_id, far + 1 FROM up JOIN place USING (id) WHERE far < {_DEEPEST}"
        "  AND parent_id IS NOT NULL)"
        " SELECT id FROM up ORDER BY far",
        (place_id,),
    )
    return [row[0] for row in rows]


def within(tx: sqlite3.Connection, place_id: int) -> list[int]:
    """Itself and all that lies below it."""
    rows = tx.execute(
        "WITH RECURSIVE down (id) AS (SELECT id FROM place WHERE id = ?"
        " UNION SELECT place.id FROM down JOIN place ON parent_id = down.id)"
        " SELECT id FROM down",
        (place_id,),
    )
    return [row[0] for row in rows]


def supervisors(tx: sqlite3.Connection, place_ids: Sequence[int], tag: str) -> list[Person]:
    """Those with the tag at the nearest place going up from any of these; at one place all."""
    lines = [ancestors(tx, place_id) for place_id in place_ids]
    for level in range(max(map(len, lines), default=0)):
        here = {line[level] for line in lines if level < len(line)}
        if found := list(people.with_tag(tx, tag, here)):
            return found
    return []


# --- each change, with who made it --------------------------------------------------------------


def add(
    tx: sqlite3.Connection,
    now: int,
    name: str,
    word: str,
    level: str,
    parent_id: int | None,
    source: str,
) -> Place:
    """`word` is the folded name; that it is free, as name and as alias, the caller has seen."""
    place_id = tx.execute(
        "INSERT INTO place (name, word, level, parent_id) VALUES (?, ?, ?, ?)",
        (name, word, level, parent_id),
    ).lastrowid
    trail.note(tx, now, "place", place_id or 0, "Added", None, name, source)
    return get(tx, place_id or 0)


def move(
    tx: sqlite3.Connection,
    now: int,
    place_id: int,
    level: str,
    parent_id: int | None,
    source: str,
) -> bool:
    """Put it into another place; False if it is there. Raises ValueError if that lies in it."""
    before = get(tx, place_id)
    if (before.level, before.parent_id) == (level, parent_id):
        return False
    if parent_id is not None and parent_id in within(tx, place_id):
        raise ValueError(f"{get(tx, parent_id).name} lies in {before.name}")
    tx.execute(
        "UPDATE place SET level = ?, parent_id = ? WHERE id = ?", (level, parent_id, place_id)
    )
    trail.note(tx, now, "place", place_id, "Moved", _where(before.level, before.parent_id),
               _where(level, parent_id), source)  # fmt: skip
    return True


def _where(level: str, parent_id: int | None) -> str:
    return level if parent_id is None else f"{level} in place {parent_id}"


def aliases(tx: sqlite3.Connection, place_id: int) -> list[str]:
    rows = tx.execute("SELECT word FROM place_alias WHERE place_id = ? ORDER BY 1", (place_id,))
    return [row[0] for row in rows]


def add_alias(tx: sqlite3.Connection, now: int, place_id: int, word: str, source: str) -> bool:
    """Another word for it, folded; False if it was one already. That it is free the caller has
    seen."""
    if word in aliases(tx, place_id):
        return False
    tx.execute("INSERT INTO place_alias (word, place_id) VALUES (?, ?)", (word, place_id))
    trail.note(tx, now, "place", place_id, "AliasAdded", None, word, source)
    return True


def remove_alias(tx: sqlite3.Connection, now: int, place_id: int, word: str, source: str) -> bool:
    """False if it was none of its aliases."""
    done = tx.execute(
        "DELETE FROM place_alias WHERE word = ? AND place_id = ?", (word, place_id)
    ).rowcount
    if done:
        trail.note(tx, now, "place", place_id, "AliasRemoved", word, None, source)
    return bool(done)


def remove(tx: sqlite3.Connection, now: int, place_id: int, source: str) -> None:
    """Raises `PlaceInUse`."""
    place = get(tx, place_id)
    below = tx.execute("SELECT name FROM place WHERE parent_id = ?", (place_id,)).fetchall()
    inside = population(tx).get(place_id, 0)
    if below or inside:
        raise PlaceInUse(place.name, inside, tuple(row[0] for row in below))
    if _is_named(tx, place_id):
        raise PlaceInUse(place.name, 0, ())
    tx.execute("DELETE FROM place WHERE id = ?", (place_id,))
    trail.note(tx, now, "place", place_id, "Removed", place.name, None, source)


# What is told of a place by its id, and would be told of none.
_NAMING = ("follower", "post", "rumor", "callout", "form_report", "patient", "stock_level")


def _is_named(tx: sqlite3.Connection, place_id: int) -> bool:
    sql = "SELECT 1 FROM {} WHERE place_id = ? LIMIT 1"
    return any(tx.execute(sql.format(one), (place_id,)).fetchone() for one in _NAMING)


def population(tx: sqlite3.Connection) -> dict[int, int]:
    """How many people are in each place, not counting those below it."""
    rows = tx.execute("SELECT place_id, count(*) FROM person_place GROUP BY place_id")
    return {row[0]: row[1] for row in rows}


def paths(places: Collection[Place]) -> Iterator[tuple[Place, int]]:
    """All of them as a tree: each below its parent and by name, with how deep it lies."""
    children: dict[int | None, list[Place]] = {}
    known = {place.id for place in places}
    for place in sorted(places, key=lambda one: one.name.casefold()):
        parent = place.parent_id if place.parent_id in known else None
        children.setdefault(parent, []).append(place)
    todo = [(place, 0) for place in reversed(children.get(None, []))]
    while todo:
        place, depth = todo.pop()
        yield place, depth
        todo += [(one, depth + 1) for one in reversed(children.get(place.id, []))]
