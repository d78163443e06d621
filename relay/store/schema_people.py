"""The tables of people and places: who is known by which number, where, and what was agreed."""

from __future__ import annotations

import secrets

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m017_people(db: SqliteUtils) -> None:
    """Built for 10,000 people in 200 places. Empty until somebody is told of or writes a command.

    `telling` is what all spellings of a number share, `word` a name as it is compared (folded).
    `opt_out` keeps the STOP of those who were erased or removed, under a mark that is made with a
    key of this station's own and does not show the number.
    """
    create(
        db,
        """
        CREATE TABLE place (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            word TEXT NOT NULL UNIQUE,
            level TEXT NOT NULL,
            parent_id INTEGER REFERENCES place (id)
        ) STRICT;
        CREATE INDEX place_parent ON place (parent_id) WHERE parent_id IS NOT NULL;

        CREATE TABLE place_alias (
            word TEXT PRIMARY KEY,
            place_id INTEGER NOT NULL REFERENCES place (id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX place_alias_place ON place_alias (place_id);

        CREATE TABLE person (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            number TEXT NOT NULL UNIQUE,
            telling TEXT NOT NULL,
            name TEXT NOT NULL DEFAULT '',
            language TEXT NOT NULL DEFAULT '',
            consent TEXT NOT NULL DEFAULT 'NONE',
            consent_at INTEGER,
            consent_source TEXT NOT NULL DEFAULT '',
            paused INTEGER NOT NULL DEFAULT 0,
            added_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX person_telling ON person (telling);
        CREATE INDEX person_stopped ON person (id) WHERE consent = 'STOPPED';

        CREATE TABLE person_place (
            person_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
            place_id INTEGER NOT NULL REFERENCES place (id),
            PRIMARY KEY (person_id, place_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX person_place_place ON person_place (place_id, person_id);

        CREATE TABLE person_tag (
            tag TEXT NOT NULL,
            person_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
            PRIMARY KEY (tag, person_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX person_tag_person ON person_tag (person_id);

        CREATE TABLE person_attribute (
            person_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (person_id, name)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX person_attribute_value ON person_attribute (name, value);

        CREATE TABLE opt_out (
            mark TEXT PRIMARY KEY,
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    )
    db.execute("INSERT INTO meta VALUES ('opt_out_key', ?)", [secrets.token_hex(32)])
