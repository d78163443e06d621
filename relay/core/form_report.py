"""A report by SMS as it was understood: what forms keep, and reminders and escalations go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from relay.core.plain import HOUR

# The same words from the same number are the same report for so long.
SAME_FOR_MS = 12 * HOUR


class Outcome(StrEnum):
    """What became of a message that is a report, or might have been meant as one."""

    RECEIVED = "RECEIVED"
    DUPLICATE = "DUPLICATE"  # received already; nothing follows from it again
    INCOMPLETE = "INCOMPLETE"  # a field is missing or cannot be so
    UNKNOWN_PATIENT = "UNKNOWN_PATIENT"
    NOT_ALLOWED = "NOT_ALLOWED"  # not from one of those who may send this form
    NOT_FOUND = "NOT_FOUND"  # written like a report, of a form that there is not
    PLAIN = "PLAIN"  # no report
    EMPTY = "EMPTY"


@dataclass(frozen=True, slots=True)
class FormReport:
    """One accepted report. Dates in `fields` are ISO text; `reported_at` is epoch ms.

    `patient_id` is the one it names, or was handed out for it. `ref` is read out on the phone:
    ISO weekday and running number of the day, `3-01`.
    """

    id: int
    form: str
    number: str
    person_id: int | None
    place_id: int | None
    fields: Mapping[str, object]
    patient_id: str | None
    ref: str
    reported_at: int


def ref_of(weekday: int, nth: int) -> str:
    """`weekday` 1 is Monday."""
    return f"{weekday}-{nth:02}"


def first_name(name: object) -> str:
    """The only part of a name that ever stands in an SMS."""
    words = str(name or "").split()
    return words[0] if words else ""
