"""When a reminder falls due, and what becomes of it at a look. Pure: `now` is an argument.

Days are those of the clock on the wall: a reminder of tomorrow comes tomorrow, also over the
night in which summer time begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from relay.community.reminders.rules import Cancelling, EscalationRule, Origin, ReminderRule
from relay.community.spelling import fold
from relay.core.form_report import FormReport
from relay.core.plain import DAY, HOUR
from relay.core.quiet import Quiet, Wall
from relay.core.reminders import Overdue, Postponed, Reminder

# Nothing that is counted in a clinic lies further away; a date beyond is a slip of the finger.
_FARTHEST_DAYS = 100 * 366


@dataclass(frozen=True, slots=True)
class Due:
    """One date of a rule: the `nth`, from when it goes, and whether it moves with the report."""

    nth: int
    at: int
    floats: bool


def dues(rule: ReminderRule, report: FormReport, today: date, wall: Wall) -> tuple[Due, ...]:
    """What falls due after the report was written; what lay before it is nobody's reminder.

    `today` is the day of the report on the wall. Nothing where its field is empty or no number.
    """
    begun = _begun(rule.origin, report.fields, today)
    if begun is None:
        return ()
    found = (
        Due(nth, _at(rule, report.reported_at, begun, offset, wall), _floats(rule.origin))
        for nth, offset in enumerate(rule.at)
        if abs(begun + offset // DAY) <= _FARTHEST_DAYS
    )
    return tuple(due for due in found if due.at > report.reported_at)


def _begun(origin: Origin, fields: Mapping[str, object], today: date) -> int | None:
    """How many days after today, mostly fewer than none, it began."""
    if not origin.field:
        return 0
    value = fields.get(origin.field)
    if origin.days:
        proper = isinstance(value, int) and not isinstance(value, bool)
        return -int(str(value)) * origin.days if proper else None
    try:
        return (date.fromisoformat(str(value)) - today).days
    except ValueError:
        return None


def _floats(origin: Origin) -> bool:
    """A date that a person wrote stays where it is when relay's clock turns out to be wrong."""
    return not origin.field or origin.days > 0


def _at(rule: ReminderRule, reported_at: int, begun: int, offset: int, wall: Wall) -> int:
    days, rest = divmod(offset, DAY)
    if not rest:
        return wall(reported_at, rule.closed.end, begun + days)
    at = reported_at + offset
    return rule.closed.until(at, wall) or at


def weeks_until(due: Due, reported_at: int) -> int:
    """In about how many weeks, as it is told; never none."""
    return max(1, round((due.at - reported_at) / (7 * DAY)))


# --- a later report -----------------------------------------------------------------------------


def cancels(how: Cancelling, not_before: int, now: int, wall: Wall) -> bool:
    """Whether a report of now makes what is due from `not_before` on needless."""
    if how.due_within is None:
        return True
    return not_before < wall(now, "00:00", how.due_within + 1)


# --- a look -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """`earliest` is certainly not later than now; what expires is measured by it. `newer_at`: for
    when the next date of the same rule and occasion was planned."""

    now: int
    earliest: int
    newer_at: int | None = None


def judge(
    row: Reminder, look: Look, closed: Quiet | None, wall: Wall
) -> Overdue | Postponed | None:
    """What keeps a reminder that is due from being sent; None to send it."""
    if _passed(row, look.newer_at, look.earliest):
        return Overdue("it fell due while relay was dark")
    if _passed(row, look.newer_at, look.now):  # by a clock that may be wrong
        return Postponed(look.now + HOUR)
    opens_at = closed.until(look.now, wall) if closed else None
    return None if opens_at is None else Postponed(opens_at)


def _passed(row: Reminder, newer_at: int | None, now: int) -> bool:
    """Whether it is of no use any more, or a newer one is due as well."""
    return now > row.useful_until or (newer_at is not None and newer_at <= now)


# --- escalation ---------------------------------------------------------------------------------


def escalates(rule: EscalationRule, report: FormReport) -> bool:
    """Whether this report is one that a supervisor must hear of at once."""
    if report.form not in rule.after:
        return False
    if not rule.field:
        return True
    value = report.fields.get(rule.field)
    said = {fold(str(one)) for one in (value if isinstance(value, list) else [value])}
    if rule.among:
        return not said.isdisjoint(fold(one) for one in rule.among)
    return value not in (None, False, 0, "", [])


# --- what the texts say -------------------------------------------------------------------------


def in_language(texts: Mapping[str, str], languages: Sequence[str]) -> str:
    """The text in the first of these languages that it has; any is better than none."""
    return next(
        (texts[one] for one in (*languages, "en") if one in texts), next(iter(texts.values()))
    )
