"""Messages that a station writes to itself, to see whether they come back.

Nobody else can write one: the words hold a digest of the station's own id, the time and the
sender. So one that comes in years later is known, and goes to no server.
"""

from __future__ import annotations

import json
import re
import sqlite3
import uuid
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from relay.core.outbound import PartState
from relay.core.pdu import Deliver
from relay.store import trail
from relay.store.database import Database
from relay.store.facts import Facts

_TEXT = re.compile(r"relay test (\d{10,16}) ([0-9a-f]{8})")
# Networks show the same sender with and without the prefix of the country.
_SAME_DIGITS = 8
_SENT_KEPT = 20


@dataclass(frozen=True, slots=True)
class Canary:
    """`returned_at` is 0 until it came back. Times are epoch ms."""

    number: str
    text: str
    sent_at: int
    outbound_id: int = 0
    returned_at: int = 0


class Fate(StrEnum):
    WAITING = "WAITING"  # not at the network yet
    ON_AIR = "ON_AIR"
    RETURNED = "RETURNED"
    LOST_HERE = "LOST_HERE"  # the network did not take it


class Canaries:
    """Of one modem: the facts `modem.NAME.canary` and `modem.NAME.canaries`."""

    def __init__(self, db: Database, modem: str) -> None:
        self._db = db
        self._facts = Facts(db)
        self._key = f"modem.{modem}.canary"
        self._gateway = _gateway(db)

    def last(self) -> Canary | None:
        found = self._facts.get(self._key)
        if found is None or not isinstance(found.value, dict):
            return None
        try:
            return Canary(**found.value)
        except TypeError:
            return None

    def sent_since(self, since: int) -> int:
        return sum(at > since for at in self._times())

    def hatch(self, now: int, number: str) -> Canary:
        """One that was not sent yet."""
        return Canary(number, f"relay test {now} {_digest(self._gateway, str(now), number)}", now)

    def sent(self, now: int, canary: Canary, outbound_id: int) -> None:
        times = [*self._times(), now][-_SENT_KEPT:]
        kept = asdict(replace(canary, outbound_id=outbound_id))
        self._facts.put_all(now, {self._key: kept, f"{self._key}.times": times})

    def fate(self, canary: Canary) -> Fate:
        if canary.returned_at:
            return Fate.RETURNED
        state = self._db.value(
            "SELECT state FROM part WHERE outbound_id = ?", (canary.outbound_id,)
        )
        if state in {PartState.ACCEPTED, PartState.DELIVERED}:
            return Fate.ON_AIR
        return Fate.LOST_HERE if state in {PartState.FAILED, None} else Fate.WAITING

    def _times(self) -> list[int]:
        found = self._facts.get(f"{self._key}.times")
        return [at for at in found.value if isinstance(at, int)] if found is not None else []


def came_back(tx: sqlite3.Connection, now: int, pdu: Deliver) -> bool:
    """Whether it is one of ours; then that is noted and counted, and it is no message."""
    written = _TEXT.fullmatch(pdu.text or "")
    if written is None:
        return False
    (gateway,) = tx.execute("SELECT value FROM meta WHERE key = 'gateway_id'").fetchone()
    if _digest(uuid.UUID(gateway), written[1], pdu.sender.number) != written[2]:
        return False
    trail.count(tx, now, "canary")
    rows = tx.execute(
        "SELECT key, value FROM fact WHERE key >= 'modem.' AND key < 'modem/'"
        " AND key LIKE 'modem.%.canary'"
    ).fetchall()
    for key, value in rows:
        canary = json.loads(value)
        if isinstance(canary, dict) and canary.get("text") == pdu.text:
            told = json.dumps({**canary, "returned_at": now})
            tx.execute("UPDATE fact SET value = ?, at = ? WHERE key = ?", (told, now, key))
    return True


def _gateway(db: Database) -> uuid.UUID:
    return uuid.UUID(str(db.value("SELECT value FROM meta WHERE key = 'gateway_id'")))


def _digest(gateway: uuid.UUID, at: str, number: str) -> str:
    digits = re.sub(r"\D", "", number)[-_SAME_DIGITS:]
    return uuid.uuid5(gateway, f"canary|{at}|{digits}").hex[:8]
