"""From the words of a message to what is known of it: the outcomes of a report. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from relay.community.forms.checking import Bad, check
from relay.community.forms.code import Header, form_code, header
from relay.community.forms.form import Field, FieldType, Form
from relay.community.forms.script import as_text
from relay.community.forms.spellings import written
from relay.community.forms.values import International, as_written, values
from relay.community.spelling import fold, nearest
from relay.core.form_report import first_name

# A code in capitals and figures behind it: nobody chats like that.
_LIKE_A_REPORT = re.compile(r"\s*[A-Z]{2,8}[\s!:#,-].*[0-9]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Read:
    """The fields that a report of a form has, and its first mistake."""

    fields: Mapping[str, object] = field(default_factory=dict)
    bad: Bad | None = None


def read(form: Form, text: str, language: str, international: International = as_written) -> Read:
    """`language` is the one whose labels are read: the station's, as a server has one too."""
    said = written(form, text, language)
    found = values(form, said, international)
    return Read(found, check(form, found, said.values))


def patient_field(form: Form) -> Field | None:
    """The one that names a patient; a CHT form has no type for it, but a name."""
    by_type = (one for one in form.fields if one.type is FieldType.PATIENT)
    return next(by_type, form.field("patient_id"))


def digest(text: str) -> str:
    """The same for the same report, however it was typed the second time."""
    return sha256(fold(text).encode("utf-8", "replace")).hexdigest()[:32]


def looks_like_report(text: str, codes: Iterable[str]) -> bool:
    """Whether somebody meant a report, of a form that there is not."""
    if header(text) is not Header.NONE or "#" in text or text.count("!") >= 2:
        return True
    return bool(_LIKE_A_REPORT.match(text)) or near(form_code(text), codes) is not None


def is_nearly_report(text: str, codes: Iterable[str]) -> bool:
    """Whether it is a report but for a slip in the code of its form: talk has no figures."""
    return any(map(str.isdigit, text)) and near(form_code(text), codes) is not None


def near(code: str, codes: Iterable[str]) -> str | None:
    """The form that was most likely meant."""
    by_word = {fold(one): one for one in codes}
    found = nearest(fold(code), by_word)
    return None if found is None else by_word[found]


def shown(value: object) -> str:
    """A value as it stands in an SMS."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return as_text(value)
    return ", ".join(map(shown, value)) if isinstance(value, list) else str(value)


def for_sms(fields: Mapping[str, object]) -> dict[str, str]:
    """The fields as a text may have them: of a name, the first one only."""
    told = {name: shown(value) for name, value in fields.items()}
    return told | ({"name": first_name(fields["name"])} if "name" in fields else {})
