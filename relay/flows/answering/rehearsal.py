"""What would happen if this SMS came in now: the very engine, in a transaction of which nothing
stays. Nothing is sent: what is not committed no modem sees."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from relay.core.question import Question
from relay.core.segment import segment
from relay.errors import TextError
from relay.flows.answering.flow import Answering
from relay.store import answers, questions, rehearsing
from relay.store.answers import Unanswered
from relay.store.database import Database
from relay.store.rehearsing import Change

# What one message sets going is followed so far: of a broadcast to ten thousand a part.
_SLICES = 10
# Rows that only say that something was done or spent, and the message itself.
_ASIDE = (
    "inbound", "answer", "audit", "tally", "part", "utterance", "allowance", "status_update",
    "concat_ref",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planned:
    """One message that would go out: `segments` SMS, not before `not_before` (epoch ms).

    `reason` says why it would not go as it is: it looks like a loop, no SMS can carry it.
    """

    number: str
    text: str
    segments: int
    priority: int
    not_before: int | None
    useful_until: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """`by` is the rule that would take the message, '' for none.

    `stopped` are messages of the outbox that would go out no more, `more` says that there is more
    to do than was looked at. `questions` would be open to those who are asked.
    """

    by: str
    messages: tuple[Planned, ...]
    stopped: tuple[int, ...]
    changes: tuple[Change, ...]
    questions: tuple[Question, ...]
    more: bool


def rehearse(db: Database, engine: Answering, now: int, number: str, text: str) -> Taken:
    """`engine` must be one over this very `db`, with a clock that says `now`."""
    with rehearsing.Rehearsal(db) as tx:
        _all_done(engine)  # what is due anyway is not what this message does
        last = {table: rehearsing.last(tx, table) for table in ("outbound", "question")}
        rehearsing.watch(tx)
        inbound_id = _arrived(tx, now, number, text)
        engine.answer(Unanswered(inbound_id, number, text, now))
        more = not _all_done(engine)
        (by,) = tx.execute("SELECT by FROM answer WHERE inbound_id = ?", (inbound_id,)).fetchone()
        return Taken(
            by=by,
            messages=_messages(tx, last["outbound"]),
            stopped=_stopped(tx, last["outbound"]),
            changes=tuple(rehearsing.changes(tx, _ASIDE)),
            questions=questions.asked_since(tx, last["question"]),
            more=more,
        )


def _all_done(engine: Answering) -> bool:
    """Whether all that is due was done."""
    return any(not engine.due() for _ in range(_SLICES))


def _arrived(tx: sqlite3.Connection, now: int, number: str, text: str) -> int:
    row = tx.execute(
        "INSERT INTO inbound (state, kind, sender, text, kept_at, modem, sim, total)"
        " VALUES ('WAITING', 'text', ?, ?, ?, '', '', 1) RETURNING id",
        (number, text, now),
    ).fetchone()
    answers.owe(tx, row[0])
    return int(row[0])


def _messages(tx: sqlite3.Connection, after: int) -> tuple[Planned, ...]:
    rows = tx.execute(
        "SELECT recipient, text, priority, not_before, useful_until, reason FROM outbound"
        " WHERE id > ? ORDER BY id",
        (after,),
    )
    return tuple(
        Planned(row["recipient"], row["text"], _segments(row["text"]), row["priority"],
                row["not_before"], row["useful_until"], row["reason"])
        for row in rows
    )  # fmt: skip


def _segments(text: str) -> int:
    try:
        return len(segment(text).parts)
    except TextError:
        return 0


def _stopped(tx: sqlite3.Connection, last: int) -> tuple[int, ...]:
    """Of those that were there before."""
    touched = [one for one in rehearsing.touched(tx, "outbound") if one <= last]
    sql = "SELECT status FROM outbound WHERE id = ?"
    return tuple(one for one in touched if tx.execute(sql, (one,)).fetchone()[0] == "FAILED")
