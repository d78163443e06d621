"""Answers to what relay has asked, and words with a code: `yes`, `NO 31`, `OK 37`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relay.community.spelling import first_word, fold
from relay.core.question import Question
from relay.flows.answering.primitive import Primitive, Reply
from relay.flows.answering.turn import Turn
from relay.store import questions

_WORDS = ("yes", "no", "ok")
_LONGEST_CODE = 9


def answered_question(turn: Turn, primitives: Mapping[str, Primitive]) -> str:
    """Which rule the message answers, '' for none. Where it could be several, he is asked."""
    if turn.sms is None:
        return ""
    open_ones = questions.open_for(turn.tx, turn.earliest, turn.number)
    for question in open_ones:
        chosen = _choice(question, turn.sms.text)
        if chosen is not None and _give(turn, primitives, question, chosen):
            return f"{question.owner}.answer"
    reply = read(turn, turn.sms.text)
    if reply is None:
        return ""
    meant = [one for one in open_ones if not one.choices and _names(one, reply)]
    if len(meant) > 1 and reply.code is None and meant[0].code is not None:
        return _ask_which(turn, meant)
    if meant and _give(turn, primitives, meant[0], reply):
        return f"{meant[0].owner}.answer"
    return ""


def coded(turn: Turn, primitives: Mapping[str, Primitive]) -> str:
    """A word of relay's with a code behind it goes to whoever gave out that code."""
    if turn.sms is None:
        return ""
    found = turn.rules.wording.command(turn.sms.text)
    if found is None:
        return ""
    key, rest = found
    code, rest = _code(rest)
    owner = questions.owner_of(turn.tx, code) if code is not None else None
    if code is None or owner is None or owner not in primitives:
        return ""
    word = key.rpartition(".")[2]
    return f"{owner}.{word}" if primitives[owner].coded(turn, word, code, rest) else ""


def read(turn: Turn, text: str) -> Reply | None:
    """The message as a yes, no or ok, with or without a code."""
    found = turn.rules.wording.command(text)
    if found is None:
        return None
    word, rest = found
    if word not in _WORDS:
        return None
    code, rest = _code(rest)
    return Reply(word, code=code, rest=rest)


def _code(rest: str) -> tuple[int | None, str]:
    """A number in front, in the digits of any of our scripts, and what follows it."""
    word, behind = first_word(rest)
    if word.isascii() and word.isdigit() and len(word) <= _LONGEST_CODE:
        return int(word), behind
    return None, rest


def _choice(question: Question, text: str) -> Reply | None:
    """O+ and O- are two answers: folding leaves these signs alone."""
    spelled = fold(text)
    for choice in question.choices:
        if spelled == fold(choice):
            return Reply("", choice)
    return None


def _names(question: Question, reply: Reply) -> bool:
    return reply.code is None or reply.code == question.code


def _give(
    turn: Turn, primitives: Mapping[str, Primitive], question: Question, reply: Reply
) -> bool:
    owner = primitives.get(question.owner)
    if owner is None or not owner.answer(turn, question, reply):
        return False
    questions.close(turn.tx, turn.now, question_id=question.id)
    return True


def _ask_which(turn: Turn, meant: Sequence[Question]) -> str:
    """Of a question without a code the latest is meant; those with one can be named."""
    codes = sorted({one.code for one in meant if one.code is not None})
    word = turn.sms.text.split()[0].upper() if turn.sms else ""
    turn.reply("which_one", choices=", ".join(f"{word} {code}" for code in codes))
    return "which_one"
