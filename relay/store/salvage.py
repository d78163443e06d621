"""A damaged database is set aside, never deleted, and what can be read of it is saved."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from relay.errors import CorruptDatabase
from relay.log import event
from relay.store import kinship, losses, wreck
from relay.store.database import Database, named_errors
from relay.store.schema_queue import ADDRESS_PARTS

_log = logging.getLogger("relay.store")

# Parents before children, so that the copy satisfies every reference that the original did.
_TABLES = (
    "meta", "inbound", "raw_pdu", "outbound", "part", "status_report", "concat_ref", "cursor",
    "forwarding", "status_update", "tombstone", "fact", "audit", "tally",
    "submitted", "reached", "segment", "balance", "sim", "call",
    "utterance", "held", "sample", "alert", "alert_sms", "hook", "hook_call",
    "custody", "bundle", "carried", "handout", "journal",
    "place", "place_alias", "person", "person_place", "person_tag", "person_attribute", "opt_out",
    "answer", "code", "question", "occasion", "allowance",
    "form_report", "patient", "stock_level",
    "callout", "appeal", "volunteer", "pledge",
    "reminder", "mute", "weekly_round", "weekly_place",
    "follower", "post", "post_approval", "post_reply", "rumor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was done: where the damaged file lies, how many rows of each table were saved, and
    the ids of the messages that are lost (a table of theirs each)."""

    set_aside: Path
    detail: str
    rows: dict[str, int]
    lost: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def fields(self) -> dict[str, object]:
        """For the log."""
        lost = {f"lost_{table}": len(ids) for table, ids in self.lost.items()}
        return {"set_aside": self.set_aside, "detail": self.detail, **lost}

    def fact(self) -> dict[str, object]:
        """For `relay status`."""
        lost = {table: {"n": len(ids), "ids": ids[:_NAMED]} for table, ids in self.lost.items()}
        return {
            "path": str(self.set_aside),
            "detail": self.detail,
            "rows": self.rows,
            "lost": lost,
        }


_NAMED = 20


def open_or_salvage(path: Path, now: int, *, suspect: str = "") -> tuple[Database, Salvage | None]:
    """Open the store; a corrupt one is replaced by a new one with everything that can be read.

    `suspect` is what was found damaged while relay ran: the quick check may not see it.
    Raises what `Database.open` raises, except `CorruptDatabase`.
    """
    draft = draft_of(path)
    with named_errors(path):
        if foreign := kinship.disown_log(path, now):
            _log.error(event("store.foreign_log", set_aside=foreign))
        if draft.exists() and not path.exists():  # broken off between the two renames below
            set_aside(path, now)
            draft.replace(path)
    if not suspect:
        try:
            return Database.open(path), None
        except CorruptDatabase as error:
            suspect = error.detail
    with named_errors(path):
        return _salvage(path, now, suspect)


def _salvage(path: Path, now: int, detail: str) -> tuple[Database, Salvage]:
    """The damaged file keeps its place until all is saved: a salvage may be broken off too."""
    draft = draft_of(path)
    for suffix in ("", "-wal", "-shm"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    db = Database.open(draft)
    try:
        rows, lost = _save(path, db, now)
        db.checkpoint()
    finally:
        db.close()
    aside = set_aside(path, now)
    draft.replace(path)
    return Database.open(path), Salvage(aside, detail, rows, lost)


def draft_of(path: Path) -> Path:
    """Where the next store is made: what lies there when the store is gone takes its place."""
    return path.with_name(f"{path.name}.salvage")


def _save(
    damaged: Path, db: Database, now: int
) -> tuple[dict[str, int], dict[str, tuple[int, ...]]]:
    """Copy what can be read; how many rows of each table, and which messages are lost."""
    rows = dict.fromkeys(_TABLES, 0)
    schema = {row["name"]: row["sql"] for row in db.query("SELECT name, sql FROM sqlite_master")}
    with wreck.sources(damaged, _TABLES, schema) as sources, db.transaction() as tx:
        tx.execute("PRAGMA defer_foreign_keys = ON")
        for table, source in sources.items():
            rows[table] = _copy(source, tx, table)
        tx.execute(ADDRESS_PARTS)
        losses.mend_words(tx)
        lost = losses.named(tx)
        _drop_orphans(tx)
        losses.settle(tx, now)
    return rows, lost


def aside_of(path: Path, now: int, why: str) -> Path:
    """Where a store is kept that another takes the place of."""
    return path.with_name(f"{path.name}.{why}-{now}")


def set_aside(path: Path, now: int, why: str = "damaged") -> Path:
    """Move the file and its log together: the newest rows may be in the log alone."""
    aside = aside_of(path, now, why)
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.rename(aside.with_name(aside.name + suffix))
    return aside


def _copy(source: sqlite3.Connection, tx: sqlite3.Connection, table: str) -> int:
    known = {row["name"] for row in tx.execute(f"PRAGMA table_info({table})")}
    saved = 0
    for row in _readable(source, table):
        columns = [name for name in row.keys() if name in known]  # noqa: SIM118  # a Row
        marks = ", ".join("?" * len(columns))
        try:
            tx.execute(
                f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})",
                [row[name] for name in columns],
            )
        except sqlite3.IntegrityError:
            continue  # half of a row, for a table that wants whole ones
        saved += 1
    return saved


def _readable(source: sqlite3.Connection, table: str) -> Iterator[sqlite3.Row]:
    """Every row that can still be read; a damaged page is jumped over."""
    try:
        top = source.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0
    except sqlite3.OperationalError:  # a table without such numbers
        yield from _from_both_ends(source, table)
        return
    except sqlite3.DatabaseError:
        top = _BEYOND  # its last page is the damaged one
    read = at = -1  # up to `read` all is done, from `at` on it is tried next
    leap = 1
    while at < top:
        last = at
        for row in _rows(source, table, at, top):
            last = row["_at"]
            yield row
        if last == at:
            at, leap = at + leap, leap * 2
            continue
        yield from _rows(source, table, read, at, "DESC")  # what the leap has passed over
        read, at, leap = last, last, 1
    yield from _rows(source, table, read, at, "DESC")


# No table of a station has so many rows; the leaps double, so they are soon there.
_BEYOND = 1 << 40


def _from_both_ends(source: sqlite3.Connection, table: str) -> Iterator[sqlite3.Row]:
    """What lies before the first damage, and what behind the last."""
    yield from _until_damage(source, f"SELECT * FROM {table}", ())
    keys = [row["name"] for row in source.execute(f"PRAGMA table_info({table})") if row["pk"]]
    order = ", ".join(f"{key} DESC" for key in keys)
    if order:
        yield from _until_damage(source, f"SELECT * FROM {table} ORDER BY {order}", ())


def _rows(
    source: sqlite3.Connection, table: str, low: int, high: int, order: str = "ASC"
) -> Iterator[sqlite3.Row]:
    """The rows above `low` and up to `high`, until the first that cannot be read."""
    sql = (
        f"SELECT rowid AS _at, * FROM {table}"
        f" WHERE rowid > ? AND rowid <= ? ORDER BY rowid {order}"
    )
    found = True
    while found:
        found = False
        # Python looks one row ahead: the last one before damage comes only if asked for alone.
        for limit in ("", " LIMIT 1"):
            for row in _until_damage(source, sql + limit, (low, high)):
                low, high = (row["_at"], high) if order == "ASC" else (low, row["_at"] - 1)
                found = bool(limit)
                yield row


def _until_damage(
    source: sqlite3.Connection, sql: str, params: tuple[int, ...]
) -> Iterator[sqlite3.Row]:
    try:
        yield from source.execute(sql, params)
    except (sqlite3.Error, UnicodeDecodeError):  # the latter for a name in its schema
        return


def _drop_orphans(tx: sqlite3.Connection) -> None:
    """Rows whose parent was on a damaged page: SQLite names them, and they cannot stay."""
    while orphans := tx.execute("PRAGMA foreign_key_check").fetchall():
        for table, rowid, *_ in orphans:
            if rowid is None:  # WITHOUT ROWID: all of them at once
                _drop_keyed_orphans(tx, table)
            elif table == "raw_pdu":
                tx.execute("UPDATE raw_pdu SET inbound_id = NULL, state = 'KEPT'"
                           " WHERE rowid = ?", (rowid,))  # fmt: skip
            elif table == "place":  # what lies in a place that is lost is not lost with it
                tx.execute("UPDATE place SET parent_id = NULL WHERE rowid = ?", (rowid,))
            else:
                tx.execute(f"DELETE FROM {table} WHERE rowid = ?", (rowid,))


def _drop_keyed_orphans(tx: sqlite3.Connection, table: str) -> None:
    for key in tx.execute(f"PRAGMA foreign_key_list({table})").fetchall():
        tx.execute(
            f"DELETE FROM {table} WHERE {key['from']} IS NOT NULL"
            f" AND {key['from']} NOT IN (SELECT {key['to']} FROM {key['table']})"
        )
