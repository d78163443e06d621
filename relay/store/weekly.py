"""Weekly rounds: which places are to report, and which have. Inside a transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from relay.store.database import Database
from relay.store.reading import Reader


def is_known(tx: sqlite3.Connection, rule: str) -> bool:
    """Whether any round of this rule has begun yet."""
    return bool(
        tx.execute("SELECT 1 FROM weekly_round WHERE rule = ? LIMIT 1", (rule,)).fetchone()
    )


def has_begun(tx: sqlite3.Connection, rule: str, week: str) -> bool:
    return bool(
        tx.execute(
            "SELECT 1 FROM weekly_round WHERE rule = ? AND week = ?", (rule, week)
        ).fetchone()
    )


def begin(tx: sqlite3.Connection, now: int, rule: str, week: str, tag: str) -> list[int]:
    """Begin a round: who is to report now, and has not. Nobody where it had begun before."""
    begun = tx.execute(
        "INSERT INTO weekly_round (rule, week, at) VALUES (?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING 1",
        (rule, week, now),
    ).fetchone()
    if begun is None:
        return []
    tx.execute(
        "INSERT INTO weekly_place (rule, week, place_id, expected)"
        " SELECT DISTINCT ?, ?, place_id, 1 FROM person_tag JOIN person_place USING (person_id)"
        " WHERE tag = ?"
        " ON CONFLICT DO UPDATE SET expected = 1",
        (rule, week, tag),
    )
    rows = tx.execute(
        "SELECT place_id FROM weekly_place WHERE rule = ? AND week = ? AND expected"
        " AND reported_at IS NULL ORDER BY place_id",
        (rule, week),
    )
    return [int(row[0]) for row in rows]


def report(tx: sqlite3.Connection, rule: str, week: str, place_id: int, at: int) -> None:
    """A place has reported; the first time counts."""
    tx.execute(
        "INSERT INTO weekly_place (rule, week, place_id, expected, reported_at)"
        " VALUES (?, ?, ?, 0, ?)"
        " ON CONFLICT DO UPDATE SET reported_at = coalesce(reported_at, excluded.reported_at)",
        (rule, week, place_id, at),
    )


# --- figures ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """A place in a week: whether it was to report, and when it did (epoch ms)."""

    place_id: int
    place: str
    expected: bool
    reported_at: int | None


def weeks(db: Database | Reader, rule: str, limit: int = 8) -> list[str]:
    """The last weeks of a rule, the newest first."""
    rows = db.query(
        "SELECT DISTINCT week FROM weekly_place WHERE rule = ? ORDER BY week DESC LIMIT ?",
        (rule, limit),
    )
    return [str(row[0]) for row in rows]


def completeness(db: Database | Reader, rule: str, week: str) -> list[Standing]:
    """Every place of a week, those that are missing first."""
    rows = db.query(
        "SELECT place_id, coalesce(place.name, '') AS place, expected, reported_at"
        " FROM weekly_place LEFT JOIN place ON place.id = place_id"
        " WHERE rule = ? AND week = ?"
        " ORDER BY reported_at IS NOT NULL, place, place_id",
        (rule, week),
    )
    return [
        Standing(row["place_id"], row["place"], bool(row["expected"]), row["reported_at"])
        for row in rows
    ]
