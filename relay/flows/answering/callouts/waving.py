"""What a call-out does by the clock: the next wave, and its end."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from relay.community.callouts.rules import Rule
from relay.community.callouts.waves import End, NextWave, Wait, distances, due_at, next_step
from relay.core.callouts import CallOut, CallOutState, TimeOver, Volunteer
from relay.core.priority import Priority
from relay.flows.answering.callouts import ending
from relay.flows.answering.callouts.speech import OWNER, about, rule_of, tell_staff
from relay.flows.answering.turn import Told, Turn
from relay.store import callouts, people, places, pledges, volunteers
from relay.store.volunteers import Wanted

_GONE = (Told.OPTED_OUT, Told.UNREACHABLE, Told.UNSENDABLE)


def due(turn: Turn, rules: Mapping[str, Rule], limit: int) -> int:
    """At most `limit` things; how many were done."""
    done = 0
    for call in callouts.unfinished(turn.tx):
        rule = rules.get(call.rule)
        if rule is not None and done < limit:
            done += _step(turn, rule, call, limit - done)
    return done


def next_due_at(tx: sqlite3.Connection, rules: Mapping[str, Rule], now: int) -> int | None:
    if pledges.any_untold(tx):
        return now
    times = (
        due_at(call, rules[call.rule]) for call in callouts.unfinished(tx) if call.rule in rules
    )
    return min((at for at in times if at is not None), default=None)


def _step(turn: Turn, rule: Rule, call: CallOut, limit: int) -> int:
    waiting = len(callouts.unsent(turn.tx, call, rule_of(call), only_last_wave=True))
    match next_step(call, rule, turn.now, turn.earliest, waiting):
        case NextWave(size):
            return _wave(turn, rule, call, min(size, limit))
        case Wait():
            callouts.waved(turn.tx, turn.now, call, another=False)
            return 1
        case End():
            _time_over(turn, rule, call)
            return 1
    return 0


def as_of_now(turn: Turn, rule: Rule, call: CallOut) -> CallOut:
    """Ended where its time is over: after a power cut answers are read before the clock is."""
    over = isinstance(next_step(call, rule, turn.now, turn.earliest, 0), End)
    return _time_over(turn, rule, call) if over else call


def _time_over(turn: Turn, rule: Rule, call: CallOut) -> CallOut:
    before = call.state
    call = callouts.move(turn.tx, turn.now, call, TimeOver(), turn.source)
    ending.finished(turn, rule, call)
    if before is CallOutState.WAITING_CONFIRMATION:
        tell_staff(turn, rule, call, "unconfirmed", "end")
    elif before is CallOutState.ASKING:
        tell_staff(turn, rule, call, "expired", "end")
    return call


# --- a wave -------------------------------------------------------------------------------------


def wanted(turn: Turn, rule: Rule, call: CallOut) -> Wanted:
    """Who fits this call-out now."""
    parents = {place.id: place.parent_id for place in places.everywhere(turn.tx)}
    return Wanted(
        tag=rule.tag,
        fitting=rule.fitting(call.wants),
        asked_before=turn.now - rule.appeal_every_ms,
        rested_before=turn.now - rule.rest_ms,
        near=distances(parents, call.place_id),
        code=call.code,
        asker_id=call.asker_id,
    )


def how_many(turn: Turn, rule: Rule, call: CallOut) -> int:
    """How many could be asked now; 0 where nobody is."""
    if not rule.tag:
        return 0
    return volunteers.matching(turn.tx, wanted(turn, rule, call), 1)[1]


def _wave(turn: Turn, rule: Rule, call: CallOut, size: int) -> int:
    call = callouts.waved(turn.tx, turn.now, call)
    spares = callouts.spare(turn.tx, call.code, size)
    chosen, _ = volunteers.matching(turn.tx, wanted(turn, rule, call), size - len(spares))
    if not spares and not chosen:
        if not rule.pledge:  # anybody may pledge, also who was not asked
            key = "exhausted" if call.wave > 1 else "nobody"
            tell_staff(turn, rule, call, key, "exhausted")
        return 1
    asked = 0
    for one in (*_numbers(turn, [spare.person_id for spare in spares]), *chosen):
        key = "again" if asked < len(spares) else rule_key(rule)
        if not _ask(turn, rule, call, one, key):
            break
        asked += 1
    return max(1, asked)


def rule_key(rule: Rule) -> str:
    return "appeal_sum" if rule.pledge else "appeal"


def _numbers(turn: Turn, person_ids: list[int]) -> list[Volunteer]:
    found = []
    for person_id in person_ids:
        try:
            found.append(Volunteer(person_id, people.get(turn.tx, person_id).number))
        except KeyError:
            continue
    return found


def _ask(turn: Turn, rule: Rule, call: CallOut, one: Volunteer, key: str) -> bool:
    """False when the day's SMS are used up: the rest of the wave is asked with the next one."""
    told = turn.tell(
        one.number,
        about(turn, rule, call, key, one.number),
        rule=rule_of(call),
        occasion=f"{call.code}:{call.wave}",
        priority=Priority.ASK,
        quiet=turn.rules.general.quiet if rule.quiet_hours else None,
        useful_until=call.ends_at,
    )
    if told is Told.CAPPED:
        return False
    if told in _GONE:
        callouts.unreachable(turn.tx, turn.now, call, one.person_id)
        return True
    callouts.asked(turn.tx, turn.now, call, one.person_id)
    if not rule.pledge:
        turn.ask(one.number, OWNER, "appeal", {}, expires_at=call.ends_at, code=call.code)
    return True
