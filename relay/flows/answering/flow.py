"""One turn of answering: first the messages that wait, then what the rules have due."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping, Sequence

from relay.community.rulebook import RuleBook
from relay.community.spelling import first_word, nearest
from relay.flows.answering.consent import start, stop
from relay.flows.answering.primitive import Primitive
from relay.flows.answering.replies import answered_question, coded
from relay.flows.answering.turn import Incoming, Turn
from relay.flows.ports import Clock, Doorbell
from relay.log import event, where
from relay.store import allowances, answers
from relay.store.answers import Unanswered
from relay.store.database import Database
from relay.store.outbox import Outbox
from relay.store.savepoint import apart

_log = logging.getLogger("relay.answering")

# So many messages, and so many things that are due, before the thread looks up.
_MESSAGES = 50
_DUE_AT_ONCE = 50
_LOOK_S = 60.0


class Answering:
    """Only used by the answering thread. `primitives` are asked in their order."""

    def __init__(
        self,
        db: Database,
        outbox: Outbox,
        rules: RuleBook,
        primitives: Sequence[Primitive],
        clock: Clock,
        outbox_bell: Doorbell,
    ) -> None:
        self._db = db
        self._outbox = outbox
        self._rules = rules
        self._primitives = tuple(primitives)
        self._by_name: Mapping[str, Primitive] = {one.name: one for one in primitives}
        # Of the primitives that there are: what looks like one of them was meant for relay.
        self._command_words = frozenset(
            word
            for key in rules.wording.commands
            if key.rpartition(".")[0] in self._by_name
            for word in rules.wording.words(key)
        )
        self._clock = clock
        self._outbox_bell = outbox_bell

    def step(self) -> float:
        """Seconds until the next. Raises `StoreError`; whatever was begun is not done then."""
        for _ in range(_MESSAGES):
            waiting = answers.oldest(self._db)
            if waiting is None:
                break
            self.answer(waiting)
        if self.due() or answers.oldest(self._db) is not None:
            return 0.0
        return self._wait_s()

    def _wait_s(self) -> float:
        now = self._clock.now()
        with self._db.transaction() as tx:
            times = [one.next_due_at(tx, now) for one in self._primitives]
        soonest = min((at for at in times if at is not None), default=None)
        # What is due and was not done waits for room, and is looked at again like all else.
        if soonest is None or soonest <= now:
            return _LOOK_S
        return min(_LOOK_S, (soonest - now) / 1000)

    # --- one message ----------------------------------------------------------------------------

    def answer(self, waiting: Unanswered) -> None:
        """Answer one message, and mark it as answered, in one commit.

        One that makes relay itself fail is marked all the same: it stops none of those behind it.
        """
        with self._db.transaction() as tx:
            now = self._clock.now()
            if not answers.take(tx, now, waiting.inbound_id):
                return
            wrote = apart(tx, lambda: self._answer(tx, now, waiting))
            if isinstance(wrote, Exception):
                answers.settle(tx, waiting.inbound_id, f"failed: {type(wrote).__name__}", None)
        if isinstance(wrote, Exception):
            _log.error(event("answering.failed", inbound=waiting.inbound_id, error=where(wrote)))
        elif wrote:
            self._outbox_bell.ring()

    def _answer(self, tx: sqlite3.Connection, now: int, waiting: Unanswered) -> bool:
        sms = Incoming(waiting.inbound_id, waiting.number, waiting.text, waiting.kept_at)
        turn = self._turn(tx, now, sms)
        by = self.understand(turn)
        turn.settle(by)
        _log.info(event("answering.taken", inbound=sms.inbound_id, by=by or "nobody"))
        return turn.wrote

    def _turn(self, tx: sqlite3.Connection, now: int, sms: Incoming | None) -> Turn:
        earliest = min(now, self._clock.earliest())
        turn = Turn(tx, now, self._rules, self._outbox, sms, earliest=earliest)
        if sms is not None:
            per_hour = self._rules.general.per_hour
            turn.allowed = allowances.spend(tx, now, turn.number, per_hour)
        return turn

    def understand(self, turn: Turn) -> str:
        """Who takes the message, by the order of the rules; '' if nobody does."""
        if (by := self._consent(turn)) or (by := answered_question(turn, self._by_name)):
            return by
        # Who has used up his answers commands nothing; a report of his is still a report.
        if turn.allowed and (by := coded(turn, self._by_name) or self._command(turn)):
            return by
        for one in self._primitives:
            if one.plain(turn):
                return f"{one.name}.plain"
        return self._nobody(turn) if turn.allowed else "allowance"

    def _consent(self, turn: Turn) -> str:
        wording, text = self._rules.wording, _text(turn)
        if wording.says("stop", text):
            stop(turn, self._primitives)
            return "stop"
        if turn.allowed and wording.says("start", text):  # else each STOP would be a first one
            start(turn)
            return "start"
        return ""

    def _command(self, turn: Turn) -> str:
        found = self._rules.wording.command(_text(turn))
        if found is None:
            return ""
        key, rest = found
        owner, _, command = key.rpartition(".")
        primitive = self._by_name.get(owner)
        if primitive is not None:
            return key if primitive.command(turn, command, rest) else ""
        if key == "help" and not rest:
            turn.reply("help")
            return key
        return ""

    def _nobody(self, turn: Turn) -> str:
        word = first_word(_text(turn))[0]
        # The very word is none where its owner has left the text: "at home", "who is there".
        if nearest(word, self._command_words) not in {None, word}:
            turn.reply("unknown_command")
            return "unknown_command"
        for one in self._primitives:
            if one.fallback(turn):
                return f"{one.name}.fallback"
        if self._rules.general.default_reply:
            turn.reply("default")
            return "default"
        return ""

    # --- by the clock ---------------------------------------------------------------------------

    def due(self) -> int:
        """One slice of what each primitive has due; how many things were done."""
        return sum(self._do_due(one) for one in self._primitives)

    def _do_due(self, primitive: Primitive) -> int:
        """One slice of what a primitive has due, in one commit; one that fails stops no other."""
        with self._db.transaction() as tx:
            now = self._clock.now()
            turn = self._turn(tx, now, None)
            done = apart(tx, lambda: primitive.due(turn, _DUE_AT_ONCE))
        if isinstance(done, Exception):
            _log.error(event("answering.due_failed", rules=primitive.name, error=where(done)))
            return 0
        if turn.wrote:
            self._outbox_bell.ring()
        return done


def _text(turn: Turn) -> str:
    return turn.sms.text if turn.sms else ""
