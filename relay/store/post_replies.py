"""What people answered to a post that they got, filed under it. Inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

WINDOW_MS = 24 * 3_600_000


def answered_post(tx: sqlite3.Connection, now: int, number: str) -> int | None:
    """The post that a message from this number answers: the last that left for it in a day."""
    row = tx.execute(
        "SELECT post.code FROM occasion JOIN outbound ON outbound.id = outbound_id"
        " JOIN post ON post.code = CAST(occasion.occasion AS INTEGER)"
        " WHERE rule = 'channel.' || post.channel AND number = ? AND at > ?"
        " AND status IN ('PENDING', 'SENT', 'DELIVERED') ORDER BY at DESC, post.code DESC LIMIT 1",
        (number, now - WINDOW_MS),
    ).fetchone()
    return row[0] if row else None


def file(tx: sqlite3.Connection, code: int, inbound_id: int, digest_due_at: int | None) -> None:
    """Under this post; its author hears of it with the next digest, if there is one."""
    tx.execute(
        "INSERT OR IGNORE INTO post_reply (inbound_id, code) VALUES (?, ?)", (inbound_id, code)
    )
    tx.execute(
        "UPDATE post SET digest_due_at = ? WHERE code = ? AND digest_due_at IS NULL",
        (digest_due_at, code),
    )


def due(tx: sqlite3.Connection, now: int) -> list[int]:
    """The posts of whose replies their authors should hear now."""
    rows = tx.execute(
        "SELECT code FROM post WHERE digest_due_at IS NOT NULL AND digest_due_at <= ?"
        " ORDER BY digest_due_at",
        (now,),
    )
    return [row[0] for row in rows]


def put_off(tx: sqlite3.Connection, code: int, digest_due_at: int) -> None:
    tx.execute("UPDATE post SET digest_due_at = ? WHERE code = ?", (digest_due_at, code))


def digested(tx: sqlite3.Connection, code: int, count: int) -> None:
    """The author has heard of so many replies; the next one begins another digest."""
    tx.execute("UPDATE post SET digested = ?, digest_due_at = NULL WHERE code = ?", (count, code))


def count(tx: sqlite3.Connection, code: int) -> int:
    row = tx.execute("SELECT count(*) FROM post_reply WHERE code = ?", (code,)).fetchone()
    return int(row[0])


def texts(tx: sqlite3.Connection, code: int, limit: int) -> Sequence[str]:
    """The words of the latest replies, the newest first, as far as the inbox still has them."""
    rows = tx.execute(
        "SELECT text FROM post_reply JOIN inbound ON inbound.id = inbound_id"
        " WHERE code = ? AND coalesce(text, '') <> '' ORDER BY inbound_id DESC LIMIT ?",
        (code, limit),
    )
    return [row[0] for row in rows]


def next_due_at(tx: sqlite3.Connection) -> int | None:
    row = tx.execute(
        "SELECT min(digest_due_at) FROM post WHERE digest_due_at IS NOT NULL"
    ).fetchone()
    return row[0]  # type: ignore[no-any-return]  # a Row knows no types
