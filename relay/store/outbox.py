"""The outbox: messages that go out by SMS. Its parts move only through their table."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from relay.clock import wall
from relay.core import lifetime
from relay.core.fold import ChtStatus
from relay.core.lifetime import EXPIRED, within_life
from relay.core.loops import LoopLimits
from relay.core.outbound import (
    Cancelled,
    Claimed,
    Event,
    Expired,
    FoundAtStart,
    NotStarted,
    Part,
    ReportOverdue,
    Retried,
)
from relay.core.priority import Priority
from relay.core.queueing import EVERYTHING, QueueRules, Selection
from relay.errors import NumberError, TextError
from relay.store import caps, loops, parts, restored, trail
from relay.store.database import Database
from relay.store.enqueuing import (
    Composition,
    Order,
    address_parts,
    insert,
    insert_parts,
    supersede,
)
from relay.store.queue import Queue, next_wake_at, wake

_CANCELLED = "cancelled by a person"
LOCAL = ""  # the `server` of messages that were written at this machine


class Outbox:
    def __init__(
        self,
        db: Database,
        composition: Composition | None = None,
        rules: QueueRules | None = None,
        loops: LoopLimits | None = None,
    ) -> None:
        self._db = db
        self._how = composition or Composition()
        self._rules = rules or QueueRules()
        self._queue = Queue(self._rules.ageing_ms)
        self.caps, self.national = self._rules.caps, self._how.national
        self._loops = loops

    # --- in -------------------------------------------------------------------------------------

    def enqueue(
        self,
        now: int,
        *,
        recipient: str,
        text: str,
        server: str = LOCAL,
        server_id: str | None = None,
        priority: int = 0,
        not_before: int | None = None,
        useful_until: int | None = None,
        key: str | None = None,
        may_loop: bool = False,
        by_machine: bool = False,
    ) -> int:
        """Store a message and its parts; the id of its row. See `Order` for what it may wish.

        A message that no SMS can carry, or no modem can dial, is stored as FAILED with its
        reason: the server hears of it, and the radio never does. One that looks like part of a
        loop is stored and held until a person releases it, unless it `may_loop`. What a server
        hands out, or a rule says (`by_machine`), is not written by a person at this station.
        """
        end = lifetime.useful_until(now, useful_until, not_before, self._rules.useful_ms)
        order = Order(recipient, text, priority, not_before, end, key)
        with self._db.transaction() as tx:
            outbound_id = insert(tx, now, order, server, server_id)
            parts.tell(tx, now, outbound_id, ChtStatus.UNSENT, None)
            is_reply = by_machine or server != LOCAL
            why = None if may_loop else self._loop(tx, now, order, is_reply=is_reply)
            if why is not None:
                reason = loops.hold(tx, now, outbound_id, why)
                parts.set_status(tx, now, outbound_id, ChtStatus.UNSENT, reason)
                return outbound_id
            try:
                insert_parts(tx, self._how, outbound_id, order)
            except (TextError, NumberError) as error:
                parts.set_status(tx, now, outbound_id, ChtStatus.FAILED, error.code)
            else:
                supersede(tx, now, outbound_id, order)
            return outbound_id

    def _loop(
        self, tx: sqlite3.Connection, now: int, order: Order, *, is_reply: bool
    ) -> str | None:
        if self._loops is None:
            return None
        return loops.suspect(tx, now, order.recipient, order.text, self._loops, is_reply=is_reply)

    # --- out ------------------------------------------------------------------------------------

    def claim(
        self,
        now: int,
        modem: str,
        submission: str,
        *,
        ahead: bool = False,
        selection: Selection = EVERYTHING,
        earliest: int | None = None,
    ) -> Part | None:
        """Take the next part for this modem, committed as SUBMITTING; None if there is none.

        Of those that are ready and that quiet hours, caps and `selection` allow it is the one
        whose turn it is. What expires, and what was to wait for a later time, is measured by
        `earliest` (`now` without it). The network is asked to hold it for no longer than it is
        of use. What is claimed `ahead` of its turn must be begun before the radio hears of it.
        """
        by_now = now if earliest is None else earliest
        with self._db.transaction() as tx:
            wake(tx, now, by_now)
            self._expire(tx, now, by_now)
            allowed = selection & self._allowed(now)
            part_id = self._queue.take(tx, now, by_now, modem, allowed)
            if part_id is None:
                return None
            (part,) = parts.load(tx, "id = ?", (part_id,))
            tx.execute("UPDATE part SET sim = ? WHERE id = ?", (selection.sim or None, part_id))
            claimed = parts.advance_part(tx, now, part, Claimed(modem, submission, ahead))
        if claimed.useful_until is None:
            return claimed
        return replace(claimed, pdu=within_life(claimed.pdu, claimed.useful_until - by_now))

    def next_due_at(self, now: int, selection: Selection = EVERYTHING) -> int | None:
        """When something may be claimed that may not yet; None if nothing waits for a time.

        What is ready, and was not claimed, waits for its turn or for `selection`.
        """
        times = (next_wake_at(self._db), (selection & self._allowed(now)).opens_at)
        return min((at for at in times if at is not None), default=None)

    def _allowed(self, now: int) -> Selection:
        """What the rules of the queue leave at this moment."""
        quiet = self._rules.quiet
        until = quiet.until(now, wall) if quiet else None
        allowed = caps.selection(self._db, now, self._rules.caps)
        return allowed if until is None else allowed & Selection(Priority.ALERT, opens_at=until)

    def expire(self, now: int, earliest: int) -> int:
        """Give up messages whose time to be of use is over, a hundred at most; how many."""
        with self._db.transaction() as tx:
            return self._expire(tx, now, earliest)

    def _expire(self, tx: sqlite3.Connection, now: int, earliest: int) -> int:
        rows = tx.execute(
            "SELECT DISTINCT outbound_id FROM part WHERE state = 'QUEUED'"
            " AND useful_until IS NOT NULL AND useful_until <= ? LIMIT 100",
            (earliest,),
        ).fetchall()
        for row in rows:
            waiting = parts.load(tx, "outbound_id = ? AND state = 'QUEUED'", (row["outbound_id"],))
            parts.advance_together(tx, now, waiting, Expired(EXPIRED))
        if rows:
            trail.count(tx, now, "expired", len(rows))
        return len(rows)

    def begin(self, now: int, part: Part) -> Part:
        """Commit that a part which was claimed ahead is the next at the radio."""
        with self._db.transaction() as tx:
            tx.execute(
                "UPDATE part SET submitted_at = ? WHERE id = ? AND state = 'SUBMITTING'",
                (now, part.id),
            )
        return replace(part, submitted_at=now)

    def record(self, now: int, part: Part, event: Event, *, then: Part | None = None) -> Part:
        """Advance one part, as it stands on the disk, and its message, in one commit.

        In the same commit `then`, which was claimed ahead, is begun.
        Raises `IllegalTransition`, or `StaleRow` when someone else has moved it since.
        """
        with self._db.transaction() as tx:
            found = parts.load(tx, "id = ? AND state = ?", (part.id, part.state))
            if not found:
                raise parts.StaleRow(f"part {part.id} is no longer {part.state}")
            if then is not None:
                self.begin(now, then)
            return parts.advance_part(tx, now, found[0], event)

    def place(self, part: Part, memory: str, slot: int) -> None:
        """Write down where the modem's memory holds the part, before it is told to send it."""
        with self._db.transaction() as tx:
            tx.execute(
                "UPDATE part SET memory = ?, slot = ? WHERE id = ? AND state = 'SUBMITTING'",
                (memory, slot, part.id),
            )

    def part(self, part_id: int) -> Part | None:
        with self._db.transaction() as tx:
            found = parts.load(tx, "id = ?", (part_id,))
        return found[0] if found else None

    # --- what a server says again ---------------------------------------------------------------

    def tell_again(self, now: int, outbound_id: int) -> None:
        """The server handed out a message that it gave us before: repeat its last status.

        Nothing is queued while a status of it still waits to be told.
        """
        with self._db.transaction() as tx:
            row = tx.execute(
                "SELECT status, told, reason FROM outbound WHERE id = ?"
                " AND NOT EXISTS (SELECT 1 FROM status_update WHERE outbound_id = outbound.id"
                "  AND told_at IS NULL AND parked = 0)",
                (outbound_id,),
            ).fetchone()
            if row is not None:
                status = ChtStatus(row["told"] or row["status"])
                parts.tell(tx, now, outbound_id, status, row["reason"])

    # --- by a person ----------------------------------------------------------------------------

    def retry(self, now: int, outbound_id: int) -> bool:
        """Queue the failed parts of a message again; False if there was nothing to retry.

        It is wished now: its time to be of use begins again.
        """
        with self._db.transaction() as tx:
            # One whose words were removed has nothing to be sent again.
            failed = parts.load(
                tx, "outbound_id = ? AND state = 'FAILED' AND pdu <> ''", (outbound_id,)
            )
            if not failed:
                return self._recompose(tx, now, outbound_id)
            end = lifetime.useful_until(now, None, None, self._rules.useful_ms)
            address_parts(tx, outbound_id)
            for table, id_ in (("outbound", "id"), ("part", "outbound_id")):
                tx.execute(
                    f"UPDATE {table} SET useful_until = ?, not_before = NULL WHERE {id_} = ?",
                    (end, outbound_id),
                )
            parts.advance_together(tx, now, failed, Retried())
            return True

    def release(self, now: int, outbound_id: int) -> bool:
        """Let a held message go, at the time that was wished; False if it was not held. So too one
        that a restoration set aside."""
        with self._db.transaction() as tx:
            if not loops.let_go(tx, outbound_id):
                return restored.send_again(tx, now, outbound_id, self._rules.useful_ms)
            wish = tx.execute(
                "SELECT not_before, useful_until, key FROM outbound WHERE id = ?", (outbound_id,)
            ).fetchone()
            if not self._recompose(tx, now, outbound_id, ChtStatus.UNSENT, *wish):
                parts.set_status(tx, now, outbound_id, ChtStatus.FAILED, "message.not_sendable")
            return True

    def _recompose(
        self,
        tx: sqlite3.Connection,
        now: int,
        outbound_id: int,
        status: ChtStatus = ChtStatus.FAILED,
        not_before: int | None = None,
        useful_until: int | None = None,
        key: str | None = None,
    ) -> bool:
        """A message that was stopped at the door has no parts: it gets another chance there.

        What is no longer of use is wished once more.
        """
        row = tx.execute(
            "SELECT recipient, text, priority FROM outbound WHERE id = ? AND status = ?"
            " AND text <> '' AND NOT EXISTS (SELECT 1 FROM part WHERE outbound_id = outbound.id)",
            (outbound_id, status),
        ).fetchone()
        if row is None:
            return False
        wished = useful_until if useful_until is not None and useful_until > now else None
        end = lifetime.useful_until(now, wished, not_before, self._rules.useful_ms)
        order = Order(row["recipient"], row["text"], row["priority"], not_before, end, key)
        try:
            insert_parts(tx, self._how, outbound_id, order)
        except (TextError, NumberError):
            return False
        parts.set_status(tx, now, outbound_id, ChtStatus.UNSENT, None, Retried())
        supersede(tx, now, outbound_id, order)
        return True

    def cancel(self, now: int, outbound_id: int, reason: str = _CANCELLED) -> bool:
        """Stop what has not left yet; False if everything was already at the radio or done."""
        with self._db.transaction() as tx:
            held = parts.load(
                tx, "outbound_id = ? AND state IN ('QUEUED', 'UNCERTAIN')", (outbound_id,)
            )
            parts.advance_together(tx, now, held, Cancelled(reason))
            if stopped := loops.let_go(tx, outbound_id):
                parts.set_status(tx, now, outbound_id, ChtStatus.FAILED, reason)
            return bool(held) or stopped

    # --- recovery and housekeeping --------------------------------------------------------------

    def recover(self, now: int, modems: Sequence[str] = ()) -> int:
        """At start: what was at the radio when relay stopped has an unknown outcome; how many.

        What was only claimed ahead is queued again. What a modem that is none of `modems`
        left in doubt is settled by the first of them, which cannot see its memory.
        """
        with self._db.transaction() as tx:
            found = parts.load(tx, "state = 'SUBMITTING'")
            for part in found:
                begun = part.submitted_at is not None
                stopped: Event = FoundAtStart() if begun else NotStarted("relay was stopped")
                parts.advance_part(tx, now, part, stopped)
            if modems:
                tx.execute(
                    "UPDATE part SET modem = ?, memory = NULL, slot = NULL,"
                    " submission = CASE WHEN slot IS NULL THEN submission ELSE 'direct' END"
                    " WHERE state = 'UNCERTAIN' AND modem NOT IN (SELECT value FROM json_each(?))",
                    (modems[0], json.dumps(list(modems))),
                )
            return sum(part.submitted_at is not None for part in found)

    def uncertain(self, modem: str) -> list[Part]:
        """Parts that this modem may or may not have sent."""
        with self._db.transaction() as tx:
            return parts.load(tx, "state = 'UNCERTAIN' AND modem = ?", (modem,))

    def close_overdue(self, now: int, wait_ms: int) -> int:
        """Parts of which no status report will tell any more end as accepted."""
        with self._db.transaction() as tx:
            found = parts.load(
                tx,
                "state = 'ACCEPTED' AND finished_at IS NULL AND accepted_at < ?",
                (now - wait_ms,),
                limit=500,
            )
            for part in found:
                parts.advance_part(tx, now, part, ReportOverdue())
            return len(found)
