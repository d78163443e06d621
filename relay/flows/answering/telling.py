"""What is due by the clock goes out: row by row, to a number or to some people of a tag at a time.

A row that makes relay itself fail is put off and stops none of those behind it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from relay.clock import wall
from relay.community.reminders.deciding import Look, in_language, judge
from relay.community.wording import fill
from relay.core.form_report import FormReport
from relay.core.plain import HOUR, MINUTE
from relay.core.priority import Priority
from relay.core.quiet import Quiet
from relay.core.reminders import (
    ADDED,
    Event,
    OptedOut,
    Postponed,
    Reminder,
    Sent,
    Unreachable,
)
from relay.flows.answering.turn import Told, Turn
from relay.log import event
from relay.store import places, reminders
from relay.store.savepoint import apart

_log = logging.getLogger("relay.reminders")

_AGAIN_MS = HOUR
# What a person has dated goes at its time also in quiet hours, and late only by day.
_PUNCTUAL_MS = 15 * MINUTE
_AT_ONCE = 50
# Letters of what somebody wrote that are told to others: an alert has one SMS or two.
_MOST = 160


@dataclass(frozen=True, slots=True)
class Manner:
    """How the rows of one rule are told: their texts by language, and when not."""

    texts: Mapping[str, str]
    closed: Quiet | None
    priority: Priority = Priority.REMINDER


def send_due(turn: Turn, limit: int) -> int:
    """Look at what is due, until about `limit` things were done; how many."""
    done = 0
    for row in reminders.due(turn.tx, turn.now, limit):
        done += _look_apart(turn, row)
        if done >= limit:
            break
    return done


def _look_apart(turn: Turn, row: Reminder) -> int:
    found = apart(turn.tx, lambda: look(turn, row))
    if not isinstance(found, Exception):
        return found
    _log.error(event("reminder.failed", id=row.id, error=type(found).__name__))
    reminders.move(turn.tx, turn.now, row, Postponed(turn.now + _AGAIN_MS))
    return 1


def look(turn: Turn, row: Reminder) -> int:
    """Send one row, put it off, or give it up; how many things that were."""
    manner = manner_of(turn, row)
    seen = Look(turn.now, turn.earliest, reminders.newer_at(turn.tx, row))
    kept = judge(row, seen, manner.closed if manner else None, wall)
    if kept is None and manner is None:  # its rule is gone, for good or until a file is mended
        kept = Postponed(turn.now + _AGAIN_MS)
    told, found = (0, kept) if kept or not manner else _tell_all(turn, row, manner)
    if found is not None:
        reminders.move(turn.tx, turn.now, row, found)
        _log.info(event(f"reminder.{type(found).__name__.lower()}", id=row.id, rule=row.rule))
    return max(1, told)


def manner_of(turn: Turn, row: Reminder) -> Manner | None:
    """How it is told by its rule; None where that is not there at the moment."""
    kind, _, name = row.rule.partition(".")
    if kind == ADDED:
        punctual = turn.now - row.not_before < _PUNCTUAL_MS
        return Manner({"": row.text}, None if punctual else turn.rules.general.quiet)
    rule = turn.rules.rules(kind).get(name)
    if rule is None:
        return None
    if kind == "escalation":
        return Manner(rule.text, None, Priority.ALERT)
    if kind == "completeness" and row.nth:
        return Manner(rule.nag_text or rule.text, rule.closed)
    return Manner(rule.text, rule.closed)


# --- to whom ------------------------------------------------------------------------------------


def _tell_all(turn: Turn, row: Reminder, manner: Manner) -> tuple[int, Event | None]:
    """How many were looked at, and what became of the row; None while there are more."""
    return _to_tag(turn, row, manner) if row.tag else (1, _to_number(turn, row, manner))


def _to_number(turn: Turn, row: Reminder, manner: Manner) -> Event:
    told = tell(turn, row, manner, row.recipient)
    if told in (Told.QUEUED, Told.ALREADY):
        return Sent()
    if told is Told.CAPPED:
        return Postponed(turn.now + _AGAIN_MS)
    return OptedOut() if told is Told.OPTED_OUT else Unreachable(f"told: {told.name.lower()}")


def _to_tag(turn: Turn, row: Reminder, manner: Manner) -> tuple[int, Event | None]:
    where = _places(turn, row)
    if where == ():
        return 1, Unreachable("it has no place")
    people = reminders.tagged(turn.tx, row.tag, where, row.told_person, _AT_ONCE)
    for person_id, number in people:
        muted = reminders.is_muted(turn.tx, row.patient, number)
        if not muted and tell(turn, row, manner, number) is Told.CAPPED:
            return len(people), Postponed(turn.now + _AGAIN_MS)
        reminders.told(turn.tx, row, person_id)
    if len(people) == _AT_ONCE:
        return len(people), None
    anybody = reminders.reached_anybody(turn.tx, row)
    nobody = Unreachable(f"nobody with the tag {row.tag} can get it")
    return len(people), Sent() if anybody else nobody


def _places(turn: Turn, row: Reminder) -> tuple[int, ...] | None:
    """Where people with the tag are meant: the nearest place that has any, for a weekly report
    that very place, and for what a person has added without a place everywhere (None)."""
    if row.place_id is None:
        return None if row.rule == ADDED else ()
    if row.rule.startswith("completeness."):
        return (row.place_id,)
    lines = places.ancestors(turn.tx, row.place_id)
    return next(
        ((one,) for one in lines if reminders.tagged(turn.tx, row.tag, (one,), 0, 1)),
        (row.place_id,),
    )


def tell(turn: Turn, row: Reminder, manner: Manner, number: str) -> Told:
    """One message of a row, in the language of who gets it."""
    languages = (turn.language(number), turn.rules.general.language)
    text = fill(in_language(manner.texts, languages), row.fields)
    if code := row.fields.get("code"):
        text = f"{text} {turn.say('reminders.reply_ok', number, code=code)}"
    return turn.tell(
        number,
        text,
        rule=row.rule,
        occasion=row.told_as,
        priority=manner.priority,
        useful_until=row.useful_until,
        key=f"{row.rule} {row.occasion}",
    )


def take_back(turn: Turn, row: Reminder, reason: str) -> bool:
    """Whether it had not left yet, and does not now."""
    return turn.cancel(row.rule, row.told_as, f"NOT_NEEDED: {reason}") > 0


# --- what the texts may name --------------------------------------------------------------------


def fields(turn: Turn, report: FormReport) -> dict[str, object]:
    """The fields of a report, and what else is known of it."""
    found = {key: _said(value) for key, value in report.fields.items()}
    found |= {"sender": report.number, "ref": report.ref, "form": report.form}
    found["patient_id"] = report.patient_id or ""
    if report.place_id is not None:
        found["place"] = places.get(turn.tx, report.place_id).name
    return found


def _said(value: object) -> object:
    said = ", ".join(map(str, value)) if isinstance(value, list) else value
    return said[:_MOST] if isinstance(said, str) else said
