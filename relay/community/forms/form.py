"""What a form is: its code, its fields in their order, who may send it, and who answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FieldType(StrEnum):
    """The types of CHT's forms, and `PATIENT`: an id that a registration has handed out."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    YEAR = "year"
    MONTH = "month"
    DATE = "date"
    BOOLEAN = "boolean"
    LIST = "list"
    PHONE_NUMBER = "phone_number"
    PATIENT = "patient"
    # The Nepali calendar: a date as one value, or its year, month and day in fields of their own,
    # of which CHT makes the one in the field of the last type.
    BS_DATE = "bsDate"
    BS_YEAR = "bsYear"
    BS_MONTH = "bsMonth"
    BS_DAY = "bsDay"
    BS_MADE = "bsAggreDate"


class ReplyOwner(StrEnum):
    """Who answers a report: this station at once, or the server when it can be reached."""

    LOCAL = "local"
    SERVER = "server"


Texts = Mapping[str, str]  # by language


@dataclass(frozen=True, slots=True)
class Field:
    """`label` is what stands before its value in a labelled report, `title` what people call it.

    `choices` are what may be sent and what each means. `length` counts characters (digits in a
    number), `range` limits the number itself; both include their ends.
    """

    name: str
    type: FieldType = FieldType.STRING
    required: bool = False
    length: tuple[int, int] | None = None
    range: tuple[float, float] | None = None
    choices: Mapping[str, Texts] = field(default_factory=dict)
    label: Texts = field(default_factory=dict)
    title: Texts = field(default_factory=dict)

    def shown(self, language: str) -> str:
        """What it is called in an answer."""
        return in_language(self.title, language) or self.name.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Stock:
    """What makes a form a report of stock: `SOH LA 20 R LA 30`.

    Without `items` any word is one. What follows a word of `received` came in. `low` is the
    number at which `low_text` is added to the receipt.
    """

    items: tuple[str, ...] = ()
    received: tuple[str, ...] = ("R",)
    low: Mapping[str, int] = field(default_factory=dict)
    low_text: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """`senders` are the tags of those who may send it, nobody means everybody. `registers` is
    what it hands an id to ("patient"), '' for nothing; `origin` is the file it comes from."""

    code: str
    fields: tuple[Field, ...] = ()
    titles: Texts = field(default_factory=dict)
    received: Texts = field(default_factory=dict)
    senders: tuple[str, ...] = ()
    reply_owner: ReplyOwner = ReplyOwner.LOCAL
    registers: str = ""
    stock: Stock | None = None
    origin: str = ""

    def field(self, name: str) -> Field | None:
        return next((one for one in self.fields if one.name == name), None)

    def title(self, language: str) -> str:
        return in_language(self.titles, language) or self.code


def in_language(texts: Texts, language: str) -> str:
    """In the language asked for, else in English, else in the first there is; '' without any."""
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), "")
