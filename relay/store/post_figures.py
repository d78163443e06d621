"""What became of a post, counted from the rows of the outbox. Inside a transaction."""

from __future__ import annotations

import sqlite3

from relay.core.posts import OPEN, Figures, Post, PostState
from relay.store.channels import MEANT, Audience
from relay.store.posts import rule_of


def figures(tx: sqlite3.Connection, post: Post, audience: Audience) -> Figures:
    """What became of it so far. Messages that were forgotten since are in no figure."""
    row = tx.execute(
        f"SELECT {_FIGURES}, (SELECT count(*) FROM post_reply WHERE code = :code) AS replies"
        " FROM occasion LEFT JOIN outbound ON outbound.id = outbound_id"
        " WHERE rule = :rule AND occasion = :occasion",
        {"code": post.code, "rule": rule_of(post.channel), "occasion": str(post.code)},
    ).fetchone()
    left = 0
    if post.state in (*OPEN, PostState.WAITING_APPROVAL):
        sql = f"SELECT count(*) FROM person WHERE id > :cursor AND {MEANT}"
        left = tx.execute(sql, {**audience.params(), "cursor": post.cursor}).fetchone()[0]
    return Figures(**dict(row), left=left)


_WHY = "coalesce(outbound.reason, '')"
_GONE = f"(outbound.status = 'FAILED' AND {_WHY} LIKE 'SKIPPED_OPTED_OUT%')"
_DROPPED = (
    f"(outbound.status = 'FAILED' AND ({_WHY} LIKE 'MSG_SUPERSEDED%'"
    f" OR {_WHY} LIKE 'MSG_EXPIRED%' OR {_WHY} LIKE 'POST_CANCELLED%'))"
)
_FAILED = f"(outbound.status = 'FAILED' AND NOT {_DROPPED} AND NOT {_GONE})"
_FIGURES = ", ".join((
    f"coalesce(sum(outbound.status IN ('SENT', 'DELIVERED') OR {_FAILED}), 0) AS sent",
    "coalesce(sum(outbound.status = 'DELIVERED'), 0) AS delivered",
    f"coalesce(sum({_FAILED}), 0) AS failed",
    f"coalesce(sum(outbound_id IS NULL OR {_GONE}), 0) AS opted_out",
    f"coalesce(sum({_DROPPED}), 0) AS dropped",
    "coalesce(sum(outbound.status IN ('UNSENT', 'PENDING')), 0) AS waiting",
))  # fmt: skip
