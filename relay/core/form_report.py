"""A report that was accepted, as reminders, escalation and figures see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FormReport:
    """`fields` are its values by name, a date as ISO text; `ref` is the number of its receipt.

    `reported_at` is epoch ms.
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
