"""Messages half sent by a SIM that stays away.

A message of which one SIM has sent some parts and another would send the rest arrives as two
halves, for a handset joins parts by their sender. So all of it is sent anew by the other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from relay.core.outbound import PartState, SentAnew
from relay.store import parts, trail
from relay.store.database import Database

# Messages with parts that wait, none in doubt or on the air, and one gone from a SIM that is away.
_STRANDED = (
    "SELECT DISTINCT outbound_id FROM part WHERE state = 'QUEUED' AND total > 1"
    " AND NOT EXISTS (SELECT 1 FROM part AS open WHERE open.outbound_id = part.outbound_id"
    " AND open.state IN ('SUBMITTING', 'UNCERTAIN', 'FAILED'))"
    " AND EXISTS (SELECT 1 FROM part AS gone WHERE gone.outbound_id = part.outbound_id"
    " AND gone.state IN ('ACCEPTED', 'DELIVERED')"
    " AND gone.sim NOT IN (SELECT value FROM json_each(?)) AND gone.accepted_at <= ?)"
)


class Takeover:
    """Used by the threads of all modems; each call is one transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def stranded(self, sims: Sequence[str], before: int) -> list[int]:
        """Messages whose begun parts a SIM sent that is none of `sims`, all before that time."""
        rows = self._db.query(f"{_STRANDED} LIMIT 100", (json.dumps(list(sims)), before))
        return [row["outbound_id"] for row in rows]

    def send_anew(self, now: int, outbound_id: int, sims: Sequence[str]) -> bool:
        """Queue all parts of a stranded message for any SIM; False if it no longer is one."""
        with self._db.transaction() as tx:
            still = tx.execute(
                f"{_STRANDED} AND outbound_id = ?", (json.dumps(list(sims)), now, outbound_id)
            ).fetchone()
            if still is None:
                return False
            gone = [
                part
                for part in parts.load(tx, "outbound_id = ?", (outbound_id,))
                if part.state is not PartState.QUEUED
            ]
            parts.advance_together(tx, now, gone, SentAnew())
            tx.execute("UPDATE part SET sim = NULL WHERE outbound_id = ?", (outbound_id,))
            trail.count(tx, now, "sent_anew")
            return True
