"""A list of followers, taken over: looked at as a whole first, then written in small steps."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from relay.community.lists import BadRow, PersonRow
from relay.flows.people_lists import Fate, Places
from relay.store import channels, people
from relay.store.channels import EVERYWHERE
from relay.store.database import Database

_SLICE = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that can be used. `stopped` is one who has said STOP, and gets nothing even so."""

    number: str
    places: tuple[int, ...]
    fate: Fate
    stopped: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a list would do."""

    channel: str
    entries: tuple[Entry, ...]
    bad: tuple[BadRow, ...]

    def count(self, fate: Fate) -> int:
        return sum(entry.fate is fate for entry in self.entries)

    @property
    def stopped(self) -> int:
        return sum(entry.stopped for entry in self.entries)


def plan(view: sqlite3.Connection, channel: str, rows: Iterable[PersonRow | BadRow]) -> Plan:
    """Nothing is written."""
    entries: list[Entry] = []
    bad: list[BadRow] = []
    found = Places(view)
    for row in rows:
        try:
            if isinstance(row, BadRow):
                raise row
            entries.append(_entry(view, channel, row, found.of(row) or (EVERYWHERE,)))
        except BadRow as error:
            bad.append(error)
    return Plan(channel, tuple(entries), tuple(bad))


def _entry(
    view: sqlite3.Connection, channel: str, row: PersonRow, places: tuple[int, ...]
) -> Entry:
    person = people.by_number(view, row.number)
    known = channels.following(view, channel, person.id) if person else None
    if known is None:
        return Entry(row.number, places, Fate.ADDED, people.opted_out(view, row.number))
    fate = Fate.SAME if set(places) <= set(known.places) else Fate.CHANGED
    return Entry(row.number, places, fate, people.opted_out(view, row.number))


def carry_out(db: Database, now: int, done: Plan, source: str) -> None:
    """Write what is to be added or changed; `source` says who did it."""
    wanted = [entry for entry in done.entries if entry.fate is not Fate.SAME]
    for start in range(0, len(wanted), _SLICE):
        with db.transaction() as tx:
            for entry in wanted[start : start + _SLICE]:
                person = people.ensure(tx, now, entry.number, source)
                for place in entry.places:
                    channels.follow(tx, now, done.channel, person.id, place, source)
