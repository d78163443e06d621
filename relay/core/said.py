"""Words for a person that remember what they are made of, so that any language can say them.

A `Said` is its English text, as any string; `by` says it again in another tongue. What stays a
plain string (a name, a command, the words of a modem) is the same in all of them. The templates
are found by Babel under the names `say`, `some`, `template` and
`plural`; catalogs are in relay/locale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol


class Tongue(Protocol):
    """A language: gettext's two questions, and what sets thousands apart."""

    @property
    def thousands(self) -> str: ...
    def gettext(self, message: str, /) -> str: ...
    def ngettext(self, one: str, many: str, n: int, /) -> str: ...


class _English:
    thousands = ","

    def gettext(self, message: str, /) -> str:
        return message

    def ngettext(self, one: str, many: str, n: int, /) -> str:
        return one if n == 1 else many


ENGLISH: Tongue = _English()


class Said(str):
    """English as a string, and any other tongue by `by`."""

    __slots__ = ("_words",)
    _words: Callable[[Tongue], str]

    def __new__(cls, words: Callable[[Tongue], str]) -> Said:
        said = super().__new__(cls, words(ENGLISH))
        said._words = words
        return said

    def by(self, tongue: Tongue) -> str:
        return self._words(tongue)

    def __deepcopy__(self, _: object) -> Said:
        return self


def say(words: str, /, **values: object) -> Said:
    """The template with its values, of which some may be `Said` themselves."""
    return Said(lambda tongue: _filled(tongue.gettext(words), values, tongue))


def some(n: int, one: str, many: str, /, **values: object) -> Said:
    """The template for so many, as each language counts; `{n}` is the number."""
    known = {"n": n, **values}
    return Said(lambda tongue: _filled(tongue.ngettext(one, many, n), known, tongue))


def template(words: str) -> str:
    """Marks words that `say` is given later, from a table."""
    return words


def plural(one: str, many: str) -> tuple[str, str]:
    """Marks the same of one and of many, for `some`."""
    return one, many


def figure(n: int) -> Said:
    """A number alone."""
    return Said(lambda tongue: spoken(n, tongue))


def joined(parts: Iterable[str], between: str = "; ") -> Said:
    """What is said, one after the other, without what is empty."""
    kept = [part for part in parts if part]
    return Said(lambda tongue: between.join(spoken(part, tongue) for part in kept))


def spoken(value: object, tongue: Tongue) -> str:
    """A number with its thousands set apart, what is said in the tongue, the rest as it is."""
    if isinstance(value, Said):
        return value.by(tongue)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", tongue.thousands)
    return str(value)


def _filled(words: str, values: dict[str, object], tongue: Tongue) -> str:
    return words.format(**{name: spoken(value, tongue) for name, value in values.items()})
