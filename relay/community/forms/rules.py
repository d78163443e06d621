"""A form as a rule set describes it: `[form.CODE]`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from relay.community.forms.app_settings import forms_of
from relay.community.forms.form import Field, FieldType, Form, ReplyOwner, Stock, Texts
from relay.community.wording import placeholders
from relay.errors import RuleError

# What ends a code in a message cannot be in one.
_CODE = re.compile(r"[^\s!\-,:#]{1,20}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_TAG = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,39}")

_Keys = tuple[str, ...]
_Table = Mapping[str, object]


def read(section: Mapping[str, object]) -> Mapping[str, Form]:
    """The forms of one rule set, by code. Raises `RuleError` for the first mistake."""
    forms: dict[str, Form] = {}
    for name, table in section.items():
        keys = ("form", name)
        if not _CODE.fullmatch(name):
            _wrong(keys, "is no code of a form", "write one word without - , : # and !")
        if name.upper() in forms:
            _wrong(keys, "has the code of another form", "give it a code of its own")
        forms[name.upper()] = _form(name.upper(), _is_table(table, keys), keys)
    return forms


def read_app_settings(settings: object) -> Mapping[str, Form]:
    """The forms of a CHT app_settings.json, for `forms_from`. Raises `RuleError`."""
    found = forms_of(settings)
    if found.problems:
        _wrong(("forms_from",), found.problems[0], "mend it, or take the good ones with: "
               "relay forms import FILE --good")  # fmt: skip
    return found.forms


def _form(code: str, table: _Table, keys: _Keys) -> Form:
    values = _read(table, _FORM_KEYS, keys)
    form = Form(code=code, **values)
    if form.stock is not None and form.fields:
        _wrong((*keys, "fields"), "stands beside stock", "a report of stock has no fields")
    if form.registers and form.field("name") is None:
        _wrong((*keys, "registers"), "needs a field called name",
               "the first name is all that stands in an SMS beside the id")  # fmt: skip
    _check_texts(form, keys)
    return form


def _check_texts(form: Form, keys: _Keys) -> None:
    """A field that the text is never given would stay empty for ever; reminders may add some."""
    for language, text in form.received.items():
        try:
            placeholders(text)
        except ValueError as error:
            _wrong((*keys, "received", language), str(error), "write {ref} or {name of a field}")


# --- keys ---------------------------------------------------------------------------------------


def _read(table: _Table, known: Mapping[str, tuple[str, _Reader]], keys: _Keys) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it knows: {', '.join(known)}"
            _wrong((*keys, key), "is not known", hint)
        name, reader = known[key]
        values[name] = reader(value, (*keys, key))
    return values


def _wrong(keys: _Keys, what: str, remedy: str) -> NoReturn:
    raise RuleError(keys, what, remedy)


def _is_table(value: object, keys: _Keys) -> _Table:
    if not isinstance(value, Mapping):
        _wrong(keys, "is no section", f"write [{'.'.join(keys)}]")
    return value


def _texts(value: object, keys: _Keys) -> Texts:
    """`title = "…"` is English; `title.sw = "…"` any language."""
    if isinstance(value, str):
        return {"en": value}
    if not isinstance(value, Mapping) or not value:
        _wrong(keys, "is no text", f'write {keys[-1]}.en = "…"')
    for language, text in value.items():
        if not _LANGUAGE.fullmatch(language):
            _wrong((*keys, language), "is no language", "write its two letters, such as en or sw")
        if not isinstance(text, str) or not text.strip():
            _wrong((*keys, language), "is empty", "write a text")
    return dict(value)


def _label(value: object, keys: _Keys) -> Texts:
    """An empty one: the field has none, and is sent by its place among the others."""
    return {} if value == "" else _texts(value, keys)


def _fields(value: object, keys: _Keys) -> tuple[Field, ...]:
    if not isinstance(value, list):
        _wrong(keys, "is no list", 'write fields = [ { name = "name", type = "string" } ]')
    fields: list[Field] = []
    for place, one in enumerate(value, start=1):
        where = (*keys, str(place))
        read_ = _read(_is_table(one, where), _FIELD_KEYS, where)
        if "name" not in read_:
            _wrong(where, "has no name", 'write name = "weeks"')
        read_.setdefault("label", {"en": read_["name"]})
        fields.append(Field(**read_))
        if fields[-1].name in [each.name for each in fields[:-1]]:
            _wrong(where, f"{fields[-1].name} is there twice", "give each field a name of its own")
    return tuple(fields)


def _name(value: object, keys: _Keys) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        _wrong(keys, "is no name", "write one word of letters, digits and _")
    return value


def _type(value: object, keys: _Keys) -> FieldType:
    try:
        return FieldType(str(value))
    except ValueError:
        _wrong(keys, f"{value} is no type", f"it is one of {', '.join(FieldType)}")


def _flag(value: object, keys: _Keys) -> bool:
    if not isinstance(value, bool):
        _wrong(keys, "is neither true nor false", f"write {keys[-1]} = true")
    return value


def _limits(value: object, keys: _Keys) -> tuple[Any, Any]:
    numbers = (
        [one for one in value if type(one) in (int, float)] if isinstance(value, list) else []
    )
    if not isinstance(value, list) or len(value) != 2 or len(numbers) != 2 or value[0] > value[1]:
        _wrong(keys, "is no pair of numbers", f"write {keys[-1]} = [0, 42]")
    return value[0], value[1]


def _choices(value: object, keys: _Keys) -> Mapping[str, Texts]:
    """A list of what may be sent, or what may be sent and what each means."""
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return {one: {"en": one} for one in value}
    if not isinstance(value, Mapping) or not value:
        _wrong(keys, "is no list of choices", 'write choices = { F = "female", M = "male" }')
    return {str(short): _texts(means, (*keys, str(short))) for short, means in value.items()}


def _words(value: object, keys: _Keys) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(w, str) and w.strip() for w in listed):
        _wrong(keys, "is no list of words", f'write {keys[-1]} = ["one", "two"]')
    return tuple(word.strip() for word in listed)


def _tags(value: object, keys: _Keys) -> tuple[str, ...]:
    tags = [word.removeprefix("tag:").casefold() for word in _words(value, keys)]
    if bad := [tag for tag in tags if not _TAG.fullmatch(tag)]:
        _wrong(keys, f'"{bad[0]}" is no tag', "tags are small letters, digits and -")
    return tuple(tags)


def _owner(value: object, keys: _Keys) -> ReplyOwner:
    try:
        return ReplyOwner(str(value))
    except ValueError:
        _wrong(keys, "is neither local nor server", 'write reply_owner = "local"')


def _registers(value: object, keys: _Keys) -> str:
    if value != "patient":
        _wrong(keys, "can only be patient", 'write registers = "patient"')
    return "patient"


def _stock(value: object, keys: _Keys) -> Stock:
    return Stock(**_read(_is_table(value, keys), _STOCK_KEYS, keys))


def _levels(value: object, keys: _Keys) -> Mapping[str, int]:
    table = _is_table(value, keys)
    for item, level in table.items():
        if type(level) is not int or level < 0:
            _wrong((*keys, item), "is no number of pieces", f"write {item} = 10")
    return {item.upper(): int(str(level)) for item, level in table.items()}


_Reader = Callable[[object, _Keys], object]

_FORM_KEYS: Mapping[str, tuple[str, _Reader]] = {
    "title": ("titles", _texts),
    "fields": ("fields", _fields),
    "received": ("received", _texts),
    "senders": ("senders", _tags),
    "reply_owner": ("reply_owner", _owner),
    "registers": ("registers", _registers),
    "stock": ("stock", _stock),
}
_FIELD_KEYS: Mapping[str, tuple[str, _Reader]] = {
    "name": ("name", _name),
    "type": ("type", _type),
    "required": ("required", _flag),
    "length": ("length", _limits),
    "range": ("range", _limits),
    "choices": ("choices", _choices),
    "label": ("label", _label),
    "title": ("title", _texts),
}
_STOCK_KEYS: Mapping[str, tuple[str, _Reader]] = {
    "items": ("items", _words),
    "received": ("received", _words),
    "low": ("low", _levels),
    "low_text": ("low_text", _texts),
}
