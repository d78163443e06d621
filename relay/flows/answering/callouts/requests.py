"""What staff do with a call-out: ask, confirm, close, and look how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from relay.community.callouts import words
from relay.community.callouts.rules import Attribute, Rule, Target
from relay.community.callouts.words import Attributes, Request
from relay.community.spelling import fold, nearest
from relay.core.callouts import AppealState, CallOut, CallOutState, Closed, Confirmed
from relay.core.people import Person, Place
from relay.core.plain import HOUR
from relay.flows.answering.callouts import ending, waving
from relay.flows.answering.callouts.speech import (
    OWNER,
    call_parts,
    how,
    is_staff,
    reply,
    reply_how,
    said,
)
from relay.flows.answering.turn import Turn
from relay.store import callouts, places

_ANSWER_WITHIN_MS = HOUR
# The name of a place has no more words than this.
_MOST_WORDS = 4


def ask(turn: Turn, rule: Rule, text: str) -> None:
    """`BLOOD O- 2 maternity`, by one who may. A stranger's request asks nobody."""
    person = turn.person
    if person is None or not person.tags & rule.asked_by:
        turn.reply_text(said(turn, rule, "stranger", turn.number))
        return
    read = words.request(rule, text)
    if isinstance(read, Attributes) and read.unclear:
        ask_back(turn, rule, rule.word, rule.matched, read)
    elif not isinstance(read, Request):
        reply_how(turn, rule, rule.word, *call_parts(rule))
    elif read.target > rule.most:
        usage = how(turn, rule.word, *call_parts(rule))
        turn.reply(f"{OWNER}.too_many", most=rule.most, how=usage)
    else:
        _placed(turn, rule, person, read, text)


def ask_back(
    turn: Turn, rule: Rule, word: str, attributes: tuple[Attribute, ...], read: Attributes
) -> None:
    """ "O+ or O-?" The answer takes the place of what was unclear, and all is read once more."""
    attribute = next(one for one in attributes if one.name == read.unclear)
    turn.ask(
        turn.number,
        OWNER,
        "value",
        {
            "rule": rule.name,
            "word": word,
            "attribute": attribute.name,
            "before": " ".join(read.values.values()),
            "after": read.rest,
        },
        expires_at=turn.now + _ANSWER_WITHIN_MS,
        choices=words.spellings(attribute, read.choices),
    )
    *first, last = read.choices
    either = turn.say(f"{OWNER}.or", turn.number)
    turn.reply(f"{OWNER}.which_value", choices=f"{', '.join(first)} {either} {last}")


def ask_place(turn: Turn, rule: Rule, word: str, place: str, text: str, usage: str) -> None:
    """A place that nobody knows by this name: asked back where one is near."""
    known = places.names(turn.tx)
    tokens = place.replace("_", " ").split()
    for many in range(min(_MOST_WORDS, len(tokens)), 0, -1):
        written = " ".join(tokens[:many])
        found = places.find(turn.tx, nearest(fold(written), known) or "")
        if found is not None:
            glued, name = written.replace(" ", "_"), fold(found.name).replace(" ", "_")
            corrected = text.replace(glued if glued in text else written, name, 1)
            _did_you_mean(turn, rule, word, found, corrected)
            return
    turn.reply(f"{OWNER}.no_place", place=place[:30], how=usage)


def _did_you_mean(turn: Turn, rule: Rule, word: str, found: Place, corrected: str) -> None:
    turn.ask(
        turn.number,
        OWNER,
        "place",
        {"rule": rule.name, "word": word, "before": corrected, "after": ""},
        expires_at=turn.now + _ANSWER_WITHIN_MS,
    )
    turn.reply(f"{OWNER}.near_place", place=found.name.upper())


# --- a new one ----------------------------------------------------------------------------------


def _placed(turn: Turn, rule: Rule, person: Person, read: Request, text: str) -> None:
    """For the place that was named, else for the asker's own."""
    at = turn.say(f"{OWNER}.a_place", turn.number)
    usage = f"{how(turn, rule.word, *call_parts(rule))} @{at}"
    place_id = person.places[0] if person.places else None
    if read.place:
        found = places.find(turn.tx, fold(read.place.replace("_", " ")))
        if found is None:
            ask_place(turn, rule, rule.word, read.place, text, usage)
            return
        place_id = found.id
    if place_id is None and places.names(turn.tx):
        turn.reply(f"{OWNER}.how", how=usage)
        return
    _begin(turn, rule, person, read, place_id)


def _begin(turn: Turn, rule: Rule, person: Person, read: Request, place_id: int | None) -> None:
    wished = CallOut(
        code=0,
        rule=rule.name,
        state=CallOutState.WAITING_CONFIRMATION,
        target=read.target,
        asker_id=person.id,
        started_at=turn.now,
        lasts_ms=rule.lasts_ms,
        tag=rule.tag,
        wants=read.wants,
        topic=read.topic,
        spot=read.spot,
        place_id=place_id,
    )
    if (same := _same(turn, wished)) is not None:
        _say_how_it_stands(turn, rule, same)
        return
    call = replace(wished, code=turn.new_code(OWNER))
    callouts.add(turn.tx, turn.now, call, turn.source)
    if not rule.confirmed_by:
        call = callouts.move(turn.tx, turn.now, call, Confirmed(), turn.source)
    _say_how_it_stands(turn, rule, call)


def _same(turn: Turn, wished: CallOut) -> CallOut | None:
    """The same wish sent twice is one, and so is a second collection for the same purpose."""
    for call in callouts.unfinished(turn.tx):
        if call.rule != wished.rule:
            continue
        if wished.topic and fold(call.topic) == fold(wished.topic):
            return call
        waits = call.state is CallOutState.WAITING_CONFIRMATION
        if waits and _essence(call) == _essence(wished):
            return call
    return None


def _essence(call: CallOut) -> tuple[object, ...]:
    return (call.asker_id, dict(call.wants), call.topic, call.target, call.spot, call.place_id)


def _say_how_it_stands(turn: Turn, rule: Rule, call: CallOut) -> None:
    keys = {CallOutState.WAITING_CONFIRMATION: "request", CallOutState.ASKING: "asking"}
    if call.state not in keys:
        status(turn, rule, call)
        return
    suffix = "_sum" if rule.target is Target.SUM else ""
    reply(turn, rule, call, keys[call.state] + suffix, people=waving.how_many(turn, rule, call))


# --- and what becomes of it ---------------------------------------------------------------------


def confirm(turn: Turn, rule: Rule, call: CallOut) -> None:
    """`OK 31`, by a second member of staff. It is answered only where something is to be said:
    that people are asked is seen by their answers."""
    person = turn.person
    if person is None or not person.tags & rule.confirmed_by:
        turn.reply_text(said(turn, rule, "stranger", turn.number))
    elif person.id == call.asker_id:
        reply(turn, rule, call, "own_confirm")
    elif call.state is not CallOutState.WAITING_CONFIRMATION:
        status(turn, rule, call)
    else:
        _confirmed(turn, rule, callouts.confirmed_by(turn.tx, call, person.id))


def _confirmed(turn: Turn, rule: Rule, call: CallOut) -> None:
    call = callouts.move(turn.tx, turn.now, call, Confirmed(), turn.source)
    if rule.tag and not (people_now := waving.how_many(turn, rule, call)):
        reply(turn, rule, call, "nobody", people=people_now)
    elif "confirmed" in rule.texts:
        reply(turn, rule, call, "confirmed", people=waving.how_many(turn, rule, call))
    else:
        turn.silent()


def close(turn: Turn, rule: Rule, call: CallOut) -> None:
    """`CLOSE 31`. Nobody is asked any more; who has a place is still expected."""
    if not is_staff(turn.person, rule):
        turn.reply_text(said(turn, rule, "stranger", turn.number))
    elif call.finished_at is not None:
        reply(turn, rule, call, "over")
    else:
        call = callouts.move(turn.tx, turn.now, call, Closed(), turn.source)
        ending.finished(turn, rule, call)
        reply(turn, rule, call, "closed")


def status(turn: Turn, rule: Rule, call: CallOut) -> None:
    """`STATUS 31`, for staff."""
    if not is_staff(turn.person, rule):
        turn.reply_text(said(turn, rule, "stranger", turn.number))
        return
    state = turn.say(f"{OWNER}.state_{call.state.lower()}", turn.number)
    reply(turn, rule, call, "status", state=state, **_tally(turn, call))


def _tally(turn: Turn, call: CallOut) -> Mapping[str, int]:
    found = callouts.appeals(turn.tx, call.code)
    never = (AppealState.TAKEN_BACK, AppealState.UNREACHABLE)
    return {
        "asked": sum(one.state not in never for one in found),
        "declined": sum(one.state is AppealState.DECLINED for one in found),
    }
