"""The table of statuses that came on a stick: which row of which station each of them is."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m016_carried(db: SqliteUtils) -> None:
    """Empty but where `relay import` brings messages to a server.

    `row` and `at` (epoch ms) are those of the station: what it says first must not be told last.
    """
    create(
        db,
        """
        CREATE TABLE carried (
            station TEXT NOT NULL,
            row INTEGER NOT NULL,
            server_id TEXT NOT NULL,
            status TEXT NOT NULL,
            at INTEGER NOT NULL,
            update_id INTEGER NOT NULL REFERENCES status_update (id),
            PRIMARY KEY (station, row, server_id, status)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX carried_message ON carried (station, server_id);
        CREATE INDEX carried_update ON carried (update_id);
        CREATE INDEX handout_server_id ON handout (server_id)
        """,
    )
