"""Staff at the laptop do what they would do by SMS; what would be replied stands on the screen."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from relay.community.callouts.rules import Rule
from relay.community.rulebook import RuleBook
from relay.core.callouts import CallOut, CallOutState
from relay.core.people import Person
from relay.flows.answering.callouts import requests
from relay.flows.answering.turn import Turn
from relay.store import callouts
from relay.store.outbox import Outbox


class ByHand(Turn):
    """`person` is the member of staff, `who` typed it. `said` is the answer."""

    def __init__(
        self,
        tx: sqlite3.Connection,
        now: int,
        rules: RuleBook,
        outbox: Outbox,
        person: Person,
        who: str,
    ) -> None:
        super().__init__(tx, now, rules, outbox)
        self.person: Person | None = person
        self.said = ""
        self._number = person.number
        self._who = who

    @property
    def number(self) -> str:
        return self._number

    @property
    def source(self) -> str:
        return self._who

    def reply_text(self, text: str, *, certainly: bool = False) -> None:
        self.said = text

    def silent(self) -> None:
        """Nothing to say."""

    def ask(
        self,
        number: str,
        owner: str,
        kind: str,
        about: Mapping[str, object],
        *,
        expires_at: int,
        code: int | None = None,
        choices: Sequence[str] = (),
    ) -> int:
        """What is unclear is typed once more, and nobody's phone is waited for."""
        return 0


def ask(turn: ByHand, rule: Rule, text: str) -> CallOut | None:
    """The request, also one that stood already; None where it was refused."""
    known = {one.code for one in callouts.unfinished(turn.tx)}
    requests.ask(turn, rule, text)
    fresh = [one for one in callouts.unfinished(turn.tx) if one.code not in known]
    return fresh[0] if fresh else None


def confirm(turn: ByHand, rule: Rule, call: CallOut) -> CallOut | None:
    """The call-out that asks from now on; None where it was refused."""
    requests.confirm(turn, rule, call)
    moved = callouts.get(turn.tx, call.code)
    begun = call.state is CallOutState.WAITING_CONFIRMATION
    return moved if begun and moved and moved.state is CallOutState.ASKING else None


def close(turn: ByHand, rule: Rule, call: CallOut) -> CallOut | None:
    """The call-out that is over; None where it was refused."""
    requests.close(turn, rule, call)
    moved = callouts.get(turn.tx, call.code)
    over = moved is not None and moved.finished_at is not None and call.finished_at is None
    return moved if over else None
