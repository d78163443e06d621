"""On which line of relay.toml a key stands. `tomllib` does not say, so the text is searched."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Blanks are never given back (*+): a line of thousands of them would be tried for minutes.
_HEADER = re.compile(r"\s*+\[\s*+([^\[\]#]+?)\s*+\]\s*+(#.*)?")
_PART = r"""(?:[A-Za-z0-9_-]++|"[^"]*+"|'[^']*+')"""
_KEY = re.compile(rf"\s*+({_PART}(?:\.{_PART})*+)\s*+=")

Lines = Mapping[tuple[str, str], int]


def lines(text: str) -> Lines:
    """(section, key) → line, counted from 1; the key '' stands for the section's own header.

    A best effort: keys written inside `{ }` are not found. `a.b = 1` is the key "a.b".
    """
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.fullmatch(line)
        if header:
            section = _plain(header[1])
            found.setdefault((section, ""), number)
            found.setdefault((section.partition(".")[0], ""), number)
        elif key := _KEY.match(line):
            found.setdefault((section, _plain(key[1])), number)
    return found


def _plain(dotted: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in dotted.split("."))
