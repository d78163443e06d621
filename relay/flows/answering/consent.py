"""STOP and START: they work for everybody, and beat every state of the queue."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from relay.core.people import Consent
from relay.flows.answering.primitive import Primitive
from relay.flows.answering.turn import Turn
from relay.log import event
from relay.store import people
from relay.store.savepoint import apart

_log = logging.getLogger("relay.answering")


def stop(turn: Turn, primitives: Sequence[Primitive]) -> None:
    """Nothing more to this number but this one confirmation, also where it is a stranger's."""
    person = turn.person or people.ensure(turn.tx, turn.now, turn.number, turn.source)
    was_stopped = person.consent is Consent.STOPPED
    turn.empty(person.number)
    if not was_stopped:
        people.set_consent(turn.tx, turn.now, person.id, Consent.STOPPED, turn.source)
    for one in primitives:
        _tell_apart(turn, one, person.number)
    turn.person = people.by_number(turn.tx, person.number)
    turn.reply_text(turn.say("stopped", person.number), certainly=not was_stopped)


def _tell_apart(turn: Turn, primitive: Primitive, number: str) -> None:
    """One that makes relay itself fail undoes no STOP."""
    failed = apart(turn.tx, lambda: primitive.opted_out(turn, number))
    if failed is not None:
        error = type(failed).__name__
        _log.error(event("answering.stop_failed", rules=primitive.name, error=error))


def start(turn: Turn) -> None:
    """STOP is undone. What was not sent meanwhile is not sent later."""
    person = turn.person or people.ensure(turn.tx, turn.now, turn.number, turn.source)
    people.set_consent(turn.tx, turn.now, person.id, Consent.GIVEN, turn.source)
    turn.person = people.by_number(turn.tx, person.number)
    turn.reply("started")
