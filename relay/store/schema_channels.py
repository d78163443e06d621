"""The tables of channels: who follows, what was posted and by whom approved, what was heard."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m020_channels(db: SqliteUtils) -> None:
    """A post is one row with a cursor, however many people it goes to: who has had it stands in
    `occasion`. `follower` has a row for each place that somebody follows a channel for; 0 is all
    of it. `post_reply` names messages of the inbox, which has their words.
    """
    create(
        db,
        """
        CREATE TABLE follower (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel TEXT NOT NULL,
            person_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
            place_id INTEGER NOT NULL DEFAULT 0,
            paused INTEGER NOT NULL DEFAULT 0,
            joined_at INTEGER NOT NULL,
            UNIQUE (channel, person_id, place_id)
        ) STRICT;
        CREATE INDEX follower_person ON follower (person_id);

        CREATE TABLE post (
            code INTEGER PRIMARY KEY,
            channel TEXT NOT NULL,
            place_id INTEGER,
            author TEXT NOT NULL,
            author_id INTEGER,
            texts TEXT NOT NULL,
            state TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            useful_until INTEGER,
            followers_to INTEGER NOT NULL,
            cursor INTEGER NOT NULL DEFAULT 0,
            people INTEGER NOT NULL DEFAULT 0,
            sms INTEGER NOT NULL DEFAULT 0,
            digested INTEGER NOT NULL DEFAULT 0,
            digest_due_at INTEGER,
            approved_at INTEGER,
            finished_at INTEGER,
            reason TEXT
        ) STRICT;
        CREATE INDEX post_open ON post (state, code)
            WHERE state = 'WAITING_APPROVAL' OR state = 'GOING' OR state = 'PAUSED';
        CREATE INDEX post_channel ON post (channel, code);
        CREATE INDEX post_author ON post (author_id) WHERE author_id IS NOT NULL;
        CREATE INDEX post_digest ON post (digest_due_at) WHERE digest_due_at IS NOT NULL;

        CREATE TABLE post_approval (
            code INTEGER NOT NULL REFERENCES post (code),
            approver TEXT NOT NULL,
            approver_id INTEGER,
            at INTEGER NOT NULL,
            PRIMARY KEY (code, approver)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE post_reply (
            inbound_id INTEGER PRIMARY KEY,
            code INTEGER NOT NULL REFERENCES post (code)
        ) STRICT;
        CREATE INDEX post_reply_code ON post_reply (code);

        CREATE TABLE rumor (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            inbound_id INTEGER,
            sender TEXT NOT NULL,
            place_id INTEGER,
            text TEXT NOT NULL,
            state TEXT NOT NULL,
            told_at INTEGER NOT NULL,
            note TEXT NOT NULL DEFAULT '',
            changed_at INTEGER
        ) STRICT;
        CREATE INDEX rumor_open ON rumor (id) WHERE state = 'NEW' OR state = 'CHECKING'
        """,
    )
