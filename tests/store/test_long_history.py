"""A million finished messages cost the work of today nothing: no statement reads a whole table."""

from __future__ import annotations

from relay.store.database import Database


def test_every_reference_can_be_followed_backwards(db: Database) -> None:
    """Each deletion looks for the rows that refer to it; without an index it reads them all."""
    tables = [
        row["name"] for row in db.query("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    scans = [
        (table, column)
        for table in tables
        for column in {row["from"] for row in db.query(f"PRAGMA foreign_key_list({table})")}
        if _scans(db, f"SELECT 1 FROM {table} WHERE {column} = 1")
    ]
    assert scans == []


def test_a_forwarded_message_is_finished_without_a_look_at_the_others(db: Database) -> None:
    """The states of one message at all servers are found by its id alone."""
    assert not _scans(db, "SELECT state, reason FROM forwarding WHERE inbound_id = 1")


def _scans(db: Database, sql: str) -> bool:
    plan = [row["detail"] for row in db.query(f"EXPLAIN QUERY PLAN {sql}")]
    return any(step.startswith("SCAN") for step in plan)
