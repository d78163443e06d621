"""Notices: what relay itself has to tell the server, on the same road as every message.

A notice is a row of the inbox with a kind of its own. Its id is made from the station and the
occasion, so that the same occasion is told once, whatever restarts us.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from relay.core.inbound import Completed, InboundState
from relay.store import trail
from relay.store.database import Database
from relay.store.forwarding import offer

KIND = "notice"


class Notices:
    """`sender` is who the server sees as the sender; `wanted` False writes none at all."""

    def __init__(
        self, db: Database, servers: Sequence[str], sender: str, *, wanted: bool = True
    ) -> None:
        self._db = db
        self._servers = tuple(servers)
        self._sender = sender
        self._wanted = wanted
        self._gateway = uuid.UUID(db.value("SELECT value FROM meta WHERE key = 'gateway_id'"))

    def post(self, now: int, occasion: str, text: str, *, modem: str = "", sim: str = "") -> bool:
        """Put a text before every server, once for each `occasion`; False if it was there.

        `occasion` names what happened and when, for instance `sim.usb1.1780000000000`.
        """
        if not self._wanted or not self._servers:
            return False
        name = str(uuid.uuid5(self._gateway, f"notice\n{occasion}"))
        with self._db.transaction() as tx:
            row = tx.execute(
                "INSERT INTO inbound (uuid, state, kind, sender, text, sc_time, kept_at, modem,"
                " sim, total) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
                " ON CONFLICT (uuid) DO NOTHING RETURNING id",
                (name, InboundState.WAITING, KIND, self._sender, text, now, now, modem, sim),
            ).fetchone()
            if row is None:
                return False
            trail.note(
                tx, now, "inbound", row["id"], Completed.__name__, None, InboundState.WAITING,
                occasion,
            )  # fmt: skip
            offer(tx, row["id"], self._servers)
        return True
