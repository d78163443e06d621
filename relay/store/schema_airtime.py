"""The tables of money: what was sent at what price, and what the operator said was left.

Amounts are in micros, millionths of the currency.
"""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m007_airtime(db: SqliteUtils) -> None:
    """One row for each submission that the network took or may have taken, and one for each
    balance that was seen.

    A `segment` outlives its message and keeps no more of the recipient than the `prefix` that
    tells country and operator. `charged` is 0 while nobody knows whether it went out; `nth`
    counts the submissions of one part. `spent` is what went since the balance before, and
    `segments` and `doubtful` count the rows of that time.
    """
    create(
        db,
        """
        CREATE TABLE segment (
            id INTEGER PRIMARY KEY,
            outbound_id INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            nth INTEGER NOT NULL,
            at INTEGER NOT NULL,
            charged INTEGER NOT NULL,
            modem TEXT NOT NULL,
            server TEXT NOT NULL,
            prefix TEXT NOT NULL,
            price INTEGER,
            currency TEXT NOT NULL DEFAULT '',
            UNIQUE (outbound_id, seq, nth)
        ) STRICT;
        CREATE INDEX segment_at ON segment (at, modem);

        CREATE TABLE balance (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            modem TEXT NOT NULL,
            sim TEXT NOT NULL,
            amount INTEGER,
            currency TEXT NOT NULL,
            sms INTEGER,
            until TEXT,
            via TEXT NOT NULL,
            spent INTEGER,
            segments INTEGER NOT NULL DEFAULT 0,
            doubtful INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX balance_modem ON balance (modem, id);
        CREATE INDEX balance_at ON balance (at)
        """,
    )
