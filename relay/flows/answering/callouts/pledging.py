"""`PLEDGE pump 25`: a promise towards a sum. No money moves through relay."""

from __future__ import annotations

from collections.abc import Mapping

from relay.community.callouts import words
from relay.community.callouts.rules import Rule
from relay.community.callouts.waves import on_pledge
from relay.community.callouts.words import Offer
from relay.community.spelling import fold, nearest
from relay.core.callouts import CallOut, CallOutState
from relay.core.people import Person
from relay.core.plain import HOUR
from relay.core.priority import Priority
from relay.flows.answering.callouts import ending, waving
from relay.flows.answering.callouts.speech import (
    OWNER,
    about,
    reply,
    reply_how,
    rule_of,
    said,
    tell_staff,
)
from relay.flows.answering.turn import Told, Turn
from relay.store import callouts, people, pledges
from relay.store.pledges import Pledged

_ANSWER_WITHIN_MS = HOUR


def pledge(turn: Turn, rule: Rule, text: str) -> None:
    """By anybody, or by those with a tag where the rule names tags."""
    if rule.pledged_by and not (turn.person and turn.person.tags & rule.pledged_by):
        turn.reply_text(said(turn, rule, "stranger", turn.number))
        return
    offered = words.offer(text)
    if offered is None:
        reply_how(turn, rule, rule.pledge, "a_topic", "a_number")
        return
    running = {fold(one.topic): one for one in _running(turn, rule)}
    if not offered.topic and len(running) == 1:
        _towards(turn, rule, next(iter(running.values())), offered.amount)
    elif offered.topic in running:
        _towards(turn, rule, running[offered.topic], offered.amount)
    else:
        _no_such(turn, rule, offered, running)


def _running(turn: Turn, rule: Rule) -> list[CallOut]:
    mine = [one for one in callouts.unfinished(turn.tx) if one.rule == rule.name]
    found = [waving.as_of_now(turn, rule, one) for one in mine]
    return [one for one in found if one.state is CallOutState.ASKING]


def _no_such(turn: Turn, rule: Rule, offered: Offer, running: Mapping[str, CallOut]) -> None:
    near = nearest(offered.topic, running)
    if near is not None:
        turn.ask(
            turn.number,
            OWNER,
            "topic",
            {"rule": rule.name, "word": rule.pledge, "before": near, "after": str(offered.amount)},
            expires_at=turn.now + _ANSWER_WITHIN_MS,
        )
        turn.reply(f"{OWNER}.near_topic", topic=running[near].topic)
        return
    ended = callouts.latest_of(turn.tx, rule.name, offered.topic, fold)
    if ended is not None and ended.state is CallOutState.FILLED:
        reply(turn, rule, ended, "pledge_full")
    elif offered.topic:
        topic = offered.topic[:30]
        turn.reply_text(said(turn, rule, "pledge_none", turn.number, topic=topic))
    else:
        reply_how(turn, rule, rule.pledge, "a_topic", "a_number")


def _towards(turn: Turn, rule: Rule, call: CallOut, offered: int) -> None:
    person = people.ensure(turn.tx, turn.now, turn.number, turn.source)
    if not offered:
        call = pledges.put(turn.tx, turn.now, call, person.id, 0)
        reply(turn, rule, call, "pledge_withdrawn", amount=0)
        return
    decided = on_pledge(call, pledges.of(turn.tx, call.code, person.id), offered)
    if decided is None:
        reply(turn, rule, call, "pledge_full")
        return
    _promised(turn, rule, call, person, decided.amount, decided.partly)


def _promised(
    turn: Turn, rule: Rule, call: CallOut, person: Person, amount: int, partly: bool
) -> None:
    call = pledges.put(turn.tx, turn.now, call, person.id, amount)
    if not call.missing:
        call = ending.filled(turn, rule, call)
        tell_staff(turn, rule, call, "filled_sum", "end")
    reply(turn, rule, call, "pledged_part" if partly else "pledged", amount=amount)


# --- how it ended -------------------------------------------------------------------------------


def tell_the_end(turn: Turn, rules: Mapping[str, Rule], limit: int) -> int:
    """Each who has pledged hears once whether it was reached; at most `limit` of them now. What
    is of a set that is off at the moment is told when it is on again."""
    done = 0
    for code, pledged in pledges.untold(turn.tx, rules, limit):
        call = callouts.get(turn.tx, code)
        if call is not None and not _tell(turn, rules[call.rule], call, pledged):
            break
        pledges.told(turn.tx, turn.now, code, pledged.person_id)
        done += 1
    return done


def _tell(turn: Turn, rule: Rule, call: CallOut, pledged: Pledged) -> bool:
    """False when the day's SMS are used up."""
    try:
        person = people.get(turn.tx, pledged.person_id)
    except KeyError:
        return True
    key = "unreached" if call.missing else "reached"
    told = turn.tell(
        person.number,
        about(turn, rule, call, key, person.number, amount=pledged.amount),
        rule=rule_of(call),
        occasion=f"{call.code}:end:{key}",
        priority=Priority.ASK,
        quiet=turn.rules.general.quiet,
    )
    return told is not Told.CAPPED
