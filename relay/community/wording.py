"""What relay says to people and what it understands, in each language: words/*.toml as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from relay.community.spelling import fold, lookalike, nearest, words
from relay.errors import RuleError

ENGLISH = "en"
SHIPPED = (ENGLISH, "fr", "sw", "es", "ne", "hi", "pt")
# In [command.KEY], beside the languages: words that count where nothing but a number follows.
ALONE = "alone"
# The file whose keys have no prefix.
GENERAL = "general"
# An answer and its number may be one word: YES31.
_ANSWERS = frozenset({"yes", "no", "ok"})
_STOP = "stop"

Table = Mapping[str, Any]
# Key → language → what stands there.
Texts = Mapping[str, Mapping[str, str]]
Commands = Mapping[str, Mapping[str, tuple[str, ...]]]

_LANGUAGE = re.compile(r"[a-z]{2,3}")
# {weeks}, and {weeks|week|weeks}: the one word for 1, the other for any other number.
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)(?:\|([^{}|\[\]]+)\|([^{}|\[\]]+))?\}")
_OPTIONAL = re.compile(r"\[\[([^\[\]]*)\]\]")
_GLUED = re.compile(r"([^\W\d_]+)([0-9]+)")


def fill(template: str, fields: Mapping[str, object]) -> str:
    """Put the fields where their names stand in {braces}; one that is missing is empty.

    `{weeks|week|weeks}` is the first word where the field is 1, else the second. What stands in
    [[double brackets]] is left out where a field in it is empty. What a field holds is never
    looked into for any of these: it may come from an SMS.
    """

    def said(found: re.Match[str]) -> str:
        value = str(fields.get(found[1], ""))
        return value if found[2] is None else found[2 if value == "1" else 3]

    def wanted(found: re.Match[str]) -> str:
        names = _names(found[1])
        return found[1] if all(str(fields.get(name, "")) for name in names) else ""

    return _PLACEHOLDER.sub(said, _OPTIONAL.sub(wanted, template))


def placeholders(template: str) -> frozenset[str]:
    """The names in {braces}. Raises ValueError for a brace that is none of a placeholder."""
    if re.search(r"[{}]", _PLACEHOLDER.sub("", template)):
        raise ValueError("has a { or } that belongs to no {name}")
    return _names(template)


def _names(template: str) -> frozenset[str]:
    return frozenset(found[1] for found in _PLACEHOLDER.finditer(template))


class Wording:
    """Immutable. `texts` and `commands` by key; `language` is the station's."""

    def __init__(self, texts: Texts, commands: Commands, language: str = ENGLISH) -> None:
        self.texts = texts
        self.commands = commands
        self.language = language
        self._keys = _by_words(commands)
        self._alone = {fold(word) for said in commands.values() for word in said.get(ALONE, ())}
        self._longest = max((phrase.count(" ") + 1 for phrase in self._keys), default=0)

    @classmethod
    def of(cls, files: Mapping[str, Table], language: str = ENGLISH) -> Wording:
        """From the words files, by name without suffix. Raises `RuleError`."""
        texts: dict[str, Mapping[str, str]] = {}
        commands: dict[str, Mapping[str, tuple[str, ...]]] = {}
        for name, table in files.items():
            prefix = "" if name == GENERAL else f"{name}."
            texts |= {_full(key, prefix): said for key, said in _texts(table)}
            commands |= {_full(key, prefix): said for key, said in _commands(table)}
        return cls(texts, commands, language)

    def but(self, table: Table) -> Wording:
        """The same with the `[words]` of a rule set over it, language by language.

        Raises `RuleError` for a key that relay does not have, for a field that the text is not
        given, and for a word that would mean two things.
        """
        try:
            return Wording(*self._overlaid(table), self.language)
        except RuleError as error:
            raise RuleError(("words", *error.keys), error.what, error.remedy) from None

    def _overlaid(self, table: Table) -> tuple[Texts, Commands]:
        texts, commands = dict(self.texts), dict(self.commands)
        for key, said in _texts(table):
            _known(key, "text", texts)
            _same_fields(key, said, texts[key])
            texts[key] = {**texts[key], **said}
        for key, spelt in _commands(table):
            _known(key, "command", commands)
            commands[key] = {**commands[key], **spelt}
        return texts, commands

    # --- to say ---------------------------------------------------------------------------------

    def text(self, key: str, language: str, /, **fields: object) -> str:
        """What this key says in a language; else in the station's, else in English.

        Raises KeyError for a key that does not exist: a bug.
        """
        said = self.texts[key]
        template = said.get(language) or said.get(self.language) or said[ENGLISH]
        return fill(template, fields)

    @property
    def languages(self) -> frozenset[str]:
        """Those in which something can be said."""
        return frozenset(language for said in self.texts.values() for language in said)

    # --- to understand --------------------------------------------------------------------------

    def command(self, text: str) -> tuple[str, str] | None:
        """The key of the command with which a text begins, and what follows it, as written.

        Words of all languages; the longest that fits. STOP is also known in letters that only
        look like it: nobody who wants to be left alone shall fail by his keyboard.
        """
        first = list(islice(words(text), self._longest))
        for count in range(len(first), 0, -1):
            phrase = " ".join(word for word, _ in first[:count])
            rest = _said(text[first[count - 1][1] :])
            key = self._keys.get(phrase) or self._like_stop(phrase)
            if key and (phrase not in self._alone or _is_number(rest)):
                return key, rest
        return self._glued(*first[0], text) if first else None

    def says(self, key: str, text: str) -> bool:
        """Whether the whole text is this command and nothing else."""
        return self.command(text) == (key, "")

    def words(self, key: str) -> frozenset[str]:
        """Every word of this command, folded."""
        return frozenset(phrase for phrase, one in self._keys.items() if one == key)

    def _like_stop(self, phrase: str) -> str | None:
        return _STOP if self._keys.get(lookalike(phrase)) == _STOP else None

    def _glued(self, word: str, end: int, text: str) -> tuple[str, str] | None:
        found = _GLUED.fullmatch(word)
        if found is None or (key := self._keys.get(found[1], "")) not in _ANSWERS:
            return None
        return key, f"{found[2]} {_said(text[end:])}".rstrip()


def _said(rest: str) -> str:
    """What follows a command, as written; nothing where there is no word in it: `STOP ...`."""
    return rest.strip() if next(words(rest), None) else ""


def _is_number(rest: str) -> bool:
    """Nothing, or the number of what is answered."""
    return not rest or fold(rest).isdecimal()


def _by_words(commands: Commands) -> dict[str, str]:
    """Every word, folded, of every language → its key. Raises `RuleError` where it has two."""
    found: dict[str, str] = {}
    for key, said in commands.items():
        for language, phrases in said.items():
            for phrase in phrases:
                other = found.setdefault(fold(phrase), key)
                if other != key:
                    raise RuleError(
                        ("command", key, language),
                        f'"{phrase}" is also a word of {other}',
                        "take it away from one of the two: words of all languages are understood",
                    )
    return found


# --- the files ----------------------------------------------------------------------------------


def _full(key: str, prefix: str) -> str:
    return key if key.startswith(prefix) else prefix + key


def _texts(table: Table) -> Iterator[tuple[str, dict[str, str]]]:
    for key, said in _entries(table, "text"):
        for language, template in said.items():
            where = ("text", key, language)
            if not isinstance(template, str) or not template.strip():
                raise RuleError(where, "is no text", 'write it in quotes: en = "…"')
            try:
                placeholders(template)
            except ValueError as error:
                raise RuleError(
                    where, str(error), "write {name}, or leave the brace out"
                ) from None
        yield key, said


def _commands(table: Table) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    for key, said in _entries(table, "command"):
        for language, phrases in said.items():
            fine = isinstance(phrases, list) and all(
                isinstance(one, str) and fold(one) for one in phrases
            )
            if not fine:
                remedy = 'write a list of words: en = ["JOIN", "FOLLOW"]'
                raise RuleError(("command", key, language), "is no list of words", remedy)
        yield key, {language: tuple(phrases) for language, phrases in said.items()}


def _entries(table: Table, kind: str, inside: Any = None, key: str = "") -> Iterator[Any]:
    """Each key with what stands in each language; `[text.a.b]` is the key "a.b"."""
    entry = table.get(kind, {}) if inside is None else inside
    where = (kind, *([key] if key else []))
    if not isinstance(entry, dict):
        raise RuleError(where, "is no table", f'write [{".".join(where)}] and below it en = "…"')
    below = {name: one for name, one in entry.items() if isinstance(one, dict)}
    for name, one in below.items():
        yield from _entries(table, kind, one, f"{key}.{name}" if key else name)
    said = {name: one for name, one in entry.items() if name not in below}
    for language in said:
        if not key or not (_LANGUAGE.fullmatch(language) or language == ALONE):
            raise RuleError((*where, language), "is no language", "write its code, such as en")
    if said:
        yield key, said


def _known(key: str, kind: str, known: Mapping[str, object]) -> None:
    if key not in known:
        near = nearest(key, known)
        remedy = f"did you mean {near}?" if near else "docs/community.md lists the keys"
        raise RuleError((kind, key), f"relay has no {kind} of this name", remedy)


def _same_fields(key: str, said: Mapping[str, str], shipped: Mapping[str, str]) -> None:
    given = placeholders(shipped[ENGLISH])
    for language, template in said.items():
        if foreign := placeholders(template) - given:
            names = ", ".join(f"{{{name}}}" for name in sorted(given)) or "no field"
            raise RuleError(
                ("text", key, language),
                f"{{{min(foreign)}}} is not known here",
                f"it can have {names}",
            )
