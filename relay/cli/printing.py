"""Data to stdout, words to stderr; tables that are plain text where nobody looks at them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from relay.core.number import masked
from relay.core.plain import printable

SCHEMA = 1


def data(text: str = "") -> None:
    click.echo(printable(text))


def note(text: str) -> None:
    """Something to say about the data, or instead of it."""
    click.echo(printable(text), err=True)


def emit(document: Mapping[str, Any]) -> None:
    """One JSON object with its schema number first. What could steer a terminal is escaped."""
    click.echo(escaped(json.dumps({"schema": SCHEMA, **document}, ensure_ascii=False)))


def escaped(document: str) -> str:
    """JSON in which all that is not printable stands as \\u escapes: also C1 and what turns the
    direction of writing, which JSON itself lets pass. It means the same to a program."""
    if document.isprintable():
        return document
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in document)


def fancy() -> bool:
    """Whether a person with colours looks at stdout (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns; the last one may be long."""
    clean = [[printable(cell).replace("\n", " ") for cell in row] for row in rows]
    if fancy():
        _rich(columns, clean)
    else:
        _plain(columns, clean)


def _plain(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def _rich(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*map(Text, row))  # Text: a message in [brackets] is no markup
    Console().print(shown)


def number(value: str, show: bool) -> str:
    """A phone number as the person asked for it."""
    return value if show else masked(value)
