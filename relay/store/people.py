"""People: who is behind a number, where they are, and whether they may be written to.

Each change is in the trail with its source ("sms in 12", "people import by root"): the event,
tags, ids and codes, never a name, a number or the value of an attribute.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence

from relay.core.people import Consent, Person, same_person, telling
from relay.store import optouts, trail

_COLUMNS = (
    "SELECT p.id, p.number, p.name, p.language, p.consent, p.paused, p.consent_at,"
    " p.consent_source,"
    " (SELECT json_group_array(tag) FROM person_tag WHERE person_id = p.id) AS tags,"
    " (SELECT json_group_object(name, value) FROM person_attribute WHERE person_id = p.id)"
    "  AS attributes,"
    " (SELECT json_group_array(place_id) FROM person_place WHERE person_id = p.id) AS places"
    " FROM person AS p"
)
# So many are in memory at a time, and a caller may write between two of them.
_PAGE = 500


def _person(row: sqlite3.Row) -> Person:
    return Person(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        language=row["language"],
        consent=Consent(row["consent"]),
        paused=bool(row["paused"]),
        tags=frozenset(json.loads(row["tags"])),
        attributes=json.loads(row["attributes"]),
        places=tuple(json.loads(row["places"])),
        consent_at=row["consent_at"],
        consent_source=row["consent_source"],
    )


# --- who there is -------------------------------------------------------------------------------


def by_number(tx: sqlite3.Connection, number: str) -> Person | None:
    """Whose number it is, however it is spelled; the very same spelling comes first."""
    rows = tx.execute(
        f"{_COLUMNS} WHERE p.telling = ? ORDER BY p.number <> ?, p.id", (telling(number), number)
    )
    return next((_person(row) for row in rows if same_person(row["number"], number)), None)


def get(tx: sqlite3.Connection, person_id: int) -> Person:
    """Raises KeyError for an id that nobody has, or has any more."""
    row = tx.execute(f"{_COLUMNS} WHERE p.id = ?", (person_id,)).fetchone()
    if row is None:
        raise KeyError(person_id)
    return _person(row)


def everybody(tx: sqlite3.Connection) -> Iterator[Person]:
    """In the order in which they were added, a page at a time."""
    yield from _paged(tx, f"{_COLUMNS} WHERE p.id > ? ORDER BY p.id", ())


def with_tag(
    tx: sqlite3.Connection, tag: str, place_ids: Collection[int] | None = None
) -> Iterator[Person]:
    """Those with a tag, in these very places (not below them: see `places.within`) or anywhere.

    Also those who have said STOP or are paused: who writes to them decides.
    """
    where = "JOIN person_tag AS t ON t.person_id = p.id AND t.tag = ? WHERE"
    order = " t.person_id > ? ORDER BY t.person_id"
    if place_ids is None:
        yield from _paged(tx, f"{_COLUMNS} {where}{order}", (tag,))
        return
    placed = (
        " EXISTS (SELECT 1 FROM person_place WHERE person_id = p.id"
        " AND place_id IN (SELECT value FROM json_each(?))) AND"
    )
    yield from _paged(
        tx, f"{_COLUMNS} {where}{placed}{order}", (tag, json.dumps(sorted(place_ids)))
    )


def known_by(tx: sqlite3.Connection, attribute: str, value: str) -> Person | None:
    """The first one whose attribute has this value, such as the id of a patient."""
    row = tx.execute(
        f"{_COLUMNS} JOIN person_attribute AS a ON a.person_id = p.id"
        " WHERE a.name = ? AND a.value = ? AND a.value <> '' ORDER BY p.id LIMIT 1",
        (attribute, value),
    ).fetchone()
    return None if row is None else _person(row)


def in_places(tx: sqlite3.Connection, place_ids: Collection[int]) -> Iterator[Person]:
    """Those in these very places, each once."""
    sql = (
        f"{_COLUMNS} WHERE EXISTS (SELECT 1 FROM person_place WHERE person_id = p.id"
        " AND place_id IN (SELECT value FROM json_each(?))) AND p.id > ? ORDER BY p.id"
    )
    yield from _paged(tx, sql, (json.dumps(sorted(place_ids)),))


def _paged(tx: sqlite3.Connection, sql: str, params: Sequence[object]) -> Iterator[Person]:
    """The last parameter is the id after which a page begins."""
    after = 0
    while rows := tx.execute(f"{sql} LIMIT {_PAGE}", (*params, after)).fetchall():
        after = rows[-1]["id"]
        yield from map(_person, rows)


def opted_out(tx: sqlite3.Connection, number: str) -> bool:
    """Whether this number must not be written to: also of somebody who was erased since."""
    return has_stopped(tx, by_number(tx, number), number)


def has_stopped(tx: sqlite3.Connection, person: Person | None, number: str) -> bool:
    """The same, where it was looked up already whose number it is."""
    if person is not None:
        return person.consent is Consent.STOPPED
    return optouts.holds(tx, number)


# --- each change, with who made it --------------------------------------------------------------


def ensure(tx: sqlite3.Connection, now: int, number: str, source: str) -> Person:
    """The person behind a number, who is added where nobody is; a STOP of old still holds."""
    return by_number(tx, number) or get(tx, _add(tx, now, number, source))


def _add(tx: sqlite3.Connection, now: int, number: str, source: str) -> int:
    person_id = int(
        tx.execute(
            "INSERT INTO person (number, telling, added_at) VALUES (?, ?, ?)",
            (number, telling(number), now),
        ).lastrowid
        or 0
    )
    trail.note(tx, now, "person", person_id, "Added", None, None, source)
    if (stopped_at := optouts.take(tx, number)) is not None:
        tx.execute(
            "UPDATE person SET consent = 'STOPPED', consent_at = ?, consent_source = ?"
            " WHERE id = ?",
            (stopped_at, "kept opt-out", person_id),
        )
        trail.note(tx, now, "person", person_id, "Consent", "NONE", "STOPPED", "kept opt-out")
    return person_id


def set_consent(
    tx: sqlite3.Connection, now: int, person_id: int, consent: Consent, source: str
) -> None:
    """Its date and source are those of the last time that it was said, also of the same again."""
    before = _field(tx, person_id, "consent")
    tx.execute(
        "UPDATE person SET consent = ?, consent_at = ?, consent_source = ? WHERE id = ?",
        (consent, now, source, person_id),
    )
    if before != consent:
        trail.note(tx, now, "person", person_id, "Consent", str(before), consent, source)


def set_language(
    tx: sqlite3.Connection, now: int, person_id: int, language: str, source: str
) -> None:
    before = _set(tx, person_id, "language", language)
    if before != language:
        trail.note(tx, now, "person", person_id, "Language", str(before), language, source)


def set_name(tx: sqlite3.Connection, now: int, person_id: int, name: str, source: str) -> None:
    if _set(tx, person_id, "name", name) != name:
        trail.note(tx, now, "person", person_id, "Named", None, None, source)


def set_paused(
    tx: sqlite3.Connection, now: int, person_id: int, paused: bool, source: str
) -> None:
    if bool(_set(tx, person_id, "paused", int(paused))) is not paused:
        event = "Paused" if paused else "Resumed"
        trail.note(tx, now, "person", person_id, event, None, None, source)


def _set(tx: sqlite3.Connection, person_id: int, column: str, value: object) -> object:
    """What stood there before."""
    before = _field(tx, person_id, column)
    if before != value:
        tx.execute(f"UPDATE person SET {column} = ? WHERE id = ?", (value, person_id))
    return before


def _field(tx: sqlite3.Connection, person_id: int, column: str) -> object:
    row = tx.execute(f"SELECT {column} FROM person WHERE id = ?", (person_id,)).fetchone()
    if row is None:
        raise KeyError(person_id)
    return row[0]


def tag(tx: sqlite3.Connection, now: int, person_id: int, tag: str, source: str) -> bool:
    """False if it was there already."""
    done = tx.execute(
        "INSERT OR IGNORE INTO person_tag (tag, person_id) VALUES (?, ?)", (tag, person_id)
    )
    return _noted(tx, now, person_id, done, "Tagged", None, tag, source)


def untag(tx: sqlite3.Connection, now: int, person_id: int, tag: str, source: str) -> bool:
    """False if it was not there."""
    done = tx.execute("DELETE FROM person_tag WHERE tag = ? AND person_id = ?", (tag, person_id))
    return _noted(tx, now, person_id, done, "Untagged", tag, None, source)


def set_attribute(
    tx: sqlite3.Connection, now: int, person_id: int, name: str, value: str, source: str
) -> bool:
    """An empty value takes it away. False if nothing changed."""
    key = (person_id, name)
    if not value:
        sql = "DELETE FROM person_attribute WHERE person_id = ? AND name = ?"
        return _noted(
            tx, now, person_id, tx.execute(sql, key), "AttributeRemoved", name, None, source
        )
    done = tx.execute(
        "INSERT INTO person_attribute (person_id, name, value) VALUES (?, ?, ?)"
        " ON CONFLICT (person_id, name) DO UPDATE SET value = excluded.value"
        " WHERE value <> excluded.value",
        (*key, value),
    )
    return _noted(tx, now, person_id, done, "AttributeSet", None, name, source)


def put_in(tx: sqlite3.Connection, now: int, person_id: int, place_id: int, source: str) -> bool:
    """False if they were there already."""
    done = tx.execute(
        "INSERT OR IGNORE INTO person_place (person_id, place_id) VALUES (?, ?)",
        (person_id, place_id),
    )
    return _noted(tx, now, person_id, done, "PutIn", None, f"place {place_id}", source)


def take_out(tx: sqlite3.Connection, now: int, person_id: int, place_id: int, source: str) -> bool:
    """False if they were not there."""
    done = tx.execute(
        "DELETE FROM person_place WHERE person_id = ? AND place_id = ?", (person_id, place_id)
    )
    return _noted(tx, now, person_id, done, "TakenOut", f"place {place_id}", None, source)


def _noted(
    tx: sqlite3.Connection,
    now: int,
    person_id: int,
    done: sqlite3.Cursor,
    event: str,
    before: str | None,
    after: str | None,
    source: str,
) -> bool:
    if done.rowcount <= 0:
        return False
    trail.note(tx, now, "person", person_id, event, before, after, source)
    return True


def remove(tx: sqlite3.Connection, now: int, person_id: int, source: str) -> None:
    """Forget a person with all that is known of them, but for their STOP (see `optouts`)."""
    person = get(tx, person_id)
    leave(tx, now, [person.number], source)
    tx.execute("DELETE FROM person WHERE id = ?", (person_id,))


def leave(tx: sqlite3.Connection, now: int, spellings: Sequence[str], source: str) -> None:
    """Before the people with these very numbers go: their STOP stays, and a line of the trail."""
    rows = tx.execute(
        "SELECT id, number, consent, consent_at FROM person"
        " WHERE number IN (SELECT value FROM json_each(?))",
        (json.dumps(list(spellings)),),
    ).fetchall()
    for row in rows:
        if row["consent"] == Consent.STOPPED:
            optouts.keep(tx, row["number"], row["consent_at"] or now)
        trail.note(tx, now, "person", row["id"], "Removed", None, None, source)
