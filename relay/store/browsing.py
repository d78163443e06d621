"""Rows as a person asks for them: lists, one message, the message that an id stands for."""

from __future__ import annotations

import sqlite3

from relay.core.outbound import TAKEN_BACK
from relay.store.reading import Reader

# A part in doubt that belongs to no modem: nothing but a restored copy has such.
RESTORED = "state = 'UNCERTAIN' AND modem IS NULL"

# What a person may ask for, and the condition that it stands for.
INBOUND_STATES = {
    "parts": "state = 'WAITING_PARTS'",
    "waiting": "(state = 'WAITING' OR state = 'INCOMPLETE')",
    "forwarded": "state = 'FORWARDED'",
    "parked": "state = 'PARKED'",
    # by relay itself; what a server refused is only parked
    "aside": (
        "state = 'PARKED' AND id NOT IN (SELECT inbound_id FROM forwarding WHERE state = 'PARKED')"
    ),
}
OUTBOUND_STATES = {
    "waiting": "finished_at IS NULL AND status IN ('UNSENT', 'PENDING')",
    "held": "id IN (SELECT outbound_id FROM held)",
    "uncertain": "id IN (SELECT outbound_id FROM part WHERE state = 'UNCERTAIN')",
    "restored": (
        f"id IN (SELECT outbound_id FROM part WHERE {RESTORED})"  # they may have gone out since
    ),
    "sent": "status = 'SENT'",
    "delivered": "status = 'DELIVERED'",
    "failed": "status = 'FAILED'",
}

Rows = list[sqlite3.Row]


# --- in -----------------------------------------------------------------------------------------

_INBOUND = (
    "id, uuid, state, kind, sender, text, sc_time, kept_at, finished_at, modem, sim, total,"
    " reason, (SELECT no FROM custody WHERE inbound_id = inbound.id) AS no,"
    " (SELECT max(exported_at) FROM forwarding WHERE inbound_id = inbound.id"
    "  AND forwarding.state = 'WAITING') AS exported_at"
)


def inbound_list(reader: Reader, state: str | None, limit: int) -> Rows:
    """The newest first."""
    where = f"WHERE {INBOUND_STATES[state]}" if state else ""
    return reader.query(
        f"SELECT {_INBOUND} FROM inbound {where} ORDER BY id DESC LIMIT ?", (limit,)
    )


def undecodable_list(reader: Reader, limit: int) -> Rows:
    """Raw PDUs that could not be read, the newest first."""
    return reader.query(
        "SELECT id, pdu, modem, via, kept_at, reason FROM raw_pdu WHERE state = 'UNDECODABLE'"
        " ORDER BY id DESC LIMIT ?",
        (limit,),
    )


def inbound_one(reader: Reader, inbound_id: int) -> sqlite3.Row | None:
    return reader.row(f"SELECT {_INBOUND} FROM inbound WHERE id = ?", (inbound_id,))


def inbound_parts(reader: Reader, inbound_id: int) -> Rows:
    return reader.query(
        "SELECT seq, modem, via, kept_at, sightings, reason FROM raw_pdu WHERE inbound_id = ?"
        " ORDER BY seq, id",
        (inbound_id,),
    )


def forwardings(reader: Reader, inbound_id: int) -> Rows:
    """What became of a message at each server that relay has ever had."""
    return reader.query(
        "SELECT server, state, refusals, forwarded_at, exported_at, reason FROM forwarding"
        " WHERE server IN (SELECT server FROM cursor) AND inbound_id = ?",
        (inbound_id,),
    )


# --- out ----------------------------------------------------------------------------------------

_OUTBOUND = (
    "id, server, server_id, recipient, text, status, told, reason, priority, created_at,"
    " not_before, useful_until, key, finished_at,"
    " (SELECT count(*) FROM part WHERE outbound_id = outbound.id) AS parts"
)


def outbound_list(reader: Reader, state: str | None, limit: int) -> Rows:
    """The newest first."""
    where = f"WHERE {OUTBOUND_STATES[state]}" if state else ""
    return reader.query(
        f"SELECT {_OUTBOUND} FROM outbound {where} ORDER BY id DESC LIMIT ?", (limit,)
    )


def outbound_one(reader: Reader, outbound_id: int) -> sqlite3.Row | None:
    return reader.row(f"SELECT {_OUTBOUND} FROM outbound WHERE id = ?", (outbound_id,))


def outbound_parts(reader: Reader, outbound_id: int) -> Rows:
    return reader.query(
        "SELECT id, seq, total, state, attempts, due_at, mr, modem, submitted_at, accepted_at,"
        " finished_at, uncertain_count, reason FROM part WHERE outbound_id = ? ORDER BY seq",
        (outbound_id,),
    )


def in_doubt_ids(reader: Reader, state: str = "restored") -> list[int]:
    rows = reader.query(f"SELECT id FROM outbound WHERE {OUTBOUND_STATES[state]} ORDER BY id")
    return [row["id"] for row in rows]


def failed_ids(reader: Reader) -> list[int]:
    """What failed and would still be of use: nothing too old, taken back by relay itself (such as
    by a STOP), or without its words."""
    rows = reader.query(
        "SELECT id, reason FROM outbound WHERE status = 'FAILED' AND text <> ''"
        " AND reason NOT GLOB 'MSG_EXPIRED*' ORDER BY id"
    )
    return [row["id"] for row in rows if not row["reason"].startswith(TAKEN_BACK)]


# --- by any name --------------------------------------------------------------------------------


def named(reader: Reader, name: str) -> list[tuple[str, int]]:
    """What an id of a server or the beginning of a uuid stands for: ('in' or 'out', row id).

    At most five: more of them is as good as none.
    """
    upper = name + "\U0010ffff"
    inbound = reader.query(
        "SELECT id FROM inbound WHERE uuid >= ? AND uuid < ? LIMIT 5", (name, upper)
    )
    outbound = reader.query(
        "SELECT id FROM outbound WHERE server IN (SELECT server FROM cursor UNION SELECT '')"
        " AND server_id >= ? AND server_id < ? LIMIT 5",
        (name, upper),
    )
    return [("in", row["id"]) for row in inbound] + [("out", row["id"]) for row in outbound]


def by_digits(reader: Reader, digits: str, since: int, until: int) -> list[tuple[str, int, int]]:
    """Messages from or to a number that ends so, stored in this time: side, id, when (epoch ms).

    Of what came in, the service centre's time counts as well. At most twenty.
    """
    ending = f"%{digits}"
    came = reader.query(
        "SELECT id, kept_at AS at FROM inbound WHERE sender LIKE ?"
        " AND (kept_at BETWEEN ? AND ? OR sc_time BETWEEN ? AND ?) LIMIT 20",
        (ending, since, until, since, until),
    )
    goes = reader.query(
        "SELECT id, created_at AS at FROM outbound"
        " WHERE replace(replace(recipient, ' ', ''), '-', '') LIKE ?"
        " AND created_at BETWEEN ? AND ? LIMIT 20",
        (ending, since, until),
    )
    return [("in", row["id"], row["at"]) for row in came] + [
        ("out", row["id"], row["at"]) for row in goes
    ]


def by_station_number(reader: Reader, number: int) -> int | None:
    """The message that came in under this number of the station, if it was a message."""
    if reader.value("SELECT 1 FROM sqlite_master WHERE name = 'custody'") is None:
        return None
    found = reader.value("SELECT inbound_id FROM custody WHERE no = ?", (number,))
    return int(found) if found is not None else None
