"""Dialogues as text: what a line may be. The format is told in docs/dialogues.md.

Nothing is played here: a page becomes lines, each with its number, its kind and its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


class Mistake(Exception):
    """A line that means nothing, with its place and what may stand there."""


@dataclass(frozen=True, slots=True)
class Line:
    """`words` by their names in the format; `block` is what stands indented below it."""

    number: int
    text: str
    kind: str
    words: Mapping[str, str] = field(default_factory=dict)
    block: str = ""


_NUMBER = r"(?P<number>\+?[0-9]+|[A-Za-z][A-Za-z0-9]*)"
_KINDS: Mapping[str, str] = {
    # what there is before the first word is said
    "sets": r"sets (?P<names>.+)",
    "config": r"config (?P<section>\S+) (?P<key>\w+) = (?P<value>.+)",
    "rules": r"rules (?P<name>[\w.-]+)",
    "file": r"file (?P<name>[\w.-]+)",
    "place": r"place (?P<name>.+?)(?: in (?P<parent>.+?))?(?: level (?P<level>\w+))?"
    r"(?: also (?P<aliases>.+))?",
    "person": rf"person {_NUMBER}(?P<about>.*)",
    "people": r"people (?P<count>\d+) from (?P<number>\+[0-9]+)(?P<about>.*)",
    # what is said
    "says": rf">> {_NUMBER} ?(?P<text>.*)",
    "hears": r"<< (?P<number>\+[0-9]+) (?P<text>.+)",
    "hear": r"<< (?P<count>\d+) people (?P<text>.+)",
    "between": r"between (?P<start>\d\d:\d\d) and (?P<end>\d\d:\d\d)",
    "nothing": r"nothing",
    # what happens
    "clock": r"clock (?:\+(?P<amount>\d+)(?P<unit>s|min|h|d|w)"
    r"|to (?:(?P<day>\w+day) )?(?P<time>\d\d:\d\d))",
    "until": r"until (?P<count>\d+) sent",
    "kill": r"kill -9",
    "server": r"server (?P<state>down|up)",
    "asks": r"server sends (?P<number>\+[0-9]+) (?P<text>.+)",
    "has": r"server has (?P<count>\d+) reports?(?P<as_sent> as sent)?",
    "phone": r"phone (?P<number>\+[0-9]+) (?P<state>off|on)",
    "relay": r"relay (?P<words>.+)",
    "refused": r"refused relay (?P<words>.+)",
    "shows": r"= (?P<text>.+)",
}
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _KINDS.items()}
BEFORE = frozenset({"sets", "config", "rules", "file"})
_WITH_BLOCK = frozenset({"rules", "file"})
_COMMENT = re.compile(r"(^|\s{2,})#( .*|$)")


def read(page: Path) -> tuple[Line, ...]:
    """Raises `Mistake` at the first line that is none."""
    return tuple(_lines(page.name, page.read_text("utf-8")))


def _lines(name: str, text: str) -> Iterator[Line]:
    rows = text.split("\n")
    at = 0
    while at < len(rows):
        number, row = at + 1, _COMMENT.sub("", rows[at]).rstrip()
        at += 1
        if not row:
            continue
        line = _line(name, number, row)
        if line.kind in _WITH_BLOCK:
            end = at
            while end < len(rows) and (not rows[end].strip() or rows[end][0] in " \t"):
                end += 1
            block = "\n".join(one.removeprefix("  ") for one in rows[at:end]).rstrip() + "\n"
            at, line = end, Line(number, row, line.kind, line.words, block)
        yield line


def _line(name: str, number: int, row: str) -> Line:
    for kind, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(row):
            words = {key: value for key, value in found.groupdict().items() if value}
            return Line(number, row, kind, words)
    raise Mistake(
        f"{name}:{number}: this is no line of a dialogue: {row!r}. A line begins with one of:"
        f" {', '.join(beginnings())}"
    )


def beginnings() -> list[str]:
    """How lines begin, for messages and for the test of the page about them."""
    return sorted({pattern.split(" ")[0].split("(")[0] for pattern in _KINDS.values()})


@dataclass(frozen=True, slots=True)
class About:
    """What a `person` line says: a name, tags, attributes, a language, places."""

    name: str
    tags: tuple[str, ...]
    attributes: Mapping[str, str]
    language: str
    places: tuple[str, ...]


def about(text: str) -> About:
    """`Wanjiru supervisor blood=O- speaks sw at Bura, Garsen`: the name begins with a capital."""
    rest, _, places = f" {text.strip()} ".partition(" at ")
    rest, _, language = rest.partition(" speaks ")
    words = rest.split()
    names = [word for word in words if word[0].isupper() and "=" not in word]
    pairs = [word.partition("=") for word in words if "=" in word]
    return About(
        name=" ".join(names),
        tags=tuple(word for word in words if word not in names and "=" not in word),
        attributes={key: value for key, _, value in pairs},
        language=language.strip(),
        places=tuple(place.strip() for place in places.split(",") if place.strip()),
    )


# --- what was said, and what is meant -----------------------------------------------------------


class Names:
    """What `{name}` stood for the first time; from then on it stands for nothing else."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def filled(self, text: str) -> str:
        """With every name that is known; `\\n` is the end of a line."""
        spelled = re.sub(r"\{(\w+)\}", lambda found: self.known.get(found[1], found[0]), text)
        return spelled.replace("\\n", "\n")

    def matches(self, meant: str, said: str) -> bool:
        """Whether this is what was meant; if so, its names are known from now on."""
        found = re.fullmatch(self._pattern(meant), said, re.DOTALL)
        if found is None:
            return False
        self.known |= found.groupdict()
        return True

    def stands_in(self, meant: str, text: str) -> bool:
        found = re.search(self._pattern(meant), text, re.DOTALL)
        if found is None:
            return False
        self.known |= found.groupdict()
        return True

    def _pattern(self, meant: str) -> str:
        """`…` stands for anything, a name for one word."""
        seen: set[str] = set()

        def piece(text: str) -> str:
            if text == "…":
                return ".*"
            if not re.fullmatch(r"\{\w+\}", text):
                return re.escape(text)
            name = text[1:-1]
            if name in self.known:
                return re.escape(self.known[name])
            if name in seen:
                return f"(?P={name})"
            seen.add(name)
            return rf"(?P<{name}>\S+?)"

        return "".join(map(piece, re.split(r"(…|\{\w+\})", meant.replace("\\n", "\n"))))
