"""What channels have due: a slice of a post, a digest, a post that nobody approved.

A post is never expanded at once. At most about a hundred of its messages wait in the outbox, so
that a STOP, a pause or a cancelling midway has little to take back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from relay.clock import wall
from relay.community.channels.composing import text_for
from relay.community.channels.rules import Channel
from relay.community.rulebook import RuleBook
from relay.core.posts import Finished, Post, PostState
from relay.core.priority import Priority
from relay.core.quiet import Quiet
from relay.core.segment import segment
from relay.flows.answering import channel_posts as work
from relay.flows.answering.channel_posting import tell_author
from relay.flows.answering.channel_talk import OWNER, Talk
from relay.flows.answering.turn import Told, Turn
from relay.store import post_replies, posts

AT_ONCE = 50
MOST_WAITING = 100
_LOOK_MS = 5_000  # while the outbox is full of it
_NIGHT_APPROVALS = 2


@dataclass(frozen=True, slots=True)
class Pace:
    """How much of a post enters the outbox in a turn, and waits there at most."""

    at_once: int = AT_ONCE
    most_waiting: int = MOST_WAITING


def due(talk: Talk, limit: int, pace: Pace) -> int:
    """At most `limit` things; how many were done."""
    done = _expire(talk) + _digests(talk, limit)
    for one in posts.in_state(talk.turn.tx, PostState.GOING):
        channel = talk.channels.get(one.channel)
        if channel is not None and done < limit:
            done += spread(talk, channel, one, min(limit - done, pace.at_once), pace.most_waiting)
    return done


def next_due_at(
    tx: sqlite3.Connection, now: int, book: RuleBook, channels: Mapping[str, Channel]
) -> int | None:
    times = [post_replies.next_due_at(tx), posts.next_end_at(tx)]
    for one in posts.in_state(tx, PostState.GOING):
        channel = channels.get(one.channel)
        if channel is not None:
            until = _held_until(tx, now, book, channel, one)
            times.append(now + _LOOK_MS if until is None else until)
    return min((at for at in times if at is not None), default=None)


# --- a slice of a post --------------------------------------------------------------------------


def spread(talk: Talk, channel: Channel, one: Post, limit: int, most_waiting: int) -> int:
    """Put the next people's messages into the outbox; how many people had their turn."""
    turn = talk.turn
    waiting = posts.waiting(turn.tx, one)
    until = _held_until(turn.tx, turn.now, turn.rules, channel, one)
    if until is not None:
        posts.hold_back(turn.tx, waiting, until)
        return 0
    room = min(limit, most_waiting - len(waiting))
    if room <= 0:
        return 0
    audience = work.audience_of(turn.tx, channel, one)
    readers = posts.next_readers(turn.tx, one, audience, room, latest=channel.latest)
    for count, reader in enumerate(readers):
        if _send(turn, channel, one, reader) is Told.CAPPED:
            return count
        posts.advance_cursor(turn.tx, one, reader["id"])
    if len(readers) < room:
        posts.advance_cursor(turn.tx, one, posts.last_person(turn.tx))
        if not readers and not waiting:
            posts.move(turn.tx, turn.now, one, Finished(), turn.source)
            return 1
    return len(readers)


def _send(turn: Turn, channel: Channel, one: Post, reader: sqlite3.Row) -> Told:
    language = reader["language"] or turn.rules.general.language
    return turn.tell(
        reader["number"],
        text_for(one.texts, language),
        rule=posts.rule_of(channel.name),
        occasion=str(one.code),
        priority=Priority.BROADCAST,
        useful_until=one.useful_until,
        key=posts.key_of(one, latest=channel.latest),
    )


def _held_until(
    tx: sqlite3.Connection, now: int, book: RuleBook, channel: Channel, one: Post
) -> int | None:
    """When the quiet hours end that hold it; what two approved goes on, where the channel says."""
    quiet: Quiet | None = channel.quiet or book.general.quiet
    if quiet is None or (until := quiet.until(now, wall)) is None:
        return None
    if channel.night and len(posts.approvals(tx, one.code)) >= _NIGHT_APPROVALS:
        return None
    return until


# --- digests ------------------------------------------------------------------------------------


def _digests(talk: Talk, limit: int) -> int:
    codes = post_replies.due(talk.turn.tx, talk.turn.now)[:limit]
    for code in codes:
        one = posts.get(talk.turn.tx, code)
        channel = talk.channels.get(one.channel) if one else None
        if one is None or channel is None:
            post_replies.digested(talk.turn.tx, code, post_replies.count(talk.turn.tx, code))
        elif (until := talk.quiet_until(channel)) is not None:
            post_replies.put_off(talk.turn.tx, code, until)
        else:
            _digest(talk, one)
    return len(codes)


def _digest(talk: Talk, one: Post) -> None:
    """Counts first, then as many of the latest words as one SMS has room for."""
    tx = talk.turn.tx
    count = post_replies.count(tx, one.code)
    texts = post_replies.texts(tx, one.code, 1)
    fields: dict[str, object] = {
        "code": one.code, "new": count - one.digested, "replies": count,
    }  # fmt: skip
    fields["text"] = _fitting(talk, one, fields, texts[0] if texts else "")
    tell_author(talk, one, "digest", f"{one.code} digest {count}", fields)
    post_replies.digested(tx, one.code, count)


def _fitting(talk: Talk, one: Post, fields: Mapping[str, object], text: str) -> str:
    """As much of a text as leaves the digest one SMS."""
    text = " ".join(text.replace("\0", "").split())
    for room in (len(text), 80, 60, 40, 20):
        said = text if len(text) <= room else text[: room - 3].rstrip() + "..."
        whole = talk.turn.say(f"{OWNER}.digest", one.author, **{**fields, "text": said})
        if len(segment(whole).parts) == 1:
            return said
    return ""


# --- out of time --------------------------------------------------------------------------------


def _expire(talk: Talk) -> int:
    """The author of a post that nobody approved hears of it: he may write it again."""
    turn = talk.turn
    ended = posts.expire(turn.tx, turn.now, turn.earliest)
    for one in ended:
        if one.approved_at is None:
            tell_author(talk, one, "expired", f"{one.code} expired", {"code": one.code})
        else:
            turn.take_back(posts.waiting(turn.tx, one), _TOO_LATE)
    return len(ended)


_TOO_LATE = "MSG_EXPIRED: its time to be of use was over before it could be sent"
