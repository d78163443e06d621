"""The tables, as migrations that are applied once and in order. Times are epoch milliseconds.

Every table is STRICT. Partial indexes cover only unfinished rows, so that claiming, forwarding
and `relay status` cost the same with a million finished messages behind them. Their conditions are
written with OR: SQLite does not see that `state = 'A'` implies `state IN ('A', 'B')`, and would
read the whole table. Ids of messages are never used again (AUTOINCREMENT): people read them out
on the phone.
"""

from __future__ import annotations

import uuid

from sqlite_utils import Database as SqliteUtils
from sqlite_utils.migrations import Migrations

from relay.store import (
    schema_airtime,
    schema_alerts,
    schema_answering,
    schema_callouts,
    schema_carried,
    schema_channels,
    schema_custody,
    schema_forms,
    schema_history,
    schema_journal,
    schema_loops,
    schema_people,
    schema_queue,
    schema_reminders,
    schema_routing,
    schema_sim,
)
from relay.store.ddl import create

migrations = Migrations("relay")


@migrations()
def m001_meta(db: SqliteUtils) -> None:
    """The station's own identity: ids sent upstream are derived from it."""
    create(db, "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT")
    db.execute("INSERT INTO meta VALUES ('gateway_id', ?)", [str(uuid.uuid4())])


@migrations()
def m002_inbound(db: SqliteUtils) -> None:
    """What comes in: raw PDUs, and the messages that they become."""
    create(
        db,
        """
        CREATE TABLE inbound (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            uuid TEXT UNIQUE,
            state TEXT NOT NULL,
            kind TEXT NOT NULL,
            sender TEXT NOT NULL,
            text TEXT,
            sc_time INTEGER,
            kept_at INTEGER NOT NULL,
            finished_at INTEGER,
            modem TEXT NOT NULL,
            sim TEXT NOT NULL,
            concat_ref INTEGER,
            concat_bits INTEGER,
            total INTEGER NOT NULL,
            reason TEXT
        ) STRICT;
        CREATE INDEX inbound_unfinished ON inbound (state, sender, concat_ref)
            WHERE state = 'WAITING_PARTS' OR state = 'INCOMPLETE' OR state = 'WAITING'
                OR state = 'PARKED';
        CREATE INDEX inbound_finished ON inbound (finished_at) WHERE finished_at IS NOT NULL;

        CREATE TABLE raw_pdu (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            hash TEXT NOT NULL,
            sim TEXT NOT NULL,
            pdu TEXT NOT NULL,
            state TEXT NOT NULL,
            modem TEXT NOT NULL,
            via TEXT NOT NULL,
            kept_at INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            sightings INTEGER NOT NULL DEFAULT 1,
            inbound_id INTEGER REFERENCES inbound (id),
            seq INTEGER,
            reason TEXT,
            UNIQUE (hash, sim)
        ) STRICT;
        CREATE INDEX raw_pdu_unread ON raw_pdu (state, id)
            WHERE state = 'KEPT' OR state = 'UNDECODABLE';
        CREATE INDEX raw_pdu_inbound ON raw_pdu (inbound_id, seq) WHERE inbound_id IS NOT NULL;
        CREATE INDEX raw_pdu_loose ON raw_pdu (kept_at) WHERE inbound_id IS NULL
        """,
    )


@migrations()
def m003_outbound(db: SqliteUtils) -> None:
    """What goes out: messages, their parts, and the status reports that come back."""
    create(
        db,
        """
        CREATE TABLE outbound (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            server TEXT NOT NULL,
            server_id TEXT NOT NULL,
            recipient TEXT NOT NULL,
            text TEXT NOT NULL,
            status TEXT NOT NULL,
            told TEXT,
            reason TEXT,
            priority INTEGER NOT NULL DEFAULT 0,
            created_at INTEGER NOT NULL,
            finished_at INTEGER,
            UNIQUE (server, server_id)
        ) STRICT;
        CREATE INDEX outbound_unfinished ON outbound (status, id) WHERE finished_at IS NULL;
        CREATE INDEX outbound_finished ON outbound (finished_at) WHERE finished_at IS NOT NULL;
        CREATE INDEX outbound_failed ON outbound (id) WHERE status = 'FAILED';

        CREATE TABLE part (
            id INTEGER PRIMARY KEY,
            outbound_id INTEGER NOT NULL REFERENCES outbound (id),
            seq INTEGER NOT NULL,
            total INTEGER NOT NULL,
            pdu TEXT NOT NULL,
            state TEXT NOT NULL,
            priority INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            due_at INTEGER NOT NULL DEFAULT 0,
            mr INTEGER,
            modem TEXT,
            submission TEXT,
            memory TEXT,
            slot INTEGER,
            submitted_at INTEGER,
            accepted_at INTEGER,
            finished_at INTEGER,
            uncertain_at INTEGER,
            uncertain_count INTEGER NOT NULL DEFAULT 0,
            reason TEXT,
            UNIQUE (outbound_id, seq)
        ) STRICT;
        CREATE INDEX part_queue ON part (priority DESC, outbound_id, seq, due_at)
            WHERE state = 'QUEUED';
        CREATE INDEX part_open ON part (state, modem)
            WHERE state = 'SUBMITTING' OR state = 'UNCERTAIN';
        CREATE INDEX part_accepted ON part (mr, submitted_at) WHERE state = 'ACCEPTED';
        CREATE INDEX part_overdue ON part (accepted_at)
            WHERE state = 'ACCEPTED' AND finished_at IS NULL;
        CREATE INDEX part_failed ON part (mr, submitted_at)
            WHERE state = 'FAILED' AND mr IS NOT NULL;

        CREATE TABLE status_report (
            id INTEGER PRIMARY KEY,
            raw_id INTEGER NOT NULL UNIQUE REFERENCES raw_pdu (id),
            part_id INTEGER REFERENCES part (id),
            mr INTEGER NOT NULL,
            recipient TEXT NOT NULL,
            tp_st INTEGER NOT NULL,
            sc_time INTEGER,
            discharge_time INTEGER,
            kept_at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX status_report_part ON status_report (part_id) WHERE part_id IS NOT NULL;
        CREATE INDEX status_report_about ON status_report (recipient, mr, sc_time);

        CREATE TABLE concat_ref (
            recipient TEXT PRIMARY KEY,
            ref INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    )


@migrations()
def m004_servers(db: SqliteUtils) -> None:
    """Per server: how far it has come, what it must be told, what it once handed out."""
    create(
        db,
        """
        CREATE TABLE cursor (
            server TEXT PRIMARY KEY,
            in_flight_since INTEGER,
            report_ids TEXT NOT NULL DEFAULT '[]',
            update_ids TEXT NOT NULL DEFAULT '[]'
        ) STRICT;

        CREATE TABLE forwarding (
            server TEXT NOT NULL,
            inbound_id INTEGER NOT NULL REFERENCES inbound (id),
            state TEXT NOT NULL,
            refusals INTEGER NOT NULL DEFAULT 0,
            forwarded_at INTEGER,
            reason TEXT,
            PRIMARY KEY (server, inbound_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX forwarding_waiting ON forwarding (server, state, inbound_id)
            WHERE state = 'WAITING' OR state = 'PARKED';
        CREATE INDEX forwarding_inbound ON forwarding (inbound_id);

        CREATE TABLE status_update (
            id INTEGER PRIMARY KEY,
            outbound_id INTEGER NOT NULL REFERENCES outbound (id),
            server TEXT NOT NULL,
            status TEXT NOT NULL,
            reason TEXT,
            created_at INTEGER NOT NULL,
            told_at INTEGER,
            refusals INTEGER NOT NULL DEFAULT 0,
            parked INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX status_update_waiting ON status_update (server, id)
            WHERE told_at IS NULL AND parked = 0;
        CREATE INDEX status_update_outbound ON status_update (outbound_id);

        CREATE TABLE tombstone (
            server TEXT NOT NULL,
            server_id TEXT NOT NULL,
            status TEXT NOT NULL,
            PRIMARY KEY (server, server_id)
        ) STRICT, WITHOUT ROWID
        """,
    )


@migrations()
def m005_records(db: SqliteUtils) -> None:
    """Last known values, the trail of every change of state, and daily figures."""
    create(
        db,
        """
        CREATE TABLE fact (
            key TEXT PRIMARY KEY,
            value TEXT NOT NULL,
            at INTEGER NOT NULL,
            source TEXT NOT NULL DEFAULT ''
        ) STRICT;

        CREATE TABLE audit (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            subject TEXT NOT NULL,
            subject_id INTEGER NOT NULL,
            event TEXT NOT NULL,
            before TEXT,
            after TEXT,
            detail TEXT
        ) STRICT;
        CREATE INDEX audit_subject ON audit (subject, subject_id);

        CREATE TABLE tally (
            day TEXT NOT NULL,
            what TEXT NOT NULL,
            n INTEGER NOT NULL,
            PRIMARY KEY (day, what)
        ) STRICT, WITHOUT ROWID
        """,
    )


# From here on each is at home with what it serves; this list alone is their order.
for _later in (
    schema_queue.m006_queue,
    schema_airtime.m007_airtime,
    schema_sim.m008_sim,
    schema_routing.m010_routing,
    schema_loops.m011_loops,
    schema_custody.m012_custody,
    schema_alerts.m013_alerts,
    schema_journal.m014_journal,
    schema_history.m015_history,
    schema_carried.m016_carried,
    schema_people.m017_people,
    schema_answering.m018_answering,
    schema_forms.m019_forms,
    schema_channels.m020_channels,
    schema_callouts.m021_callouts,
    schema_reminders.m022_reminders,
):
    migrations()(_later)
