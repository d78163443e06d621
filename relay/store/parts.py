"""Moving parts through their table, and what follows: the message's status and its updates.

Every function runs inside a transaction that its caller holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from relay.core.fold import ChtStatus, fold, worth_telling
from relay.core.outbound import Cancelled, Event, Part, PartState, Superseded, advance
from relay.errors import RelayError
from relay.store import caps, ledger, trail

COLUMNS = (
    "id, outbound_id, seq, total, pdu, state, attempts, due_at, mr, modem, submission, memory,"
    " slot, submitted_at, accepted_at, finished_at, uncertain_at, uncertain_count, reason,"
    " useful_until, number"
)
_SUBMITTED = (PartState.ACCEPTED, PartState.UNCERTAIN)
_STATE = COLUMNS.split(", ").index("state")


class StaleRow(RelayError):
    """Another thread or process moved the part first; nothing was changed."""


def part_of(row: sqlite3.Row) -> Part:
    """A row of `COLUMNS`, which stand in the order of the fields of `Part`."""
    fields = list(row)
    fields[_STATE] = PartState(fields[_STATE])
    return Part(*fields)


def load(
    tx: sqlite3.Connection, where: str, params: Sequence[object] = (), *, limit: int = -1
) -> list[Part]:
    """Parts by a condition on the `part` table, in sending order."""
    rows = tx.execute(
        f"SELECT {COLUMNS} FROM part WHERE {where}"  # constants of this package
        f" ORDER BY priority DESC, outbound_id, seq LIMIT {limit:d}",
        tuple(params),
    )
    return [part_of(row) for row in rows]


def move(tx: sqlite3.Connection, now: int, part: Part, event: Event) -> Part:
    """Advance one row and note it. Raises `IllegalTransition` or `StaleRow`."""
    moved = advance(part, event, now)
    changed = tx.execute(
        "UPDATE part SET state = ?, attempts = ?, due_at = ?, mr = ?, modem = ?,"
        " submission = ?, memory = ?, slot = ?, submitted_at = ?, accepted_at = ?,"
        " finished_at = ?, uncertain_at = ?, uncertain_count = ?, reason = ?"
        " WHERE id = ? AND state = ?",
        (
            moved.state, moved.attempts, moved.due_at, moved.mr, moved.modem,
            moved.submission, moved.memory, moved.slot, moved.submitted_at,
            moved.accepted_at, moved.finished_at, moved.uncertain_at, moved.uncertain_count,
            moved.reason, part.id, part.state,
        ),
    ).rowcount  # fmt: skip
    if changed != 1:
        raise StaleRow(f"part {part.id} is no longer {part.state}")
    if part.state is PartState.SUBMITTING and moved.state in _SUBMITTED:
        caps.spend(tx, now, part.id)
    trail.note(
        tx, now, "part", part.id, type(event).__name__, part.state, moved.state, moved.reason
    )
    ledger.note(tx, now, part, event)
    return moved


def advance_part(tx: sqlite3.Connection, now: int, part: Part, event: Event) -> Part:
    """Advance one part, and its message with it."""
    moved = move(tx, now, part, event)
    if moved.state is PartState.FAILED and moved.total > 1:
        _give_up_siblings(tx, now, moved)
    elif moved.state is PartState.QUEUED and moved.total > 1:
        moved = _give_up_with_sibling(tx, now, moved)
    refold(tx, now, moved, event)
    return moved


def advance_together(
    tx: sqlite3.Connection, now: int, parts: Sequence[Part], event: Event
) -> None:
    """Advance several parts of one message; the message moves once, when all have."""
    moved = [move(tx, now, part, event) for part in parts]
    if moved:
        refold(tx, now, moved[-1], event)


def _give_up_siblings(tx: sqlite3.Connection, now: int, failed: Part) -> None:
    """The rest of a message that can no longer arrive whole is not paid for."""
    cause = Cancelled(failed.reason or "another part failed")
    for sibling in load(tx, "outbound_id = ? AND state = 'QUEUED'", (failed.outbound_id,)):
        move(tx, now, sibling, cause)


def _give_up_with_sibling(tx: sqlite3.Connection, now: int, queued: Part) -> Part:
    """A part that comes back from the radio after another has failed is not sent either."""
    failed = load(tx, "outbound_id = ? AND state = 'FAILED'", (queued.outbound_id,), limit=1)
    if not failed:
        return queued
    return move(tx, now, queued, Cancelled(failed[0].reason or "another part failed"))


def refold(tx: sqlite3.Connection, now: int, part: Part, event: Event) -> None:
    """The message's status and reason follow from all its parts; it is over when they are."""
    all_parts = [part]
    if part.total > 1:
        all_parts = load(tx, "outbound_id = ?", (part.outbound_id,))
    failures = [one.reason for one in all_parts if one.state is PartState.FAILED]
    set_status(
        tx,
        now,
        part.outbound_id,
        fold(one.state for one in all_parts),
        failures[0] if failures else part.reason,
        event,
        over=all(one.finished_at is not None for one in all_parts),
    )


def set_status(
    tx: sqlite3.Connection,
    now: int,
    outbound_id: int,
    status: ChtStatus,
    reason: str | None,
    event: Event | None = None,
    *,
    over: bool = False,
) -> None:
    """`over`: no report will tell any more; delivered or failed it is over in any case."""
    row = tx.execute(
        "SELECT server, status, told, finished_at FROM outbound WHERE id = ?", (outbound_id,)
    ).fetchone()
    over = over or status in (ChtStatus.DELIVERED, ChtStatus.FAILED)
    told = ChtStatus(row["told"]) if row["told"] else None
    news = worth_telling(told, status, event)
    tx.execute(
        "UPDATE outbound SET status = ?, reason = ?, finished_at = ?, told = ? WHERE id = ?",
        (
            status, reason, (row["finished_at"] or now) if over else None,
            status if news else told, outbound_id,
        ),
    )  # fmt: skip
    if status != row["status"]:
        _count(tx, now, ChtStatus(row["status"]), status, event)
    if news and row["server"]:
        _queue_update(tx, now, outbound_id, row["server"], status, reason)


def _count(
    tx: sqlite3.Connection, now: int, before: ChtStatus, status: ChtStatus, event: Event | None
) -> None:
    """A message in doubt whose delivery is reported was sent as well."""
    if isinstance(event, Superseded):
        trail.count(tx, now, "superseded")
        return
    if status is ChtStatus.DELIVERED and before in (ChtStatus.UNSENT, ChtStatus.PENDING):
        trail.count(tx, now, "sent")
    trail.count(tx, now, status.lower())


def tell(
    tx: sqlite3.Connection, now: int, outbound_id: int, status: ChtStatus, reason: str | None
) -> None:
    """Queue a status for the server that handed the message out, if one did."""
    row = tx.execute(
        "UPDATE outbound SET told = ? WHERE id = ? RETURNING server", (status, outbound_id)
    ).fetchone()
    if row["server"]:
        _queue_update(tx, now, outbound_id, row["server"], status, reason)


def _queue_update(
    tx: sqlite3.Connection,
    now: int,
    outbound_id: int,
    server: str,
    status: ChtStatus,
    reason: str | None,
) -> None:
    tx.execute(
        "INSERT INTO status_update (outbound_id, server, status, reason, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (outbound_id, server, status, reason if status is ChtStatus.FAILED else None, now),
    )
