"""After a salvage: which messages are lost, by their numbers, and what lost half of itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from enum import StrEnum

from relay.core.callouts import AppealState, CallOutState
from relay.core.fold import ChtStatus
from relay.core.inbound import InboundState, RawState
from relay.core.outbound import PartState
from relay.core.people import Consent
from relay.core.posts import PostState, RumorState
from relay.core.reminders import ReminderState
from relay.store import parts

# The trail names every message until it is forgotten, and both lie on different pages.
_LOST = {
    "inbound": (
        "SELECT DISTINCT subject_id FROM audit WHERE subject = 'inbound'"
        " AND subject_id NOT IN (SELECT id FROM inbound) AND subject_id NOT IN"
        # These are read again from their PDUs.
        " (SELECT inbound_id FROM raw_pdu WHERE inbound_id IS NOT NULL) ORDER BY 1"
    ),
    "outbound": (
        "SELECT DISTINCT subject_id FROM audit WHERE subject = 'outbound'"
        " AND subject_id NOT IN (SELECT id FROM outbound) ORDER BY 1"
    ),
    "raw_pdu": (
        "SELECT DISTINCT subject_id FROM audit WHERE subject = 'raw'"
        " AND subject_id NOT IN (SELECT id FROM raw_pdu) ORDER BY 1"
    ),
}
_TORN = (
    "SELECT id FROM outbound WHERE finished_at IS NULL"
    " AND id NOT IN (SELECT outbound_id FROM held) AND"  # it has none until a person decides
    " (SELECT count(*) FROM part WHERE outbound_id = outbound.id) <"
    " coalesce((SELECT max(total) FROM part WHERE outbound_id = outbound.id), 1)"
)
_REASON = "STORE_SALVAGED: parts of it were lost with the damaged database"


def named(tx: sqlite3.Connection) -> dict[str, tuple[int, ...]]:
    """The ids that the trail knows and their tables do not, of each table that lacks some."""
    found = {table: tuple(row[0] for row in tx.execute(sql)) for table, sql in _LOST.items()}
    return {table: ids for table, ids in found.items() if ids}


# What a column may hold, and what it holds instead where damage has put anything else there. A
# part of which nobody knows is in doubt; what may have been told or forwarded is so once more.
_WORDS: tuple[tuple[str, str, type[StrEnum], str | None], ...] = (
    ("inbound", "state", InboundState, InboundState.WAITING),
    ("raw_pdu", "state", RawState, RawState.KEPT),
    ("part", "state", PartState, PartState.UNCERTAIN),
    ("outbound", "status", ChtStatus, ChtStatus.PENDING),
    ("outbound", "told", ChtStatus, None),
    ("person", "consent", Consent, Consent.STOPPED),  # it may have been that
    # Nothing goes out of which nobody knows whether it was approved, answered or cancelled.
    ("post", "state", PostState, PostState.CANCELLED),
    ("callout", "state", CallOutState, CallOutState.FILLED),
    ("appeal", "state", AppealState, AppealState.DECLINED),
    ("reminder", "state", ReminderState, ReminderState.CANCELLED),
    ("rumor", "state", RumorState, RumorState.NEW),
)
_FORWARDED = ("WAITING", "FORWARDED", "PARKED")


def mend_words(tx: sqlite3.Connection) -> int:
    """Give every state that is none a meaning, so that nothing stumbles over it; how many."""
    mended = 0
    for table, column, words, instead in _WORDS:
        mended += _mend(tx, table, column, tuple(words), instead)
    # What no modem ever had was not sent; but for what a restoration has set aside.
    tx.execute(
        "UPDATE part SET state = 'QUEUED' WHERE state = 'UNCERTAIN' AND modem IS NULL"
        " AND coalesce(reason, '') NOT LIKE 'RESTORED:%'"
    )
    return mended + _mend(tx, "forwarding", "state", _FORWARDED, "WAITING")


def _mend(
    tx: sqlite3.Connection, table: str, column: str, words: Sequence[str], instead: str | None
) -> int:
    marks = ", ".join("?" * len(words))
    sql = f"UPDATE {table} SET {column} = ? WHERE {column} NOT IN ({marks})"
    return tx.execute(sql, (instead, *words)).rowcount


def settle(tx: sqlite3.Connection, now: int) -> None:
    """A message whose parts are not all here fails, so that a person hears of it and may have
    it sent anew; and no number is given a second time."""
    for row in tx.execute(_TORN).fetchall():
        _drop_parts(tx, row["id"])
        parts.set_status(tx, now, row["id"], ChtStatus.FAILED, _REASON)
    for table, subject in (("inbound", "inbound"), ("outbound", "outbound"), ("raw_pdu", "raw")):
        tx.execute(
            "UPDATE sqlite_sequence SET seq = max(seq, (SELECT coalesce(max(subject_id), 0)"
            " FROM audit WHERE subject = ?)) WHERE name = ?",
            (subject, table),
        )


def _drop_parts(tx: sqlite3.Connection, outbound_id: int) -> None:
    """Retrying it makes them all again from its text."""
    mine = "(SELECT id FROM part WHERE outbound_id = ?)"
    tx.execute(f"UPDATE status_report SET part_id = NULL WHERE part_id IN {mine}", (outbound_id,))
    tx.execute("DELETE FROM part WHERE outbound_id = ?", (outbound_id,))
