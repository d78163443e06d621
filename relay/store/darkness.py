"""The times that relay was off, as a fact that `relay status` reads for a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from relay.core.plain import DAY, MINUTE
from relay.core.power import Dark, Why, dark
from relay.store.copied import RESTORED_FACT
from relay.store.database import Database
from relay.store.facts import Fact, Facts
from relay.store.reading import Reader

KEY = "daemon.dark"
_KEPT = 5


def note(db: Database, facts: Facts, now: int, boot: str) -> None:
    """To be called at the start, before the first sign of life of this daemon. Nothing is said
    after a restoration: what the copy knows of the end of relay is from when it was made."""
    beat, restoration = facts.get("daemon.beat"), facts.get(RESTORED_FACT)
    if beat is None or not isinstance(beat.value, dict):
        return
    if restoration is not None and restoration.at > beat.at:
        return
    was = beat.value.get("boot")
    found = dark(
        beat.at,
        now,
        cleanly=beat.value.get("state") == "stopped",
        same_boot=was == boot if was and boot else None,
    )
    if found is None:
        return
    row = db.query("SELECT max(id) AS last FROM inbound")[0]
    said = {"since": found.since, "until": now, "why": found.why, "last": row["last"] or 0}
    before = facts.get(KEY)
    rows = list(_rows(before, now)) if before is not None else []
    facts.put(now, KEY, [*rows, said][-_KEPT:])


def lately(facts: Mapping[str, Fact], reader: Reader, now: int) -> tuple[Dark, ...]:
    """Of the last day, the oldest first, each with the SMS that had waited for its end."""
    found = facts.get(KEY)
    return tuple(
        Dark(row["since"], row["until"], Why(row["why"]), _waited(reader, row))
        for row in (_rows(found, now) if found is not None else ())
    )


def _rows(fact: Fact, now: int) -> Iterator[dict[str, Any]]:
    for row in fact.value if isinstance(fact.value, list) else ():
        whole = isinstance(row, dict) and all(
            isinstance(row.get(key), int) for key in ("since", "until", "last")
        )
        if whole and row.get("why") in set(Why) and 0 <= now - row["until"] < DAY:
            yield row


def _waited(reader: Reader, row: Mapping[str, int]) -> int:
    """By the time stamp of the service centre, which is exact to its clock."""
    sql = "SELECT count(*) FROM inbound WHERE id > ? AND sc_time BETWEEN ? AND ?"
    span = (row["last"], row["since"] - MINUTE, row["until"])
    return int(reader.value(sql, span) or 0)
