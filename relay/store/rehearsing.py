"""What a transaction has changed so far, told before it is taken back.

Temporary triggers write it down (https://www.sqlite.org/lang_createtrigger.html#temp_triggers):
they belong to this connection, see every row that is written by whatever statement, and go with
the transaction that made them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from relay.store.database import Database

_VERBS = {"INSERT": "added", "UPDATE": "changed", "DELETE": "removed"}


@dataclass(frozen=True, slots=True)
class Change:
    """So many rows of a table would be added, changed or removed."""

    table: str
    what: str
    rows: int


class _TakeBack(Exception):  # no error: the way out of a transaction
    pass


class Rehearsal:
    """`with rehearsal(db) as tx:` is a transaction of which nothing stays."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._transaction = db.transaction()

    def __enter__(self) -> sqlite3.Connection:
        return self._transaction.__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: object) -> None:  # fmt: skip
        ended = error or _TakeBack()
        with suppress(_TakeBack):
            self._transaction.__exit__(type(ended), ended, ended.__traceback__)


def watch(tx: sqlite3.Connection) -> None:
    """From here on every change of a row is written down."""
    tx.execute("CREATE TEMP TABLE rehearsed (tab TEXT, what TEXT, row INTEGER)")
    tx.execute("CREATE INDEX temp.rehearsed_row ON rehearsed (tab, row)")
    for row in tx.execute(
        "SELECT name, instr(upper(sql), 'WITHOUT ROWID') AS keyed FROM main.sqlite_master"
        " WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).fetchall():
        for verb, what in _VERBS.items():
            side = "OLD" if verb == "DELETE" else "NEW"
            rowid = "NULL" if row["keyed"] else f"{side}.rowid"
            tx.execute(
                f"CREATE TEMP TRIGGER rehearsed_{row['name']}_{verb} AFTER {verb} ON"
                f" main.{row['name']} BEGIN INSERT INTO rehearsed"
                f" VALUES ('{row['name']}', '{what}', {rowid}); END"
            )


def changes(tx: sqlite3.Connection, ignored: Sequence[str] = ()) -> list[Change]:
    """All that was written since, the tables in the order in which they were first touched. A row
    that is new counts once, whatever was written into it later."""
    rows = tx.execute(
        "SELECT tab, what, count(DISTINCT coalesce(row, -rowid)) FROM rehearsed AS one"
        " WHERE NOT (what = 'changed' AND EXISTS (SELECT 1 FROM rehearsed AS new"
        "  WHERE new.tab = one.tab AND new.row = one.row AND new.what = 'added'))"
        " GROUP BY tab, what ORDER BY min(rowid)"
    )
    return [Change(*row) for row in rows if row[0] not in ignored]


def touched(tx: sqlite3.Connection, table: str) -> list[int]:
    """The rows of a table that were changed, by their numbers."""
    rows = tx.execute(
        "SELECT DISTINCT row FROM rehearsed WHERE tab = ? AND what = 'changed' ORDER BY row",
        (table,),
    )
    return [row[0] for row in rows]


def last(tx: sqlite3.Connection, table: str) -> int:
    """The highest number in a table, 0 where it is empty."""
    return int(tx.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0])
