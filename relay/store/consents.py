"""What people have said about consent after a copy was made, taken over when it is put back.

A STOP must hold also where the copy is older than it. The database that was in use is at hand
when it is replaced: it is read, and never changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from relay.core.people import Consent
from relay.store import optouts, people
from relay.store.reading import connect

_SOURCE = "the database before the restore"


@dataclass(frozen=True, slots=True)
class Said:
    """Consents with their time (epoch ms) by number, and the marks of those who are gone."""

    consents: Mapping[str, tuple[Consent, int]] = field(default_factory=dict)
    marks: Mapping[str, int] = field(default_factory=dict)
    key: str = ""


def read(store: Path) -> Said | None:
    """What a database says, of whatever version; None where it cannot be read."""
    try:
        with closing(connect(store)) as conn:
            known = conn.execute("SELECT 1 FROM sqlite_master WHERE name = 'opt_out'").fetchone()
            if known is None:  # a relay that knew nobody
                return Said()
            rows = conn.execute(
                "SELECT number, consent, consent_at FROM person WHERE consent_at IS NOT NULL"
            )
            said = {number: (Consent(word), at) for number, word, at in rows}
            marks = dict(conn.execute("SELECT mark, at FROM opt_out"))
            return Said(said, marks, optouts.key_of(conn))
    except (sqlite3.Error, ValueError):
        return None


def carry(tx: sqlite3.Connection, now: int, said: Said) -> int:
    """Let hold what was said later than this store knows; of how many people."""
    changed = 0
    for number, consent, at in _later(tx, said):
        person = people.by_number(tx, number)
        known = -1 if person is None or person.consent_at is None else person.consent_at
        if at <= known or (person is None and consent is not Consent.STOPPED):
            continue
        person = person or people.ensure(tx, now, number, _SOURCE)
        changed += person.consent is not consent
        people.set_consent(tx, at, person.id, consent, _SOURCE)
    return changed


def _later(tx: sqlite3.Connection, said: Said) -> Iterator[tuple[str, Consent, int]]:
    for number, (consent, at) in said.consents.items():
        yield number, consent, at
    if said.key != optouts.key_of(tx):
        return  # another station's marks say nothing here
    for person in people.everybody(tx):
        at_mark = said.marks.get(optouts.mark(said.key, person.number))
        if at_mark is not None:
            yield person.number, Consent.STOPPED, at_mark
    tx.executemany("INSERT OR IGNORE INTO opt_out (mark, at) VALUES (?, ?)", said.marks.items())
