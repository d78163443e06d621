"""The tables of the loop breaker: what was said of late, and what waits for a person's word."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m011_loops(db: SqliteUtils) -> None:
    """`utterance` forgets after an hour; `held` is as long as nobody has decided."""
    create(
        db,
        """
        CREATE TABLE utterance (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            recipient TEXT NOT NULL,
            key TEXT NOT NULL
        ) STRICT;
        CREATE INDEX utterance_recipient ON utterance (recipient, at);
        CREATE INDEX utterance_at ON utterance (at);

        CREATE TABLE held (
            outbound_id INTEGER PRIMARY KEY REFERENCES outbound (id),
            at INTEGER NOT NULL
        ) STRICT
        """,
    )
