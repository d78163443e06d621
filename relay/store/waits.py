"""Why messages wait: of each one for a list, and counted for `relay status`."""

from __future__ import annotations

from collections.abc import Iterable

from relay.clock import wall
from relay.core.caps import Reached
from relay.core.held import CapFacts, HeldFacts
from relay.core.priority import Priority
from relay.core.queueing import QueueRules
from relay.core.waiting import Queued, Wait, wait_of
from relay.store import caps
from relay.store.queue import in_line
from relay.store.reading import Reader

_IN_LINE = f"state = 'QUEUED' AND not_before IS NULL AND {in_line('part')}"


def waits(reader: Reader, now: int, rules: QueueRules, ids: Iterable[int]) -> dict[int, Wait]:
    """What each of these messages waits for; none of those of which nothing waits."""
    quiet_until = rules.quiet.until(now, wall) if rules.quiet else None
    reached = caps.reached(reader, now, rules.caps)
    queued = ((id_, _queued(reader, id_)) for id_ in ids)
    return {id_: wait_of(one, now, quiet_until, reached) for id_, one in queued if one}


def _queued(reader: Reader, outbound_id: int) -> Queued | None:
    row = reader.row(
        "SELECT priority, number, due_at, not_before, reason FROM part"
        " WHERE outbound_id = ? AND state = 'QUEUED' ORDER BY seq LIMIT 1",
        (outbound_id,),
    )
    if row is None:
        return None
    behind = _before(reader, row["number"], row["priority"], outbound_id)
    return Queued(
        row["priority"], row["number"], row["due_at"], row["not_before"], behind, row["reason"]
    )


def _before(reader: Reader, number: str, priority: int, outbound_id: int) -> int | None:
    """The message that goes first: an earlier one as urgent, or a more urgent one in backoff."""
    found: int | None = reader.value(
        f"SELECT outbound_id FROM part WHERE {_IN_LINE} AND number = ? AND priority = ?"
        " AND outbound_id < ? ORDER BY outbound_id DESC LIMIT 1",
        (number, priority, outbound_id),
    ) or reader.value(
        f"SELECT outbound_id FROM part WHERE {_IN_LINE} AND number = ? AND priority > ?"
        " AND due_at > 0 LIMIT 1",
        (number, priority),
    )
    return found


# --- counted ------------------------------------------------------------------------------------


def held(reader: Reader, now: int, rules: QueueRules) -> HeldFacts:
    """How many messages wait for what, but for their turn."""
    quiet = rules.quiet
    until = quiet.until(now, wall) if quiet else None
    return HeldFacts(
        later=reader.value(
            "SELECT count(DISTINCT outbound_id) FROM part WHERE state = 'QUEUED'"
            " AND not_before IS NOT NULL AND not_before > ?",
            (now,),
        ),
        behind=_behind(reader, now),
        quiet=0 if until is None else len(_ordinary(reader)),
        quiet_until=until,
        quiet_ended=quiet.ended(now, wall) if quiet else None,
        caps=tuple(_cap(reader, one) for one in caps.reached(reader, now, rules.caps)),
    )


def _behind(reader: Reader, now: int) -> int:
    """Messages that wait for an earlier one to their number to be tried again."""
    n = reader.value(
        "SELECT count(DISTINCT later.outbound_id) FROM part AS refused JOIN part AS later"
        " ON later.number = refused.number AND later.state = 'QUEUED'"
        " AND later.not_before IS NULL AND later.due_at = 0"
        " AND (later.priority < refused.priority OR later.priority = refused.priority"
        "  AND later.outbound_id > refused.outbound_id)"
        " WHERE refused.state = 'QUEUED' AND refused.not_before IS NULL AND refused.due_at > 0"
        f" AND refused.due_at > ? AND {in_line('refused')}",
        (now,),
    )
    return int(n)


def _ordinary(reader: Reader) -> list[str]:
    """The numbers of the waiting messages that are not urgent, one for each message."""
    rows = reader.query(
        "SELECT DISTINCT outbound_id, number FROM part WHERE state = 'QUEUED'"
        " AND due_at = 0 AND not_before IS NULL AND priority < ?",
        (Priority.ALERT,),
    )
    return [row["number"] for row in rows]


def _cap(reader: Reader, reached: Reached) -> CapFacts:
    numbers = _ordinary(reader)
    known = reached.known or frozenset()
    return CapFacts(
        key=reached.cap.key,
        limit=reached.cap.limit,
        window_ms=reached.cap.window_ms,
        opens_at=reached.opens_at,
        waiting=sum(number not in known for number in numbers),
    )
