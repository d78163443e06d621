"""What is owed to the hooks: a row for each call, until it has succeeded or was given up.

A row is written in the commit that makes its message one, so that a hook hears of each at least
once. Receiving and syncing never wait for a hook: they write no more than this row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from relay.core.plain import DAY
from relay.store.database import Database

ON_MESSAGE, ON_ALERT = "on_message", "on_alert"
_GIVEN_UP_KEPT_MS = 30 * DAY
# A call waits so long for relay's own answer to the message, to tell of it as well.
_ANSWER_MS = 30_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is due; of `inbound_id` and `document` (JSON) one is set."""

    id: int
    hook: str
    inbound_id: int | None
    document: str | None
    tries: int


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as `on_message` is told of it. Times are epoch ms.

    `answer` is what relay has replied, None where it has not.
    """

    id: int
    uuid: str | None
    kind: str
    sender: str
    text: str
    sc_time: int | None
    kept_at: int
    modem: str
    whole: bool
    answer: str | None = None


def owe_message(tx: sqlite3.Connection, now: int, inbound_id: int) -> None:
    """Inside the transaction that makes it a message; nothing where no hook is set."""
    tx.execute(
        "INSERT INTO hook_call (hook, inbound_id, created_at)"
        " SELECT name, ?, ? FROM hook WHERE name = ?",
        (inbound_id, now, ON_MESSAGE),
    )


def owe_document(tx: sqlite3.Connection, now: int, document: str) -> None:
    """A JSON document for `on_alert`, inside a transaction."""
    tx.execute(
        "INSERT INTO hook_call (hook, document, created_at)"
        " SELECT name, ?, ? FROM hook WHERE name = ?",
        (document, now, ON_ALERT),
    )


class Hooks:
    def __init__(self, db: Database) -> None:
        self._db = db

    def set(self, names: Collection[str]) -> None:
        """Which hooks the configuration has; what others were owed is forgotten."""
        with self._db.transaction() as tx:
            tx.execute("DELETE FROM hook")
            tx.executemany("INSERT INTO hook VALUES (?)", [(name,) for name in sorted(names)])
            tx.execute("DELETE FROM hook_call WHERE hook NOT IN (SELECT name FROM hook)")

    def due(self, now: int, latest: int) -> Call | None:
        """The call whose turn it is. A `due_at` beyond `latest` was reckoned by a wrong clock."""
        rows = self._db.query(
            "SELECT id, hook, inbound_id, document, tries FROM hook_call"
            " WHERE given_up_at IS NULL AND (due_at <= ? OR due_at > ?)"
            " AND NOT (created_at BETWEEN ? AND ? AND EXISTS (SELECT 1 FROM answer"
            "  WHERE answer.inbound_id = hook_call.inbound_id AND state = 'WAITING'))"
            " ORDER BY due_at, id LIMIT 1",
            (now, latest, now - _ANSWER_MS, now),
        )
        return Call(**dict(rows[0])) if rows else None

    def next_due_at(self) -> int | None:
        at = self._db.value("SELECT min(due_at) FROM hook_call WHERE given_up_at IS NULL")
        return None if at is None else int(at)

    def message(self, inbound_id: int) -> ReceivedMessage | None:
        """None for one that was deleted since."""
        rows = self._db.query(
            "SELECT id, uuid, kind, sender, coalesce(text, '') AS text, sc_time, kept_at, modem,"
            " total <= (SELECT count(DISTINCT seq) FROM raw_pdu WHERE inbound_id = inbound.id)"
            " AS whole, (SELECT outbound.text FROM answer JOIN outbound ON"
            "  outbound.id = outbound_id WHERE answer.inbound_id = inbound.id) AS answer"
            " FROM inbound WHERE id = ?",
            (inbound_id,),
        )
        if not rows:
            return None
        return ReceivedMessage(**{**dict(rows[0]), "whole": bool(rows[0]["whole"])})

    def done(self, call: Call) -> None:
        with self._db.transaction() as tx:
            tx.execute("DELETE FROM hook_call WHERE id = ?", (call.id,))

    def failed(self, call: Call, now: int, again_at: int | None, reason: str) -> None:
        """It is called again at `again_at`; None gives it up."""
        with self._db.transaction() as tx:
            tx.execute(
                "UPDATE hook_call SET tries = tries + 1, due_at = ?, given_up_at = ?, reason = ?"
                " WHERE id = ?",
                (again_at or 0, now if again_at is None else None, reason, call.id),
            )
            tx.execute("DELETE FROM hook_call WHERE given_up_at < ?", (now - _GIVEN_UP_KEPT_MS,))
