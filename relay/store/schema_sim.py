"""The tables of SIMs and of calls: which SIM was seen where, which one is accepted, who rang."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m008_sim(db: SqliteUtils) -> None:
    """SIMs with their standing and their SMSC; calls; whose a slot of a modem's memory is."""
    create(
        db,
        """
        CREATE TABLE sim (
            id INTEGER PRIMARY KEY,
            iccid TEXT NOT NULL,
            imsi TEXT NOT NULL,
            number TEXT NOT NULL DEFAULT '',
            modem TEXT NOT NULL,
            first_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            held_since INTEGER,
            accepted_in TEXT,
            accepted_at INTEGER,
            smsc TEXT,
            smsc_before TEXT,
            smsc_at INTEGER
        ) STRICT;

        CREATE TABLE call (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            modem TEXT NOT NULL,
            caller TEXT NOT NULL,
            replied_at INTEGER
        ) STRICT;
        CREATE INDEX call_at ON call (at);
        CREATE INDEX call_replied ON call (replied_at, caller) WHERE replied_at IS NOT NULL;

        CREATE INDEX part_slot ON part (modem, memory, slot) WHERE slot IS NOT NULL
        """,
    )
