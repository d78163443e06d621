"""Facts: the last known value of things that change, each with its time and its source."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from relay.store.database import Database


@dataclass(frozen=True, slots=True)
class Fact:
    """`value` is anything that JSON can hold; `at` is when it was seen (epoch ms)."""

    value: Any
    at: int
    source: str


class Facts:
    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, now: int, key: str, value: object, source: str = "") -> None:
        self.put_all(now, {key: value}, source)

    def put_all(self, now: int, values: dict[str, object], source: str = "") -> None:
        """Several facts in one commit."""
        rows = [(key, json.dumps(value), now, source) for key, value in values.items()]
        with self._db.transaction() as tx:
            tx.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?, ?, ?)", rows)

    def get(self, key: str) -> Fact | None:
        rows = self._db.query("SELECT value, at, source FROM fact WHERE key = ?", (key,))
        return fact(rows[0]) if rows else None

    def prefix(self, start: str) -> dict[str, Fact]:
        """All facts whose key begins with `start`, by their full key."""
        rows = self._db.query(
            "SELECT key, value, at, source FROM fact WHERE key >= ? AND key < ?",
            (start, start + "\U0010ffff"),
        )
        return {row["key"]: fact(row) for row in rows}

    def forget(self, key: str) -> None:
        with self._db.transaction() as tx:
            tx.execute("DELETE FROM fact WHERE key = ?", (key,))


def fact(row: sqlite3.Row) -> Fact:
    return Fact(json.loads(row["value"]), row["at"], row["source"])
