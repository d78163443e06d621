"""One table of a rule file, read key by key; a mistake names its place and what to write.

Lengths of time are whole numbers with a unit: "30min", "12h", "3d", "16w".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from typing import Any

from relay.community.wording import placeholders
from relay.core.plain import DAY, HOUR, MINUTE
from relay.core.quiet import Quiet
from relay.errors import RuleError

_UNITS = {"min": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_LENGTH = re.compile(r"([0-9]{1,4}) ?(min|h|d|w)")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Table:
    """`keys` is its path in the file. Every method raises `RuleError`."""

    def __init__(self, keys: tuple[str, ...], value: object) -> None:
        self.keys = keys
        if not isinstance(value, Mapping):
            raise RuleError(keys, "is no section", f"write [{'.'.join(keys)}] and its keys")
        self._values = value

    def only(self, known: Collection[str]) -> None:
        """What nobody would read is a mistake, and mostly one letter away from what was meant."""
        for key in self._values:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                raise self.wrong(str(key), "is not known here", remedy)

    def wrong(self, key: str, what: str, remedy: str) -> RuleError:
        return RuleError((*self.keys, key), what, remedy)

    def has(self, key: str) -> bool:
        return key in self._values

    def get(self, key: str) -> Any:
        return self._values.get(key)

    # --- words ----------------------------------------------------------------------------------

    def word(self, key: str, default: str | None = None) -> str:
        value = self._values.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "is missing or no text", f'write {key} = "…"')
        return value.strip()

    def choice(self, key: str, known: Collection[str], default: str) -> str:
        value = self.word(key, default)
        if value not in known:
            raise self.wrong(key, f'"{value}" is not known', f"write one of {', '.join(known)}")
        return value

    def words(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of words; one word alone may stand without its brackets."""
        value = self._values.get(key, [])
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(x, str) and x.strip() for x in found):
            raise self.wrong(key, "is no list of words", f'write {key} = ["…"]')
        if required and not found:
            raise self.wrong(key, "is missing", f'write {key} = ["…"]')
        return tuple(one.strip() for one in found)

    def texts(self, key: str) -> Mapping[str, str]:
        """A text for each language."""
        value = self._values.get(key)
        if not isinstance(value, Mapping) or not value:
            raise self.wrong(key, "is missing", f'write {key}.en = "…", one for each language')
        for language, text in value.items():
            self._text(f"{key}.{language}", text)
        return dict(value)

    def _text(self, key: str, value: object) -> None:
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "is no text", 'write it as "…"')
        try:
            placeholders(value)
        except ValueError as error:
            raise self.wrong(key, str(error), "write {name}, with a field's name") from None

    def tables(self, key: str) -> list[Table]:
        value = self._values.get(key, [])
        found = [value] if isinstance(value, Mapping) else value
        if not isinstance(found, list):
            raise self.wrong(key, "is no list", f"write {key} = [ {{ … }} ]")
        return [Table((*self.keys, key), one) for one in found]

    # --- times ----------------------------------------------------------------------------------

    def length(self, key: str, default: str) -> int:
        """A length of time (ms)."""
        return self.length_of(key, self._values.get(key, default))

    def length_of(self, key: str, value: object) -> int:
        found = _LENGTH.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            raise self.wrong(
                key, f"{value!r} is no length of time", 'write "3d", "16w", "12h" or "30min"'
            )
        return int(found[1]) * _UNITS[found[2]]

    def days(self, key: str) -> int:
        """A length of time in whole days."""
        ms = self.length(key, "")
        if ms % DAY:
            raise self.wrong(key, "is no whole number of days", 'write "21d" or "3w"')
        return ms // DAY

    def closed(self, key: str, default: tuple[str, str]) -> Quiet:
        """The hours outside of a window of the day, written as its beginning and end."""
        value = self._values.get(key, list(default))
        proper = isinstance(value, list) and len(value) == 2
        if not proper or not all(isinstance(at, str) and _CLOCK.fullmatch(at) for at in value):
            raise self.wrong(key, "is no part of a day", f'write {key} = ["08:00", "18:00"]')
        if value[0] >= value[1]:
            raise self.wrong(key, "ends before it begins", f'write {key} = ["08:00", "18:00"]')
        return Quiet(start=value[1], end=value[0])

    def weekday(self, key: str, default: str) -> int:
        """Monday is 0."""
        return _WEEKDAYS.index(self.choice(key, _WEEKDAYS, default))

    def moment(self, key: str) -> tuple[int, str]:
        """A weekday (Monday is 0) and a time of the clock on the wall."""
        day, _, at = self.word(key).lower().partition(" ")
        known = [one for one in _WEEKDAYS if len(day) >= 3 and one.startswith(day)]
        if not known or not _CLOCK.fullmatch(at.strip()):
            raise self.wrong(key, "is no weekday with a time", f'write {key} = "monday 08:00"')
        return _WEEKDAYS.index(known[0]), at.strip()
