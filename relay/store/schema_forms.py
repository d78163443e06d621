"""The tables of forms: every report as it was read, who is registered, and what is in stock."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m019_forms(db: SqliteUtils) -> None:
    """`form_report` has one row for each message that was, or might have been, a report.

    `day` and `nth` are its receipt's number: the local day, and the running number in it, unique
    also after a crash. `digest` stands for the words, by which the same report is known again;
    `first_id` is then the report that was received. `stock_level` belongs to a place, or to a
    number where the sender has no place (then `place_id` is 0).
    """
    create(
        db,
        """
        CREATE TABLE form_report (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            inbound_id INTEGER NOT NULL UNIQUE,
            form TEXT NOT NULL,
            number TEXT NOT NULL,
            person_id INTEGER,
            place_id INTEGER,
            outcome TEXT NOT NULL,
            fields TEXT NOT NULL,
            patient_id TEXT,
            day TEXT NOT NULL,
            nth INTEGER,
            digest TEXT NOT NULL,
            first_id INTEGER REFERENCES form_report (id),
            reported_at INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX form_report_ref ON form_report (day, nth) WHERE nth IS NOT NULL;
        CREATE INDEX form_report_same ON form_report (number, digest, reported_at)
            WHERE outcome = 'RECEIVED';
        CREATE INDEX form_report_patient ON form_report (patient_id)
            WHERE patient_id IS NOT NULL;
        CREATE INDEX form_report_first ON form_report (first_id) WHERE first_id IS NOT NULL;
        CREATE INDEX form_report_at ON form_report (reported_at);

        CREATE TABLE patient (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            number TEXT NOT NULL,
            place_id INTEGER,
            report_id INTEGER,
            source TEXT NOT NULL,
            registered_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX patient_number ON patient (number);
        CREATE INDEX patient_length ON patient (length(id)) WHERE report_id IS NOT NULL;

        CREATE TABLE stock_level (
            place_id INTEGER NOT NULL,
            number TEXT NOT NULL,
            item TEXT NOT NULL,
            pieces INTEGER NOT NULL,
            report_id INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            PRIMARY KEY (place_id, number, item)
        ) STRICT, WITHOUT ROWID
        """,
    )
