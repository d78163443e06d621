"""The tables of alerts and hooks: what is watched, what was told, what programs are owed."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m013_alerts(db: SqliteUtils) -> None:
    """`alert` has a row for each problem that is followed, `alert_sms` one for each SMS of the
    last month. `hook` names the hooks that are set; `hook_call` is what is owed to them, and what
    was given up. All stay small."""
    create(
        db,
        """
        CREATE TABLE alert (
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            code TEXT NOT NULL,
            began_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            bad_ms INTEGER NOT NULL,
            away_at INTEGER,
            raised_at INTEGER,
            over_at INTEGER,
            told TEXT NOT NULL,
            told_at INTEGER,
            PRIMARY KEY (kind, subject)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE alert_sms (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            recipient TEXT NOT NULL,
            outbound_id INTEGER NOT NULL,
            told TEXT NOT NULL
        ) STRICT;
        CREATE INDEX alert_sms_recipient ON alert_sms (recipient, at);

        CREATE TABLE hook (
            name TEXT PRIMARY KEY
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE hook_call (
            id INTEGER PRIMARY KEY,
            hook TEXT NOT NULL,
            inbound_id INTEGER,
            document TEXT,
            created_at INTEGER NOT NULL,
            tries INTEGER NOT NULL DEFAULT 0,
            due_at INTEGER NOT NULL DEFAULT 0,
            given_up_at INTEGER,
            reason TEXT
        ) STRICT;
        CREATE INDEX hook_call_due ON hook_call (due_at, id) WHERE given_up_at IS NULL;
        CREATE INDEX hook_call_given_up ON hook_call (given_up_at) WHERE given_up_at IS NOT NULL
        """,
    )
