"""Call-outs and who was asked. Rows move only through the tables of `relay/core/callouts.py`.

Every function runs inside a transaction that its caller holds.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from relay.core.callouts import (
    APPEAL_TRANSITIONS,
    CALLOUT_TRANSITIONS,
    Accepted,
    Appeal,
    AppealState,
    AskedAgain,
    CallOut,
    CallOutState,
    Came,
    CannotBeReached,
    Closed,
    Confirmed,
    Declined,
    Filled,
    Freed,
    Missed,
    Spared,
    TakenBack,
    TimeOver,
)
from relay.core.machine import step
from relay.store import trail, volunteers

CallOutEvent = Confirmed | Filled | Freed | Closed | TimeOver
AppealEvent = Accepted | Spared | Declined | Came | Missed | TakenBack | AskedAgain

_COLUMNS = (
    "code, rule, tag, state, wants, topic, spot, place_id, target, taken, asker_id, confirmer_id,"
    " started_at, lasts_ms, wave, waved_at, finished_at"
)
_APPEAL = "person_id, state, wave, asked_at, answered_at, rested_at, ref, times"
_TWICE = 2
# Whose place counts.
_HOLDING = "state IN ('COMING', 'CAME')"


def _read(row: sqlite3.Row) -> CallOut:
    values = dict(row)
    values["state"] = CallOutState(row["state"])
    values["wants"] = json.loads(row["wants"])
    return CallOut(**values)


def _read_appeal(row: sqlite3.Row) -> Appeal:
    return Appeal(**{**dict(row), "state": AppealState(row["state"])})


# --- call-outs ----------------------------------------------------------------------------------


def add(tx: sqlite3.Connection, now: int, call: CallOut, source: str) -> None:
    """A new one, in the state that it has. Its code comes from `questions.new_code`."""
    tx.execute(
        f"INSERT INTO callout ({_COLUMNS}) VALUES ({', '.join('?' * 17)})",
        (
            call.code, call.rule, call.tag, call.state, json.dumps(call.wants, ensure_ascii=False),
            call.topic, call.spot, call.place_id, call.target, call.taken, call.asker_id,
            call.confirmer_id, call.started_at, call.lasts_ms, call.wave, call.waved_at,
            call.finished_at,
        ),
    )  # fmt: skip
    trail.note(tx, now, "callout", call.code, "Asked", None, call.state, source)


def get(tx: sqlite3.Connection, code: int) -> CallOut | None:
    row = tx.execute(f"SELECT {_COLUMNS} FROM callout WHERE code = ?", (code,)).fetchone()
    return _read(row) if row else None


def unfinished(tx: sqlite3.Connection) -> list[CallOut]:
    rows = tx.execute(f"SELECT {_COLUMNS} FROM callout WHERE finished_at IS NULL ORDER BY code")
    return [_read(row) for row in rows]


def latest(tx: sqlite3.Connection, most: int) -> list[CallOut]:
    """For a person to look at: the newest first."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM callout ORDER BY code DESC LIMIT ?", (most,))
    return [_read(row) for row in rows]


def move(
    tx: sqlite3.Connection, now: int, call: CallOut, event: CallOutEvent, source: str
) -> CallOut:
    """Advance it by its table; what ends it closes the books. Raises `IllegalTransition`."""
    state = step(CALLOUT_TRANSITIONS, call.state, event)
    moved = replace(call, state=state)
    if isinstance(event, Closed | TimeOver):
        moved = replace(moved, finished_at=now)
    elif isinstance(event, Confirmed):
        moved = replace(moved, started_at=now)
    elif isinstance(event, Freed):
        moved = replace(moved, waved_at=None)  # the next wave is due at once
    tx.execute(
        "UPDATE callout SET state = ?, started_at = ?, waved_at = ?, finished_at = ?"
        " WHERE code = ? AND state = ?",
        (state, moved.started_at, moved.waved_at, moved.finished_at, call.code, call.state),
    )
    trail.note(tx, now, "callout", call.code, type(event).__name__, call.state, state, source)
    return moved


def confirmed_by(tx: sqlite3.Connection, call: CallOut, person_id: int) -> CallOut:
    tx.execute("UPDATE callout SET confirmer_id = ? WHERE code = ?", (person_id, call.code))
    return replace(call, confirmer_id=person_id)


def waved(tx: sqlite3.Connection, now: int, call: CallOut, *, another: bool = True) -> CallOut:
    """A wave went out, or the last one gets its time once more."""
    moved = replace(call, wave=call.wave + another, waved_at=now)
    tx.execute(
        "UPDATE callout SET wave = ?, waved_at = ? WHERE code = ?",
        (moved.wave, now, call.code),
    )
    return moved


def finish(tx: sqlite3.Connection, now: int, call: CallOut) -> CallOut:
    """No answer counts any more."""
    tx.execute("UPDATE callout SET finished_at = ? WHERE code = ?", (now, call.code))
    return replace(call, finished_at=now)


# --- who was asked ------------------------------------------------------------------------------


def asked(tx: sqlite3.Connection, now: int, call: CallOut, person_id: int) -> Appeal:
    """This person is asked for the first time, or again where that is allowed."""
    appeal = appeal_of(tx, call.code, person_id)
    if appeal is None:
        appeal = Appeal(person_id, AppealState.ASKED, call.wave, now)
        _insert(tx, call, appeal)
    else:
        state = step(APPEAL_TRANSITIONS, appeal.state, AskedAgain())
        # What was taken back has never left, and is no second time.
        times = appeal.times + (appeal.state is AppealState.SPARE)
        appeal = replace(appeal, state=state, wave=call.wave, asked_at=now, times=times)
        _update(tx, call, appeal)
    volunteers.refresh(tx, call.tag, person_id)
    return appeal


def unreachable(tx: sqlite3.Connection, now: int, call: CallOut, person_id: int) -> None:
    """No SMS can go to this person: they are not tried again."""
    state = step(APPEAL_TRANSITIONS, AppealState.ASKED, CannotBeReached())
    if appeal_of(tx, call.code, person_id) is None:
        _insert(tx, call, Appeal(person_id, state, call.wave, now))


def _insert(tx: sqlite3.Connection, call: CallOut, appeal: Appeal) -> None:
    tx.execute(
        f"INSERT INTO appeal (callout, {_APPEAL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            call.code, appeal.person_id, appeal.state, appeal.wave, appeal.asked_at,
            appeal.answered_at, appeal.rested_at, appeal.ref, appeal.times,
        ),
    )  # fmt: skip


def _update(tx: sqlite3.Connection, call: CallOut, appeal: Appeal) -> None:
    tx.execute(
        "UPDATE appeal SET state = ?, wave = ?, asked_at = ?, answered_at = ?, rested_at = ?,"
        " ref = ?, times = ? WHERE callout = ? AND person_id = ?",
        (
            appeal.state, appeal.wave, appeal.asked_at, appeal.answered_at, appeal.rested_at,
            appeal.ref, appeal.times, call.code, appeal.person_id,
        ),
    )  # fmt: skip


def appeal_of(tx: sqlite3.Connection, code: int, person_id: int) -> Appeal | None:
    row = tx.execute(
        f"SELECT {_APPEAL} FROM appeal WHERE callout = ? AND person_id = ?", (code, person_id)
    ).fetchone()
    return _read_appeal(row) if row else None


def by_ref(tx: sqlite3.Connection, code: int, ref: int) -> Appeal | None:
    """Who was given the place 31-`ref`."""
    row = tx.execute(
        f"SELECT {_APPEAL} FROM appeal WHERE callout = ? AND ref = ?", (code, ref)
    ).fetchone()
    return _read_appeal(row) if row else None


def appeals(tx: sqlite3.Connection, code: int, states: Sequence[AppealState] = ()) -> list[Appeal]:
    """In the order of their answers, then of their asking."""
    rows = tx.execute(
        f"SELECT {_APPEAL} FROM appeal WHERE callout = ?"
        " ORDER BY answered_at IS NULL, answered_at, asked_at, person_id",
        (code,),
    )
    return [one for one in map(_read_appeal, rows) if not states or one.state in states]


def spare(tx: sqlite3.Connection, code: int, most: int) -> list[Appeal]:
    """Those who said yes when it was too late, and were not asked again yet."""
    found = (one for one in appeals(tx, code, (AppealState.SPARE,)) if one.times == 1)
    return list(found)[:most]


def open_appeals_to(tx: sqlite3.Connection, person_id: int) -> Iterator[tuple[CallOut, Appeal]]:
    """Of call-outs that are not over, with what this person was asked or has promised."""
    rows = tx.execute(
        "SELECT callout FROM appeal JOIN callout ON code = callout WHERE person_id = ?"
        " AND finished_at IS NULL AND appeal.state IN ('ASKED', 'COMING', 'SPARE') ORDER BY code",
        (person_id,),
    ).fetchall()
    for row in rows:
        call, appeal = get(tx, row[0]), appeal_of(tx, row[0], person_id)
        if call is not None and appeal is not None:
            yield call, appeal


def answer(
    tx: sqlite3.Connection, now: int, call: CallOut, appeal: Appeal, event: AppealEvent
) -> tuple[CallOut, Appeal]:
    """Advance one appeal, and the places of its call-out with it. Raises `IllegalTransition`.

    `Accepted` takes a place, which the table of call-outs allows to one person only.
    """
    state = step(APPEAL_TRANSITIONS, appeal.state, event)
    moved = replace(appeal, state=state, answered_at=now, rested_at=_rested_at(now, appeal, event))
    if isinstance(event, Accepted):
        times = moved.times if appeal.ref is None else _TWICE
        moved = replace(moved, ref=_new_ref(tx, call.code), times=times)
    if isinstance(event, TakenBack):
        moved = replace(moved, answered_at=None)
    _update(tx, call, moved)
    volunteers.refresh(tx, call.tag, appeal.person_id)
    return _counted(tx, call), moved


def _rested_at(now: int, appeal: Appeal, event: AppealEvent) -> int | None:
    """The rest is counted from the yes, and anew from when they came; who does not come, or has
    not come, need not rest."""
    if isinstance(event, Accepted | Came):
        return now
    return None if isinstance(event, Declined | Missed) else appeal.rested_at


def _new_ref(tx: sqlite3.Connection, code: int) -> int:
    """The last place goes to one: a second one fails on the column's own check."""
    row = tx.execute(
        "UPDATE callout SET refs = refs + 1, taken = taken + 1 WHERE code = ? RETURNING refs",
        (code,),
    ).fetchone()
    return int(row[0])


def _counted(tx: sqlite3.Connection, call: CallOut) -> CallOut:
    """The places as they are; those of a call-out that is over stay as they were."""
    if call.finished_at is not None:
        return call
    row = tx.execute(
        f"UPDATE callout SET taken = min(target, (SELECT count(*) FROM appeal WHERE"
        f" callout = code AND appeal.{_HOLDING})) WHERE code = ? RETURNING taken",
        (call.code,),
    ).fetchone()
    return replace(call, taken=row[0])


# --- what has not left --------------------------------------------------------------------------


def unsent(
    tx: sqlite3.Connection, call: CallOut, rule: str, *, only_last_wave: bool = False
) -> list[tuple[Appeal, int]]:
    """Appeals of which nothing has left the outbox, each with its message there."""
    rows = tx.execute(
        f"SELECT {', '.join(f'a.{one}' for one in _APPEAL.split(', '))}, o.id AS outbound_id"
        " FROM appeal AS a JOIN person ON person.id = a.person_id"
        " JOIN occasion AS oc ON oc.rule = ? AND oc.occasion = a.callout || ':' || a.wave"
        "  AND oc.number = person.number"
        " JOIN outbound AS o ON o.id = oc.outbound_id"
        " WHERE a.callout = ? AND a.state = 'ASKED' AND a.wave >= ?"
        "  AND o.finished_at IS NULL AND o.status = 'UNSENT'",
        (rule, call.code, call.wave if only_last_wave else 0),
    ).fetchall()
    found = []
    for row in rows:
        values = dict(row)
        outbound_id = values.pop("outbound_id")
        found.append((Appeal(**{**values, "state": AppealState(values["state"])}), outbound_id))
    return found


def never_left(tx: sqlite3.Connection, outbound_id: int) -> bool:
    """Whether a message was given up before a modem took any of it."""
    row = tx.execute(
        "SELECT finished_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM part WHERE"
        " outbound_id = outbound.id AND (submitted_at IS NOT NULL OR state <> 'FAILED'))"
        " FROM outbound WHERE id = ?",
        (outbound_id,),
    ).fetchone()
    return row is None or bool(row[0])


def latest_of(
    tx: sqlite3.Connection, rule: str, topic: str, fold: Callable[[str], str]
) -> CallOut | None:
    """The newest collection for a purpose, among the last hundred of this kind."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM callout WHERE rule = ? ORDER BY code DESC LIMIT 100", (rule,)
    )
    return next((one for one in map(_read, rows) if fold(one.topic) == topic), None)
