"""What is wrong with a report: the first field that is missing, or that cannot be so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from relay.community.forms.form import Field, FieldType, Form
from relay.community.forms.script import as_text
from relay.community.forms.spellings import Value, plain


class Fault(StrEnum):
    """The end of the wording key that says it (`forms.must_range`)."""

    MISSING = "missing"
    NUMBER = "must_number"
    WHOLE = "must_whole"
    RANGE = "must_range"
    LENGTH = "must_length"
    DIGITS = "must_digits"
    CHOICE = "must_choice"
    BOOLEAN = "must_boolean"
    DATE = "must_date"
    PHONE = "must_phone"
    ID = "must_id"


@dataclass(frozen=True, slots=True)
class Bad:
    """`sent` is what was written, shortened; `low` and `high` are the limits it is outside of."""

    field: Field
    fault: Fault
    sent: str = ""
    low: str = ""
    high: str = ""


_SENT_LONGEST = 20
_YEARS = (1900, 2200)
_BY_TYPE = {
    FieldType.BOOLEAN: Fault.BOOLEAN,
    FieldType.DATE: Fault.DATE,
    FieldType.BS_DATE: Fault.DATE,
    FieldType.BS_MADE: Fault.DATE,
    FieldType.PHONE_NUMBER: Fault.PHONE,
}
_WHOLE = (FieldType.INTEGER, FieldType.YEAR, FieldType.MONTH)
_NUMBERS = (*_WHOLE, FieldType.DECIMAL)


def check(form: Form, found: Mapping[str, object], written: Mapping[str, Value]) -> Bad | None:
    """The first mistake in the order of the fields; None for a good report."""
    for one in form.fields:
        if (bad := _check(one, found, plain(written.get(one.name)))) is not None:
            return bad
    return None


def _check(one: Field, found: Mapping[str, object], sent: str) -> Bad | None:
    value = found.get(one.name)
    if value is None or value == "":
        # A day that is made of other fields was not written, and still there may be no such day.
        if sent.strip() or (one.type is FieldType.BS_MADE and one.name in found):
            return Bad(one, _unreadable(one), shortened(sent))
        return Bad(one, Fault.MISSING) if one.required else None
    if one.choices:
        return None
    if one.type is FieldType.PATIENT:
        return _check_id(one, str(value))
    if one.type in _NUMBERS:
        return _check_number(one, value, sent)
    return _check_length(one, value, sent) if one.type is FieldType.STRING else None


def _unreadable(one: Field) -> Fault:
    return Fault.CHOICE if one.choices else _BY_TYPE.get(one.type, Fault.NUMBER)


def _check_id(one: Field, value: str) -> Bad | None:
    digits = value.strip()
    if digits.isascii() and digits.isdigit():
        return None
    return Bad(one, Fault.ID, shortened(digits))


def _check_number(one: Field, value: object, sent: str) -> Bad | None:
    assert isinstance(value, int | float)
    if one.type in _WHOLE and value != int(value):
        return Bad(one, Fault.WHOLE, shortened(sent))
    if (limits := _limits(one)) and not limits[0] <= value <= limits[1]:
        return Bad(one, Fault.RANGE, shortened(sent), as_text(limits[0]), as_text(limits[1]))
    if one.length and not one.length[0] <= _digits(value) <= one.length[1]:
        return Bad(one, Fault.DIGITS, shortened(sent), *map(str, one.length))
    return None


def _limits(one: Field) -> tuple[float, float] | None:
    if one.range:
        return one.range
    if one.type is FieldType.MONTH:
        return 1, 12
    return _YEARS if one.type is FieldType.YEAR else None


def _digits(value: float) -> int:
    return len(str(abs(int(value))))


def _check_length(one: Field, value: object, sent: str) -> Bad | None:
    if one.length is None:
        return None
    words = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    if all(one.length[0] <= len(each.strip()) <= one.length[1] for each in words):
        return None
    return Bad(one, Fault.LENGTH, shortened(sent), *map(str, one.length))


def shortened(sent: str) -> str:
    """Enough of it to be recognised, on one line."""
    words = " ".join("".join(c for c in sent if c.isprintable() or c.isspace()).split())
    return words if len(words) <= _SENT_LONGEST else f"{words[: _SENT_LONGEST - 3]}..."


# --- how it is written right --------------------------------------------------------------------


def right_form(form: Form, language: str) -> str:
    """As it is to be sent: `ORPT name weeks`. What may be left out stands in parentheses."""
    if form.stock is not None:
        items = form.stock.items[:2] or ("LA",)
        received = f" {form.stock.received[0]} {items[0]} 30" if form.stock.received else ""
        return " ".join([form.code, *(f"{item} 20" for item in items[:1])]) + received
    return " ".join([form.code, *(_name(one, language) for one in form.fields)])


def _name(one: Field, language: str) -> str:
    shown = one.shown(language)
    word = shown if " " not in shown else one.name.rpartition(".")[2]
    return word if one.required else f"({word})"
