"""Reports as rows: one for each message that was one, or might have been meant as one.

Every function runs inside a transaction; those for readers are in `form_lists`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from relay.core.form_report import SAME_FOR_MS, FormReport, Outcome, ref_of
from relay.store import trail


@dataclass(frozen=True, slots=True)
class Kept:
    """What is written down of one message. `day` is the local one (ISO); `digest` stands for the
    words. A duplicate has the number of `first_id`, the others one of their own where they are
    of a known form (`numbered`)."""

    inbound_id: int
    form: str
    number: str
    outcome: Outcome
    day: str
    digest: str
    reported_at: int
    person_id: int | None = None
    place_id: int | None = None
    fields: Mapping[str, object] = field(default_factory=dict)
    patient_id: str | None = None
    first_id: int | None = None
    numbered: bool = True


@dataclass(frozen=True, slots=True)
class Earlier:
    """A report that was received, and the number of its receipt."""

    id: int
    ref: str


def keep(tx: sqlite3.Connection, kept: Kept) -> Earlier:
    """Write it down; its id and receipt's number ('' where it has none)."""
    nth = _next(tx, kept.day) if kept.numbered and kept.first_id is None else None
    row_id = tx.execute(
        "INSERT INTO form_report (inbound_id, form, number, person_id, place_id, outcome, fields,"
        " patient_id, day, nth, digest, first_id, reported_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            kept.inbound_id, kept.form, kept.number, kept.person_id, kept.place_id, kept.outcome,
            _json(kept.fields), kept.patient_id, kept.day, nth, kept.digest, kept.first_id,
            kept.reported_at,
        ),
    ).lastrowid  # fmt: skip
    assert row_id is not None
    trail.count(tx, kept.reported_at, f"forms_{kept.outcome.lower()}")
    return Earlier(row_id, "" if nth is None else _ref(kept.day, nth))


def name_patient(tx: sqlite3.Connection, report_id: int, patient_id: str) -> None:
    """The id that this report has handed out."""
    tx.execute("UPDATE form_report SET patient_id = ? WHERE id = ?", (patient_id, report_id))


def same(tx: sqlite3.Connection, number: str, digest: str, now: int) -> Earlier | None:
    """The report of this number in these words that was received of late.

    One that lies as far ahead was dated by a clock that was wrong.
    """
    row = tx.execute(
        "SELECT id, day, nth FROM form_report WHERE number = ? AND digest = ?"
        " AND reported_at > ? AND reported_at < ? AND outcome = 'RECEIVED'"
        " ORDER BY reported_at LIMIT 1",
        (number, digest, now - SAME_FOR_MS, now + SAME_FOR_MS),
    ).fetchone()
    return None if row is None else Earlier(row["id"], _ref(row["day"], row["nth"]))


def has_reported(tx: sqlite3.Connection, number: str) -> bool:
    """Whether a report of this number was ever received."""
    row = tx.execute(
        "SELECT 1 FROM form_report WHERE number = ? AND outcome = 'RECEIVED' LIMIT 1", (number,)
    ).fetchone()
    return row is not None


def get(tx: sqlite3.Connection, report_id: int) -> FormReport | None:
    row = tx.execute("SELECT * FROM form_report WHERE id = ?", (report_id,)).fetchone()
    return None if row is None else read(row)


def read(row: sqlite3.Row) -> FormReport:
    """A whole row of the table."""
    return FormReport(
        id=row["id"],
        form=row["form"],
        number=row["number"],
        person_id=row["person_id"],
        place_id=row["place_id"],
        fields=json.loads(row["fields"]),
        patient_id=row["patient_id"],
        ref="" if row["nth"] is None else _ref(row["day"], row["nth"]),
        reported_at=row["reported_at"],
    )


def _next(tx: sqlite3.Connection, day: str) -> int:
    (last,) = tx.execute(
        "SELECT max(nth) FROM form_report WHERE day = ? AND nth IS NOT NULL", (day,)
    ).fetchone()
    return (last or 0) + 1


def _ref(day: str, nth: int) -> str:
    return ref_of(date.fromisoformat(day).isoweekday(), nth)


def _json(fields: Mapping[str, object]) -> str:
    return json.dumps(dict(fields), ensure_ascii=False)
