"""Call-outs and pledges, as the engine asks them: who of the parts takes what was written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from relay.community.callouts import words
from relay.community.callouts.rules import Rule
from relay.community.spelling import first_word
from relay.core.question import Question
from relay.flows.answering.callouts import answers, pledging, registering, requests, waving
from relay.flows.answering.callouts.speech import OWNER
from relay.flows.answering.primitive import Primitive, Reply
from relay.flows.answering.turn import Turn
from relay.store import callouts

_Take = Callable[[Turn, Rule, str], None]


class CallOuts(Primitive):
    """`rules` by name, as they stand in the rule sets."""

    name = OWNER

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = rules
        self._words: dict[str, tuple[_Take, Rule]] = {}
        for rule in rules.values():
            self._words.setdefault(rule.word, (requests.ask, rule))
            if rule.register is not None:
                self._words.setdefault(rule.register.word, (registering.register, rule))
            if rule.pledge:
                self._words.setdefault(rule.pledge, (pledging.pledge, rule))

    # --- what people write ----------------------------------------------------------------------

    def plain(self, turn: Turn) -> bool:
        """The word of a call-out, a register or a pledge."""
        if turn.sms is None or not turn.allowed:
            return False
        word, rest = first_word(turn.sms.text)
        if word not in self._words:
            return False
        take, rule = self._words[word]
        take(turn, rule, rest)
        return True

    def answer(self, turn: Turn, question: Question, reply: Reply) -> bool:
        about = question.about
        if question.kind == "appeal":
            code = question.code
            return code is not None and self.coded(turn, reply.word, code, reply.rest)
        rule = self._rules.get(str(about.get("rule")))
        word = str(about.get("word"))
        if rule is None or word not in self._words or reply.word == "ok":
            return False
        if reply.word == "no":
            turn.silent()
            return True
        value = self._value(rule, str(about.get("attribute", "")), reply.choice)
        text = " ".join(filter(None, (str(about["before"]), value, str(about["after"]))))
        take, _ = self._words[word]
        take(turn, rule, text)
        return True

    @staticmethod
    def _value(rule: Rule, name: str, choice: str) -> str:
        known = rule.register.attributes if rule.register else ()
        found = next((one for one in known if one.name == name), None)
        return (words.value_of(found, choice) if found and choice else None) or choice

    def coded(self, turn: Turn, word: str, code: int, rest: str) -> bool:
        call = callouts.get(turn.tx, code)
        rule = self._rules.get(call.rule) if call else None
        if call is None or rule is None:
            return False
        call = waving.as_of_now(turn, rule, call)
        match word:
            case "yes":
                answers.yes(turn, rule, call)
            case "no":
                answers.no(turn, rule, call)
            case "ok":
                requests.confirm(turn, rule, call)
            case "close":
                requests.close(turn, rule, call)
            case "status":
                requests.status(turn, rule, call)
            case "came" | "missed":
                return self._was_there(turn, word, f"{code} {rest}")
            case _:
                return False
        return True

    def command(self, turn: Turn, command: str, rest: str) -> bool:
        return command in ("came", "missed") and self._was_there(turn, command, rest)

    def _was_there(self, turn: Turn, word: str, rest: str) -> bool:
        """`CAME 31-1`; anything else that begins with the word is talk."""
        if (found := words.ref(rest)) is None:
            return False
        call = callouts.get(turn.tx, found[0])
        rule = self._rules.get(call.rule) if call else None
        if call is None or rule is None:
            return False
        answers.was_there(turn, rule, call, found[1], came=word == "came")
        return True

    def opted_out(self, turn: Turn, number: str) -> None:
        answers.opted_out(turn, self._rules, number)

    # --- by the clock ---------------------------------------------------------------------------

    def due(self, turn: Turn, limit: int) -> int:
        done = waving.due(turn, self._rules, limit)
        return done + pledging.tell_the_end(turn, self._rules, limit - done)

    def next_due_at(self, tx: sqlite3.Connection, now: int) -> int | None:
        return waving.next_due_at(tx, self._rules, now)
