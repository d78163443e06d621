"""What was said with whom in the last hour, and the messages that wait for a person's word.

A held message has no parts: nothing can claim it. Inside a transaction of the caller.
"""

from __future__ import annotations

import sqlite3

from relay.core.loops import (
    TELLING_DIGITS,
    WINDOW_MS,
    LoopLimits,
    Said,
    is_short,
    key_of,
    same_number,
    stopped,
)
from relay.store import trail

CODE = "LOOP_SUSPECTED"
_FORGOTTEN_AT_ONCE = 500
_LATEST_INBOUND = 500


def suspect(
    tx: sqlite3.Connection, now: int, recipient: str, text: str, limits: LoopLimits, *,
    is_reply: bool,
) -> str | None:  # fmt: skip
    """Why a message must wait for a person, or None; then it counts as said."""
    _forget(tx, now)
    key = key_of(text)
    talk = [*_ours(tx, now, recipient), *_theirs(tx, now, recipient)]
    talk.sort(key=lambda said: said.at)
    why = stopped(recipient, key, talk, limits, is_reply=is_reply)
    if why is None:
        tx.execute(
            "INSERT INTO utterance (at, recipient, key) VALUES (?, ?, ?)", (now, recipient, key)
        )
    return why


def hold(tx: sqlite3.Connection, now: int, outbound_id: int, why: str) -> str:
    """Set the message aside; the reason that it carries from now on."""
    tx.execute("INSERT INTO held (outbound_id, at) VALUES (?, ?)", (outbound_id, now))
    reason = f"{CODE}: {why}"
    trail.note(tx, now, "outbound", outbound_id, "Held", "UNSENT", "UNSENT", reason)
    trail.count(tx, now, "held")
    return reason


def let_go(tx: sqlite3.Connection, outbound_id: int) -> bool:
    """A person has decided; whether the message was held."""
    return bool(tx.execute("DELETE FROM held WHERE outbound_id = ?", (outbound_id,)).rowcount)


def _ours(tx: sqlite3.Connection, now: int, recipient: str) -> list[Said]:
    rows = tx.execute(
        "SELECT at, key FROM utterance WHERE recipient = ? AND at > ? ORDER BY at DESC, id DESC"
        " LIMIT 500",
        (recipient, now - WINDOW_MS),
    )
    return [Said(row["at"], row["key"], ours=True) for row in rows][::-1]


def _theirs(tx: sqlite3.Connection, now: int, recipient: str) -> list[Said]:
    """Among the latest messages that came in. A short code that wrote among them is a machine,
    whenever that was."""
    since = 0 if is_short(recipient) else now - WINDOW_MS
    rows = tx.execute(
        "SELECT sender, text, kept_at FROM inbound"
        " WHERE id > (SELECT coalesce(max(id), 0) FROM inbound) - ? AND kept_at > ?"
        " AND kept_at <= ? AND substr(sender, -?) = substr(?, -?) ORDER BY id",
        (_LATEST_INBOUND, since, now, TELLING_DIGITS, recipient, TELLING_DIGITS),
    )
    return [
        Said(row["kept_at"], key_of(row["text"] or ""), ours=False)
        for row in rows
        if same_number(row["sender"], recipient)
    ]


def _forget(tx: sqlite3.Connection, now: int) -> None:
    """What is over, and what a clock that was set back has dated into the future."""
    tx.execute(
        "DELETE FROM utterance WHERE id IN (SELECT id FROM utterance WHERE at <= ? LIMIT ?)",
        (now - WINDOW_MS, _FORGOTTEN_AT_ONCE),
    )
    tx.execute("DELETE FROM utterance WHERE at > ?", (now + WINDOW_MS,))
