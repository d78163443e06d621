"""The composition of what answers people: rule sets, primitives, and the flow that asks them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from relay import community_rules
from relay.community.callouts import rules as callouts
from relay.community.channels import rules as channels
from relay.community.forms import rules as forms
from relay.community.reminders import rules as reminder_rules
from relay.community.rulebook import RuleBook
from relay.community_rules import Reader, Rules
from relay.config_sections import Config
from relay.flows.answering.callouts import CallOuts
from relay.flows.answering.channels import Channels
from relay.flows.answering.flow import Answering
from relay.flows.answering.forms import Forms
from relay.flows.answering.primitive import Primitive
from relay.flows.answering.reminders import Reminders
from relay.flows.ports import Clock, Doorbell
from relay.store import answers
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.outbox import Outbox

# By kind of table in a rule set: who reads it.
READERS: Mapping[str, Reader] = {
    "form": forms.read,
    "app_settings": forms.read_app_settings,
    "callout": callouts.read,
    "channel": channels.read,
    **reminder_rules.READERS,
}


def primitives(book: RuleBook) -> tuple[Primitive, ...]:
    """All of which there are rules, in the order in which they are asked."""
    others: tuple[Primitive, ...] = (
        CallOuts(book.rules("callout")),
        # After all that have words of their own: the rest may be a reply to a post.
        *([Channels(book)] if book.rules("channel") else []),
        Reminders(),
    )
    # The others hear of each report that forms accept.
    return (Forms(book.rules("form"), others, _digits), *others)


def _digits(count: int) -> str:
    """Random ones, for ids."""
    return "".join(str(secrets.randbelow(10)) for _ in range(count))


def wanted(config: Config) -> bool:
    return bool(config.community.sets)


def rules(config: Config) -> Rules:
    """What is switched on. A set with a mistake is among the faults and does not hold."""
    own = {modem.number for modem in config.modems if modem.number}
    never = (*sorted(own), *config.loops.own_numbers, *config.loops.never_reply)
    return community_rules.load(config.community, READERS, never)


def answering(
    found: Rules, db: Database, outbox: Outbox, clock: Clock, outbox_bell: Doorbell
) -> Answering:
    return Answering(db, outbox, found.book, primitives(found.book), clock, outbox_bell)


def note(found: Rules, db: Database, clock: Clock) -> None:
    """For status: which sets hold, and what is wrong with the others."""
    faults = [
        {"set": one.name, "file": one.file, "line": one.line, "what": one.what, "do": one.remedy}
        for one in found.faults
    ]
    Facts(db).put(clock.now(), "community", {"sets": list(found.book.sets), "faults": faults})


def switched_off(db: Database, clock: Clock) -> None:
    """No rules: what still waits for an answer gets none, and status says nothing of them."""
    with db.transaction() as tx:
        answers.let_go(tx, clock.now())
    if Facts(db).get("community") is not None:
        Facts(db).put(clock.now(), "community", {"sets": [], "faults": []})
