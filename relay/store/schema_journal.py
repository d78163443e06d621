"""The table of interventions: what a person had done at this station, beside its usual course."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m014_journal(db: SqliteUtils) -> None:
    """Who asked for what, and how it went. Numbers are masked before they come here."""
    create(
        db,
        """
        CREATE TABLE journal (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            who TEXT NOT NULL,
            what TEXT NOT NULL,
            detail TEXT NOT NULL,
            outcome TEXT NOT NULL
        ) STRICT
        """,
    )
