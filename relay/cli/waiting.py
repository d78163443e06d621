"""What messages wait for: asked of the store and of status, and said in a few words."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from relay.cli.desk import Desk
from relay.clock import local
from relay.core.health import judge
from relay.core.priority import is_urgent
from relay.core.standstill import standstill
from relay.core.waiting import Wait, Why
from relay.store.reading import Reader
from relay.store.waits import waits

Waits = Mapping[int, Wait]


def waits_of(desk: Desk, reader: Reader, rows: Sequence[sqlite3.Row]) -> Waits:
    """What each of these messages waits for, if it does."""
    config = desk.config()
    urgent = {row["id"]: is_urgent(row["priority"]) for row in rows if row["finished_at"] is None}
    found = waits(reader, desk.clock.now(), config.sending.rules, urgent)
    if all(wait.why is not Why.TURN for wait in found.values()):
        return found
    from relay.status import observe

    station = observe(config, desk.clock.now())
    problems = judge(station).problems
    code = {either: standstill(station, problems, urgent=either) for either in (True, False)}
    return {id_: _known(wait, code[urgent[id_]]) for id_, wait in found.items()}


def _known(wait: Wait, code: str) -> Wait:
    return Wait(Why.STANDSTILL, of=code) if code and wait.why is Why.TURN else wait


def waits_for(wait: Wait) -> str:
    """What a message waits for, in words; nothing where it is only its turn."""
    until = "" if wait.until is None else local(wait.until)[:16]
    match wait.why:
        case Why.LATER:
            return f"for {until}"
        case Why.QUIET:
            return f"quiet hours, until {until}"
        case Why.CAP:
            return f"{wait.of} reached, until {until}"
        case Why.BACKOFF:
            return f"tried again {until}: {wait.of}"
        case Why.BEHIND:
            return f"behind out {wait.of} to the same number"
        case Why.STANDSTILL:
            return wait.of
        case _:
            return ""
