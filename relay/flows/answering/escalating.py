"""Escalation: what cannot wait goes to the supervisor of the sender's place at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

from relay.community.reminders.deciding import escalates
from relay.community.reminders.rules import EscalationRule
from relay.core.form_report import FormReport
from relay.core.loops import same_number
from relay.core.plain import DAY
from relay.core.priority import Priority
from relay.core.question import Question
from relay.core.reminders import TAG, Reminder, ReminderState
from relay.flows.answering import telling
from relay.flows.answering.primitive import Reply
from relay.flows.answering.telling import Manner
from relay.flows.answering.turn import Told, Turn
from relay.log import event
from relay.store import people, places, questions, reminders, trail

_log = logging.getLogger("relay.reminders")

OWNER, KIND = "reminders", "escalation"
_USEFUL_MS = DAY


def escalate(turn: Turn, rule: EscalationRule, report: FormReport) -> None:
    """Tell all supervisors at the nearest place where one can be reached, else the fallback.

    No cap holds an alert back: so it is the sender's allowance that bounds what one phone spends.
    """
    if not escalates(rule, report):
        return
    fields = telling.fields(turn, report)
    if rule.again_ms and rule.times:
        fields["code"] = turn.new_code(OWNER)
    first = Reminder(
        rule=f"escalation.{rule.name}",
        occasion=f"report {report.id}",
        nth=0,
        recipient=TAG + rule.tag,
        written_at=turn.now,
        not_before=turn.now,
        useful_until=turn.now + _USEFUL_MS,
        patient=report.patient_id or "",
        place_id=report.place_id,
        fields=fields,
        finished_at=turn.now,
    )
    if not turn.allowed:
        _nobody(turn, first, "its sender has had more answers than an hour allows")
        return
    heard = _tell(turn, rule, report, first)
    if not heard:
        _nobody(turn, first, f"nobody with the tag {first.tag} can be reached")
    for number in heard:
        _called(turn, rule, replace(first, recipient=number, state=ReminderState.SENT))


def _tell(turn: Turn, rule: EscalationRule, report: FormReport, first: Reminder) -> list[str]:
    """Who was told."""
    manner = Manner(rule.text, None, Priority.ALERT)
    for numbers in _upwards(turn, rule, report):
        others = [one for one in numbers if not same_number(one, report.number)]
        heard = [one for one in others if _reached(telling.tell(turn, first, manner, one))]
        if heard:
            return heard
    _log.warning(event("escalation.no_supervisor", rule=rule.name, report=report.id))
    if rule.fallback and _reached(telling.tell(turn, first, manner, rule.fallback)):
        return [rule.fallback]
    return []


def _reached(told: Told) -> bool:
    return told in (Told.QUEUED, Told.ALREADY)


def _upwards(turn: Turn, rule: EscalationRule, report: FormReport) -> Iterator[list[str]]:
    """The numbers at each level, beginning with the sender's own places."""
    here: Sequence[int] = () if report.place_id is None else (report.place_id,)
    if not here and report.person_id is not None:
        here = people.get(turn.tx, report.person_id).places
    lines = [places.ancestors(turn.tx, one) for one in here]
    for level in range(max(map(len, lines), default=0)):
        at = {line[level] for line in lines if level < len(line)}
        if found := [one.number for one in people.with_tag(turn.tx, rule.tag, at)]:
            yield found


def _nobody(turn: Turn, first: Reminder, why: str) -> None:
    """It stands in status until a person has seen to it."""
    trail.count(turn.tx, turn.now, "escalations_unheard")
    reminders.write(turn.tx, replace(first, state=ReminderState.SKIPPED_UNREACHABLE, reason=why))
    _log.error(event("escalation.nobody", rule=first.rule, occasion=first.occasion))


def _called(turn: Turn, rule: EscalationRule, row: Reminder) -> None:
    """Write down who was told, and call again until somebody answers."""
    reminders.write(turn.tx, row)
    code = row.fields.get("code")
    if not isinstance(code, int):
        return
    about = {"rule": row.rule, "occasion": row.occasion}
    turn.ask(row.recipient, OWNER, KIND, about, expires_at=row.useful_until, code=code)
    for nth in range(1, rule.times + 1):
        at = turn.now + nth * rule.again_ms
        again = replace(
            row, nth=nth, not_before=at, useful_until=at + _USEFUL_MS, finished_at=None,
            state=ReminderState.WAITING,
        )  # fmt: skip
        reminders.write(turn.tx, again)


# --- the answer ---------------------------------------------------------------------------------


def answered(turn: Turn, question: Question, reply: Reply) -> bool:
    """OK: nobody is called again, none of them."""
    if question.kind != KIND or reply.word not in ("ok", "yes"):
        return False
    rule, occasion = (str(question.about[key]) for key in ("rule", "occasion"))
    rows = reminders.of_occasion(turn.tx, rule, occasion)
    reminders.cancel(turn.tx, turn.now, rows, "answered")
    turn.close_questions(OWNER, code=question.code)
    turn.reply("reminders.heard")
    return True


def answered_before(turn: Turn, word: str, code: int) -> bool:
    """An OK of somebody who was asked, after another's, or after its time."""
    if word not in ("ok", "yes") or not questions.was_asked(turn.tx, turn.number, OWNER, code):
        return False
    turn.reply("reminders.heard_before")
    return True
