"""One table of a rule set, read key by key: each mistake says where it is and what to write."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from relay.community.wording import placeholders
from relay.core.people import tag_of
from relay.core.plain import DAY, HOUR, MINUTE
from relay.errors import RuleError

_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_DURATION = re.compile(r"([0-9]{1,6})([mhdw])")


class Table:
    """A table at the path `keys`. What was not asked for by the end is a mistake."""

    def __init__(self, values: object, keys: tuple[str, ...]) -> None:
        if not isinstance(values, Mapping):
            raise RuleError(keys, "is no table", f"write [{'.'.join(keys)}]")
        self._values: Mapping[str, object] = values
        self._keys = keys
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def mistake(self, key: str, what: str, remedy: str) -> RuleError:
        return RuleError((*self._keys, key), what, remedy)

    def nothing_else(self) -> None:
        """Raises `RuleError` for a key that nobody has asked for."""
        for key in self._values:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                raise self.mistake(key, "is not known", f"remove it, or write one of {known}")

    def _get(self, key: str) -> object:
        self._asked.add(key)
        return self._values.get(key)

    # --- tables in it ---------------------------------------------------------------------------

    def table(self, key: str) -> Table:
        return Table(self._get(key), (*self._keys, key))

    def tables(self, key: str) -> list[Table]:
        found = self._get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self.mistake(key, "is no list", "write [ { name = … }, … ]")
        return [Table(one, (*self._keys, key)) for one in found]

    def lists(self, key: str) -> dict[str, tuple[str, ...]]:
        """A table of lists of texts, such as { "O-" = ["O neg", "O minus"] }."""
        found = self._get(key)
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            raise self.mistake(key, "is no table", 'write { "value" = ["other", …], … }')
        return {name: self._list(key, value) for name, value in found.items()}

    # --- values ---------------------------------------------------------------------------------

    def text(self, key: str, default: str | None = None) -> str:
        """One word or more; without `default` it must stand there."""
        found = self._get(key)
        if found is None and default is not None:
            return default
        if not isinstance(found, str) or not found.strip() or not found.isprintable():
            raise self.mistake(key, "is no text", "write a word in quotes")
        return found.strip()

    def tag(self, key: str) -> str:
        return self._tag(key, self.text(key))

    def tags(self, key: str, *, required: bool = False) -> frozenset[str]:
        found = frozenset(self._tag(key, one) for one in self._list(key, self._get(key)))
        if required and not found:
            raise self.mistake(key, "is empty", 'write the tags, as in ["nurse"]')
        return found

    def words(self, key: str) -> tuple[str, ...]:
        return tuple(self._tag(key, one) for one in self._list(key, self._get(key)))

    def one_of(self, key: str, words: Collection[str], default: str) -> str:
        found = self._get(key)
        if found is None:
            return default
        if found not in words:
            raise self.mistake(key, f'is "{found}"', f"write one of {', '.join(words)}")
        return str(found)

    def flag(self, key: str, default: bool) -> bool:
        found = self._get(key)
        if found is None:
            return default
        if not isinstance(found, bool):
            raise self.mistake(key, "is not true or false", "write true or false, without quotes")
        return found

    def whole(self, key: str, low: int, high: int, default: int) -> int:
        found = self._get(key)
        if found is None:
            return default
        if not isinstance(found, int) or isinstance(found, bool) or not low <= found <= high:
            raise self.mistake(
                key, f"is {found!r}", f"write a whole number from {low} to {high:,}"
            )
        return found

    def duration(self, key: str, default: int, low: int, high: int) -> int:
        """Milliseconds, written as "20m", "12h", "90d" or "2w"."""
        found = self._get(key)
        if found is None:
            return default
        read = _DURATION.fullmatch(found) if isinstance(found, str) else None
        ms = int(read[1]) * _UNITS[read[2]] if read else -1
        if not low <= ms <= high:
            raise self.mistake(key, f"is {found!r}", 'write a time such as "20m", "12h" or "90d"')
        return ms

    # --- texts ----------------------------------------------------------------------------------

    def texts(self, fields: Mapping[str, frozenset[str]]) -> dict[str, dict[str, str]]:
        """What is said in other words than relay's own: key, language, text."""
        return {key: self._said(key, fields[key]) for key in fields if key in self}

    def _said(self, key: str, fields: frozenset[str]) -> dict[str, str]:
        found = self._get(key)
        if not isinstance(found, Mapping) or not found:
            raise self.mistake(key, "has no language", f'write {key}.en = "…"')
        for language, text in found.items():
            if not isinstance(text, str) or not text.strip():
                raise RuleError((*self._keys, key, language), "is no text", "write it in quotes")
            self._fields((*self._keys, key, language), text, fields)
        return dict(found)

    @staticmethod
    def _fields(keys: tuple[str, ...], text: str, fields: frozenset[str]) -> None:
        try:
            foreign = placeholders(text) - fields
        except ValueError as error:
            raise RuleError(keys, str(error), "write {name}, or leave the brace out") from None
        if foreign:
            known = ", ".join(f"{{{one}}}" for one in sorted(fields))
            raise RuleError(keys, f"{{{min(foreign)}}} is not known here", f"it can have {known}")

    def _list(self, key: str, found: object) -> tuple[str, ...]:
        if found is None:
            return ()
        if not isinstance(found, Sequence) or isinstance(found, str):
            raise self.mistake(key, "is no list", 'write ["one", "other"]')
        if not all(isinstance(one, str) and one.strip() for one in found):
            raise self.mistake(key, "has something that is no text", "write texts in quotes")
        return tuple(found)

    def _tag(self, key: str, text: str) -> str:
        if (tag := tag_of(text)) is None:
            raise self.mistake(key, f'has "{text}"', "write small letters and digits, no blanks")
        return tag
