"""Figures over the months: the signal of each modem, the queue, the day's traffic, the credit.

A sample every ten minutes, after a week one for each hour, after a year none. How many there are
is bounded by counting them, so that no clock, however wrong, can make the store grow.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median_low
from typing import Any, Protocol

from relay.store.database import Database

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

EVERY_MS = 10 * MINUTE_MS
FINE_MS = 7 * DAY_MS
KEPT_MS = 366 * DAY_MS
# A week of every ten minutes and a year of every hour are 9,792.
MOST = 12_000
_UPKEEP_EVERY = 36  # samples: six hours of them
_ENOUGH = 12  # samples, two hours, before anything is called usual

SIGNAL = "signal:"
WAITING = "waiting"  # messages that have yet to go out
HERE = "here"  # messages that came in and are not at every server


class Source(Protocol):
    """`relay.store.reading.Reader`, or the daemon's own connection."""

    def query(self, sql: str, params: Any = ...) -> list[sqlite3.Row]: ...


@dataclass(frozen=True, slots=True)
class Sample:
    """`n` is None where there was nothing to measure, as with a modem that was away."""

    at: int
    what: str
    n: int | None


# --- writing ------------------------------------------------------------------------------------


def sample(db: Database, now: int, earliest: int, signals: Mapping[str, int | None]) -> bool:
    """Keep one of everything, unless that was done less than ten minutes ago; whether it was.

    `signals` are in dBm by the names of the modems, None for one that is away. What is too old by
    `earliest`, the least that it can be by now, is thinned out.
    """
    (last,) = db.query("SELECT max(id) AS id FROM sample")
    before = db.query("SELECT at FROM sample WHERE id = ?", (last["id"],))
    # One from the future was dated by a wrong clock.
    if before and 0 <= now - before[0]["at"] < EVERY_MS:
        return False
    with db.transaction() as tx:
        rows = [(f"{SIGNAL}{name}", dbm) for name, dbm in signals.items()]
        rows += [(WAITING, _count(tx, _WAITING)), (HERE, _count(tx, _HERE))]
        tx.executemany(
            "INSERT INTO sample (at, what, n) VALUES (?, ?, ?)",
            [(now, what, n) for what, n in rows],
        )
        if ((last["id"] or 0) // len(rows)) % _UPKEEP_EVERY == 0:
            thin(tx, earliest)
    return True


_WAITING = (
    "SELECT count(*) FROM outbound WHERE finished_at IS NULL AND status IN ('UNSENT', 'PENDING')"
)
_HERE = "SELECT count(*) FROM inbound WHERE state = 'WAITING' OR state = 'INCOMPLETE'"


def _count(tx: sqlite3.Connection, sql: str) -> int:
    return int(tx.execute(sql).fetchone()[0])


def thin(tx: sqlite3.Connection, earliest: int) -> None:
    """One of an hour for what is older than a week, none of what is older than a year."""
    tx.execute("DELETE FROM sample WHERE at < ?", (earliest - KEPT_MS,))
    for (what,) in tx.execute("SELECT DISTINCT what FROM sample").fetchall():
        _merge_hours(tx, what, earliest - FINE_MS)
        tx.execute(
            "DELETE FROM sample WHERE what = ? AND id <="
            " (SELECT id FROM sample WHERE what = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (what, what, MOST),
        )


def _merge_hours(tx: sqlite3.Connection, what: str, before: int) -> None:
    """Of a signal the mean stays, of a queue the longest."""
    figure = "avg(n)" if what.startswith(SIGNAL) else "max(n)"
    hours = tx.execute(
        f"SELECT min(id) AS kept, at / {HOUR_MS} AS hour, CAST(round({figure}) AS INTEGER) AS n"
        " FROM sample WHERE what = ? AND at < ? GROUP BY hour HAVING count(*) > 1",
        (what, before),
    ).fetchall()
    for hour in hours:
        tx.execute("UPDATE sample SET n = ? WHERE id = ?", (hour["n"], hour["kept"]))
        tx.execute(
            "DELETE FROM sample WHERE what = ? AND at >= ? AND at < ? AND id <> ?",
            (what, hour["hour"] * HOUR_MS, (hour["hour"] + 1) * HOUR_MS, hour["kept"]),
        )


# --- reading ------------------------------------------------------------------------------------


def usual_signal(reader: Source, modem: str, days: int = 7) -> int | None:
    """The median (dBm) of the last days in which it was sampled; None where that is too little.

    Counted back from the newest sample, so it needs no clock.
    """
    what = f"{SIGNAL}{modem}"
    newest = reader.query("SELECT at FROM sample WHERE what = ? ORDER BY id DESC LIMIT 1", (what,))
    if not newest:
        return None
    until = newest[0]["at"]
    found = reader.query(
        "SELECT n FROM sample WHERE what = ? AND at BETWEEN ? AND ? AND n IS NOT NULL",
        (what, until - days * DAY_MS, until),
    )
    return median_low(row["n"] for row in found) if len(found) >= _ENOUGH else None


def samples(reader: Source, kinds: Iterable[str], since: int, until: int) -> Iterator[Sample]:
    """Of each kind, the oldest first."""
    for what in kinds:
        rows = reader.query(
            "SELECT at, n FROM sample WHERE what = ? AND at BETWEEN ? AND ? ORDER BY at, id",
            (what, since, until),
        )
        yield from (Sample(row["at"], what, row["n"]) for row in rows)


def sampled_modems(reader: Source) -> list[str]:
    """The modems of which there is a signal, also those that left the configuration."""
    rows = reader.query(
        "SELECT DISTINCT what FROM sample WHERE what >= ? AND what < ? ORDER BY what",
        (SIGNAL, SIGNAL + "\U0010ffff"),
    )
    return [row["what"].removeprefix(SIGNAL) for row in rows]


def balances(reader: Source, since: int, until: int) -> list[sqlite3.Row]:
    """What operators said was left, in micros, the oldest first."""
    return reader.query(
        "SELECT at, modem, amount, currency, sms FROM balance WHERE at BETWEEN ? AND ?"
        " ORDER BY at, id",
        (since, until),
    )


def tallies(reader: Source, first: str, last: str) -> dict[str, dict[str, int]]:
    """The figures of each day (`2026-11-25`, local) by what they count."""
    found: dict[str, dict[str, int]] = {}
    for row in reader.query(
        "SELECT day, what, n FROM tally WHERE day BETWEEN ? AND ? ORDER BY day", (first, last)
    ):
        found.setdefault(row["day"], {})[row["what"]] = row["n"]
    return found
