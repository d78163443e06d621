"""What a call-out says to whom: its own words where the rule has them, else relay's."""

from __future__ import annotations

from datetime import UTC, datetime

from relay.community.callouts.rules import Rule, Target
from relay.community.wording import fill
from relay.core.callouts import CallOut
from relay.core.people import Person
from relay.core.plain import DAY
from relay.core.priority import Priority
from relay.flows.answering.turn import Told, Turn
from relay.store import people, places

# Of its questions and codes, and in front of its wording keys.
OWNER = "callouts"


def said(turn: Turn, rule: Rule, key: str, number: str, /, **fields: object) -> str:
    """In the reader's language, else in the station's, else in English."""
    language = turn.language(number)
    own = rule.texts.get(key, {})
    template = own.get(language) or own.get(turn.rules.general.language) or own.get("en")
    if template is None:
        return turn.rules.wording.text(f"{OWNER}.{key}", language, **fields)
    return fill(template, fields)


def about(turn: Turn, rule: Rule, call: CallOut, key: str, number: str, /, **more: object) -> str:
    """A text about one call-out, with all that it may say of it."""
    place = _place(turn, call)
    site = said(turn, rule, "site", number, place=place) if place else ""
    fields = {
        "code": call.code,
        "what": " ".join(call.wants.values()) or call.topic or call.rule,
        "topic": call.topic,
        "place": place,
        "site": site,
        "where": ", ".join(filter(None, (site, call.spot))),
        "target": call.target,
        "taken": call.taken,
        "until": at_the_wall(call.ends_at, turn.now),
        "pledge": rule.pledge.upper(),
    }
    return said(turn, rule, key, number, **fields | more)


def _place(turn: Turn, call: CallOut) -> str:
    if call.place_id is None:
        return ""
    try:
        return places.get(turn.tx, call.place_id).name
    except KeyError:
        return ""


def at_the_wall(at: int, now: int) -> str:
    """HH:MM of the clinic's clock, or the day where that is not within a day."""
    shape = "%H:%M" if abs(at - now) < DAY else "%Y-%m-%d"
    return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone().strftime(shape)


def reply(turn: Turn, rule: Rule, call: CallOut, key: str, /, **more: object) -> None:
    turn.reply_text(about(turn, rule, call, key, turn.number, **more))


def reply_how(turn: Turn, rule: Rule, word: str, *parts: str) -> None:
    turn.reply(f"{OWNER}.how", how=how(turn, word, *parts))


def how(turn: Turn, word: str, *parts: str) -> str:
    """`DONOR group place`: what begins with `a_` is in the sender's language."""
    named = (
        turn.say(f"{OWNER}.{part}", turn.number) if part.startswith("a_") else part
        for part in parts
    )
    return " ".join((word.upper(), *named))


def call_parts(rule: Rule) -> tuple[str, ...]:
    """What stands behind the word of a call-out."""
    names = tuple(one.name for one in rule.matched)
    return (*names, "a_topic", "a_number") if rule.target is Target.SUM else (*names, "a_number")


def is_staff(person: Person | None, rule: Rule) -> bool:
    return person is not None and bool(person.tags & (rule.asked_by | rule.confirmed_by))


def who(person: Person) -> str:
    """For staff, and only of one who has said yes."""
    return f"{person.name} {person.number}".strip()


def tell_staff(
    turn: Turn, rule: Rule, call: CallOut, key: str, occasion: str, /, **more: object
) -> None:
    """The one who asked; whoever confirmed it, where no SMS can go to the first."""
    for person_id in filter(None, (call.asker_id, call.confirmer_id)):
        try:
            person = people.get(turn.tx, person_id)
        except KeyError:
            continue
        told = turn.tell(
            person.number,
            about(turn, rule, call, key, person.number, **more),
            rule=rule_of(call),
            occasion=f"{call.code}:{occasion}",
            priority=Priority.REPLY,
        )
        if told not in (Told.OPTED_OUT, Told.UNREACHABLE):
            return


def rule_of(call: CallOut) -> str:
    """Under which its occasions are kept."""
    return f"{OWNER}.{call.rule}"
