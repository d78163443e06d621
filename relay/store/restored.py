"""The rows of a store that is an older copy of itself.

Whatever had not left when the copy was made may have gone out since: it is set aside for a
person, as nobody else knows. So it is with a copy that was put in place by hand, too: each copy
says that it is one.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass

from relay.core.callouts import TimeOver
from relay.core.lifetime import useful_until
from relay.core.outbound import Resent
from relay.core.outbound import Restored as SetBack
from relay.core.posts import Expired, Paused, PostState
from relay.core.reminders import Overdue
from relay.store import callouts, parts, posts, questions, reminders, trail
from relay.store.browsing import RESTORED
from relay.store.copied import COPIED_AT, RESTORED_FACT
from relay.store.database import Database

_AT_ONCE = 500
# So many posts and requests may have got a code since: an `OK 38` of old must not hit a new one.
_CODES = 200
_CAUSE = "RESTORED: it may have gone out after the copy was made"


@dataclass(frozen=True, slots=True)
class Restored:
    """`copied_at` is when the copy was made (None where it does not say), `held` how many messages
    wait for a person, `unspoken` how many statuses are not told any more; `aside` is the store
    that was there before. Of `consents` people a later STOP or START was taken over from it, None
    where it could not be read."""

    copied_at: int | None
    held: int
    unspoken: int
    source: str = ""
    aside: str = ""
    consents: int | None = 0


def settle_copy(db: Database, now: int) -> Restored | None:
    """A copy that was put in place by hand becomes a store; None for what is none."""
    with db.transaction() as tx:
        if _copied_at(tx) is None:
            return None
        done = settle(tx, now)
        note(tx, now, done)
    return done


def settle(tx: sqlite3.Connection, now: int, *, nothing_was_sent: bool = False) -> Restored:
    """Make a store of a copy. With `nothing_was_sent` all goes on where the copy stopped."""
    copied_at = _copied_at(tx)
    tx.execute("DELETE FROM meta WHERE key = ?", (COPIED_AT,))
    if nothing_was_sent:
        return Restored(copied_at, 0, 0)
    done = Restored(copied_at, _hold(tx, now), _unspeak(tx, now))
    _pause_posts(tx, now)
    _end_call_outs(tx, now)
    _skip_reminders(tx, now)
    questions.skip_codes(tx, _CODES)
    _mark_ledger(tx, copied_at or now)
    return done


def _copied_at(tx: sqlite3.Connection) -> int | None:
    row = tx.execute("SELECT value FROM meta WHERE key = ?", (COPIED_AT,)).fetchone()
    return int(row[0]) if row is not None and row[0].isdigit() else None


def _hold(tx: sqlite3.Connection, now: int) -> int:
    """What had not left waits for a person; how many messages. The server is told nothing: it
    may know more than this copy does."""
    found = parts.load(tx, "state IN ('QUEUED', 'SUBMITTING', 'UNCERTAIN')")
    for part in found:
        parts.move(tx, now, part, SetBack(_CAUSE))
    messages = {part.outbound_id for part in found}
    tx.executemany(
        "UPDATE outbound SET status = CASE status WHEN 'UNSENT' THEN 'PENDING' ELSE status END,"
        " reason = ? WHERE id = ?",
        [(_CAUSE, one) for one in messages],
    )
    return len(messages)


def _pause_posts(tx: sqlite3.Connection, now: int) -> None:
    """Who has had a post since, nobody here knows; and an OK may have been given or refused."""
    for post in posts.in_state(tx, PostState.GOING):
        posts.move(tx, now, post, Paused(), "restore", _CAUSE)
    for post in posts.in_state(tx, PostState.WAITING_APPROVAL):
        posts.move(tx, now, post, Expired(), "restore", _CAUSE)


def _end_call_outs(tx: sqlite3.Connection, now: int) -> None:
    """Who was asked since, and who has a place, nobody here knows: staff ask anew. A collection
    goes on: a pledge that is repeated counts once."""
    for call in callouts.unfinished(tx):
        if not call.topic:
            callouts.move(tx, now, call, TimeOver(), "restore")


def _skip_reminders(tx: sqlite3.Connection, now: int) -> None:
    """Who was told since of what fell due, nobody here knows. Status counts them."""
    while rows := reminders.due(tx, now, _AT_ONCE):
        for row in rows:
            reminders.move(tx, now, row, Overdue(_CAUSE))


def _unspeak(tx: sqlite3.Connection, now: int) -> int:
    """Statuses on the way to an end may be behind what the server has heard since, and it
    overwrites without looking. One that never heard of a message hands it out again."""
    return tx.execute(
        "UPDATE status_update SET told_at = ?"
        " WHERE told_at IS NULL AND parked = 0 AND status IN ('UNSENT', 'PENDING')",
        (now,),
    ).rowcount


def _mark_ledger(tx: sqlite3.Connection, at: int) -> None:
    """What was sent since is in no ledger: a row in doubt for each modem keeps the price of an
    SMS from being learnt from it."""
    tx.execute(
        "INSERT INTO segment (outbound_id, seq, nth, at, charged, modem, server, prefix)"
        " SELECT 0, 0, (SELECT coalesce(max(nth), 0) FROM segment WHERE outbound_id = 0)"
        "  + row_number() OVER (ORDER BY modem), ?, 0, modem, '', ?"
        " FROM (SELECT DISTINCT modem FROM balance)",
        (at + 1, "after the copy"),
    )


def note(tx: sqlite3.Connection, now: int, done: Restored) -> None:
    """For `relay status`."""
    tx.execute(
        "INSERT OR REPLACE INTO fact VALUES (?, ?, ?, '')",
        (RESTORED_FACT, json.dumps(asdict(done)), now),
    )
    trail.count(tx, now, "restored")


# --- by a person --------------------------------------------------------------------------------


def send_again(tx: sqlite3.Connection, now: int, outbound_id: int, useful_ms: int) -> bool:
    """Queue what a person has released; False if nothing of the message waits for that. What is
    no longer of use is wished once more."""
    held = parts.load(tx, f"outbound_id = ? AND {RESTORED}", (outbound_id,))
    if not held:
        return False
    end = useful_until(now, None, None, useful_ms)
    for table, id_ in (("outbound", "id"), ("part", "outbound_id")):
        tx.execute(
            f"UPDATE {table} SET useful_until = ? WHERE {id_} = ? AND useful_until <= ?",
            (end, outbound_id, now),
        )
    parts.advance_together(tx, now, held, Resent())
    return True
