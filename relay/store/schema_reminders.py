"""The tables of what is told by the clock: reminders, who is not to be reminded, weekly rounds."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m022_reminders(db: SqliteUtils) -> None:
    """`reminder` has a row for each date of each rule. It was `planned` for a day and is looked at
    from `not_before` on. Neither is an `_at`: only what was counted from a wrong clock moves with
    it (see `reminders.realign`), and `counted_from` remembers by which time it was counted.

    A row for a tag is told to some people at a time; `told_person` is the last of them. `mute`
    silences a patient, a number ('' stands for all), or one for the other. `weekly_place` has who
    was to report in a week, and who did.
    """
    create(
        db,
        """
        CREATE TABLE reminder (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            rule TEXT NOT NULL,
            occasion TEXT NOT NULL,
            nth INTEGER NOT NULL,
            recipient TEXT NOT NULL,
            patient TEXT NOT NULL,
            place_id INTEGER,
            state TEXT NOT NULL,
            written_at INTEGER NOT NULL,
            counted_from INTEGER NOT NULL,
            floats INTEGER NOT NULL,
            planned INTEGER NOT NULL,
            not_before INTEGER NOT NULL,
            useful_until INTEGER NOT NULL,
            finished_at INTEGER,
            fields TEXT NOT NULL,
            text TEXT NOT NULL,
            reason TEXT,
            told_person INTEGER NOT NULL DEFAULT 0,
            UNIQUE (rule, occasion, nth, recipient)
        ) STRICT;
        CREATE INDEX reminder_due ON reminder (not_before, id) WHERE state = 'WAITING';
        CREATE INDEX reminder_open ON reminder (patient, recipient)
            WHERE state = 'WAITING' OR state = 'MUTED';
        CREATE INDEX reminder_patient ON reminder (patient, not_before) WHERE patient <> '';
        CREATE INDEX reminder_nobody ON reminder (finished_at)
            WHERE state = 'SKIPPED_UNREACHABLE';
        CREATE INDEX reminder_finished ON reminder (finished_at) WHERE finished_at IS NOT NULL;
        CREATE INDEX reminder_redated ON reminder (id)
            WHERE state = 'WAITING' AND written_at <> counted_from;
        CREATE INDEX reminder_adrift ON reminder (not_before)
            WHERE state = 'WAITING' AND not_before > useful_until;

        CREATE TABLE mute (
            patient TEXT NOT NULL,
            number TEXT NOT NULL,
            at INTEGER NOT NULL,
            source TEXT NOT NULL,
            PRIMARY KEY (patient, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE weekly_round (
            rule TEXT NOT NULL,
            week TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (rule, week)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE weekly_place (
            rule TEXT NOT NULL,
            week TEXT NOT NULL,
            place_id INTEGER NOT NULL,
            expected INTEGER NOT NULL,
            reported_at INTEGER,
            PRIMARY KEY (rule, week, place_id)
        ) STRICT, WITHOUT ROWID
        """,
    )
