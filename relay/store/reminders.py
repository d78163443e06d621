"""Reminders as rows: written once, looked at when they are due, moved by their state table.

A row is unique by rule, occasion, number of the date and recipient, so a report that is read
again writes nothing. Every function runs inside a transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable

from relay.core.plain import HOUR
from relay.core.reminders import (
    OPEN,
    Cancelled,
    Event,
    Muted,
    Overdue,
    Reminder,
    ReminderState,
    Unmuted,
    advance,
)
from relay.store import trail

COLUMNS = (
    "id, rule, occasion, nth, recipient, patient, place_id, state, written_at, floats, planned,"
    " not_before, useful_until, finished_at, fields, text, reason, told_person"
)
_OPEN = "(state = 'WAITING' OR state = 'MUTED')"


def write(tx: sqlite3.Connection, row: Reminder) -> int | None:
    """A new reminder, muted where its patient or recipient is; its id, None if it was there."""
    state = ReminderState.MUTED if is_muted(tx, row.patient, row.recipient) else row.state
    found = tx.execute(
        "INSERT INTO reminder (rule, occasion, nth, recipient, patient, place_id, state,"
        " written_at, counted_from, floats, planned, not_before, useful_until, finished_at,"
        " fields, text, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING id",
        (
            row.rule, row.occasion, row.nth, row.recipient, row.patient, row.place_id, state,
            row.written_at, row.written_at, row.floats, row.not_before, row.not_before,
            row.useful_until, row.finished_at,
            json.dumps(dict(row.fields), ensure_ascii=False, default=str), row.text, row.reason,
        ),
    ).fetchone()  # fmt: skip
    if found is None:
        return None
    trail.note(tx, row.written_at, "reminder", found[0], "Written", None, state, row.rule)
    return int(found[0])


def read(row: sqlite3.Row) -> Reminder:
    """A row of `COLUMNS`."""
    values = dict(row)
    return Reminder(
        **{
            **values,
            "state": ReminderState(values["state"]),
            "floats": bool(values["floats"]),
            "fields": json.loads(values["fields"]),
        }
    )


# --- looking ------------------------------------------------------------------------------------


def due(tx: sqlite3.Connection, now: int, limit: int) -> list[Reminder]:
    """What waits and is due, the oldest first."""
    rows = tx.execute(
        f"SELECT {COLUMNS} FROM reminder WHERE state = 'WAITING' AND not_before <= ?"
        " ORDER BY not_before, id LIMIT ?",
        (now, limit),
    )
    return [read(row) for row in rows]


def newer_at(tx: sqlite3.Connection, row: Reminder) -> int | None:
    """For when the next later date of the same rule and occasion was planned, that waits for the
    same recipient."""
    found = tx.execute(
        "SELECT min(planned) FROM reminder WHERE rule = ? AND occasion = ? AND nth > ?"
        " AND recipient = ? AND state = 'WAITING'",
        (row.rule, row.occasion, row.nth, row.recipient),
    ).fetchone()
    return None if found[0] is None else int(found[0])


def next_due_at(tx: sqlite3.Connection) -> int | None:
    row = tx.execute("SELECT min(not_before) FROM reminder WHERE state = 'WAITING'").fetchone()
    return None if row[0] is None else int(row[0])


def realign(tx: sqlite3.Connection, now: int) -> int:
    """After relay's clock was set right: what was counted from it is due as much later, and what
    it had put off for years is due as it was planned; how many.

    `written_at` was dated anew with everything else (see `redating`).
    """
    moved = tx.execute(
        "UPDATE reminder SET counted_from = written_at,"
        " planned = planned + floats * (written_at - counted_from),"
        " not_before = not_before + floats * (written_at - counted_from),"
        " useful_until = useful_until + floats * (written_at - counted_from)"
        " WHERE state = 'WAITING' AND written_at <> counted_from"
    ).rowcount
    adrift = tx.execute(
        "UPDATE reminder SET not_before = planned"
        " WHERE state = 'WAITING' AND not_before > useful_until AND not_before > ?",
        (now + 2 * HOUR,),
    ).rowcount
    return moved + adrift


def tagged(
    tx: sqlite3.Connection, tag: str, place_ids: Collection[int] | None, after: int, limit: int
) -> list[tuple[int, str]]:
    """Id and number of the next people with a tag, in these very places or anywhere."""
    where = "" if place_ids is None else (
        " AND EXISTS (SELECT 1 FROM person_place WHERE person_id = person.id"
        " AND place_id IN (SELECT value FROM json_each(:places)))"
    )  # fmt: skip
    rows = tx.execute(
        "SELECT person.id, person.number FROM person JOIN person_tag ON person_id = person.id"
        f" WHERE tag = :tag AND person.id > :after{where} ORDER BY person.id LIMIT :limit",
        {
            "tag": tag,
            "after": after,
            "limit": limit,
            "places": json.dumps(sorted(place_ids or ())),
        },
    )
    return [(int(row[0]), str(row[1])) for row in rows]


def told(tx: sqlite3.Connection, row: Reminder, person_id: int) -> None:
    """How far a row for a tag has come."""
    tx.execute("UPDATE reminder SET told_person = ? WHERE id = ?", (person_id, row.id))


def reached_anybody(tx: sqlite3.Connection, row: Reminder) -> bool:
    """Whether somebody with the tag of a row was told of it."""
    return bool(
        tx.execute(
            "SELECT 1 FROM occasion WHERE rule = ? AND occasion = ? LIMIT 1",
            (row.rule, row.told_as),
        ).fetchone()
    )


# --- moving -------------------------------------------------------------------------------------


def move(tx: sqlite3.Connection, now: int, row: Reminder, event: Event) -> Reminder:
    """Advance one row and note it. Raises `IllegalTransition`; nothing if it moved meanwhile."""
    after = advance(row, event, now)
    changed = tx.execute(
        "UPDATE reminder SET state = ?, not_before = ?, finished_at = ?, reason = ?"
        " WHERE id = ? AND state = ?",
        (after.state, after.not_before, after.finished_at, after.reason, row.id, row.state),
    ).rowcount
    if changed and after.state is not row.state:
        trail.note(
            tx, now, "reminder", row.id, type(event).__name__, row.state, after.state, after.reason
        )
        if isinstance(event, Overdue):
            trail.count(tx, now, "reminders_late")
    return after if changed else row


def of_patient(tx: sqlite3.Connection, patient: str) -> list[Reminder]:
    """What is open about one patient."""
    return _where(tx, f"patient = ? AND {_OPEN}", (patient,))


def lately_sent(tx: sqlite3.Connection, patient: str, now: int) -> list[Reminder]:
    """What is in the outbox about one patient, or was, and would still be of use."""
    return _where(
        tx,
        "patient = ? AND patient <> '' AND not_before <= ? AND state = 'SENT'"
        " AND useful_until > ?",
        (patient, now, now),
    )


def of_occasion(tx: sqlite3.Connection, rule: str, occasion: str) -> list[Reminder]:
    """All that follows from one occasion by one rule."""
    return _where(tx, "rule = ? AND occasion = ?", (rule, occasion))


def by_id(tx: sqlite3.Connection, reminder_id: int) -> Reminder | None:
    return next(iter(_where(tx, "id = ?", (reminder_id,))), None)


def cancel(tx: sqlite3.Connection, now: int, rows: Iterable[Reminder], reason: str) -> int:
    """Cancel what is open of these; how many."""
    wanted = [row for row in rows if row.state in OPEN]
    for row in wanted:
        move(tx, now, row, Cancelled(reason))
    return len(wanted)


def _where(tx: sqlite3.Connection, where: str, values: tuple[object, ...]) -> list[Reminder]:
    rows = tx.execute(f"SELECT {COLUMNS} FROM reminder WHERE {where} ORDER BY id", values)
    return [read(row) for row in rows]


# --- muting -------------------------------------------------------------------------------------


def is_muted(tx: sqlite3.Connection, patient: str, number: str) -> bool:
    """Whether this patient, this number, or the one for the other is silent."""
    return bool(
        tx.execute(
            "SELECT 1 FROM mute WHERE (patient = ? AND number = ?)"
            " OR (patient = ? AND patient <> '' AND number = '')"
            " OR (patient = '' AND number = ? AND number <> '')",
            (patient, number, patient, number),
        ).fetchone()
    )


def mute(tx: sqlite3.Connection, now: int, patient: str, number: str, source: str) -> int:
    """Silence what is open, and what comes, about a patient, to a number, or both; how many
    wait no more. At least one must be given."""
    tx.execute(
        "INSERT INTO mute (patient, number, at, source) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (patient, number, now, source),
    )
    waiting = [one for one in _meant(tx, patient, number) if one.state is ReminderState.WAITING]
    for row in waiting:
        move(tx, now, row, Muted())
    return len(waiting)


def unmute(tx: sqlite3.Connection, now: int, patient: str, number: str) -> int:
    """Let it sound again; how many wait again. What ran out meanwhile stays silent."""
    tx.execute("DELETE FROM mute WHERE patient = ? AND number = ?", (patient, number))
    woken = [
        row
        for row in _meant(tx, patient, number)
        if row.state is ReminderState.MUTED
        and row.useful_until > now
        and not is_muted(tx, row.patient, row.recipient)
    ]
    for row in woken:
        move(tx, now, row, Unmuted())
    return len(woken)


def _meant(tx: sqlite3.Connection, patient: str, number: str) -> list[Reminder]:
    if not patient and not number:
        raise ValueError("whose reminders?")
    given = {"patient": patient, "recipient": number}
    wanted = {column: value for column, value in given.items() if value}
    where = " AND ".join(f"{column} = ?" for column in wanted)
    return _where(tx, f"{_OPEN} AND {where}", tuple(wanted.values()))


# --- forgetting ---------------------------------------------------------------------------------

_STEP = 200


def forget(tx: sqlite3.Connection, before: int) -> int:
    """Delete up to a few hundred that ended, or ran out in silence, before that time; how many."""
    gone = tx.execute(
        "DELETE FROM reminder WHERE id IN (SELECT id FROM reminder WHERE finished_at < ?"
        f" LIMIT {_STEP}) RETURNING id",
        (before,),
    ).fetchall()
    gone += tx.execute(
        "DELETE FROM reminder WHERE id IN (SELECT id FROM reminder WHERE state = 'MUTED'"
        f" AND {_OPEN} AND useful_until < ? LIMIT {_STEP}) RETURNING id",
        (before,),
    ).fetchall()
    tx.executemany("DELETE FROM audit WHERE subject = 'reminder' AND subject_id = ?", gone)
    return len(gone)


# --- for staff ----------------------------------------------------------------------------------


def listed(
    tx: sqlite3.Connection,
    *,
    since: int | None = None,
    until: int | None = None,
    patient: str = "",
    states: Collection[str] = (),
    limit: int = 50,
) -> list[Reminder]:
    """By when they are due; all that is given must apply, and a limit of -1 is none."""
    given: list[tuple[str, object]] = []
    if since is not None:
        given.append(("not_before >= ?", since))
    if until is not None:
        given.append(("not_before < ?", until))
    if patient:
        given.append(("patient = ?", patient))
    if states:
        given.append(("state IN (SELECT value FROM json_each(?))", json.dumps(sorted(states))))
    where = " AND ".join(part for part, _ in given) or "1"
    rows = tx.execute(
        f"SELECT {COLUMNS} FROM reminder WHERE {where} ORDER BY not_before, id LIMIT ?",
        (*(value for _, value in given), limit),
    )
    return [read(row) for row in rows]


def next_added(tx: sqlite3.Connection) -> str:
    """A name of its own for what a person adds."""
    row = tx.execute("SELECT seq FROM sqlite_sequence WHERE name = 'reminder'").fetchone()
    return f"added {(row[0] if row else 0) + 1}"
