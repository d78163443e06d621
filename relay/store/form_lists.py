"""Reports for readers: how many of each form, and the latest ones."""

from __future__ import annotations

import sqlite3

from relay.core.form_report import FormReport
from relay.store.form_reports import read


def counts(view: sqlite3.Connection, since: int) -> dict[str, dict[str, int]]:
    """By form and outcome, of the reports after `since` (epoch ms)."""
    found: dict[str, dict[str, int]] = {}
    for form, outcome, n in view.execute(
        "SELECT form, outcome, count(*) FROM form_report WHERE reported_at > ? GROUP BY 1, 2",
        (since,),
    ):
        found.setdefault(form, {})[outcome] = n
    return found


def latest(view: sqlite3.Connection, form: str, limit: int) -> list[tuple[FormReport, str]]:
    """The latest reports of a form, and what became of each."""
    rows = view.execute(
        "SELECT * FROM form_report WHERE form = ? ORDER BY id DESC LIMIT ?", (form, limit)
    )
    return [(read(row), row["outcome"]) for row in rows]
