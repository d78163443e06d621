"""The tables of the engine that answers: what is owed, what was asked, and who was told what."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m018_answering(db: SqliteUtils) -> None:
    """`answer` is owed to each message; an `occasion` is told to a number once and never again.

    The codes that people read out (`OK 37`) are of one sequence, whoever they belong to, and are
    never used again.
    """
    create(
        db,
        """
        CREATE TABLE answer (
            inbound_id INTEGER PRIMARY KEY REFERENCES inbound (id),
            state TEXT NOT NULL,
            by TEXT NOT NULL DEFAULT '',
            outbound_id INTEGER,
            at INTEGER
        ) STRICT;
        CREATE INDEX answer_waiting ON answer (inbound_id) WHERE state = 'WAITING';

        CREATE TABLE code (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            owner TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE question (
            id INTEGER PRIMARY KEY,
            number TEXT NOT NULL,
            owner TEXT NOT NULL,
            kind TEXT NOT NULL,
            about TEXT NOT NULL,
            choices TEXT NOT NULL,
            code INTEGER,
            asked_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            closed_at INTEGER
        ) STRICT;
        CREATE INDEX question_open ON question (number) WHERE closed_at IS NULL;
        CREATE INDEX question_code ON question (code)
            WHERE closed_at IS NULL AND code IS NOT NULL;
        CREATE INDEX question_closed ON question (closed_at) WHERE closed_at IS NOT NULL;

        CREATE TABLE occasion (
            rule TEXT NOT NULL,
            occasion TEXT NOT NULL,
            number TEXT NOT NULL,
            outbound_id INTEGER,
            at INTEGER NOT NULL,
            PRIMARY KEY (rule, occasion, number)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX occasion_number ON occasion (number, at);
        CREATE INDEX occasion_outbound ON occasion (outbound_id) WHERE outbound_id IS NOT NULL;
        CREATE INDEX occasion_at ON occasion (at);

        CREATE TABLE allowance (
            number TEXT PRIMARY KEY,
            used INTEGER NOT NULL,
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    )
