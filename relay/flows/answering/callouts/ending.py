"""What follows when a call-out is filled or over: nobody is asked in vain."""

from __future__ import annotations

from relay.community.callouts.rules import Rule, Target
from relay.core.callouts import CallOut, CallOutState, Filled, Freed, TakenBack
from relay.flows.answering.callouts.speech import OWNER, rule_of
from relay.flows.answering.turn import Turn
from relay.store import callouts, pledges

_ENOUGH = "NOT_NEEDED: the call-out is filled or over"


def filled(turn: Turn, rule: Rule, call: CallOut) -> CallOut:
    """The last place is taken. A sum that is reached is over; of people one may still withdraw."""
    call = callouts.move(turn.tx, turn.now, call, Filled(), turn.source)
    if rule.target is Target.SUM:
        call = callouts.finish(turn.tx, turn.now, call)
        finished(turn, rule, call)
    else:
        take_back(turn, call)
    return call


def freed(turn: Turn, call: CallOut) -> CallOut:
    """A place is free again: the asking goes on, at once where it had ended."""
    if call.missing and call.state is CallOutState.FILLED:
        return callouts.move(turn.tx, turn.now, call, Freed(), turn.source)
    return call


def finished(turn: Turn, rule: Rule, call: CallOut) -> None:
    """No answer counts any more, and of a sum all who pledged hear how it ended."""
    take_back(turn, call)
    turn.close_questions(OWNER, code=call.code)
    if rule.target is Target.SUM:
        pledges.to_tell(turn.tx, call.code)


def take_back(turn: Turn, call: CallOut) -> None:
    """Appeals that have not left never do, and count as never made."""
    waiting = callouts.unsent(turn.tx, call, rule_of(call))
    for wave in sorted({appeal.wave for appeal, _ in waiting}):
        turn.cancel(rule_of(call), f"{call.code}:{wave}", _ENOUGH)
    for appeal, outbound_id in waiting:
        if callouts.never_left(turn.tx, outbound_id):
            callouts.answer(turn.tx, turn.now, call, appeal, TakenBack())
