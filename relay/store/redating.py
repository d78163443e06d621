"""What was dated by a wrong clock is dated anew, once it is known by how much it was wrong.

Every column of a time is covered by its name (`_at`, `_since`), also those that a later schema
adds. What the network or a server dated (`sc_time`, …) is theirs and stays.
"""

from __future__ import annotations

import sqlite3

from relay.core.timekeeping import DAY_MS, Correction
from relay.store import trail
from relay.store.database import Database

_COLUMNS = (
    "SELECT tables.name AS of, columns.name FROM sqlite_master AS tables,"
    " pragma_table_info(tables.name) AS columns"
    " WHERE tables.type = 'table' AND columns.type = 'INTEGER'"
    " AND (columns.name = 'at' OR columns.name LIKE '%!_at' ESCAPE '!'"
    "  OR columns.name LIKE '%!_since' ESCAPE '!')"
)
# A life that is longer was a date that a person wrote, who knows the calendar.
_LONGEST_LIFE_MS = 366 * DAY_MS
# What is due may lie ahead of the moment at which it was said.
_AHEAD_MS = {"due_at": 2 * DAY_MS}


def redate(db: Database, found: Correction) -> int:
    """Move every time between `since` and `until`, in one commit; how many there were.

    It reads whole tables, which takes seconds with a long history, and is hardly ever needed.
    """
    with db.transaction() as tx:
        columns = [(row["of"], row["name"]) for row in tx.execute(_COLUMNS)]
        _move_lives(tx, found)
        moved = sum(_move(tx, table, column, found) for table, column in columns)
        moved += _move_in_facts(tx, found)
        if moved:
            now = found.until + found.by_ms
            trail.note(tx, now, "clock", 0, "Redated", None, None, f"{found.by_ms} ms")
    return moved


def _move(tx: sqlite3.Connection, table: str, column: str, found: Correction) -> int:
    until = found.until + _AHEAD_MS.get(column, 0)
    return tx.execute(
        f"UPDATE {table} SET {column} = {column} + ? WHERE {column} BETWEEN ? AND ?",
        (found.by_ms, found.since, until),
    ).rowcount


def _move_lives(tx: sqlite3.Connection, found: Correction) -> None:
    """How long a message is of use was counted from when it came: it lives as long as before."""
    came = (
        "SELECT id FROM outbound WHERE created_at BETWEEN ? AND ?"
        f" AND useful_until - created_at <= {_LONGEST_LIFE_MS}"
    )
    for table, of in (("part", "outbound_id"), ("outbound", "id")):
        tx.execute(
            f"UPDATE {table} SET useful_until = useful_until + ? WHERE {of} IN ({came})",
            (found.by_ms, found.since, found.until),
        )


def _move_in_facts(tx: sqlite3.Connection, found: Correction) -> int:
    """Since when a modem or a server has been as it is stands within the value of a fact."""
    return tx.execute(
        "UPDATE fact SET value = json_set(value, '$.since', json_extract(value, '$.since') + ?)"
        " WHERE json_type(value, '$.since') = 'integer'"
        " AND json_extract(value, '$.since') BETWEEN ? AND ?",
        (found.by_ms, found.since, found.until),
    ).rowcount
