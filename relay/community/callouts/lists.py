"""Registers of volunteers as staff keep them in a spreadsheet. See `relay/community/lists.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from relay.community import lists
from relay.community.callouts import words
from relay.community.callouts.rules import Attribute, Register
from relay.community.lists import BadRow, PersonRow


@dataclass(frozen=True, slots=True)
class VolunteerRow:
    """What a row says: the person, in the register, and the day on which they gave last."""

    person: PersonRow
    gave_on: date | None = None

    @property
    def line(self) -> int:
        return self.person.line


def columns(register: Register) -> tuple[str, ...]:
    """`number, name, language, places`, one for each attribute, `gave` and `consent`."""
    names = tuple(one.name for one in register.attributes)
    return ("number", "name", "language", "places", *names, "gave", "consent")


def volunteers(text: str, register: Register) -> list[VolunteerRow | BadRow]:
    """All rows of a list. Raises `BadRow` where it is no such list at all."""
    return lists.read(text, columns(register), "number", partial(row, register))


def row(register: Register, line: int, cells: Mapping[str, str]) -> VolunteerRow:
    """Raises `BadRow`: also for a value that could mean two, which nobody is there to be asked."""
    values = (
        f"{one.name}={value}"
        for one in register.attributes
        if (value := _value(line, one, cells.get(one.name, "")))
    )
    own = {key: cells.get(key, "") for key in ("number", "name", "language", "places", "consent")}
    person = lists.person(line, {**own, "tags": register.tag, "attributes": ";".join(values)})
    return VolunteerRow(person, _day(line, cells.get("gave", "")))


def _value(line: int, attribute: Attribute, cell: str) -> str:
    if not cell and not attribute.required:
        return ""
    value = words.value_of(attribute, cell)
    if value is None:
        said = f"{cell!r} is no {attribute.name}" if cell else f"there is no {attribute.name}"
        raise BadRow(line, said, f"write one of {', '.join(attribute.values)}")
    return value


def _day(line: int, cell: str) -> date | None:
    if not cell:
        return None
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise BadRow(line, f"{cell!r} is no day", "write it as 2026-11-25") from None
