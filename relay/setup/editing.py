"""Changing keys of relay.toml and nothing else: comments, order and other sections stay.

Pure. A key that is commented out in its section takes the place of its comment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_HEADER = re.compile(r"\s*+\[\s*+([^\[\]#]+?)\s*+\]\s*+(#.*)?")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one section: keys that are set, and keys that go."""

    section: str
    set: Mapping[str, str | bool]
    drop: Sequence[str] = field(default=())


def edited(text: str, changes: Sequence[Change]) -> str:
    """The text with the changes made; sections that it lacks come at its end."""
    lines = text.splitlines()
    for change in changes:
        lines = _with(lines, change)
    return "\n".join(lines).rstrip("\n") + "\n"


def renamed(text: str, before: str, after: str) -> str:
    """The text with one section's header changed."""
    header = re.compile(rf"(?m)^\[{re.escape(before)}\]")
    return header.sub(f"[{after}]", text, count=1)


def _with(lines: list[str], change: Change) -> list[str]:
    begin = _found(lines, change.section)
    if begin is None:
        body = [f"{key} = {_toml(value)}" for key, value in change.set.items()]
        return [*lines, "", f"[{change.section}]", *body]
    end = next((at for at in range(begin, len(lines)) if _HEADER.fullmatch(lines[at])), len(lines))
    body = [line for line in lines[begin:end] if _key(line) not in change.drop]
    for key, value in change.set.items():
        _set(body, key, f"{key} = {_toml(value)}")
    return [*lines[:begin], *body, *lines[end:]]


def _found(lines: Sequence[str], section: str) -> int | None:
    """The line after the section's header."""
    for at, line in enumerate(lines):
        header = _HEADER.fullmatch(line)
        if header and header[1].replace('"', "").replace("'", "") == section:
            return at + 1
    return None


def _set(body: list[str], key: str, line: str) -> None:
    """In the place of the key, else of its comment, else first."""
    places = [at for at, old in enumerate(body) if _key(old) == key]
    places += [at for at, old in enumerate(body) if old.startswith(f"# {key} =")]
    if places:
        body[places[0]] = line
    else:
        body.insert(0, line)


def _key(line: str) -> str:
    name, sign, _ = line.partition("=")
    return name.strip().strip("\"'") if sign else ""


def _toml(value: str | bool) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
