"""What a shell offers at the TAB key, beside commands and options.

Whatever goes wrong, it offers nothing: nobody wants to read about it in the middle of a line.
"""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

from relay.errors import RelayError

_BOXES = {"inbox": "in", "outbox": "out"}
_LATEST_OF = {
    "in": "SELECT id FROM inbound ORDER BY id DESC LIMIT 30",
    "out": "SELECT id FROM outbound ORDER BY id DESC LIMIT 30",
}


def modem_names(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The modems of the configuration."""
    from relay.cli.desk import Desk

    try:
        names = [modem.name for modem in context.ensure_object(Desk).config().modems]
    except (RelayError, OSError):
        return []
    return beginning(names, incomplete)


def codes(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """All that `relay explain` knows."""
    from relay.cli.explain import explanations

    return beginning(explanations(), incomplete.upper())


def trace_words(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """`in` or `out`, then a number."""
    before = context.params.get("words") or ()
    if before and before[0] in _LATEST_OF:
        return _ids(context, before[0], incomplete)
    return beginning(_LATEST_OF, incomplete)


def message_ids(context: click.Context, incomplete: str) -> list[CompletionItem]:
    """The latest messages of the box that the command is about."""
    box = next((_BOXES[word] for word in context.command_path.split() if word in _BOXES), "")
    return _ids(context, box, incomplete) if box else []


def beginning(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def _ids(context: click.Context, box: str, incomplete: str) -> list[CompletionItem]:
    from relay.cli.desk import Desk

    try:
        with context.ensure_object(Desk).reader() as reader:
            rows = reader.query(_LATEST_OF[box])
    except (RelayError, OSError):
        return []
    return beginning([str(row["id"]) for row in rows], incomplete)
