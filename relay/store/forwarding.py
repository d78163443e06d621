"""A message before its servers: it moves on when none of them waits for it any more."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from relay.core.inbound import INBOUND_TRANSITIONS, Forwarded, InboundState, Parked, Released
from relay.core.machine import step
from relay.store import trail
from relay.store.database import Database


def offer(tx: sqlite3.Connection, inbound_id: int, servers: Sequence[str]) -> None:
    """Put a message before every server. Inside a transaction."""
    tx.executemany(
        "INSERT INTO forwarding (server, inbound_id, state) VALUES (?, ?, 'WAITING')",
        [(server, inbound_id) for server in servers],
    )


def release(db: Database, now: int, inbound_id: int, servers: Sequence[str]) -> bool:
    """A person says: offer a parked message to the servers again. False if it is not parked."""
    with db.transaction() as tx:
        row = tx.execute(
            "SELECT state FROM inbound WHERE id = ? AND uuid IS NOT NULL", (inbound_id,)
        ).fetchone()
        if row is None or row["state"] != InboundState.PARKED:
            return False
        state = step(INBOUND_TRANSITIONS, InboundState.PARKED, Released())
        tx.execute(
            "UPDATE inbound SET state = ?, reason = NULL, finished_at = NULL WHERE id = ?",
            (state, inbound_id),
        )
        for server in servers:
            tx.execute(
                "INSERT INTO forwarding (server, inbound_id, state) VALUES (?, ?, 'WAITING')"
                " ON CONFLICT DO UPDATE SET state = 'WAITING', refusals = 0"
                " WHERE state = 'PARKED'",
                (server, inbound_id),
            )
        trail.note(tx, now, "inbound", inbound_id, "Released", "PARKED", state)
        return True


def finish_departed(db: Database, present: Sequence[str]) -> None:
    """Move on the messages for which only servers wait that left the configuration.

    All servers must have adopted theirs before: one may be another under a new name. What waits
    for a server that left waits on, should it return.
    """
    with db.transaction() as tx:
        rows = tx.execute(
            "SELECT id, (SELECT max(forwarded_at) FROM forwarding WHERE inbound_id = inbound.id)"
            " AS at FROM inbound WHERE state = 'WAITING' OR state = 'INCOMPLETE'"
        ).fetchall()
        for row in rows:
            if row["at"] is not None:
                finish(tx, row["at"], row["id"], "", json.dumps(list(present)))


def finish(tx: sqlite3.Connection, now: int, inbound_id: int, server: str, present: str) -> None:
    """The message moves on when no server waits for it any more."""
    states = {
        row["state"]: row["reason"]
        for row in tx.execute(
            "SELECT state, reason FROM forwarding WHERE inbound_id = ? AND (state <> 'WAITING'"
            " OR ? = '[]' OR server IN (SELECT value FROM json_each(?)))",
            (inbound_id, present, present),
        )
    }
    row = tx.execute("SELECT state FROM inbound WHERE id = ?", (inbound_id,)).fetchone()
    before = None if row is None else row["state"]  # it may be gone while it is on its way
    if "WAITING" in states or before not in (InboundState.WAITING, InboundState.INCOMPLETE):
        return
    reason = states.get("PARKED")
    event = Parked(reason or "refused") if "PARKED" in states else Forwarded()
    state = step(INBOUND_TRANSITIONS, InboundState(before), event)
    tx.execute(
        "UPDATE inbound SET state = ?, reason = ?, finished_at = ? WHERE id = ?",
        (state, reason, now, inbound_id),
    )
    trail.note(tx, now, "inbound", inbound_id, type(event).__name__, before, state, server)
