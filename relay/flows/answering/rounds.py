"""Weekly completeness: each place that is to report is asked once a week, and nagged once."""

from __future__ import annotations

from collections.abc import Sequence

from relay.clock import day, wall
from relay.community.reminders import weekly as calendar
from relay.community.reminders.rules import CompletenessRule
from relay.community.reminders.weekly import Round
from relay.core.form_report import FormReport
from relay.core.plain import DAY
from relay.core.reminders import TAG, Reminder
from relay.core.timekeeping import EARLIEST
from relay.flows.answering.turn import Turn
from relay.store import people, places, reminders, weekly

# A rule that is new does not ask for what was due before it was there.
_NEW_MS = DAY


def begin(turn: Turn, rule: CompletenessRule) -> None:
    """Write the prompts and nags of a round whose time has come, once."""
    if turn.earliest < EARLIEST or turn.now - turn.earliest > DAY:
        return  # nobody knows which week it is
    name = f"completeness.{rule.name}"
    now = calendar.latest_prompted(rule, turn.now, day(turn.now), wall)
    if weekly.has_begun(turn.tx, name, str(now.week)):
        return
    is_new = not weekly.is_known(turn.tx, name)
    for place_id in weekly.begin(turn.tx, turn.now, name, str(now.week), rule.tag):
        fields = {"place": places.get(turn.tx, place_id).name, "week": now.week.number}
        for nth, at, until in _asks(rule, now):
            if is_new and at < turn.now - _NEW_MS:
                continue
            row = Reminder(
                rule=name,
                occasion=occasion(now, place_id),
                nth=nth,
                recipient=TAG + rule.tag,
                written_at=turn.now,
                not_before=at,
                useful_until=until,
                place_id=place_id,
                floats=False,
                fields=fields,
            )
            reminders.write(turn.tx, row)


def _asks(rule: CompletenessRule, now: Round) -> list[tuple[int, int, int]]:
    """(number, from when, until when) of the prompt and the nag."""
    found = [(0, now.prompt_at, calendar.useful_until(rule, now.prompt_at, now.asks_until))]
    if now.nag_at is not None:
        found.append((1, now.nag_at, calendar.useful_until(rule, now.nag_at, now.closes_at)))
    return found


def occasion(now: Round, place_id: int) -> str:
    return f"{now.week} place {place_id}"


def note(turn: Turn, rule: CompletenessRule, report: FormReport) -> None:
    """A place has reported: it is asked for this week no more."""
    if report.form not in rule.forms:
        return
    name = f"completeness.{rule.name}"
    now = calendar.current(rule, report.reported_at, day(report.reported_at), wall)
    for place_id in _places(turn, report):
        weekly.report(turn.tx, name, str(now.week), place_id, report.reported_at)
        rows = reminders.of_occasion(turn.tx, name, occasion(now, place_id))
        reminders.cancel(turn.tx, turn.now, rows, f"report {report.id}")


def _places(turn: Turn, report: FormReport) -> Sequence[int]:
    if report.place_id is not None:
        return (report.place_id,)
    if report.person_id is None:
        return ()
    return people.get(turn.tx, report.person_id).places
