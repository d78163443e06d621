"""How one becomes a volunteer by SMS: `DONOR O neg Bura`."""

from __future__ import annotations

from relay.community.callouts import words
from relay.community.callouts.rules import Register, Rule
from relay.community.spelling import fold
from relay.core.people import Consent, Person, Place
from relay.flows.answering.callouts.requests import ask_back, ask_place
from relay.flows.answering.callouts.speech import how, reply_how, said
from relay.flows.answering.turn import Turn
from relay.store import people, places

# The name of a place has no more words than this.
_MOST_WORDS = 4


def register(turn: Turn, rule: Rule, text: str) -> None:
    """Anybody may, for himself. What is unclear is asked back; DONOR STOP undoes it. Who has said
    STOP says START first: no other word undoes it."""
    register = rule.register
    assert register is not None
    if turn.rules.wording.says("stop", text):
        _leave(turn, rule, register)
        return
    if turn.person is not None and turn.person.consent is Consent.STOPPED:
        turn.reply("stopped")
        return
    read = words.attributes(register.attributes, text)
    if read.unclear:
        ask_back(turn, rule, register.word, register.attributes, read)
        return
    parts = (*(one.name for one in register.attributes), "a_place")
    if read.missing:
        reply_how(turn, rule, register.word, *parts)
        return
    place = _place(turn, read.rest)
    if place is None and read.rest:
        usage = how(turn, register.word, *parts)
        ask_place(turn, rule, register.word, read.rest, text, usage)
        return
    _registered(turn, rule, register, dict(read.values), place)


def _place(turn: Turn, text: str) -> Place | None:
    """The longest beginning of the text that names a place; what follows is talk."""
    tokens = text.replace("_", " ").split()
    for many in range(min(_MOST_WORDS, len(tokens)), 0, -1):
        if found := places.find(turn.tx, fold(" ".join(tokens[:many]))):
            return found
    return None


def _registered(
    turn: Turn, rule: Rule, register: Register, values: dict[str, str], place: Place | None
) -> None:
    person = people.ensure(turn.tx, turn.now, turn.number, turn.source)
    enrol(turn, person, register, values, place)
    what = " ".join((*values.values(), *([place.name] if place else ())))
    turn.reply_text(
        said(turn, rule, "registered", turn.number, what=what or register.word.upper())
    )


def enrol(
    turn: Turn, person: Person, register: Register, values: dict[str, str], place: Place | None
) -> None:
    """Their own word is their consent."""
    tx, now, source = turn.tx, turn.now, turn.source
    people.set_consent(tx, now, person.id, Consent.GIVEN, source)
    people.tag(tx, now, person.id, register.tag, source)
    for name, value in values.items():
        people.set_attribute(tx, now, person.id, name, value, source)
    if place is not None:
        people.put_in(tx, now, person.id, place.id, source)


def _leave(turn: Turn, rule: Rule, register: Register) -> None:
    if turn.person is not None:
        people.untag(turn.tx, turn.now, turn.person.id, register.tag, turn.source)
    turn.reply_text(said(turn, rule, "left", turn.number, what=register.word.upper()))
