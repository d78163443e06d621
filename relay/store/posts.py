"""Posts to channels: rows that move through their table. Inside a transaction of the caller.

The one way to GOING is `start`, which looks for the rows of the approvals.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from relay.core.posts import (
    OPEN,
    Approved,
    Event,
    Expired,
    Paused,
    Post,
    PostState,
    Resumed,
    advance,
)
from relay.errors import RelayError
from relay.store import occasions, trail
from relay.store.channels import CONCERNED, MEANT, Audience

RULES = "@rules"  # the author of the approval of a post that needs none

_COLUMNS = (
    "code, channel, place_id, author, author_id, texts, state, created_at, expires_at,"
    " useful_until, followers_to, cursor, people, sms, digested, approved_at, finished_at, reason"
)


class NotApproved(RelayError):
    """A post was to go out without the approvals that it needs: a bug in relay."""


def rule_of(channel: str) -> str:
    """The name under which `occasion` knows who was told."""
    return f"channel.{channel}"


def key_of(post: Post, *, latest: bool) -> str:
    """By it the outbox knows the messages of a post; those of a channel that tells only the
    latest are all the same to it."""
    return f"{rule_of(post.channel)}{'' if latest else f'.{post.code}'}"


def _post(row: sqlite3.Row) -> Post:
    fields = dict(row) | {"state": PostState(row["state"]), "texts": json.loads(row["texts"])}
    return Post(**fields)


def get(tx: sqlite3.Connection, code: int) -> Post | None:
    row = tx.execute(f"SELECT {_COLUMNS} FROM post WHERE code = ?", (code,)).fetchone()
    return _post(row) if row else None


def in_state(tx: sqlite3.Connection, state: PostState) -> list[Post]:
    """The unfinished posts in this state, the oldest first."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM post WHERE state = '{state.value}' ORDER BY code"
    ).fetchall()
    return [_post(row) for row in rows]


def latest(tx: sqlite3.Connection, channel: str, limit: int = 50) -> list[Post]:
    """The newest first, without those that nobody has approved or that were cancelled."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM post WHERE channel = ? AND state IN ('GOING', 'PAUSED', 'DONE')"
        " ORDER BY code DESC LIMIT ?",
        (channel, limit),
    ).fetchall()
    return [_post(row) for row in rows]


def newest(tx: sqlite3.Connection, channel: str | None, limit: int) -> list[Post]:
    """Whatever became of them, the newest first."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM post WHERE :channel IS NULL OR channel = :channel"
        " ORDER BY code DESC LIMIT :most",
        {"channel": channel, "most": limit},
    ).fetchall()
    return [_post(row) for row in rows]


def add(
    tx: sqlite3.Connection,
    now: int,
    code: int,
    *,
    channel: str,
    place_id: int | None,
    author: str,
    author_id: int | None,
    texts: Mapping[str, str],
    expires_at: int,
    useful_until: int | None,
    followers_to: int,
    people: int,
    sms: int,
    source: str,
) -> Post:
    """A post that waits for its approval."""
    tx.execute(
        "INSERT INTO post (code, channel, place_id, author, author_id, texts, state, created_at,"
        " expires_at, useful_until, followers_to, people, sms)"
        " VALUES (?, ?, ?, ?, ?, ?, 'WAITING_APPROVAL', ?, ?, ?, ?, ?, ?)",
        (
            code, channel, place_id, author, author_id,
            json.dumps(texts, ensure_ascii=False), now, expires_at, useful_until,
            followers_to, people, sms,
        ),
    )  # fmt: skip
    trail.note(tx, now, "post", code, "Posted", None, PostState.WAITING_APPROVAL, source)
    post = get(tx, code)
    assert post is not None
    return post


def posted_since(tx: sqlite3.Connection, channel: str, author_id: int, since: int) -> int:
    row = tx.execute(
        "SELECT count(*) FROM post WHERE author_id = ? AND channel = ? AND created_at >= ?",
        (author_id, channel, since),
    ).fetchone()
    return int(row[0])


# --- moves --------------------------------------------------------------------------------------


def approve(
    tx: sqlite3.Connection, now: int, code: int, approver: str, approver_id: int | None
) -> None:
    """Write down that somebody has said OK; a second time changes nothing."""
    tx.execute(
        "INSERT OR IGNORE INTO post_approval (code, approver, approver_id, at)"
        " VALUES (?, ?, ?, ?)",
        (code, approver, approver_id, now),
    )


def approvals(tx: sqlite3.Connection, code: int) -> Sequence[sqlite3.Row]:
    """Who has said OK, in order."""
    return tx.execute(
        "SELECT approver, approver_id, at FROM post_approval WHERE code = ? ORDER BY at", (code,)
    ).fetchall()


def start(tx: sqlite3.Connection, now: int, post: Post, needed: int, source: str) -> Post:
    """It goes out. Raises `NotApproved` where fewer than `needed` rows say that it may, and
    where there is none at all."""
    by = {row["approver"] for row in approvals(tx, post.code)} - {post.author}
    if len(by) < max(1, needed):
        raise NotApproved(f"post {post.code} has {len(by)} of {needed} approvals")
    moved = move(tx, now, post, Approved(), source)
    tx.execute("UPDATE post SET approved_at = ? WHERE code = ?", (now, post.code))
    return moved


def move(
    tx: sqlite3.Connection, now: int, post: Post, event: Event, source: str, reason: str = ""
) -> Post:
    """Advance one row. Raises `IllegalTransition`; a row that has moved since is a bug."""
    state = advance(post.state, event)
    over = state not in (*OPEN, PostState.WAITING_APPROVAL)
    done = tx.execute(
        "UPDATE post SET state = ?, finished_at = ?, reason = coalesce(?, reason)"
        " WHERE code = ? AND state = ?",
        (state, now if over else None, reason or None, post.code, post.state),
    )
    if done.rowcount != 1:
        raise RelayError(f"post {post.code} is no longer {post.state}")
    name = type(event).__name__
    trail.note(tx, now, "post", post.code, name, post.state, state, source)
    if isinstance(event, Paused | Resumed):
        until = now + _FOR_GOOD_MS if isinstance(event, Paused) else None
        hold_back(tx, waiting(tx, post), until)
    moved = get(tx, post.code)
    assert moved is not None
    return moved


def expire(tx: sqlite3.Connection, now: int, earliest: int) -> list[Post]:
    """End what nobody approved in time, and what is of no use any more; which posts."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM post WHERE state = 'WAITING_APPROVAL' AND expires_at <= ?"
        f" UNION ALL SELECT {_COLUMNS} FROM post WHERE (state = 'GOING' OR state = 'PAUSED')"
        " AND useful_until <= ?",
        (earliest, earliest),
    ).fetchall()
    return [move(tx, now, _post(row), Expired(), "the clock", "out of time") for row in rows]


# --- going out ----------------------------------------------------------------------------------


def next_readers(
    tx: sqlite3.Connection, post: Post, audience: Audience, limit: int, *, latest: bool
) -> list[sqlite3.Row]:
    """Those whose turn it is (id, number, language), behind the cursor. Nobody who has had it
    is there again, and where only the latest counts nobody who has had a newer one."""
    newer = (
        " AND NOT EXISTS (SELECT 1 FROM post AS newer JOIN occasion ON rule = :rule"
        "  AND occasion.occasion = CAST(newer.code AS TEXT) AND occasion.number = person.number"
        "  WHERE newer.channel = :channel AND newer.code > :code)"
        if latest
        else ""
    )
    return tx.execute(
        f"SELECT id, number, language FROM person WHERE id > :cursor AND {MEANT}"
        " AND NOT EXISTS (SELECT 1 FROM occasion WHERE rule = :rule AND occasion = :occasion"
        f"  AND number = person.number){newer} ORDER BY id LIMIT :limit",
        {
            **audience.params(), "cursor": post.cursor, "limit": limit, "code": post.code,
            "rule": rule_of(post.channel), "occasion": str(post.code),
        },
    ).fetchall()  # fmt: skip


def is_ahead(tx: sqlite3.Connection, post: Post, audience: Audience, person_id: int) -> bool:
    """Whether it would have been this person's turn later, whatever he has said about STOP."""
    row = tx.execute(
        f"SELECT 1 FROM person WHERE id = :person AND id > :cursor AND {CONCERNED}",
        {**audience.params(), "person": person_id, "cursor": post.cursor},
    ).fetchone()
    return row is not None


def note_opted_out(tx: sqlite3.Connection, now: int, post: Post, number: str) -> None:
    """He has said STOP before his turn: it counts, and he never gets this post."""
    rule, occasion = rule_of(post.channel), str(post.code)
    if not occasions.known(tx, rule, occasion, number):
        occasions.note(tx, now, rule, occasion, number, None)


def advance_cursor(tx: sqlite3.Connection, post: Post, cursor: int) -> None:
    tx.execute("UPDATE post SET cursor = ? WHERE code = ? AND cursor < ?",
               (cursor, post.code, cursor))  # fmt: skip


# From what waits, of which there is little, and not from all who were told: CROSS JOIN keeps the
# order (https://www.sqlite.org/lang_select.html#crossjoin).
_WAITING = (
    "SELECT outbound.id FROM outbound INDEXED BY outbound_key"
    " CROSS JOIN occasion ON occasion.outbound_id = outbound.id"
    " WHERE key = ? AND finished_at IS NULL AND status = 'UNSENT'"
    " AND rule = ? AND occasion.occasion = ?"
)


def waiting(tx: sqlite3.Connection, post: Post) -> list[int]:
    """Its messages that have not left yet: at most about a hundred, whatever its size."""
    found: list[int] = []
    rule = rule_of(post.channel)
    for only_latest in (False, True):
        key = key_of(post, latest=only_latest)
        found += [row[0] for row in tx.execute(_WAITING, (key, rule, str(post.code)))]
    return found


def waiting_for(tx: sqlite3.Connection, number: str, channel: str | None) -> list[int]:
    """The posts of a channel, or of all, that wait for one person in the outbox."""
    rows = tx.execute(
        "SELECT outbound_id FROM occasion JOIN outbound ON outbound.id = outbound_id"
        " WHERE number = :number AND finished_at IS NULL AND status = 'UNSENT'"
        " AND CASE WHEN :rule IS NULL THEN substr(rule, 1, 8) = 'channel.'"
        " ELSE rule = :rule END",
        {"number": number, "rule": rule_of(channel) if channel else None},
    )
    return [row[0] for row in rows]


# Nothing waits so long: it is a day that a paused message never sees.
_FOR_GOOD_MS = 3650 * 24 * 3_600_000


def hold_back(tx: sqlite3.Connection, outbound_ids: Sequence[int], until: int | None) -> None:
    """They do not leave before that time (epoch ms); None lets them go."""
    tx.executemany(
        "UPDATE part SET not_before = :until"
        " WHERE outbound_id = :id AND state = 'QUEUED' AND not_before IS NOT :until",
        [{"until": until, "id": one} for one in outbound_ids],
    )


def last_person(tx: sqlite3.Connection) -> int:
    """Behind this id nobody's turn can come: whoever is added later follows later."""
    return int(tx.execute("SELECT coalesce(max(id), 0) FROM person").fetchone()[0])


def next_end_at(tx: sqlite3.Connection) -> int | None:
    """When the next post ends by itself."""
    row = tx.execute(
        "SELECT min(CASE state WHEN 'WAITING_APPROVAL' THEN expires_at ELSE useful_until END)"
        " FROM post WHERE state = 'WAITING_APPROVAL' OR state = 'GOING' OR state = 'PAUSED'"
    ).fetchone()
    return row[0]  # type: ignore[no-any-return]  # a Row knows no types
