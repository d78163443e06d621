"""Reminders: written when a report comes in, cancelled by a later one, sent when they are due."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping

from relay.clock import day, wall
from relay.community.reminders.deciding import Due, cancels, dues, weeks_until
from relay.community.reminders.rules import CompletenessRule, EscalationRule, ReminderRule
from relay.community.spelling import first_word, fold
from relay.core.form_report import FormReport
from relay.core.loops import same_number
from relay.core.number import dialable
from relay.core.question import Question
from relay.core.reminders import Cancelled, Reminder, ReminderState
from relay.errors import NumberError
from relay.flows.answering import escalating, rounds, telling
from relay.flows.answering.primitive import Primitive, Reply
from relay.flows.answering.turn import Turn
from relay.store import people, reminders

_log = logging.getLogger("relay.reminders")
_PREFIX = "reminder."
_LONGEST_ID = 20


class Reminders(Primitive):
    """Also escalation, and the prompts and nags of weekly reports."""

    name = "reminders"

    # --- a report -------------------------------------------------------------------------------

    def reported(self, turn: Turn, report: FormReport) -> Mapping[str, object]:
        """Cancel, mute, write and escalate; in how many weeks the next one is due."""
        rules: Mapping[str, ReminderRule] = turn.rules.rules("reminder")
        for rule in rules.values():
            _cancel(turn, rule, report)
            _mute(turn, rule, report)
        weekly: Mapping[str, CompletenessRule] = turn.rules.rules("completeness")
        for complete in weekly.values():
            rounds.note(turn, complete, report)
        urgent: Mapping[str, EscalationRule] = turn.rules.rules("escalation")
        for one in urgent.values():
            escalating.escalate(turn, one, report)
        told = [_write(turn, rule, report) for rule in rules.values()]
        return _next(report, [due for some in told if some is not None for due in some], told)

    # --- the clock ------------------------------------------------------------------------------

    def due(self, turn: Turn, limit: int) -> int:
        reminders.realign(turn.tx, turn.now)
        weekly: Mapping[str, CompletenessRule] = turn.rules.rules("completeness")
        for rule in weekly.values():
            rounds.begin(turn, rule)
        return telling.send_due(turn, limit)

    def next_due_at(self, tx: sqlite3.Connection, now: int) -> int | None:
        return reminders.next_due_at(tx)

    # --- what people say to it ------------------------------------------------------------------

    def answer(self, turn: Turn, question: Question, reply: Reply) -> bool:
        return escalating.answered(turn, question, reply)

    def coded(self, turn: Turn, word: str, code: int, rest: str) -> bool:
        return escalating.answered_before(turn, word, code)

    def command(self, turn: Turn, command: str, rest: str) -> bool:
        """MUTE and UNMUTE with the id of a patient: what comes to this sender, nobody else's."""
        patient = fold(first_word(rest)[0])
        numbers = _numbers_for(turn, patient) if patient else set()
        if not patient:
            word = first_word(turn.sms.text)[0].upper() if turn.sms else ""
            turn.reply("reminders.whom", command=word)
        elif not numbers:
            turn.reply("reminders.none_about", patient_id=patient[:_LONGEST_ID])
        elif command == "mute":
            for number in numbers:
                reminders.mute(turn.tx, turn.now, patient, number, turn.source)
            turn.reply("reminders.muted", patient_id=patient)
        else:
            for number in numbers:
                reminders.unmute(turn.tx, turn.now, patient, number)
            turn.reply("reminders.unmuted", patient_id=patient)
        return True


def _numbers_for(turn: Turn, patient: str) -> set[str]:
    """How the sender's number is written where reminders about the patient come to it."""
    tags = turn.person.tags if turn.person else frozenset()
    return {
        turn.number if row.tag else row.recipient
        for row in reminders.of_patient(turn.tx, patient)
        if (row.tag in tags if row.tag else same_number(row.recipient, turn.number))
    }


# --- a report -----------------------------------------------------------------------------------


def _cancel(turn: Turn, rule: ReminderRule, report: FormReport) -> None:
    how = next((one for one in rule.cancelled_by if one.form == report.form), None)
    if how is None or not report.patient_id:
        return
    why = Cancelled(f"report {report.id}")
    for row in reminders.of_patient(turn.tx, report.patient_id):
        if row.rule == _PREFIX + rule.name and cancels(how, row.not_before, turn.now, wall):
            reminders.move(turn.tx, turn.now, row, why)
    for row in reminders.lately_sent(turn.tx, report.patient_id, turn.now):
        if row.rule == _PREFIX + rule.name and telling.take_back(turn, row, why.reason):
            reminders.move(turn.tx, turn.now, row, why)


def _mute(turn: Turn, rule: ReminderRule, report: FormReport) -> None:
    if not report.patient_id:
        return
    if report.form in rule.muted_by:
        reminders.mute(turn.tx, turn.now, report.patient_id, "", f"report {report.id}")
    elif report.form in rule.unmuted_by:
        reminders.unmute(turn.tx, turn.now, report.patient_id, "")


def _write(turn: Turn, rule: ReminderRule, report: FormReport) -> tuple[Due, ...] | None:
    """The dates that follow from a report by a rule; None where it is not about such a report."""
    if report.form not in rule.after:
        return None
    found = dues(rule, report, day(report.reported_at), wall)
    recipient = _recipient(turn, rule, report)
    fields = telling.fields(turn, report)
    for due in found if recipient else found[:1]:
        reminders.write(turn.tx, _row(rule, report, due, recipient, fields))
    return found


def _row(
    rule: ReminderRule,
    report: FormReport,
    due: Due,
    recipient: str,
    fields: Mapping[str, object],
) -> Reminder:
    """One that nobody could get is written down as such."""
    return Reminder(
        rule=_PREFIX + rule.name,
        occasion=f"report {report.id}",
        nth=due.nth,
        recipient=recipient,
        written_at=report.reported_at,
        not_before=due.at,
        useful_until=due.at + rule.useful_ms,
        patient=report.patient_id or "",
        place_id=report.place_id,
        floats=due.floats,
        fields=fields,
        state=ReminderState.WAITING if recipient else ReminderState.SKIPPED_UNREACHABLE,
        finished_at=None if recipient else report.reported_at,
        reason=None if recipient else f"the report names no number for {rule.to}",
    )


def _recipient(turn: Turn, rule: ReminderRule, report: FormReport) -> str:
    """A number or a tag, '' for nobody."""
    if rule.to == "sender":
        return report.number
    if rule.to == "patient":
        known = people.known_by(turn.tx, "patient_id", report.patient_id or "")
        return known.number if known else ""
    kind, _, name = rule.to.partition(":")
    if kind == "tag":
        return rule.to
    try:
        return dialable(str(report.fields.get(name) or ""))
    except NumberError:
        return ""


def _next(
    report: FormReport, found: list[Due], told: list[tuple[Due, ...] | None]
) -> Mapping[str, object]:
    """For the receipt: nothing where no rule is about such a report."""
    if all(one is None for one in told):
        return {}
    if not found:
        return {"next_weeks": "", "next_date": ""}
    first = min(found, key=lambda due: due.at)
    return {"next_weeks": weeks_until(first, report.reported_at), "next_date": str(day(first.at))}
