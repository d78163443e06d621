"""The calls that came in, and who was answered by SMS."""

from __future__ import annotations

from relay.core.calls import CallPolicy, deserves_reply
from relay.core.plain import DAY
from relay.core.priority import Priority
from relay.store import trail
from relay.store.database import Database
from relay.store.outbox import Outbox

_KEPT_MS = 90 * DAY


class Calls:
    def __init__(self, db: Database, outbox: Outbox) -> None:
        self._db = db
        self._outbox = outbox

    def note(self, now: int, modem: str, caller: str, policy: CallPolicy) -> bool:
        """Write a call down and queue the SMS to its caller, in one commit; whether there is one.

        `caller` is empty where the network does not show it.
        """
        with self._db.transaction() as tx:
            (replies, replied) = tx.execute(
                "SELECT count(*), coalesce(max(caller = ?), 0) FROM call"
                " WHERE replied_at IS NOT NULL AND replied_at > ?",
                (caller, now - DAY),
            ).fetchone()
            answer = deserves_reply(caller, policy, replied=bool(replied), replies=replies)
            tx.execute(
                "INSERT INTO call (at, modem, caller, replied_at) VALUES (?, ?, ?, ?)",
                (now, modem, caller, now if answer else None),
            )
            tx.execute("DELETE FROM call WHERE at < ?", (now - _KEPT_MS,))
            trail.count(tx, now, "calls")
            if answer:
                self._outbox.enqueue(
                    now, recipient=caller, text=policy.reply, priority=Priority.REPLY
                )
        return answer
