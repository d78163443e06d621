"""The values of a report as they were written, by field: the spellings that CHT reads.

CHT, api/src/services/report: mp-parser.js (positional), javarosa-parser.js (J1), and
textforms-parser.js (compact, and with labels). What they make of a message is what it means, also
where it surprises: the server reads the same message with them later. No pattern here can take
more time than the length of the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

from relay.community.forms.code import Header, header, without_code
from relay.community.forms.form import FieldType, Form, in_language
from relay.community.forms.script import BLANKS, as_text
from relay.community.forms.textforms import labelled_values

_BLANK = f"[{BLANKS}]"
_VALUE = rf'[^"{BLANKS}]+'
_QUOTED = re.compile(rf'"[^"]+"|{_VALUE}')
# With more values than fields, quotes are taken to stand inside the quotes.
_QUOTED_WIDELY = re.compile(rf'"[^\n\r\u2028\u2029]+"|{_VALUE}')
_UNESCAPED = re.compile(r"([^\\])#")
_SPLIT = "\x0b"

Value = str | float | tuple[object, ...] | None


@dataclass(frozen=True, slots=True)
class Written:
    """The values as written, by the name of the field. `whole` where the spelling says of each
    field whether it was left out; `extra` where it had values for no field."""

    values: Mapping[str, Value] = field(default_factory=dict)
    whole: bool = False
    extra: bool = False


def written(form: Form, text: str, language: str = "en") -> Written:
    """The labels are those of `language` (J1 reports have those of the default language)."""
    match header(text):
        case Header.POSITIONAL:
            return _positional(form, text)
        case Header.LABELLED:
            return Written(_labelled(form, text), whole=True)
        case Header.UNKNOWN:
            return Written()
    body = without_code(text, form.code)
    if is_compact(form, body, language):
        return Written(_compact(form, body))
    return Written(_by_labels(form, body, language))


def _positional(form: Form, text: str) -> Written:
    first, *others = text.split("#")
    head = first.split("!", 2)
    values = [head[2] if len(head) == 3 else None, *others]
    fields: dict[str, Value] = {}
    extra = False
    for one, value in zip_longest(form.fields, values):
        if one is None:
            extra = True
        else:
            fields[one.name] = None if value is None else value.strip(BLANKS)
    return Written(fields, whole=True, extra=extra)


def _labelled(form: Form, text: str) -> dict[str, Value]:
    body = text.split("!", 2)[2]
    parts = _UNESCAPED.sub(rf"\1{_SPLIT}", body).split(_SPLIT)
    by_label = {
        label.strip(BLANKS).lower(): value
        for label, value in zip(parts[::2], parts[1::2], strict=False)
    }
    found: dict[str, Value] = {}
    for one in form.fields:
        value = by_label.get(in_language(one.label, "en").lower()) if one.label else None
        if value is not None:
            found[one.name] = value.replace("\\#", "#")
    return found


# --- words --------------------------------------------------------------------------------------


def is_compact(form: Form, body: str, language: str) -> bool:
    """Values alone: there is no `#`, and what it begins with is no label of a field."""
    if not body or "#" in body:
        return False
    lowered = body.lower()
    return not any(_begins_with(lowered, label) for label in _labels(form, language))


def _labels(form: Form, language: str) -> Iterator[str]:
    for one in form.fields:
        yield in_language(one.label, language).lower()
        yield in_language(one.title, language).lower()


def _begins_with(lowered: str, label: str) -> bool:
    if not label or not lowered.startswith(label):
        return False
    behind = lowered[len(label) : len(label) + 1]
    return not behind or behind in BLANKS or (behind.isascii() and behind.isdigit())


def _compact(form: Form, body: str) -> dict[str, Value]:
    values = _QUOTED.findall(body)
    if len(values) > len(form.fields):
        values = _QUOTED_WIDELY.findall(body)
    found: dict[str, Value] = {}
    for place, one in enumerate(form.fields):
        if place >= len(values):
            break
        last = place == len(form.fields) - 1 and one.type is FieldType.STRING
        value = " ".join(values[place:]) if last else values[place]
        found[one.name] = _unquoted(value)
    return found


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _by_labels(form: Form, body: str, language: str) -> dict[str, Value]:
    """A field is found by its label, or by its name; a label that was used counts once."""
    found: dict[str, Value] = dict(labelled_values(body))
    for one in form.fields:
        label = in_language(one.label, language).lower()
        if one.name != label and _said(found.get(label)):
            found[one.name] = found.pop(label)
    known = {one.name for one in form.fields}
    return {name: value for name, value in found.items() if name in known and _said(value)}


def _said(value: Value) -> bool:
    return value is not None and value != ""


def plain(value: Value) -> str:
    """As a person would write it."""
    if isinstance(value, tuple):
        return ",".join(str(one) for one in value)
    return as_text(value) if isinstance(value, int | float) else value or ""
