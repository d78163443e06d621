"""What each sender has used of its answers. Inside a transaction."""

from __future__ import annotations

import sqlite3

from relay.core.allowance import Allowance


def spend(tx: sqlite3.Connection, now: int, number: str, per_hour: int) -> bool:
    """Whether this number may have one more answer now; if so, it counts as given."""
    row = tx.execute("SELECT used, at FROM allowance WHERE number = ?", (number,)).fetchone()
    left = (Allowance(*row) if row else Allowance()).spend(now, per_hour)
    if left is None:
        return False
    tx.execute(
        "INSERT INTO allowance (number, used, at) VALUES (?, ?, ?)"
        " ON CONFLICT (number) DO UPDATE SET used = excluded.used, at = excluded.at",
        (number, left.used, left.at),
    )
    return True


def forget(tx: sqlite3.Connection, before: int) -> None:
    """Those that have long grown back."""
    tx.execute("DELETE FROM allowance WHERE at < ?", (before,))


def community_sms(tx: sqlite3.Connection, now: int) -> tuple[int, int]:
    """How many SMS the community rules have caused today, and in this month."""
    row = tx.execute(
        "SELECT coalesce(sum(CASE WHEN day = strftime('%Y-%m-%d', :s, 'unixepoch', 'localtime')"
        " THEN n END), 0), coalesce(sum(n), 0) FROM tally WHERE what = 'community_sms'"
        " AND day >= strftime('%Y-%m-01', :s, 'unixepoch', 'localtime')"
        " AND day <= strftime('%Y-%m-31', :s, 'unixepoch', 'localtime')",
        {"s": now // 1000},
    ).fetchone()
    return int(row[0]), int(row[1])
