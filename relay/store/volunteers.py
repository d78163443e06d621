"""Registers of volunteers: who fits a call-out, whose turn it is, and who rests.

Who is in a register has its tag; what they have said of themselves are attributes (see
`people`). Every function runs inside a transaction that its caller holds.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relay.core.callouts import Volunteer

# What was TAKEN_BACK never left, and UNREACHABLE had no SMS: neither is an appeal.
_APPEALS = (
    "FROM appeal JOIN callout ON code = callout WHERE appeal.person_id = :person AND tag = :tag"
    " AND appeal.state NOT IN ('TAKEN_BACK', 'UNREACHABLE')"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who fits: the register's tag, and of each attribute the values that do.

    `asked_before` and `rested_before` (epoch ms): whose last appeal, or whose yes, is later is
    left alone. `near` has the distance of each place. Not the one who asks, and nobody who was
    asked for this call-out before.
    """

    tag: str
    fitting: Mapping[str, Sequence[str]]
    asked_before: int
    rested_before: int
    near: Mapping[int, int]
    code: int = 0
    asker_id: int = 0


def matching(tx: sqlite3.Connection, wanted: Wanted, most: int) -> tuple[list[Volunteer], int]:
    """The next `most` of those who fit, in the order of `waves.order`, and how many fit in all."""
    rows = tx.execute(_matching(len(wanted.fitting)), _params(wanted, most)).fetchall()
    if not rows:
        return [], 0
    chosen = [
        Volunteer(row["id"], row["number"], row["distance"], row["asked_at"], row["rested_at"])
        for row in rows
    ]
    return chosen, rows[0]["fit"]


def _matching(attributes: int) -> str:
    joins = "".join(
        f" JOIN person_attribute AS a{n} ON a{n}.person_id = p.id AND a{n}.name = :name{n}"
        f"  AND a{n}.value IN (SELECT value FROM json_each(:values{n}))"
        for n in range(attributes)
    )
    return (
        "WITH near (person_id, distance) AS MATERIALIZED ("
        " SELECT person_id, min(value) FROM json_each(:near)"
        "  JOIN person_place ON place_id = CAST(key AS INTEGER) GROUP BY person_id)"
        " SELECT p.id, p.number, near.distance, v.asked_at, v.rested_at, count(*) OVER () AS fit"
        " FROM person_tag AS t JOIN person AS p ON p.id = t.person_id"
        f"{joins}"
        " LEFT JOIN volunteer AS v ON v.tag = t.tag AND v.person_id = p.id"
        " LEFT JOIN near ON near.person_id = p.id"
        " WHERE t.tag = :tag AND p.consent <> 'STOPPED' AND p.paused = 0 AND p.id <> :asker"
        "  AND coalesce(v.asked_at, :asked) <= :asked"
        "  AND coalesce(v.rested_at, :rested) <= :rested"
        "  AND coalesce(v.gave_at, :rested) <= :rested"
        "  AND NOT EXISTS (SELECT 1 FROM appeal WHERE callout = :code AND person_id = p.id"
        "   AND state <> 'TAKEN_BACK')"
        " ORDER BY near.distance IS NULL, near.distance, v.asked_at IS NOT NULL, v.asked_at, p.id"
        " LIMIT :most"
    )


def _params(wanted: Wanted, most: int) -> dict[str, object]:
    params: dict[str, object] = {
        "tag": wanted.tag,
        "near": json.dumps(wanted.near),
        "asker": wanted.asker_id,
        "asked": wanted.asked_before,
        "rested": wanted.rested_before,
        "code": wanted.code,
        "most": most,
    }
    for n, (name, values) in enumerate(wanted.fitting.items()):
        params[f"name{n}"] = name
        params[f"values{n}"] = json.dumps(list(values))
    return params


def refresh(tx: sqlite3.Connection, tag: str, person_id: int) -> None:
    """When they were asked last and from when they rest, from what was asked and answered."""
    if not tx.execute("SELECT 1 FROM person WHERE id = ?", (person_id,)).fetchone():
        return
    tx.execute(
        "INSERT INTO volunteer (tag, person_id, asked_at, rested_at)"
        f" SELECT :tag, :person, max(asked_at), max(rested_at) {_APPEALS}"
        " ON CONFLICT (tag, person_id) DO UPDATE"
        " SET asked_at = excluded.asked_at, rested_at = excluded.rested_at",
        {"tag": tag, "person": person_id},
    )


def gave(tx: sqlite3.Connection, tag: str, person_id: int, at: int | None) -> None:
    """When somebody gave elsewhere, as staff know it: the rest is counted from then too."""
    tx.execute(
        "INSERT INTO volunteer (tag, person_id, gave_at) VALUES (?, ?, ?)"
        " ON CONFLICT (tag, person_id) DO UPDATE SET gave_at = excluded.gave_at",
        (tag, person_id, at),
    )


def history(tx: sqlite3.Connection, tag: str, person_id: int) -> sqlite3.Row | None:
    """`asked_at`, `rested_at` and `gave_at` of one, None for who was never asked."""
    row: sqlite3.Row | None = tx.execute(
        "SELECT asked_at, rested_at, gave_at FROM volunteer WHERE tag = ? AND person_id = ?",
        (tag, person_id),
    ).fetchone()
    return row
