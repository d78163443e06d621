"""The audit trail of state changes, and the daily figures. Always inside a transaction."""

from __future__ import annotations

import sqlite3


def note(
    tx: sqlite3.Connection,
    now: int,
    subject: str,
    subject_id: int,
    event: str,
    before: str | None,
    after: str | None,
    detail: str | None = None,
) -> None:
    """One line of the trail: what happened to which row, and when."""
    tx.execute(
        "INSERT INTO audit (at, subject, subject_id, event, before, after, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (now, subject, subject_id, event, before, after, detail),
    )


def count(tx: sqlite3.Connection, now: int, what: str, n: int = 1) -> None:
    """Add to today's figure; `relay status` reads a few rows instead of counting a million."""
    tx.execute(
        "INSERT INTO tally (day, what, n)"
        " VALUES (strftime('%Y-%m-%d', ? / 1000, 'unixepoch', 'localtime'), ?, ?)"
        " ON CONFLICT (day, what) DO UPDATE SET n = n + excluded.n",
        (now, what, n),
    )


def of(tx: sqlite3.Connection, subject: str, subject_id: int) -> list[sqlite3.Row]:
    """All that happened to one row, in order."""
    return tx.execute(
        "SELECT at, event, before, after, detail FROM audit"
        " WHERE subject = ? AND subject_id = ? ORDER BY id",
        (subject, subject_id),
    ).fetchall()
