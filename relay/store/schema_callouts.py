"""The tables of call-outs: what was asked for, who was asked, who rests, who pledged what."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m021_callouts(db: SqliteUtils) -> None:
    """No column holds a number: people are meant by their id, and one who was erased by none.

    That `taken` never exceeds `target` is held here, whatever the code does. `refs` counts the
    places that were ever given out: one that was given back is not given out again. A `volunteer`
    has what the choice needs of older appeals, so that it costs the same after years.
    """
    create(
        db,
        """
        CREATE TABLE callout (
            code INTEGER PRIMARY KEY,
            rule TEXT NOT NULL,
            tag TEXT NOT NULL,
            state TEXT NOT NULL,
            wants TEXT NOT NULL DEFAULT '{}',
            topic TEXT NOT NULL DEFAULT '',
            spot TEXT NOT NULL DEFAULT '',
            place_id INTEGER,
            target INTEGER NOT NULL CHECK (target > 0),
            taken INTEGER NOT NULL DEFAULT 0 CHECK (taken BETWEEN 0 AND target),
            refs INTEGER NOT NULL DEFAULT 0,
            asker_id INTEGER NOT NULL,
            confirmer_id INTEGER,
            started_at INTEGER NOT NULL,
            lasts_ms INTEGER NOT NULL,
            wave INTEGER NOT NULL DEFAULT 0,
            waved_at INTEGER,
            finished_at INTEGER,
            untold INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX callout_open ON callout (code) WHERE finished_at IS NULL;
        CREATE INDEX callout_untold ON callout (code) WHERE untold = 1;

        CREATE TABLE appeal (
            callout INTEGER NOT NULL REFERENCES callout (code),
            person_id INTEGER NOT NULL,
            state TEXT NOT NULL,
            wave INTEGER NOT NULL,
            asked_at INTEGER NOT NULL,
            answered_at INTEGER,
            rested_at INTEGER,
            ref INTEGER,
            times INTEGER NOT NULL DEFAULT 1 CHECK (times BETWEEN 1 AND 2),
            PRIMARY KEY (callout, person_id)
        ) STRICT, WITHOUT ROWID;
        CREATE UNIQUE INDEX appeal_ref ON appeal (callout, ref) WHERE ref IS NOT NULL;
        CREATE INDEX appeal_person ON appeal (person_id, asked_at);

        CREATE TABLE volunteer (
            tag TEXT NOT NULL,
            person_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
            asked_at INTEGER,
            rested_at INTEGER,
            gave_at INTEGER,
            PRIMARY KEY (tag, person_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX volunteer_person ON volunteer (person_id);

        CREATE TABLE pledge (
            callout INTEGER NOT NULL REFERENCES callout (code),
            person_id INTEGER NOT NULL,
            amount INTEGER NOT NULL CHECK (amount > 0),
            pledged_at INTEGER NOT NULL,
            told_at INTEGER,
            PRIMARY KEY (callout, person_id)
        ) STRICT, WITHOUT ROWID
        """,
    )
