"""Who follows which channel, and for which places. Inside a transaction of the caller.

A row says that a person follows a channel for a place; `EVERYWHERE` stands for all of it.
Names of channels come here as the rules write them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from relay.store import trail

EVERYWHERE = 0


@dataclass(frozen=True, slots=True)
class Following:
    """One person's way of following one channel."""

    channel: str
    places: tuple[int, ...]
    paused: bool


def of_person(tx: sqlite3.Connection, person_id: int) -> list[Following]:
    """All that a person follows, by name."""
    rows = tx.execute(
        "SELECT channel, json_group_array(place_id) AS places, max(paused) AS paused"
        " FROM follower WHERE person_id = ? GROUP BY channel ORDER BY channel",
        (person_id,),
    )
    return [
        Following(row["channel"], tuple(sorted(json.loads(row["places"]))), bool(row["paused"]))
        for row in rows
    ]


def following(tx: sqlite3.Connection, channel: str, person_id: int) -> Following | None:
    return next((one for one in of_person(tx, person_id) if one.channel == channel), None)


def everybody(
    tx: sqlite3.Connection, channel: str, limit: int = -1
) -> Iterator[tuple[str, list[int], bool]]:
    """Who follows a channel: number, places and whether it is held back, in order of the ids."""
    rows = tx.execute(
        "SELECT number, json_group_array(place_id) AS places, max(follower.paused) AS paused"
        " FROM follower JOIN person ON person.id = person_id WHERE channel = ?"
        " GROUP BY person_id ORDER BY person_id LIMIT ?",
        (channel, limit),
    )
    for row in rows:
        yield row["number"], sorted(json.loads(row["places"])), bool(row["paused"])


def follow(
    tx: sqlite3.Connection, now: int, channel: str, person_id: int, place_id: int, source: str
) -> bool:
    """False if it is so already. A place replaces everywhere: he has said what he wants."""
    if place_id != EVERYWHERE:
        tx.execute(
            "DELETE FROM follower WHERE channel = ? AND person_id = ? AND place_id = ?",
            (channel, person_id, EVERYWHERE),
        )
    done = tx.execute(
        "INSERT OR IGNORE INTO follower (channel, person_id, place_id, joined_at)"
        " VALUES (?, ?, ?, ?)",
        (channel, person_id, place_id, now),
    )
    if done.rowcount:
        where = f"{channel} place {place_id}" if place_id else channel
        trail.note(tx, now, "person", person_id, "Joined", None, where, source)
    return bool(done.rowcount)


def leave(tx: sqlite3.Connection, now: int, channel: str, person_id: int, source: str) -> bool:
    """False if he did not follow it."""
    done = tx.execute(
        "DELETE FROM follower WHERE channel = ? AND person_id = ?", (channel, person_id)
    )
    if done.rowcount:
        trail.note(tx, now, "person", person_id, "Left", channel, None, source)
    return bool(done.rowcount)


def pause(
    tx: sqlite3.Connection, now: int, channel: str, person_id: int, paused: bool, source: str
) -> bool:
    """Hold one channel's posts back from one person, or no longer; False if he is not in it."""
    done = tx.execute(
        "UPDATE follower SET paused = ? WHERE channel = ? AND person_id = ?",
        (int(paused), channel, person_id),
    )
    if done.rowcount:
        event = "ChannelPaused" if paused else "ChannelResumed"
        trail.note(tx, now, "person", person_id, event, None, channel, source)
    return bool(done.rowcount)


def move(tx: sqlite3.Connection, now: int, person_id: int, place_id: int, source: str) -> None:
    """He is at another place now: what he follows for a place he follows for this one."""
    moved = tx.execute(
        "SELECT channel, max(paused) AS paused FROM follower WHERE person_id = ? AND place_id <> ?"
        " GROUP BY channel",
        (person_id, EVERYWHERE),
    ).fetchall()
    for row in moved:
        tx.execute(
            "DELETE FROM follower WHERE person_id = ? AND channel = ?",
            (person_id, row["channel"]),
        )
        follow(tx, now, row["channel"], person_id, place_id, source)
        if row["paused"]:
            pause(tx, now, row["channel"], person_id, True, source)


# --- who would get a post -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Audience:
    """Those who follow a channel everywhere or for one of `places` (None: any), and those with a
    tag in `groups` who are there; only rows of followers up to `followers_to` count."""

    channel: str
    places: Collection[int] | None
    groups: Collection[str] = ()
    followers_to: int = 2**62

    def params(self) -> dict[str, object]:
        return {
            "channel": self.channel,
            "anywhere": self.places is None,
            "places": json.dumps(sorted(self.places or ())),
            "groups": json.dumps(sorted(self.groups)),
            "followers_to": self.followers_to,
        }


_THERE = "IN (SELECT value FROM json_each(:places))"
# Of a row of `person`: whether a post is for him, once however many of his rows match.
CONCERNED = (
    "person.paused = 0 AND (EXISTS (SELECT 1 FROM follower"
    " WHERE channel = :channel AND person_id = person.id AND paused = 0 AND id <= :followers_to"
    f" AND (:anywhere OR place_id = 0 OR place_id {_THERE}))"
    " OR EXISTS (SELECT 1 FROM person_tag WHERE person_id = person.id"
    " AND tag IN (SELECT value FROM json_each(:groups)) AND (:anywhere OR EXISTS (SELECT 1"
    f" FROM person_place WHERE person_id = person.id AND place_id {_THERE}))))"
)
# And whether he may have it.
MEANT = f"person.consent <> 'STOPPED' AND {CONCERNED}"


def readers(tx: sqlite3.Connection, audience: Audience) -> Mapping[str, int]:
    """How many people that are, by language ('' where nobody knows)."""
    rows = tx.execute(
        f"SELECT language, count(*) FROM person WHERE {MEANT} GROUP BY language",
        audience.params(),
    )
    return {row[0]: row[1] for row in rows}


def latest_follower(tx: sqlite3.Connection) -> int:
    """The number of the row that was written last: who joins later is not in an older post."""
    return int(tx.execute("SELECT coalesce(max(id), 0) FROM follower").fetchone()[0])


def count(tx: sqlite3.Connection, channel: str) -> int:
    """How many people follow, without those who have said STOP."""
    row = tx.execute(
        "SELECT count(DISTINCT person_id) FROM follower JOIN person ON person.id = person_id"
        " WHERE channel = ? AND consent <> 'STOPPED'",
        (channel,),
    ).fetchone()
    return int(row[0])
