"""What becomes of a post, by SMS or by a command: drafted, started, held, taken back.

Every function runs inside a transaction of the caller.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relay.community.channels import composing
from relay.community.channels.costing import Cost, cost, pace
from relay.community.channels.deciding import Hand
from relay.community.channels.rules import Channel
from relay.core.caps import Cap
from relay.core.people import Person
from relay.core.posts import OPEN, Post, Superseded
from relay.store import caps, channels, people, places, posts
from relay.store.channels import Audience

CANCELLED = "POST_CANCELLED: the post was cancelled before this message could leave"


@dataclass(frozen=True, slots=True)
class Draft:
    """A post that nobody has posted yet, and what it would cost."""

    channel: Channel
    place_id: int | None
    texts: Mapping[str, str]
    cost: Cost
    followers_to: int


def audience(
    tx: sqlite3.Connection, channel: Channel, place_id: int | None, followers_to: int
) -> Audience:
    """Whoever is at the place or below it."""
    within = None if place_id is None else places.within(tx, place_id)
    return Audience(channel.name, within, channel.groups, followers_to)


def audience_of(tx: sqlite3.Connection, channel: Channel, post: Post) -> Audience:
    return audience(tx, channel, post.place_id, post.followers_to)


def draft(
    tx: sqlite3.Connection,
    now: int,
    channel: Channel,
    place_id: int | None,
    texts: Mapping[str, str],
    *,
    language: str,
    limits: Sequence[Cap] = (),
    national: Sequence[str] = (),
) -> Draft:
    """`language` is the station's, for those of whom none is known. Raises `TextError`."""
    if channel.signed:
        texts = composing.signed(texts, channel.name)
    followers_to = channels.latest_follower(tx)
    counted = channels.readers(tx, audience(tx, channel, place_id, followers_to))
    readers: dict[str, int] = {}
    for own, count in counted.items():
        readers[own or language] = readers.get(own or language, 0) + count
    at = pace(caps.lately(tx, now), limits)
    return Draft(channel, place_id, texts, cost(readers, texts, at, national), followers_to)


def add(
    tx: sqlite3.Connection,
    now: int,
    code: int,
    one: Draft,
    author: str,
    author_id: int | None,
    source: str,
) -> Post:
    """It waits for its approval; one that needs none has that in a row of its own."""
    post = posts.add(
        tx, now, code,
        channel=one.channel.name, place_id=one.place_id, author=author, author_id=author_id,
        texts=one.texts, expires_at=now + one.channel.approval_ms,
        useful_until=now + one.channel.useful_ms, followers_to=one.followers_to,
        people=one.cost.people, sms=one.cost.sms, source=source,
    )  # fmt: skip
    if one.channel.approvals:
        return post
    posts.approve(tx, now, code, posts.RULES, None)
    return start(tx, now, one.channel, post, 0, source)


def start(
    tx: sqlite3.Connection, now: int, channel: Channel, post: Post, needed: int, source: str
) -> Post:
    """It goes out; in a channel of the latest it ends older ones for the same people."""
    started = posts.start(tx, now, post, needed, source)
    if channel.latest:
        for older in _older(tx, post):
            if post.place_id is None or older.place_id in places.within(tx, post.place_id):
                posts.move(tx, now, older, Superseded(), source, f"post {post.code} is newer")
    return started


def _older(tx: sqlite3.Connection, post: Post) -> list[Post]:
    found = [one for state in OPEN for one in posts.in_state(tx, state)]
    return [one for one in found if one.channel == post.channel and one.code < post.code]


# --- who ----------------------------------------------------------------------------------------


def hand(tx: sqlite3.Connection, number: str, person_id: int | None) -> Hand:
    """Who that is; a person who is no longer known is a number."""
    return Hand(number, _person(tx, person_id))


def _person(tx: sqlite3.Connection, person_id: int | None) -> Person | None:
    if person_id is None:
        return None
    try:
        return people.get(tx, person_id)
    except KeyError:
        return None


def author(tx: sqlite3.Connection, post: Post) -> Hand:
    return hand(tx, post.author, post.author_id)


def approvers(tx: sqlite3.Connection, post: Post) -> list[Hand]:
    """Those who have said OK to it."""
    given = posts.approvals(tx, post.code)
    return [hand(tx, row["approver"], row["approver_id"]) for row in given]
