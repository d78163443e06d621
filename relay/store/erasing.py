"""Erasing a person: their number and what they wrote or were written, wherever it stands.

Rows that figures and servers need stay, without it (see `personal`). What is of others stays,
also where it names that person: how many such messages there are is said.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from relay.core.inbound import INBOUND_TRANSITIONS, InboundState, Parked
from relay.core.machine import step
from relay.core.number import alike, is_whole, semi_octets, telling
from relay.core.outbound import ReportOverdue
from relay.errors import RelayError
from relay.store import custody, parts, people, trail
from relay.store.database import Database
from relay.store.outbox import Outbox
from relay.store.personal import BLANKED, DELETED, NUMBERS


@dataclass(frozen=True, slots=True)
class Person:
    """What the store has of one. The ids are those of messages; `raw` of SMS that no message
    was made of, `loose` counts rows of other tables.

    `busy` are messages out that are at the radio or in doubt, `unsent` those that would be
    cancelled, `unreported` those that wait for a delivery report; `waiting` are messages in that
    a server lacks, `parts` those that wait for parts. `unread` are SMS that were not read yet.
    """

    spellings: tuple[str, ...] = ()
    inbound: tuple[int, ...] = ()
    outbound: tuple[int, ...] = ()
    raw: tuple[int, ...] = ()
    loose: int = 0
    facts: tuple[str, ...] = ()
    busy: tuple[int, ...] = ()
    unsent: tuple[int, ...] = ()
    unreported: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()
    parts: tuple[int, ...] = ()
    unread: int = 0
    mentioned_in: tuple[int, ...] = ()
    mentioned_out: tuple[int, ...] = ()

    @property
    def known(self) -> bool:
        return bool(self.inbound or self.outbound or self.raw or self.loose or self.facts)

    @property
    def kept_back(self) -> int:
        """How many messages a server would never hear of, or their report nobody."""
        return len(self.waiting) + len(self.parts) + len(self.unreported)

    @property
    def countries(self) -> tuple[str, ...]:
        """The numbers with a country that are meant: more than one are several persons."""
        return tuple(sorted({one.replace("00", "+", 1) if one.startswith("00") else one
                             for one in self.spellings if is_whole(one)}))  # fmt: skip


class UnderWay(RelayError):
    """Something of theirs moved between the look and the erasing; nothing was changed."""

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__(ids)
        self.ids = tuple(ids)

    def __str__(self) -> str:
        said = ", ".join(f"out {one}" for one in self.ids)
        return (
            f"{said or 'an SMS'} is on its way at this moment. Nothing was erased. "
            "Try again in a minute."
        )


# --- what there is ------------------------------------------------------------------------------


def find(db: Database, number: str) -> Person:
    """All that the store has of a number in any spelling. It reads whole tables and locks none."""
    spellings = [
        row[0]
        for row in db.query(
            " UNION ".join(f"SELECT {column} FROM {table}" for table, column in NUMBERS.items())
        )
        if alike(row[0], number)
    ]
    p: dict[str, Any] = {"theirs": json.dumps(spellings), "digits": telling(number)}
    inbound = _ids(db, f"SELECT id FROM inbound WHERE sender {_THEIRS}", p)
    p["outbound"] = json.dumps(_ids(db, _OUTBOUND, p))
    p["inbound"] = json.dumps(inbound)
    raw = _raws(db, number, p)
    return Person(
        spellings=tuple(sorted(spellings)),
        inbound=tuple(inbound),
        outbound=tuple(json.loads(p["outbound"])),
        raw=tuple(raw),
        loose=_loose(db, p),
        facts=_facts(db, telling(number)),
        mentioned_in=_mentions(db, "inbound", p),
        mentioned_out=_mentions(db, "outbound", p),
        **_standing(db, p | {"raw": json.dumps(raw)}),
    )


_THEIRS = "IN (SELECT value FROM json_each(:theirs))"
_IN = "IN (SELECT value FROM json_each(:inbound))"
_OUT = "IN (SELECT value FROM json_each(:outbound))"
_OUTBOUND = (
    f"SELECT id FROM outbound WHERE recipient {_THEIRS}"
    f" UNION SELECT outbound_id FROM part WHERE number {_THEIRS}"
)
_STANDING = {
    "busy": f"SELECT DISTINCT outbound_id FROM part WHERE outbound_id {_OUT}"
    " AND state IN ('SUBMITTING', 'UNCERTAIN')",
    "unsent": f"SELECT DISTINCT outbound_id FROM part WHERE outbound_id {_OUT}"
    f" AND state = 'QUEUED' UNION SELECT outbound_id FROM held WHERE outbound_id {_OUT}",
    "unreported": f"SELECT DISTINCT outbound_id FROM part WHERE outbound_id {_OUT}"
    " AND state = 'ACCEPTED' AND finished_at IS NULL",
    "waiting": f"SELECT id FROM inbound WHERE id {_IN} AND (state IN ('WAITING', 'INCOMPLETE')"
    " OR state = 'PARKED' AND EXISTS (SELECT 1 FROM forwarding WHERE inbound_id = inbound.id"
    "  AND forwarding.state = 'PARKED') AND uuid IS NOT NULL)",
    "parts": f"SELECT id FROM inbound WHERE id {_IN} AND state = 'WAITING_PARTS'",
}  # fmt: skip
_UNREAD = (
    "SELECT count(*) FROM raw_pdu WHERE state = 'KEPT'"
    " AND id IN (SELECT value FROM json_each(:raw))"
)


def _standing(db: Database, p: dict[str, Any]) -> dict[str, Any]:
    """Which of their messages are not finished, and how."""
    found: dict[str, Any] = {name: tuple(_ids(db, sql, p)) for name, sql in _STANDING.items()}
    return found | {"unread": db.query(_UNREAD, p)[0][0]}


def _raws(db: Database, number: str, p: dict[str, Any]) -> list[int]:
    """SMS that no message was made of: reports, and what is unread or cannot be read."""
    found = set(_ids(db, _REPORTED, p))
    for octets in semi_octets(number):
        found |= set(_ids(db, "SELECT id FROM raw_pdu WHERE inbound_id IS NULL"
                          " AND instr(upper(pdu), :octets) > 0", {"octets": octets}))  # fmt: skip
    return sorted(found)


_REPORTED = (
    f"SELECT raw_id FROM status_report WHERE recipient {_THEIRS}"
    f" OR part_id IN (SELECT id FROM part WHERE outbound_id {_OUT})"
)


def _loose(db: Database, p: dict[str, Any]) -> int:
    tables = [name for name in NUMBERS if name not in ("inbound", "outbound", "part")]
    return sum(
        int(db.query(f"SELECT count(*) FROM {one} WHERE {NUMBERS[one]} {_THEIRS}", p)[0][0])
        for one in tables
    )


def _facts(db: Database, digits: str) -> tuple[str, ...]:
    rows = db.query("SELECT key, value FROM fact ORDER BY key")
    return tuple(str(row["key"]) for row in rows if digits in row["value"])


def _mentions(db: Database, table: str, p: dict[str, Any]) -> tuple[int, ...]:
    """Messages of others that have the number in their words."""
    return tuple(_ids(db, f"SELECT id FROM {table} WHERE instr(text, :digits) > 0"
                      f" AND id NOT IN (SELECT value FROM json_each(:{table}))", p))  # fmt: skip


def _ids(db: Database, sql: str, p: dict[str, Any]) -> list[int]:
    return [row[0] for row in db.query(sql, p)]


# --- and what becomes of it ---------------------------------------------------------------------


def erase(db: Database, outbox: Outbox, now: int, person: Person, number: str, who: str) -> None:
    """Take it out of every row, in one commit: what had not left is cancelled, what a server
    lacks is set aside. Raises `UnderWay`, and then nothing was changed.
    """
    ids = {"inbound": person.inbound, "outbound": person.outbound}
    p = {name: json.dumps(of) for name, of in ids.items()}
    with db.transaction() as tx:
        busy = [row[0] for row in tx.execute(_STANDING["busy"], p)]
        if busy or person.unread:
            raise UnderWay(busy)
        for one in person.unsent:
            outbox.cancel(now, one)
        _end(tx, now, person)
        linked = tx.execute(f"SELECT id FROM raw_pdu WHERE inbound_id {_IN}", p).fetchall()
        raws = [*person.raw, *(row[0] for row in linked)]
        _drop_unfinished(tx, person.parts)
        more = {"raw": json.dumps(raws), "spellings": json.dumps(person.spellings)}
        people.leave(tx, now, person.spellings, f"erase by {who}")
        _blank(tx, p | more | {"telling": telling(number)})
        _blank_facts(tx, person.facts, telling(number))
        _mark(tx, now, person, who)


def _end(tx: sqlite3.Connection, now: int, person: Person) -> None:
    """Nobody waits any more for what will not be here."""
    for one in person.unreported:
        for part in parts.load(
            tx, "outbound_id = ? AND state = 'ACCEPTED' AND finished_at IS NULL", (one,)
        ):
            parts.advance_part(tx, now, part, ReportOverdue())
    for one in person.waiting:
        tx.execute(
            "UPDATE forwarding SET state = 'PARKED' WHERE inbound_id = ? AND state = 'WAITING'",
            (one,),
        )
        (before,) = tx.execute("SELECT state FROM inbound WHERE id = ?", (one,)).fetchone()
        if before in (InboundState.WAITING, InboundState.INCOMPLETE):
            state = step(INBOUND_TRANSITIONS, InboundState(before), Parked(_ERASED))
            tx.execute(
                "UPDATE inbound SET state = ?, reason = ?, finished_at = ? WHERE id = ?",
                (state, _ERASED, now, one),
            )


_ERASED = "message.erased"


def _drop_unfinished(tx: sqlite3.Connection, inbound_ids: Sequence[int]) -> None:
    """What waits for parts is no message yet: it has no number in the chain of custody."""
    for one in inbound_ids:
        tx.execute("DELETE FROM audit WHERE subject = 'raw' AND subject_id IN"
                   " (SELECT id FROM raw_pdu WHERE inbound_id = ?)", (one,))  # fmt: skip
        tx.execute("DELETE FROM raw_pdu WHERE inbound_id = ?", (one,))
        tx.execute("DELETE FROM audit WHERE subject = 'inbound' AND subject_id = ?", (one,))
        tx.execute("DELETE FROM inbound WHERE id = ?", (one,))


def _blank(tx: sqlite3.Connection, p: dict[str, str]) -> None:
    for table, where in DELETED.items():
        tx.execute(f"DELETE FROM {table} WHERE {where}", p)
    for table, (where, columns) in BLANKED.items():
        values = ", ".join(f"{column} = {value}" for column, value in columns.items())
        tx.execute(f"UPDATE {table} SET {values} WHERE {where}", p)


def _blank_facts(tx: sqlite3.Connection, keys: Sequence[str], digits: str) -> None:
    for key in keys:
        (value,) = tx.execute("SELECT value FROM fact WHERE key = ?", (key,)).fetchone()
        told = json.dumps(_without(json.loads(value), digits))
        tx.execute("UPDATE fact SET value = ? WHERE key = ?", (told, key))


def _without(value: Any, digits: str) -> Any:
    """A test message holds its number and its words side by side: both go."""
    if isinstance(value, dict):
        hit = any(isinstance(one, str) and digits in one for one in value.values())
        return {
            key: "" if hit and key in ("number", "text") else _without(one, digits)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [_without(one, digits) for one in value]
    return "" if isinstance(value, str) and digits in value else value


def _mark(tx: sqlite3.Connection, now: int, person: Person, who: str) -> None:
    """The chain of custody stays whole, and says by whom it was."""
    for subject, ids in (("inbound", person.inbound), ("raw", person.raw)):
        for one in ids:
            custody.erase(tx, now, subject, one, who)
    for subject, ids in (("inbound", person.inbound), ("outbound", person.outbound)):
        for one in set(ids) - set(person.parts):
            trail.note(tx, now, subject, one, "Erased", None, None)
