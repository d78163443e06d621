"""The choice of the next part, inside the transaction of the claim.

It costs the same with ten thousand messages waiting: what may go now stands in an index of its
own, in the order of the queue, and of each priority only the first is looked at. `core.queueing`
decides among these.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from relay.core.queueing import (
    LINE_ATTEMPTS,
    Head,
    Selection,
    last_turns,
    next_turn,
    waiting_since,
)
from relay.store.database import Database

_LOWEST, _HIGHEST = -(2**62), 2**62


def in_line(part: str) -> str:
    """Of a part that waits, by the name that a query gives it: whether others wait behind it.

    Where one part of a message stands aside, those that follow it do.
    """
    return (
        f"{part}.attempts <= {LINE_ATTEMPTS} AND ({part}.seq = 1 OR NOT EXISTS"
        f" (SELECT 1 FROM part AS aside WHERE aside.outbound_id = {part}.outbound_id"
        f" AND aside.seq < {part}.seq AND aside.state = 'QUEUED'"
        f" AND aside.attempts > {LINE_ATTEMPTS}))"
    )


# Of a part: nothing of its own message, to its recipient, or to it at another modem goes first.
IN_TURN = (
    "(seq = 1 OR NOT EXISTS (SELECT 1 FROM part AS earlier"
    " WHERE earlier.outbound_id = part.outbound_id AND earlier.seq < part.seq"
    " AND earlier.state IN ('QUEUED', 'FAILED')))"
    " AND NOT EXISTS (SELECT 1 FROM part AS earlier"
    " WHERE earlier.state = 'QUEUED' AND earlier.not_before IS NULL"
    " AND earlier.number = part.number AND earlier.priority = part.priority"
    f" AND earlier.outbound_id < part.outbound_id AND {in_line('earlier')})"
    " AND NOT EXISTS (SELECT 1 FROM part AS refused"
    " WHERE refused.state = 'QUEUED' AND refused.not_before IS NULL"
    " AND refused.number = part.number AND refused.priority > part.priority"
    f" AND refused.due_at > 0 AND {in_line('refused')})"
    " AND NOT EXISTS (SELECT 1 FROM part AS on_air WHERE on_air.state = 'SUBMITTING'"
    " AND on_air.number = part.number AND on_air.modem <> ?)"
    # A handset joins parts by the number that they come from.
    " AND (total = 1 OR NOT EXISTS (SELECT 1 FROM part AS gone"
    " WHERE gone.outbound_id = part.outbound_id AND gone.sim <> ?"
    " AND gone.state IN ('SUBMITTING', 'UNCERTAIN', 'ACCEPTED', 'DELIVERED')))"
)
_FIRST = (
    "SELECT id, outbound_id, seq, priority, number,"
    " (SELECT created_at FROM outbound WHERE outbound.id = part.outbound_id) AS created_at"
    " FROM part WHERE state = 'QUEUED' AND due_at = 0 AND not_before IS NULL"
    " AND priority BETWEEN ? AND ? AND (useful_until IS NULL OR useful_until > ?)"
    f" AND {IN_TURN}"
    " ORDER BY priority DESC, outbound_id, seq"
)


@dataclass(frozen=True, slots=True)
class _Question:
    """Which part may go to this modem, as things stand in this transaction."""

    tx: sqlite3.Connection
    earliest: int
    modem: str
    selection: Selection

    def first(self, highest: int) -> sqlite3.Row | None:
        """The first one of the highest priority that is not above `highest`."""
        floor = self.selection.min_priority
        lowest = _LOWEST if floor is None else floor
        asked = (lowest, highest, self.earliest, self.modem, self.selection.sim or None)
        rows = self.tx.execute(_FIRST, asked)
        try:
            return next((row for row in rows if self._takes(row)), None)
        finally:
            rows.close()

    def _takes(self, row: sqlite3.Row) -> bool:
        return self.selection.takes(row["priority"], row["number"])


class Queue:
    """Only used inside transactions. What it remembers may be lost: it only keeps the peace."""

    def __init__(self, ageing_ms: int) -> None:
        self._ageing_ms = ageing_ms
        self._turns: dict[int, int] = {}  # when each priority had its last turn

    def take(
        self,
        tx: sqlite3.Connection,
        now: int,
        earliest: int,
        modem: str,
        selection: Selection,
    ) -> int | None:
        """The id of the part that goes next, of those that are ready; None if there is none.

        What was of use only until `earliest` is left to be given up.
        """
        ask = _Question(tx, earliest, modem, selection)
        heads = self._heads(ask, now)
        taken = next_turn(heads, now, self._ageing_ms)
        if taken is None:
            return None
        self._turns = last_turns(self._turns, heads, taken, now)
        return taken.part_id

    def _heads(self, ask: _Question, now: int) -> list[Head]:
        """The first that may go of each priority, the most urgent before the others."""
        heads: list[Head] = []
        below = _HIGHEST
        while (row := ask.first(below)) is not None:
            turn_at = self._turns.get(row["priority"])
            since = waiting_since(row["created_at"], turn_at, now)
            heads.append(Head(row["id"], row["outbound_id"], row["seq"], row["priority"], since))
            below = row["priority"] - 1
        return heads


def wake(tx: sqlite3.Connection, now: int, earliest: int) -> None:
    """What waited for a time that has come is ready from now on.

    What a person wished for a later time goes when that has certainly come.
    """
    tx.execute(
        "UPDATE part SET due_at = 0 WHERE state = 'QUEUED' AND due_at > 0 AND due_at <= ?", (now,)
    )
    tx.execute(
        "UPDATE part SET not_before = NULL"
        " WHERE state = 'QUEUED' AND not_before IS NOT NULL AND not_before <= ?",
        (earliest,),
    )


def next_wake_at(db: Database) -> int | None:
    """When the next part is ready that is not so yet; None if none waits for a time."""
    times = db.query(
        "SELECT min(due_at) FROM part WHERE state = 'QUEUED' AND due_at > 0"
        " UNION ALL SELECT min(not_before) FROM part"
        " WHERE state = 'QUEUED' AND not_before IS NOT NULL"
    )
    return min((row[0] for row in times if row[0] is not None), default=None)
