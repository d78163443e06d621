"""How many reports came, of which form, from where and from whom. For readers."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

# A message that is no report, or of no form that there is, counts for none.
_REPORTS = "outcome NOT IN ('PLAIN', 'EMPTY', 'NOT_FOUND')"
_PLACED = "LEFT JOIN place ON place.id = place_id"
_WHERE = (
    "WHERE reported_at >= :since AND reported_at < :until AND (:form = '' OR form = :form)"
    f" AND {_REPORTS}"
)


@dataclass(frozen=True, slots=True)
class Count:
    """Of one day (ISO, local), form, place and sender; `place` and `name` may be ''.

    `received` are reports that were accepted, `again` the same ones that came once more, `bad`
    those that were not complete or not allowed.
    """

    day: str
    form: str
    place: str
    number: str
    name: str
    received: int
    again: int
    bad: int


@dataclass(frozen=True, slots=True)
class Sum:
    """Of a number in the accepted reports of a form, from one place."""

    place: str
    field: str
    reports: int
    total: float


def counts(view: sqlite3.Connection, since: int, until: int, form: str = "") -> list[Count]:
    """Between two moments (epoch ms), of one form or of all."""
    rows = view.execute(
        "SELECT day, form, coalesce(place.name, '') AS place,"
        " coalesce(person.number, form_report.number) AS number,"
        " coalesce(person.name, '') AS name, sum(outcome = 'RECEIVED') AS received,"
        " sum(outcome = 'DUPLICATE') AS again,"
        " sum(outcome NOT IN ('RECEIVED', 'DUPLICATE')) AS bad"
        f" FROM form_report {_PLACED} LEFT JOIN person ON person.id = person_id {_WHERE}"
        " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4",
        {"since": since, "until": until, "form": form},
    )
    return [Count(*row) for row in rows]


def sums(view: sqlite3.Connection, since: int, until: int, form: str) -> list[Sum]:
    """Of each field of a form that holds a number, for each place."""
    rows = view.execute(
        "SELECT coalesce(place.name, ''), entry.key, count(*), total(entry.value)"
        f" FROM form_report JOIN json_each(fields) AS entry {_PLACED} {_WHERE}"
        " AND outcome = 'RECEIVED' AND entry.type IN ('integer', 'real')"
        " GROUP BY 1, 2 ORDER BY 1, min(entry.id)",
        {"since": since, "until": until, "form": form},
    )
    return [Sum(*row) for row in rows]


def not_understood(view: sqlite3.Connection, since: int, until: int) -> int:
    """Messages that were written like a report of a form that there is not."""
    row = view.execute(
        "SELECT count(*) FROM form_report WHERE reported_at >= ? AND reported_at < ?"
        " AND outcome = 'NOT_FOUND'",
        (since, until),
    ).fetchone()
    return int(row[0])
