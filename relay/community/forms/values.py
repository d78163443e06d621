"""What a written value is worth, by the type of its field.

CHT, smsparser.js: `parseField`. None is what CHT stores as null: a value that is none of its type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from relay.community.forms.bikram_sambat import gregorian
from relay.community.forms.form import Field, FieldType, Form, in_language
from relay.community.forms.script import BLANKS, number, visible, western
from relay.community.forms.spellings import Value, Written, plain

_IDS = ("patient_id", "place_id")
# ISO 8601 as CHT's library reads it, and months and days of one digit as browsers do.
_DATE = re.compile(
    r"(?P<y>[0-9]{4})(?:[-/](?P<m>[0-9]{1,2})(?:[-/](?P<d>[0-9]{1,2})(?:[T ].*)?)?)?"
    r"|(?P<yy>[0-9]{4})(?P<mm>[0-9]{2})(?P<dd>[0-9]{2})?"
)
_NO_DIGIT = re.compile(r"[^0-9]")
_PHONE = re.compile(r"\+?[0-9]{4,18}")

# How a local number is written with its country: handed in, since the station knows that.
International = Callable[[str], str]


def as_written(number_: str) -> str:
    return number_


def values(
    form: Form, said: Written, international: International = as_written
) -> dict[str, object]:
    """The fields that the report has, by name. A field that was left out is not among them,
    except where the spelling says that it was (None)."""
    found: dict[str, object] = {}
    for one in form.fields:
        raw = said.values.get(one.name)
        if raw is not None:
            found[one.name] = None if raw == "" else value(one, raw, international)
    made = next((one for one in form.fields if one.type is FieldType.BS_MADE), None)
    if made is not None and (day := _made(form, said.values)) is not None:
        found[made.name] = day or None
    return found


def value(one: Field, raw: Value, international: International = as_written) -> object:
    if one.choices:
        return _choice(one, plain(raw))
    if one.type is FieldType.PHONE_NUMBER:
        return _phone(plain(raw), international)
    if one.type in _WORDS:
        return _words(one, raw)
    return _READ[one.type](visible(plain(raw)))


def _words(one: Field, raw: Value) -> object:
    if isinstance(raw, tuple):
        return list(raw)
    words = plain(raw)
    if one.type is FieldType.PATIENT or one.name in _IDS:
        return western(visible(words))
    return words


def _choice(one: Field, sent: str) -> str | None:
    """What the choice means; what was sent may differ in case and in the script of its digits."""
    key = western(visible(sent)).strip(BLANKS).casefold()
    for short, means in one.choices.items():
        if short.casefold() == key:
            return in_language(means, "en") or short
    return None


def _boolean(text: str) -> bool | None:
    return {1: True, 0: False}.get(number(text))  # type: ignore[arg-type]  # None is no key


def _date(text: str) -> str | None:
    found = _DATE.fullmatch(western(text).strip(BLANKS))
    if found is None:
        return None
    parts = (found["y"] or found["yy"], found["m"] or found["mm"], found["d"] or found["dd"])
    try:
        return date(*(int(part or 1) for part in parts)).isoformat()
    except ValueError:
        return None


def _bs_date(text: str) -> str | None:
    digits = western(text)
    separator = _NO_DIGIT.search(digits)
    return _bs_day(*digits.split(separator[0])[:3]) if separator else None


def _bs_day(year: str, month: str = "", day: str = "") -> str | None:
    parts = [number(part) if part else None for part in (year, month, day)]
    if not all(isinstance(part, int) for part in parts):
        return None
    found = gregorian(*(int(part or 0) for part in parts))
    return found.isoformat() if found else None


def _made(form: Form, said: Mapping[str, Value]) -> str | None:
    """The day that year, month and day make; '' if there is no such day, None without a year."""
    by_type = {one.type: western(visible(plain(said.get(one.name)))) for one in form.fields}
    year = by_type.get(FieldType.BS_YEAR)
    if not year:
        return None
    month = by_type.get(FieldType.BS_MONTH, "1")
    return _bs_day(year, month, by_type.get(FieldType.BS_DAY, "1")) or ""


def _phone(text: str, international: International) -> str | None:
    digits = re.sub(r"[ ().-]", "", western(visible(text)))
    return international(digits) if _PHONE.fullmatch(digits) else None


_WORDS = (FieldType.STRING, FieldType.PATIENT, FieldType.LIST)
_READ: Mapping[FieldType, Callable[[str], object]] = {
    FieldType.INTEGER: number,
    FieldType.DECIMAL: number,
    FieldType.YEAR: number,
    FieldType.MONTH: number,
    FieldType.BOOLEAN: _boolean,
    FieldType.DATE: _date,
    FieldType.BS_DATE: _bs_date,
    FieldType.BS_YEAR: western,
    FieldType.BS_MONTH: western,
    FieldType.BS_DAY: western,
    FieldType.BS_MADE: lambda text: text,
}
