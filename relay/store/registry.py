"""Who is registered under which short id, and what is in stock. Inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Patient:
    """`number` is who registered it, `source` how: "sms in 12", "forms import by root"."""

    id: str
    name: str
    number: str = ""
    place_id: int | None = None
    report_id: int | None = None
    source: str = ""
    registered_at: int = 0


def find(tx: sqlite3.Connection, patient_id: str) -> Patient | None:
    row = tx.execute("SELECT * FROM patient WHERE id = ?", (patient_id,)).fetchone()
    return None if row is None else Patient(**dict(row))


def register(tx: sqlite3.Connection, patient: Patient) -> bool:
    """False where the id is taken, and then nothing is changed."""
    done = tx.execute(
        "INSERT INTO patient (id, name, number, place_id, report_id, source, registered_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            patient.id, patient.name, patient.number, patient.place_id, patient.report_id,
            patient.source, patient.registered_at,
        ),
    )  # fmt: skip
    return done.rowcount == 1


def free_id(
    tx: sqlite3.Connection, made: Callable[[int, int], Sequence[str]], shortest: int, longest: int
) -> str:
    """An id that nobody has; `made` gives (length, how many) to choose from.

    Of a length that has run out the next longer one is taken, as CHT does.
    """
    for length in range(_length(tx, shortest), longest + 1):
        ids = made(length, _AT_ONCE)
        marks = ",".join("?" * len(ids))
        taken = {
            row[0] for row in tx.execute(f"SELECT id FROM patient WHERE id IN ({marks})", ids)
        }
        for one in ids:
            if one not in taken:
                return one
    raise LookupError("there are no ids left")  # ten to the twelfth were handed out


def _length(tx: sqlite3.Connection, shortest: int) -> int:
    (longest,) = tx.execute(
        "SELECT max(length(id)) FROM patient WHERE report_id IS NOT NULL"
    ).fetchone()
    return max(shortest, longest or 0)


# --- stock --------------------------------------------------------------------------------------


def pieces(tx: sqlite3.Connection, holder: tuple[int, str], item: str) -> int | None:
    """What was there last; `holder` is (place, '') or (0, number)."""
    row = tx.execute(
        "SELECT pieces FROM stock_level WHERE place_id = ? AND number = ? AND item = ?",
        (*holder, item),
    ).fetchone()
    return None if row is None else int(row[0])


def put_pieces(
    tx: sqlite3.Connection, now: int, holder: tuple[int, str], item: str, n: int, report_id: int
) -> None:
    tx.execute(
        "INSERT INTO stock_level VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (place_id, number, item)"
        " DO UPDATE SET pieces = excluded.pieces, report_id = excluded.report_id,"
        " changed_at = excluded.changed_at",
        (*holder, item, n, report_id, now),
    )
