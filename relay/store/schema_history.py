"""What status knows only of this moment, kept over the months; and when an exchange began."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m015_history(db: SqliteUtils) -> None:
    """`sample` holds one figure a row: `what` is `signal:MODEM` (dBm, NULL while it was away),
    `waiting` or `here`. Nothing is unique by its time, which may be dated anew.

    `offered_at` is when the exchange began that the server then confirmed.
    """
    create(
        db,
        """
        CREATE TABLE sample (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            what TEXT NOT NULL,
            n INTEGER
        ) STRICT;
        CREATE INDEX sample_what ON sample (what, at);

        ALTER TABLE forwarding ADD COLUMN offered_at INTEGER;
        ALTER TABLE status_update ADD COLUMN offered_at INTEGER
        """,
    )
