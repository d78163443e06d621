"""YES and NO of those who were asked, and what staff say of who came."""

from __future__ import annotations

from collections.abc import Mapping

from relay.community.callouts.rules import Rule
from relay.community.callouts.waves import Answer, on_no, on_yes
from relay.core.callouts import (
    Accepted,
    Appeal,
    AppealState,
    CallOut,
    Came,
    Declined,
    Missed,
    Spared,
)
from relay.core.people import Person
from relay.flows.answering.callouts import ending
from relay.flows.answering.callouts.speech import OWNER, is_staff, reply, said, tell_staff, who
from relay.flows.answering.turn import Turn
from relay.store import callouts, people


def yes(turn: Turn, rule: Rule, call: CallOut) -> None:
    appeal = _appeal(turn, call)
    meaning = on_yes(call, appeal)
    if appeal is None or meaning in (Answer.OVER, Answer.NOT_ASKED):
        _not_counted(turn, rule, call, meaning)
    elif meaning is Answer.HOLDS:
        _come(turn, rule, call, appeal)
    elif meaning is Answer.TAKES:
        _takes(turn, rule, call, appeal)
    else:
        callouts.answer(turn.tx, turn.now, call, appeal, Spared())
        _may_answer_again(turn, call)
        reply(turn, rule, call, "enough")


def _takes(turn: Turn, rule: Rule, call: CallOut, appeal: Appeal) -> None:
    assert turn.person is not None
    call, appeal = callouts.answer(turn.tx, turn.now, call, appeal, Accepted())
    key, occasion = "coming", f"coming:{appeal.ref}"
    if not call.missing:
        call = ending.filled(turn, rule, call)
        key = "filled"
    _may_answer_again(turn, call)
    _come(turn, rule, call, appeal)
    tell_staff(turn, rule, call, key, occasion, who=who(turn.person))


def _come(turn: Turn, rule: Rule, call: CallOut, appeal: Appeal) -> None:
    reply(turn, rule, call, "come", ref=f"{call.code}-{appeal.ref}")


def no(turn: Turn, rule: Rule, call: CallOut) -> None:
    appeal = _appeal(turn, call)
    meaning = on_no(call, appeal)
    if appeal is None or meaning in (Answer.OVER, Answer.NOT_ASKED):
        _not_counted(turn, rule, call, meaning)
        return
    _declines(turn, rule, call, appeal, turn.person)
    reply(turn, rule, call, "declined")


def _declines(
    turn: Turn, rule: Rule, call: CallOut, appeal: Appeal, person: Person | None
) -> None:
    call, _ = callouts.answer(turn.tx, turn.now, call, appeal, Declined())
    if appeal.state is AppealState.COMING:
        call = ending.freed(turn, call)
        if person is not None:
            occasion = f"withdrew:{appeal.ref}"
            tell_staff(turn, rule, call, "withdrew", occasion, who=who(person))


def _not_counted(turn: Turn, rule: Rule, call: CallOut, meaning: Answer) -> None:
    """It is over; or somebody answers who was not asked."""
    if meaning is Answer.OVER:
        reply(turn, rule, call, "over")
    else:
        turn.reply_text(said(turn, rule, "stranger", turn.number))


def _appeal(turn: Turn, call: CallOut) -> Appeal | None:
    if turn.person is None:
        return None
    return callouts.appeal_of(turn.tx, call.code, turn.person.id)


def _may_answer_again(turn: Turn, call: CallOut) -> None:
    """One who has said yes may still say NO, with or without the number."""
    turn.ask(turn.number, OWNER, "appeal", {}, expires_at=call.ends_at, code=call.code)


def opted_out(turn: Turn, rules: Mapping[str, Rule], number: str) -> None:
    """Who sends STOP is not counted on, and nobody goes on asking them."""
    person = people.by_number(turn.tx, number)
    if person is None:
        return
    for call, appeal in list(callouts.open_appeals_to(turn.tx, person.id)):
        if (rule := rules.get(call.rule)) is not None:
            _declines(turn, rule, call, appeal, person)


def was_there(turn: Turn, rule: Rule, call: CallOut, ref: int, *, came: bool) -> None:
    """`CAME 31-1` starts the rest anew; `MISSED 31-1` ends it, and frees the place."""
    if not is_staff(turn.person, rule):
        turn.reply_text(said(turn, rule, "stranger", turn.number))
        return
    name = f"{call.code}-{ref}"
    appeal = callouts.by_ref(turn.tx, call.code, ref)
    if appeal is None or appeal.state not in _MAY_HAVE_COME:
        turn.reply(f"{OWNER}.unknown_ref", ref=name)
        return
    event = Came() if came else Missed()
    call, _ = callouts.answer(turn.tx, turn.now, call, appeal, event)
    if call.finished_at is None:
        call = ending.freed(turn, call)
    reply(turn, rule, call, "came" if came else "missed", ref=name)


_MAY_HAVE_COME = (AppealState.COMING, AppealState.CAME, AppealState.MISSED)
