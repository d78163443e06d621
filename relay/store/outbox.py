"""The outbox: messages that go out by SMS. Its parts move only through their table."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from relay.core.fold import ChtStatus
from relay.core.number import dialable
from relay.core.outbound import (
    Cancelled,
    Claimed,
    Event,
    FoundAtStart,
    NotStarted,
    Part,
    ReportOverdue,
    Retried,
)
from relay.core.queueing import AGEING_MS, EVERYTHING, Selection
from relay.core.segment import compose
from relay.errors import NumberError, TextError
from relay.store import parts, trail
from relay.store.database import Database
from relay.store.queue import Queue, next_wake_at, wake

LOCAL = ""  # the `server` of messages that were written at this machine


@dataclass(frozen=True, slots=True)
class Composition:
    """How texts become SMS-SUBMITs: validity (seconds), reports, national tables, size limit."""

    validity_s: int | None = 72 * 3600
    report: bool = True
    national: tuple[str, ...] = ()
    max_parts: int = 255


class Outbox:
    def __init__(
        self,
        db: Database,
        composition: Composition | None = None,
        *,
        ageing_ms: int = AGEING_MS,
    ) -> None:
        self._db = db
        self._how = composition or Composition()
        self._queue = Queue(ageing_ms)

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
    ) -> int:
        """Store a message and its parts; the id of its row.

        A message that no SMS can carry, or no modem can dial, is stored as FAILED with its
        reason: the server hears of it, and the radio never does.
        """
        with self._db.transaction() as tx:
            outbound_id = _insert(tx, now, server, server_id, recipient, text, priority)
            parts.tell(tx, now, outbound_id, ChtStatus.UNSENT, None)
            try:
                pdus = self._compose(tx, outbound_id, recipient, text)
            except (TextError, NumberError) as error:
                parts.set_status(tx, now, outbound_id, ChtStatus.FAILED, error.code)
            else:
                _insert_parts(tx, outbound_id, pdus, dialable(recipient), priority)
            return outbound_id

    def _compose(
        self, tx: sqlite3.Connection, outbound_id: int, recipient: str, text: str
    ) -> tuple[str, ...]:
        number = dialable(recipient)
        pdus = self._pdus(number, text, concat_ref=0)
        if len(pdus) > self._how.max_parts:
            raise TextError("text.too_long", f"{len(pdus)} parts, more than the limit")
        if len(pdus) == 1:
            return pdus
        return self._pdus(number, text, concat_ref=_next_ref(tx, number, outbound_id))

    def _pdus(self, number: str, text: str, concat_ref: int) -> tuple[str, ...]:
        return compose(
            number,
            text,
            concat_ref=concat_ref,
            validity_s=self._how.validity_s,
            report=self._how.report,
            national=self._how.national,
        )

    # --- out ------------------------------------------------------------------------------------

    def claim(
        self,
        now: int,
        modem: str,
        submission: str,
        *,
        ahead: bool = False,
        selection: Selection = EVERYTHING,
    ) -> Part | None:
        """Take the next part for this modem, committed as SUBMITTING; None if there is none.

        Of those that are ready and that `selection` allows it is the one whose turn it is. What
        is claimed `ahead` of its turn must be begun before the radio hears of it.
        """
        with self._db.transaction() as tx:
            wake(tx, now)
            part_id = self._queue.take(tx, now, modem, selection)
            if part_id is None:
                return None
            (part,) = parts.load(tx, "id = ?", (part_id,))
            return parts.advance_part(tx, now, part, Claimed(modem, submission, ahead))

    def next_due_at(self, selection: Selection = EVERYTHING) -> int | None:
        """When something may be claimed that may not yet; None if nothing waits for a time.

        What is ready, and was not claimed, waits for its turn or for `selection`.
        """
        times = (next_wake_at(self._db), selection.opens_at)
        return min((at for at in times if at is not None), default=None)

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
        """Queue the failed parts of a message again; False if there was nothing to retry."""
        with self._db.transaction() as tx:
            failed = parts.load(tx, "outbound_id = ? AND state = 'FAILED'", (outbound_id,))
            if failed:
                parts.advance_together(tx, now, failed, Retried())
                return True
            return self._recompose(tx, now, outbound_id)

    def _recompose(self, tx: sqlite3.Connection, now: int, outbound_id: int) -> bool:
        """A message that failed at the door has no parts: it gets another chance there."""
        row = tx.execute(
            "SELECT recipient, text, priority FROM outbound WHERE id = ? AND status = 'FAILED'",
            (outbound_id,),
        ).fetchone()
        if row is None:
            return False
        try:
            pdus = self._compose(tx, outbound_id, row["recipient"], row["text"])
        except (TextError, NumberError):
            return False
        _insert_parts(tx, outbound_id, pdus, dialable(row["recipient"]), row["priority"])
        parts.set_status(tx, now, outbound_id, ChtStatus.UNSENT, None, Retried())
        return True

    def cancel(self, now: int, outbound_id: int) -> bool:
        """Stop what has not left yet; False if everything was already at the radio or done."""
        with self._db.transaction() as tx:
            held = parts.load(
                tx, "outbound_id = ? AND state IN ('QUEUED', 'UNCERTAIN')", (outbound_id,)
            )
            parts.advance_together(tx, now, held, Cancelled("cancelled by a person"))
            return bool(held)

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


def _insert(
    tx: sqlite3.Connection,
    now: int,
    server: str,
    server_id: str | None,
    recipient: str,
    text: str,
    priority: int,
) -> int:
    row = tx.execute(
        "INSERT INTO outbound (server, server_id, recipient, text, status, priority, created_at)"
        " VALUES (?, coalesce(?, 'local-' || hex(randomblob(8))),"
        " ?, ?, 'UNSENT', ?, ?) RETURNING id",
        (server, server_id, _storable(recipient), _storable(text), priority, now),
    ).fetchone()
    trail.note(tx, now, "outbound", row[0], "Enqueued", None, "UNSENT", server or "here")
    return int(row[0])


def _insert_parts(
    tx: sqlite3.Connection, outbound_id: int, pdus: tuple[str, ...], number: str, priority: int
) -> None:
    tx.executemany(
        "INSERT INTO part (outbound_id, seq, total, pdu, state, number, priority)"
        " VALUES (?, ?, ?, ?, 'QUEUED', ?, ?)",
        [(outbound_id, seq, len(pdus), pdu, number, priority) for seq, pdu in enumerate(pdus, 1)],
    )


def _next_ref(tx: sqlite3.Connection, number: str, outbound_id: int) -> int:
    """The next 8-bit concatenation reference for this recipient, kept over restarts."""
    row = tx.execute(
        "INSERT INTO concat_ref (recipient, ref) VALUES (?, ?)"
        " ON CONFLICT (recipient) DO UPDATE SET ref = (ref + 1) % 256 RETURNING ref",
        (number, outbound_id % 256),
    ).fetchone()
    return int(row[0])


def _storable(text: str) -> str:
    """SQLite cannot hold a lone surrogate; the reason on the row says that there was one."""
    return text.encode("utf-8", "replace").decode("utf-8")
