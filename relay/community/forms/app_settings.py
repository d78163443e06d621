"""The forms of a CHT app: the object `forms` of its app_settings.json, taken as it is.

docs.communityhealthtoolkit.org, building/reference/app-settings/forms. What only concerns CHT's
own screens is passed over; what relay cannot take is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from relay.community.forms.form import Field, FieldType, Form, ReplyOwner, Texts


@dataclass(frozen=True, slots=True)
class Imported:
    """`problems` say which form was left out and why; the others are good."""

    forms: Mapping[str, Form]
    problems: tuple[str, ...] = ()


def forms_of(settings: object, origin: str = "") -> Imported:
    """From the whole document, or from its `forms` alone. Unknown keys are passed over.

    A form for which CHT has answers configured is answered by the server: nobody gets two.
    """
    found = _table(settings, "forms") or (settings if isinstance(settings, Mapping) else {})
    translations = dict(_translations(settings))
    answered = frozenset(_answered(settings))
    forms: dict[str, Form] = {}
    problems = []
    for key, definition in found.items():
        if not isinstance(definition, Mapping) or "fields" not in definition:
            continue
        try:
            form = _form(str(key), definition, translations)
        except _Unusable as why:
            problems.append(f"form {key}: {why}")
        else:
            owner = ReplyOwner.SERVER if form.code in answered else ReplyOwner.LOCAL
            forms[form.code] = replace(form, reply_owner=owner, origin=origin)
    if not forms and not problems:
        problems.append("there are none: the file has no object `forms` as CHT writes it")
    return Imported(forms, tuple(problems))


class _Unusable(Exception):
    """Says what is wrong with a form."""


Translations = Mapping[str, Mapping[str, str]]
_KEY = "translation_key"
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def _form(key: str, definition: Mapping[str, object], translations: Translations) -> Form:
    meta = _table(definition, "meta") or {}
    code = str(meta.get("code") or key).strip().upper()
    if code != key.strip().upper():
        raise _Unusable(f"its meta.code is {code}; CHT looks a form up by its key")
    fields = definition["fields"]
    if not isinstance(fields, Mapping):
        raise _Unusable("its `fields` are no object")
    # What stands there besides fields is of CHT's own; its parser passes over it too.
    usable = [(name, one) for name, one in fields.items() if isinstance(one, Mapping)]
    return Form(
        code=code,
        fields=tuple(_field(str(name), one, translations) for name, one in usable),
        titles=_texts(meta.get("label"), translations) or _named(meta, translations),
    )


def _field(name: str, one: Mapping[str, object], translations: Translations) -> Field:
    labels = one.get("labels")
    tiny, short = (
        (labels.get("tiny"), labels.get("short")) if isinstance(labels, Mapping) else (None, None)
    )
    return Field(
        name=name,
        type=_type(name, one.get("type")),
        required=bool(one.get("required")),
        length=_pair(name, "length", one.get("length")),
        range=_pair(name, "range", one.get("range")),
        choices=_choices(name, one.get("list"), translations),
        label=_texts(tiny, translations),
        title=_texts(short, translations),
    )


def _type(name: str, said: object) -> FieldType:
    """CHT keeps a value of a type that it does not know as it was written."""
    if said is None:
        return FieldType.STRING
    try:
        return FieldType(str(said))
    except ValueError:
        return FieldType.STRING


def _pair(name: str, what: str, said: object) -> tuple[int, int] | None:
    if not said:
        return None
    if not isinstance(said, list) or len(said) != 2:
        raise _Unusable(f"`{what}` of its field {name} is no pair of numbers")
    try:
        low, high = (int(one) for one in said)
    except (TypeError, ValueError):
        raise _Unusable(f"`{what}` of its field {name} is no pair of numbers") from None
    return low, high


def _choices(name: str, said: object, translations: Translations) -> dict[str, Texts]:
    if not said:
        return {}
    if not isinstance(said, list) or not all(isinstance(o, list) and len(o) == 2 for o in said):
        raise _Unusable(f"`list` of its field {name} is no list of [value, name]")
    return {str(value): _texts(means, translations) for value, means in said}


def _texts(said: object, translations: Translations) -> Texts:
    """A text, a text for each language, or a key of the translations."""
    if isinstance(said, str):
        return translations.get(said) or ({"en": said} if said else {})
    if not isinstance(said, Mapping):
        return {}
    if named := _named(said, translations):
        return named
    return {
        str(language): text
        for language, text in said.items()
        if isinstance(text, str) and _LANGUAGE.fullmatch(str(language))
    }


def _named(said: Mapping[str, object], translations: Translations) -> Texts:
    """By the key of a translation. CHT 3 keeps those in files that are not in the settings."""
    key = said.get(_KEY)
    return translations.get(key, {}) if isinstance(key, str) else {}


def _translations(settings: object) -> Iterator[tuple[str, dict[str, str]]]:
    """CHT 2's way to keep them in the settings; later ones are in files of their own."""
    said = settings.get("translations") if isinstance(settings, Mapping) else None
    for one in said if isinstance(said, list) else ():
        if not isinstance(one, Mapping) or not isinstance(one.get("key"), str):
            continue
        texts = one.get("translations")
        yield (
            one["key"],
            {
                str(each["locale"]): str(each["content"])
                for each in (texts if isinstance(texts, list) else ())
                if isinstance(each, Mapping) and "locale" in each and "content" in each
            },
        )


def _answered(settings: object) -> Iterator[str]:
    """The codes of the forms to whose reports CHT answers."""
    for section in ("registrations", "patient_reports"):
        said = settings.get(section) if isinstance(settings, Mapping) else None
        for one in said if isinstance(said, list) else ():
            if isinstance(one, Mapping) and (one.get("messages") or _validates(one)):
                yield str(one.get("form", "")).upper()


def _validates(one: Mapping[str, object]) -> bool:
    """What fails a validation is answered with the validation's message."""
    return bool((_table(one, "validations") or {}).get("list"))


def _table(document: object, key: str) -> Mapping[str, object] | None:
    found = document.get(key) if isinstance(document, Mapping) else None
    return found if isinstance(found, Mapping) else None
