"""What one server must be sent and told, what it handed out, and how far the exchange came.

An exchange is committed as in flight before its first byte, and settled in one transaction when
its answer is here. What is still in flight at start may or may not have been processed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from relay.core.cht import Answer, Handout
from relay.core.fold import ChtStatus
from relay.store import parts, trail
from relay.store.database import Database
from relay.store.forwarding import finish
from relay.store.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Report:
    """A message on its way to the server. Times are epoch milliseconds; None is unknown."""

    inbound_id: int
    uuid: str
    sender: str = field(repr=False)
    text: str = field(repr=False)
    sc_time: int | None
    kept_at: int


@dataclass(frozen=True, slots=True)
class Update:
    """A status of a message that the server handed out; `at` (epoch ms) it came about."""

    id: int
    server_id: str
    status: str
    reason: str | None
    at: int = 0


@dataclass(frozen=True, slots=True)
class InFlight:
    since: int
    report_ids: tuple[int, ...]
    update_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    forwarded: int
    told: int
    new: int
    known: int


class Exchanges:
    """One server's side of the store. Only used by that server's sync thread.

    `present` are all servers of the configuration; those that left it keep no message waiting.
    Where it is empty, every server counts that ever was.
    """

    def __init__(
        self, db: Database, server: str, outbox: Outbox, present: Sequence[str] = ()
    ) -> None:
        self._db = db
        self._server = server
        self._outbox = outbox
        self._present = json.dumps(list(present))

    def adopt(self) -> int:
        """Put before this server what came in before it was configured; how many messages."""
        with self._db.transaction() as tx:
            tx.execute("INSERT OR IGNORE INTO cursor (server) VALUES (?)", (self._server,))
            return tx.execute(
                "INSERT OR IGNORE INTO forwarding (server, inbound_id, state)"
                " SELECT ?, id, 'WAITING' FROM inbound"
                " WHERE state = 'WAITING' OR state = 'INCOMPLETE'",
                (self._server,),
            ).rowcount

    # --- what there is to say -------------------------------------------------------------------

    def waiting(self, limit: int) -> list[Report]:
        """The messages that the server lacks, oldest first."""
        rows = self._db.query(
            "SELECT id, uuid, sender, text, sc_time, kept_at FROM forwarding"
            " JOIN inbound ON inbound.id = inbound_id"
            " WHERE server = ? AND forwarding.state = 'WAITING' ORDER BY inbound_id LIMIT ?",
            (self._server, limit),
        )
        return [Report(*row) for row in rows]

    def updates(self, limit: int) -> list[Update]:
        """The statuses that the server has not heard, in the order in which they came about."""
        rows = self._db.query(
            "SELECT status_update.id, server_id, status_update.status, status_update.reason,"
            " status_update.created_at"
            " FROM status_update JOIN outbound ON outbound.id = outbound_id"
            " WHERE status_update.server = ? AND told_at IS NULL AND parked = 0"
            " ORDER BY status_update.id LIMIT ?",
            (self._server, limit),
        )
        return [Update(*row) for row in rows]

    def pending(self) -> tuple[int, int]:
        """How many messages and how many statuses wait for this server."""
        (row,) = self._db.query(
            "SELECT (SELECT count(*) FROM forwarding WHERE server = ? AND state = 'WAITING'),"
            " (SELECT count(*) FROM status_update"
            "  WHERE server = ? AND told_at IS NULL AND parked = 0)",
            (self._server, self._server),
        )
        return row[0], row[1]

    # --- one exchange ---------------------------------------------------------------------------

    def begin(self, now: int, report_ids: Sequence[int], update_ids: Sequence[int]) -> None:
        """Commit what is about to be sent. An idle poll carries nothing and costs no write."""
        if not report_ids and not update_ids:
            return
        with self._db.transaction() as tx:
            tx.execute(
                "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?)",
                (self._server, now, json.dumps(list(report_ids)), json.dumps(list(update_ids))),
            )

    def in_flight(self) -> InFlight | None:
        """The exchange whose outcome is not known (also after a power cut), or None."""
        rows = self._db.query(
            "SELECT in_flight_since, report_ids, update_ids FROM cursor"
            " WHERE server = ? AND in_flight_since IS NOT NULL",
            (self._server,),
        )
        if not rows:
            return None
        since, reports, updates = rows[0]
        return InFlight(since, tuple(json.loads(reports)), tuple(json.loads(updates)))

    def settle(self, now: int, answer: Answer) -> Settled:
        """The server answered: one transaction for all that follows from it."""
        flight = self.in_flight() or InFlight(now, (), ())
        with self._db.transaction() as tx:
            # Decided before this exchange's own updates count as told: a failure that the
            # server has just heard of for the first time is not one that it asks us to repeat.
            fresh = [self._take(tx, now, handout) for handout in answer.messages]
            told = self._told(tx, now, flight)
            forwarded = self._forwarded(tx, now, flight)
            self._clear(tx)
        return Settled(forwarded, told, sum(fresh), len(fresh) - sum(fresh))

    def fail(self, now: int, *, ambiguous: bool) -> None:
        """The exchange failed. Nothing is marked; what may have been processed stays in flight."""
        del now
        if not ambiguous and self.in_flight() is not None:
            with self._db.transaction() as tx:
                self._clear(tx)

    def clear(self) -> None:
        """The wait for an unknown outcome is over: the same may be sent again.

        Of several statuses of one message only the last is. The server may have taken them all,
        and it overwrites without looking: the earlier ones would set it back.
        """
        flight = self.in_flight()
        if flight is None:
            return
        with self._db.transaction() as tx:
            tx.executemany(
                "UPDATE status_update SET told_at = ? WHERE id = ? AND EXISTS"
                " (SELECT 1 FROM status_update AS later, json_each(?) AS flown"
                "  WHERE later.id = flown.value AND later.id > status_update.id"
                "  AND later.outbound_id = status_update.outbound_id)",
                [(flight.since, id_, json.dumps(flight.update_ids)) for id_ in flight.update_ids],
            )
            self._clear(tx)

    def _clear(self, tx: sqlite3.Connection) -> None:
        tx.execute(
            "UPDATE cursor SET in_flight_since = NULL, report_ids = '[]', update_ids = '[]'"
            " WHERE server = ? AND in_flight_since IS NOT NULL",
            (self._server,),
        )

    # --- by a stick -----------------------------------------------------------------------------

    def exported(self, now: int, report_ids: Sequence[int], update_ids: Sequence[int]) -> None:
        """These lie on a stick now. They wait as before: a stick can be lost."""
        with self._db.transaction() as tx:
            tx.executemany(
                "UPDATE forwarding SET exported_at = ? WHERE server = ? AND inbound_id = ?",
                [(now, self._server, one) for one in report_ids],
            )
            tx.executemany(
                "UPDATE status_update SET exported_at = ? WHERE id = ?",
                [(now, one) for one in update_ids],
            )

    def answered(
        self, now: int, report_ids: Sequence[int], update_ids: Sequence[int], answer: Answer
    ) -> Settled:
        """A receipt says so: as after an exchange, and whatever is in flight stays so.

        A message that is known already is left as it is: the receipt may be an old one.
        """
        flight = InFlight(now, tuple(report_ids), tuple(update_ids))
        with self._db.transaction() as tx:
            fresh = [self._take_unknown(tx, now, handout) for handout in answer.messages]
            told = self._told(tx, now, flight)
            forwarded = self._forwarded(tx, now, flight)
        return Settled(forwarded, told, sum(fresh), len(fresh) - sum(fresh))

    def _take_unknown(self, tx: sqlite3.Connection, now: int, handout: Handout) -> bool:
        known = tx.execute(
            "SELECT 1 FROM outbound WHERE server = :server AND server_id = :id UNION ALL"
            " SELECT 1 FROM tombstone WHERE server = :server AND server_id = :id",
            {"server": self._server, "id": handout.id},
        ).fetchone()
        return known is None and self._take_new(tx, now, handout)

    # --- what an answer does --------------------------------------------------------------------

    def _forwarded(self, tx: sqlite3.Connection, now: int, flight: InFlight) -> int:
        ids, since = flight.report_ids, flight.since
        for inbound_id in ids:
            tx.execute(
                "UPDATE forwarding SET state = 'FORWARDED', offered_at = ?, forwarded_at = ?,"
                " reason = NULL WHERE server = ? AND inbound_id = ? AND state = 'WAITING'",
                (since, now, self._server, inbound_id),
            )
            finish(tx, now, inbound_id, self._server, self._present)
        if ids:
            trail.count(tx, now, f"forwarded:{self._server}", len(ids))
        return len(ids)

    def _told(self, tx: sqlite3.Connection, now: int, flight: InFlight) -> int:
        tx.executemany(
            "UPDATE status_update SET offered_at = ?, told_at = ? WHERE id = ?",
            [(flight.since, now, id_) for id_ in flight.update_ids],
        )
        return len(flight.update_ids)

    def _take(self, tx: sqlite3.Connection, now: int, handout: Handout) -> bool:
        """Store a message that the server handed out; False if it gave it to us before."""
        row = tx.execute(
            "SELECT id, status FROM outbound WHERE server = ? AND server_id = ?",
            (self._server, handout.id),
        ).fetchone()
        if row is None:
            return self._take_new(tx, now, handout)
        failed = row["status"] == ChtStatus.FAILED and _failure_acknowledged(tx, row["id"])
        # Only a deliberate reset at the server makes it hand out a failed message again. One
        # that can never be sent must be told again, or it would stand in that queue for ever.
        if not (failed and self._outbox.retry(now, row["id"])):
            self._outbox.tell_again(now, row["id"])
        return False

    def _take_new(self, tx: sqlite3.Connection, now: int, handout: Handout) -> bool:
        buried = tx.execute(
            "SELECT status FROM tombstone WHERE server = ? AND server_id = ?",
            (self._server, handout.id),
        ).fetchone()
        if buried:
            self._unbury(tx, now, handout, ChtStatus(buried["status"]))
            return False
        self._outbox.enqueue(
            now,
            recipient=handout.to,
            text=handout.content,
            server=self._server,
            server_id=handout.id,
        )
        return True

    def _unbury(
        self, tx: sqlite3.Connection, now: int, handout: Handout, status: ChtStatus
    ) -> None:
        """A message that we finished and forgot long ago is told again, and not sent again."""
        row = tx.execute(
            "INSERT INTO outbound (server, server_id, recipient, text, status, reason,"
            " created_at, finished_at) VALUES (?, ?, '', '', ?, 'finished long ago', ?, ?)"
            " RETURNING id",
            (self._server, handout.id, status, now, now),
        ).fetchone()
        parts.tell(tx, now, row[0], status, "finished long ago")

    # --- poison ---------------------------------------------------------------------------------

    def refuse_report(self, inbound_id: int) -> int:
        """The server refused this message alone; how often it has by now."""
        with self._db.transaction() as tx:
            row = tx.execute(
                "UPDATE forwarding SET refusals = refusals + 1"
                " WHERE server = ? AND inbound_id = ? RETURNING refusals",
                (self._server, inbound_id),
            ).fetchone()
        return 0 if row is None else int(row[0])  # deleted while it was on its way

    def park_report(self, now: int, inbound_id: int, reason: str) -> None:
        """Set a message aside for a person, with the server's words."""
        with self._db.transaction() as tx:
            tx.execute(
                "UPDATE forwarding SET state = 'PARKED', reason = ?"
                # One that a person has erased meanwhile gets no words of the server.
                " WHERE server = ? AND inbound_id = ? AND state = 'WAITING'",
                (reason, self._server, inbound_id),
            )
            finish(tx, now, inbound_id, self._server, self._present)

    def refuse_update(self, update_id: int) -> int:
        with self._db.transaction() as tx:
            row = tx.execute(
                "UPDATE status_update SET refusals = refusals + 1 WHERE id = ? RETURNING refusals",
                (update_id,),
            ).fetchone()
        return int(row[0])

    def park_update(self, now: int, update_id: int, reason: str) -> None:
        with self._db.transaction() as tx:
            row = tx.execute(
                "UPDATE status_update SET parked = 1 WHERE id = ? RETURNING outbound_id, status",
                (update_id,),
            ).fetchone()
            trail.note(
                tx, now, "outbound", row["outbound_id"], "UpdateParked", row["status"],
                row["status"], reason,
            )  # fmt: skip


def _failure_acknowledged(tx: sqlite3.Connection, outbound_id: int) -> bool:
    """Whether the server has confirmed our last word, and that word was FAILED."""
    row = tx.execute(
        "SELECT status, told_at FROM status_update WHERE outbound_id = ? ORDER BY id DESC LIMIT 1",
        (outbound_id,),
    ).fetchone()
    return row is not None and row["status"] == ChtStatus.FAILED and row["told_at"] is not None
