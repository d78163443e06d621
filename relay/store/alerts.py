"""Alerts in the store: the problems that are followed, and the SMS that told of them.

What is told and the SMS that tells it are one commit, so that neither a kill nor a reboot tells
anything twice.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import astuple

from relay.core.alerts import Key, Told, Watch
from relay.core.plain import DAY
from relay.core.priority import Priority
from relay.store import hooks
from relay.store.database import Database
from relay.store.outbox import Outbox
from relay.store.reading import Reader

# A newer alert takes the place of one to the same number that has not left.
KEY = "alert"
_KEPT_MS = 31 * DAY
_COLUMNS = (
    "kind, subject, code, began_at, seen_at, bad_ms, away_at, raised_at, over_at, told, told_at"
)

# From the keys that an SMS must tell of to its text.
Compose = Callable[[Collection[Key]], str]


class Alerts:
    def __init__(self, db: Database, outbox: Outbox) -> None:
        self._db = db
        self._outbox = outbox

    def watches(self) -> tuple[Watch, ...]:
        return watches(self._db)

    def written(self, now: int) -> tuple[int, ...]:
        """When the last alerts were written, of the recipient who got the most of them."""
        rows = self._db.query(
            "SELECT DISTINCT at FROM alert_sms WHERE at > ? ORDER BY at", (now - DAY,)
        )
        return tuple(row["at"] for row in rows)

    def unsent(self) -> int:
        """How many of our own SMS have not left yet."""
        return int(
            self._db.value(
                "SELECT count(*) FROM outbound WHERE key = ? AND finished_at IS NULL"
                " AND status = 'UNSENT'",
                (KEY,),
            )
        )

    def failed(self, now: int) -> int:
        """How many of our own SMS were given up in the last day."""
        return int(
            self._db.value(
                "SELECT count(*) FROM alert_sms JOIN outbound ON outbound.id = outbound_id"
                " WHERE status = 'FAILED' AND finished_at > ?"
                " AND outbound.reason NOT LIKE 'MSG_SUPERSEDED%'",
                (now - DAY,),
            )
        )

    def in_doubt(self) -> int:
        """How many parts of our own SMS may or may not have gone out."""
        return int(
            self._db.value(
                "SELECT count(*) FROM part WHERE state = 'UNCERTAIN' AND modem IS NOT NULL"
                " AND outbound_id IN (SELECT outbound_id FROM alert_sms)"
            )
        )

    def looping(self) -> int:
        """How many of our own SMS are held: the technician's phone answers by itself."""
        return int(
            self._db.value(
                "SELECT count(*) FROM held"
                " WHERE outbound_id IN (SELECT outbound_id FROM alert_sms)"
            )
        )

    def save(self, now: int, watches: Sequence[Watch], documents: Sequence[str] = ()) -> None:
        """What one look has found, and what the programs are told of it, in one commit."""
        with self._db.transaction() as tx:
            _put(tx, watches)
            for document in documents:
                hooks.owe_document(tx, now, document)

    def tell(
        self,
        now: int,
        watches: Sequence[Watch],
        keys: Collection[Key],
        recipients: Sequence[str],
        compose: Compose,
        useful_ms: int,
    ) -> None:
        """Write one SMS to each recipient and keep the watches, in one commit.

        What an SMS told that has not left yet is told again by the one that takes its place.
        """
        with self._db.transaction() as tx:
            for recipient in recipients:
                whole = {*keys, *_unsent(tx, recipient)}
                outbound_id = self._outbox.enqueue(
                    now,
                    recipient=recipient,
                    text=compose(whole),
                    priority=Priority.ALERT,
                    useful_until=now + useful_ms,
                    key=KEY,
                    may_loop=True,
                )
                tx.execute(
                    "INSERT INTO alert_sms (at, recipient, outbound_id, told) VALUES (?, ?, ?, ?)",
                    (now, recipient, outbound_id, json.dumps(sorted(whole))),
                )
            _put(tx, watches)
            tx.execute("DELETE FROM alert_sms WHERE at < ?", (now - _KEPT_MS,))

    def redate(self, now: int) -> None:
        """After a step back of the clock no SMS was written in the time to come."""
        if self._db.value("SELECT 1 FROM alert_sms WHERE at > ? LIMIT 1", (now,)):
            with self._db.transaction() as tx:
                tx.execute("UPDATE alert_sms SET at = ? WHERE at > ?", (now, now))


def watches(db: Database | Reader) -> tuple[Watch, ...]:
    rows = db.query(f"SELECT {_COLUMNS} FROM alert ORDER BY began_at")
    return tuple(Watch(**{**dict(row), "told": Told(row["told"])}) for row in rows)


def _put(tx: sqlite3.Connection, watches: Sequence[Watch]) -> None:
    tx.execute("DELETE FROM alert")
    tx.executemany(
        f"INSERT INTO alert ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [astuple(watch) for watch in watches],
    )


def _unsent(tx: sqlite3.Connection, recipient: str) -> list[Key]:
    """What the last SMS to this number tells, if nothing of it has left."""
    row = tx.execute(
        "SELECT alert_sms.told, status FROM alert_sms JOIN outbound ON outbound.id = outbound_id"
        " WHERE alert_sms.recipient = ? ORDER BY alert_sms.id DESC LIMIT 1",
        (recipient,),
    ).fetchone()
    if row is None or row["status"] != "UNSENT":
        return []
    return [(kind, subject) for kind, subject in json.loads(row["told"])]
