"""The tables `[reminder.X]`, `[escalation.X]` and `[completeness.X]` of a rule file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from relay.community.reminders.table import Table
from relay.core.plain import DAY
from relay.core.quiet import Quiet
from relay.core.reminders import TAG

_DAYTIME = ("08:00", "18:00")
_SENDER, _PATIENT, _FIELD = "sender", "patient", "field:"
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """From when a rule counts: the report itself, or a field of it that holds a date (`days` 0),
    or how many times `days` lay between the beginning and the report."""

    field: str = ""
    days: int = 0


@dataclass(frozen=True, slots=True)
class Cancelling:
    """A report of `form` about the same patient cancels what is due within so many days."""

    form: str
    due_within: int | None = None


@dataclass(frozen=True, slots=True)
class ReminderRule:
    """`at` are milliseconds from the origin. `closed` is the part of the day without reminders.

    `to` is "sender", "patient", "field:NAME" or "tag:NAME".
    """

    name: str
    after: tuple[str, ...]
    origin: Origin
    at: tuple[int, ...]
    to: str
    closed: Quiet
    useful_ms: int
    text: Texts
    cancelled_by: tuple[Cancelling, ...] = ()
    muted_by: tuple[str, ...] = ()
    unmuted_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """To those with `tag` at the sender's place, or the nearest above; else to `fallback`.

    It applies where `field` is '' or has a value, one of `among` where those are given. It is
    repeated `times` times, every `again_ms`, until somebody answers OK.
    """

    name: str
    after: tuple[str, ...]
    tag: str
    text: Texts
    field: str = ""
    among: tuple[str, ...] = ()
    fallback: str = ""
    again_ms: int = 0
    times: int = 0


@dataclass(frozen=True, slots=True)
class CompletenessRule:
    """Places where somebody has `tag` report one of `forms` each week, about the last or this one.

    Weekdays are counted from Monday, 0. What comes from `opens_ms` before the prompt on counts.
    """

    name: str
    forms: tuple[str, ...]
    tag: str
    begins: int
    about_last: bool
    prompt: tuple[int, str]
    text: Texts
    closed: Quiet
    useful_ms: int
    opens_ms: int
    nag: tuple[int, str] | None = None
    nag_text: Texts | None = None


Rule = ReminderRule | EscalationRule | CompletenessRule
R = TypeVar("R")


def read(section: Mapping[str, object]) -> Mapping[str, ReminderRule]:
    """The table `reminder`, by the names of its rules. Raises `RuleError`, as the others do."""
    return _each("reminder", section, _reminder)


def read_escalations(section: Mapping[str, object]) -> Mapping[str, EscalationRule]:
    """The table `escalation`."""
    return _each("escalation", section, _escalation)


def read_completeness(section: Mapping[str, object]) -> Mapping[str, CompletenessRule]:
    """The table `completeness`."""
    return _each("completeness", section, _completeness)


READERS: Mapping[str, Callable[[Mapping[str, object]], Mapping[str, Rule]]] = {
    "reminder": read,
    "escalation": read_escalations,
    "completeness": read_completeness,
}


def _each(
    kind: str, section: Mapping[str, object], rule: Callable[[str, Table], R]
) -> dict[str, R]:
    return {name: rule(name, Table((kind, name), table)) for name, table in section.items()}


# --- reminders ----------------------------------------------------------------------------------

_REMINDER_KEYS = (
    "after", "counted_from", "at", "to", "between", "text", "cancelled_by", "muted_by",
    "unmuted_by", "useful",
)  # fmt: skip


def _reminder(name: str, table: Table) -> ReminderRule:
    table.only(_REMINDER_KEYS)
    origin = _origin(table)
    return ReminderRule(
        name=name,
        after=table.words("after", required=True),
        origin=origin,
        at=_offsets(table, origin),
        to=_recipient(table),
        closed=table.closed("between", _DAYTIME),
        useful_ms=table.length("useful", "7d"),
        text=table.texts("text"),
        cancelled_by=tuple(_cancelling(one) for one in table.tables("cancelled_by")),
        muted_by=table.words("muted_by"),
        unmuted_by=table.words("unmuted_by"),
    )


def _origin(table: Table) -> Origin:
    if not table.has("counted_from"):
        return Origin()
    source = Table((*table.keys, "counted_from"), table.get("counted_from"))
    source.only(("field", "unit"))
    unit = source.choice("unit", ("date", "days", "weeks"), "date")
    return Origin(source.word("field"), {"date": 0, "days": 1, "weeks": 7}[unit])


def _offsets(table: Table, origin: Origin) -> tuple[int, ...]:
    written = table.words("at", required=True)
    found = [table.length_of("at", one) for one in written]
    if found != sorted(set(found)):
        raise table.wrong(
            "at", "does not rise", f"write them in order: {_in_order(written, found)}"
        )
    if origin.field and any(ms % DAY for ms in found):
        raise table.wrong("at", "counts hours from a date", "write whole days or weeks")
    return tuple(found)


def _in_order(written: tuple[str, ...], found: list[int]) -> str:
    return ", ".join(dict.fromkeys(one for _, one in sorted(zip(found, written, strict=True))))


def _recipient(table: Table) -> str:
    to = table.word("to", _SENDER)
    named = any(to.startswith(kind) and len(to) > len(kind) for kind in (_FIELD, TAG))
    if to not in (_SENDER, _PATIENT) and not named:
        raise table.wrong(
            "to", f'"{to}" is nobody', 'write "sender", "patient", "field:NAME" or "tag:NAME"'
        )
    return to


def _cancelling(table: Table) -> Cancelling:
    table.only(("form", "due_within"))
    within = table.days("due_within") if table.has("due_within") else None
    return Cancelling(table.word("form"), within)


# --- escalation ---------------------------------------------------------------------------------


def _escalation(name: str, table: Table) -> EscalationRule:
    table.only(("after", "when", "to", "fallback", "text", "again", "times"))
    field, among = _condition(table)
    again_ms = table.length("again", "30min") if table.has("again") else 0
    times = table.get("times") if table.has("times") else (3 if again_ms else 0)
    if not isinstance(times, int) or not 0 <= times <= 20:
        raise table.wrong("times", "is no small number", "write a number from 0 to 20")
    return EscalationRule(
        name=name,
        after=table.words("after", required=True),
        tag=table.word("to").removeprefix(TAG),
        text=table.texts("text"),
        field=field,
        among=among,
        fallback=table.word("fallback") if table.has("fallback") else "",
        again_ms=again_ms,
        times=times,
    )


def _condition(table: Table) -> tuple[str, tuple[str, ...]]:
    if not table.has("when"):
        return "", ()
    when = Table((*table.keys, "when"), table.get("when"))
    when.only(("field", "is"))
    return when.word("field"), when.words("is")


# --- completeness -------------------------------------------------------------------------------

_COMPLETENESS_KEYS = (
    "form", "tag", "week_begins", "week", "prompt", "nag", "text", "nag_text", "between",
    "useful", "counts_from",
)  # fmt: skip


def _completeness(name: str, table: Table) -> CompletenessRule:
    table.only(_COMPLETENESS_KEYS)
    nags = table.has("nag")
    opens_ms = table.length("counts_from", "2d")
    if opens_ms >= 7 * DAY:
        raise table.wrong("counts_from", "is a week or more", 'write less than "7d"')
    return CompletenessRule(
        name=name,
        forms=table.words("form", required=True),
        tag=table.word("tag").removeprefix(TAG),
        begins=table.weekday("week_begins", "monday"),
        about_last=table.choice("week", ("last", "this"), "last") == "last",
        prompt=table.moment("prompt"),
        text=table.texts("text"),
        closed=table.closed("between", _DAYTIME),
        useful_ms=table.length("useful", "2d"),
        opens_ms=opens_ms,
        nag=table.moment("nag") if nags else None,
        nag_text=table.texts("nag_text") if nags else None,
    )
