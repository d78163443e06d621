"""What a new reading of the configuration changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any

from relay.config_keys import keys
from relay.config_sections import FAMILIES, SECTIONS, Config

# What a process has taken hold of when it started.
FIXED = ("store.path", "control.path", "log.file", "log.file_mb")


def changes(before: Config, after: Config) -> tuple[str, ...]:
    """The keys that differ, as `section.key`; a section that came or went by its name alone."""
    found = [
        f"{label}.{key}"
        for label in SECTIONS
        for key in _differing(getattr(before, label), getattr(after, label))
    ]
    for family, many in (("modem", "modems"), ("server", "servers")):
        found += _family(family, getattr(before, many), getattr(after, many))
    return tuple(found)


def _family(family: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[str]:
    old = {one.name: one for one in before}
    new = {one.name: one for one in after}
    assert family in FAMILIES
    for name in dict.fromkeys((*old, *new)):
        if name in old and name in new:
            for key in _differing(old[name], new[name]):
                yield f"{family}.{name}.{key}"
        else:
            yield f"{family}.{name}"


def _differing(before: Any, after: Any) -> Iterator[str]:
    known = set(keys(type(before)))
    for one in fields(before):
        if one.name in known and getattr(before, one.name) != getattr(after, one.name):
            yield one.name
