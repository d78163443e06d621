"""The tables of custody: what came in, in one chain, and what left on a stick."""

from __future__ import annotations

import os
from collections.abc import Iterator

from sqlite_utils import Database as SqliteUtils

from relay.core import custody as chain
from relay.store.custody import CONTENT, INSERT, UNREAD, record
from relay.store.ddl import create

_PAGE = 10_000


def m012_custody(db: SqliteUtils) -> None:
    """A number without gaps for everything that came in; an old store gives out its own by id.

    The time of a link is in its hash, so it is no `_at`, which could be dated anew. `gone` says
    what became of a message that is not here any more. `exported_at`, `bundle` and `handout` are
    for files that go to the server on a stick.
    """
    create(
        db,
        """
        CREATE TABLE custody (
            no INTEGER PRIMARY KEY,
            inbound_id INTEGER,
            raw_id INTEGER,
            stamp INTEGER NOT NULL,
            salt BLOB,
            commitment BLOB NOT NULL,
            chain BLOB NOT NULL,
            gone TEXT,
            gone_at INTEGER,
            gone_by TEXT
        ) STRICT;
        ALTER TABLE forwarding ADD COLUMN exported_at INTEGER;
        ALTER TABLE status_update ADD COLUMN exported_at INTEGER;

        CREATE TABLE bundle (
            hash TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            station TEXT NOT NULL,
            server TEXT NOT NULL,
            made_at INTEGER NOT NULL,
            at INTEGER NOT NULL,
            head_no INTEGER NOT NULL,
            head TEXT NOT NULL,
            path TEXT NOT NULL
        ) STRICT;
        CREATE INDEX bundle_station ON bundle (station, head_no);

        CREATE TABLE handout (
            station TEXT NOT NULL,
            server_id TEXT NOT NULL,
            recipient TEXT NOT NULL,
            text TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (station, server_id)
        ) STRICT
        """,
    )
    db.conn.executemany(INSERT, _old(db))
    create(  # once the rows are there, which saves a third of the time
        db,
        """
        CREATE UNIQUE INDEX custody_inbound ON custody (inbound_id) WHERE inbound_id IS NOT NULL;
        CREATE UNIQUE INDEX custody_raw ON custody (raw_id) WHERE raw_id IS NOT NULL
        """,
    )


def _old(db: SqliteUtils) -> Iterator[tuple[object, ...]]:
    """Links for what an old store holds: messages in the order of their ids, then what could
    not be read."""
    head = chain.Head(0, chain.START)
    for subject, sql in (("inbound", _MESSAGES), ("raw", UNREAD)):
        at = -1
        while rows := db.conn.execute(
            f"{sql} AND id > ? ORDER BY id LIMIT {_PAGE}", (at,)
        ).fetchall():
            salts = os.urandom(chain.SALT_OCTETS * len(rows))
            for number, (at, stamp, *values) in enumerate(map(tuple, rows)):
                start = number * chain.SALT_OCTETS
                salt = salts[start : start + chain.SALT_OCTETS]
                link = chain.joined(head, stamp, chain.commitment(salt, chain.content(values)))
                head = chain.Head(link.no, link.chain)
                yield record(link, subject, at, salt)


_MESSAGES = (
    f"SELECT id, kept_at, {CONTENT} FROM inbound"
    " WHERE state <> 'WAITING_PARTS' AND kind <> 'notice'"
)
