"""Open questions, and the codes by which people name what they answer. Inside a transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from relay.core.question import Question

_QUESTION = (
    "SELECT id, number, owner, kind, about, choices, code, asked_at, expires_at FROM question"
)


def ask(
    tx: sqlite3.Connection,
    now: int,
    number: str,
    owner: str,
    kind: str,
    about: Mapping[str, object],
    *,
    expires_at: int,
    code: int | None = None,
    choices: Sequence[str] = (),
) -> int:
    """A new question. One of the same owner, kind and code to the same number gives way to it."""
    tx.execute(
        "UPDATE question SET closed_at = ? WHERE number = ? AND owner = ? AND kind = ?"
        " AND code IS ? AND closed_at IS NULL",
        (now, number, owner, kind, code),
    )
    row = tx.execute(
        "INSERT INTO question (number, owner, kind, about, choices, code, asked_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            number, owner, kind, json.dumps(about, ensure_ascii=False),
            json.dumps(list(choices), ensure_ascii=False), code, now, expires_at,
        ),
    ).fetchone()  # fmt: skip
    return int(row[0])


def open_for(tx: sqlite3.Connection, now: int, number: str) -> list[Question]:
    """The questions that this number may still answer, the latest first."""
    rows = tx.execute(
        f"{_QUESTION} WHERE number = ? AND closed_at IS NULL AND expires_at > ? ORDER BY id DESC",
        (number, now),
    )
    return [_read(row) for row in rows]


def asked_since(tx: sqlite3.Connection, last_id: int) -> tuple[Question, ...]:
    """The open questions behind that one, in order."""
    rows = tx.execute(f"{_QUESTION} WHERE id > ? AND closed_at IS NULL ORDER BY id", (last_id,))
    return tuple(_read(row) for row in rows)


def was_asked(tx: sqlite3.Connection, number: str, owner: str, code: int) -> bool:
    """Whether this number was ever asked by this code, answered or not."""
    return bool(
        tx.execute(
            "SELECT 1 FROM question WHERE number = ? AND owner = ? AND code = ? LIMIT 1",
            (number, owner, code),
        ).fetchone()
    )


def close(
    tx: sqlite3.Connection,
    now: int,
    *,
    owner: str | None = None,
    code: int | None = None,
    number: str | None = None,
    question_id: int | None = None,
) -> int:
    """Close the open questions to which all of this applies; how many. Something must be given."""
    given = {"owner": owner, "code": code, "number": number, "id": question_id}
    wanted = {key: value for key, value in given.items() if value is not None}
    if not wanted:
        raise ValueError("which questions?")
    where = " AND ".join(f"{key} = ?" for key in wanted)
    return tx.execute(
        f"UPDATE question SET closed_at = ? WHERE closed_at IS NULL AND {where}",
        (now, *wanted.values()),
    ).rowcount


def new_code(tx: sqlite3.Connection, now: int, owner: str) -> int:
    """The next number that is read out: of posts and requests alike, so that it names one."""
    row = tx.execute(
        "INSERT INTO code (owner, at) VALUES (?, ?) RETURNING id", (owner, now)
    ).fetchone()
    return int(row[0])


def skip_codes(tx: sqlite3.Connection, many: int) -> None:
    """So many were perhaps given out of which this store does not know. Where none was ever given
    out, there is nothing to skip."""
    tx.execute("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'code'", (many,))


def owner_of(tx: sqlite3.Connection, code: int) -> str | None:
    row = tx.execute("SELECT owner FROM code WHERE id = ?", (code,)).fetchone()
    return row[0] if row else None


def forget(tx: sqlite3.Connection, before: int) -> None:
    """Questions that were closed, or ran out, before that time."""
    tx.execute("DELETE FROM question WHERE closed_at < ?", (before,))
    tx.execute("DELETE FROM question WHERE closed_at IS NULL AND expires_at < ?", (before,))


def _read(row: sqlite3.Row) -> Question:
    return Question(
        row["id"], row["number"], row["owner"], row["kind"], json.loads(row["about"]),
        tuple(json.loads(row["choices"])), row["code"], row["asked_at"], row["expires_at"],
    )  # fmt: skip
