"""Lists of people and places as staff keep them in a spreadsheet, read row by row.

What a spreadsheet does to a file is taken as it comes: a mark in front, semicolons or tabs for
commas, blank rows, columns in any order. A row that cannot be used says where it stands, why, and
what to write instead; it never shows more of a number than its end.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from relay.community.spelling import fold, nearest
from relay.core.number import dialable
from relay.core.people import LEVELS, Consent, tag_of
from relay.errors import NumberError, RelayError

PEOPLE = ("number", "name", "language", "places", "tags", "attributes", "consent")
PLACES = ("name", "level", "parent", "aliases")
FOLLOWERS = ("number", "places")

# Within a cell, between one and the next.
_BETWEEN = re.compile(r"[;|\n]")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LONGEST = 160  # of a name or a value: what still fits an SMS


@dataclass(eq=False)
class BadRow(RelayError):
    """A row, or with line 1 the whole list, that cannot be used; `line` is that of the file."""

    line: int
    cause: str
    remedy: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.cause}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """What a row says of a person: None and empty where it says nothing. Places as written."""

    line: int
    number: str
    name: str | None = None
    language: str | None = None
    places: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """What a row says of a place; `aliases` are folded, `parent` is as written."""

    line: int
    name: str
    level: str | None = None
    parent: str | None = None
    aliases: tuple[str, ...] = ()


Row = TypeVar("Row")


def people(text: str) -> list[PersonRow | BadRow]:
    """All rows of a list of people. Raises `BadRow` where it is no such list at all."""
    return read(text, PEOPLE, "number", person)


def places(text: str) -> list[PlaceRow | BadRow]:
    """All rows of a list of places. Raises `BadRow` as `people` does."""
    return read(text, PLACES, "name", place)


def followers(text: str) -> list[PersonRow | BadRow]:
    """All rows of a list of those who follow a channel, and where. Raises as `people` does."""
    return read(text, FOLLOWERS, "number", person)


def read(
    text: str,
    columns: Sequence[str],
    key: str,
    one: Callable[[int, Mapping[str, str]], Row],
) -> list[Row | BadRow]:
    """Each row as `one` reads it. Raises `BadRow` where `key` or another column is amiss."""
    found: list[Row | BadRow] = []
    for line, cells in _cells(text, columns, key):
        try:
            found.append(one(line, cells))
        except BadRow as error:
            found.append(error)
    return found


# --- the file -----------------------------------------------------------------------------------


def _cells(text: str, columns: Sequence[str], key: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row that is not blank, with the line where it begins."""
    text = text.removeprefix("\ufeff")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    header: list[str] | None = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if header is None:
                header = _header(row, columns, key)
                continue
            lines = 1 + sum(cell.count("\n") for cell in row)
            yield reader.line_num - lines + 1, dict(zip(header, map(str.strip, row), strict=False))
    except csv.Error as error:
        raise BadRow(
            reader.line_num, f"it is no CSV ({error})", "save the list as CSV UTF-8"
        ) from error
    if header is None:
        raise BadRow(1, "the list is empty", f"begin it with: {','.join(columns)}")


def _delimiter(text: str) -> str:
    """Where the comma parts whole from tenth, a spreadsheet writes semicolons."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=first.count)


def _header(row: Sequence[str], columns: Sequence[str], key: str) -> list[str]:
    header = [fold(cell) for cell in row]
    for name in header:
        if name and name not in columns:
            near = nearest(name, columns)
            raise BadRow(
                1,
                f"there is no column {name!r}",
                f"did you mean {near}?" if near else f"the columns are {', '.join(columns)}",
            )
    if key not in header:
        raise BadRow(1, f"there is no column {key!r}", f"begin with: {','.join(columns)}")
    return header


# --- one row ------------------------------------------------------------------------------------


def person(line: int, cells: Mapping[str, str]) -> PersonRow:
    """Raises `BadRow`."""
    return PersonRow(
        line=line,
        number=_number(line, cells.get("number", "")),
        name=_short(line, "name", cells.get("name", "")),
        language=_language(line, cells.get("language", "")),
        places=_several(cells.get("places", "")),
        tags=tuple(_word(line, "tag", one) for one in _several(cells.get("tags", ""))),
        attributes=tuple(_pair(line, one) for one in _several(cells.get("attributes", ""))),
        consent=_consent(line, cells.get("consent", "")),
    )


def _several(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.strip() for one in _BETWEEN.split(cell) if one.strip()))


def _number(line: int, cell: str) -> str:
    if re.fullmatch(r"[0-9][.,][0-9]+[Ee]\+?[0-9]+", cell):
        raise BadRow(
            line, "a spreadsheet has shortened the number", "make its column a text, type it anew"
        )
    try:
        return dialable(cell)
    except NumberError as error:
        raise BadRow(
            line, error.detail, "write it with its country, such as +254700000001"
        ) from error


def _short(line: int, what: str, cell: str) -> str | None:
    text = " ".join(cell.split())
    if len(text) > _LONGEST:
        raise BadRow(
            line, f"the {what} has {len(text)} characters", f"shorten it to {_LONGEST} or fewer"
        )
    if not text.isprintable():
        raise BadRow(line, f"the {what} has characters that cannot be seen", "type it anew")
    return text or None


def _language(line: int, cell: str) -> str | None:
    code = fold(cell)
    if code and not _LANGUAGE.fullmatch(code):
        raise BadRow(
            line, f"{cell!r} is no code of a language", "write en, fr, sw, es, ne, hi or pt"
        )
    return code or None


def _word(line: int, what: str, cell: str) -> str:
    word = tag_of(cell)
    if word is None:
        raise BadRow(
            line, f"{cell!r} is no {what}", "write one word of a-z, 0-9, - and _, such as chw"
        )
    return word


def _pair(line: int, cell: str) -> tuple[str, str]:
    name, equals, value = cell.partition("=")
    if not equals:
        raise BadRow(line, f"{cell!r} is no attribute", "write name=value, such as blood=O-")
    return _word(line, "name of an attribute", name), _short(line, "value", value) or ""


def _consent(line: int, cell: str) -> Consent | None:
    word = fold(cell).upper()
    if not word:
        return None
    if word not in list(Consent):
        raise BadRow(line, f"{cell!r} is no consent", "write given, stopped or none")
    return Consent(word)


def place(line: int, cells: Mapping[str, str]) -> PlaceRow:
    """Raises `BadRow`."""
    name = _short(line, "name", cells.get("name", ""))
    if name is None or not fold(name):
        raise BadRow(line, "the place has no name", "write one")
    level = cells.get("level", "")
    return PlaceRow(
        line=line,
        name=name,
        level=_word(line, "kind of place", level) if level else None,
        parent=_short(line, "parent", cells.get("parent", "")),
        aliases=tuple(filter(None, map(fold, _several(cells.get("aliases", ""))))),
    )


def lies_in(line: int, level: str, parent: str, name: str) -> None:
    """A ward lies in a district and not the other way round; other kinds lie where they are put.
    Raises `BadRow`."""
    if level in LEVELS and parent in LEVELS and LEVELS.index(level) >= LEVELS.index(parent):
        raise BadRow(
            line, f"a {level} does not lie in a {parent}", f"correct the level or parent of {name}"
        )


def unknown_place(line: int, written: str, known: Iterable[str]) -> BadRow:
    near = nearest(fold(written), known)
    hint = f"did you mean {near.upper()}?" if near else "see them: relay places list"
    return BadRow(line, f"there is no place {written!r}", hint)


# --- the other way round ------------------------------------------------------------------------


def written(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A list as it is read here, line by line."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    for row in chain([columns], rows):
        writer.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def cell(several: Iterable[str]) -> str:
    """Several in one cell."""
    return ";".join(several)
