"""What `relay config check` has to say of the rule sets that are switched on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from relay.config import Config


def rule_notes(config: Config) -> Iterator[str]:
    """Each mistake with its file, line and remedy, and each text that one SMS is too short for."""
    if not config.community.sets:
        return
    from relay.assembly_community import rules
    from relay.community_rules import path_of

    found = rules(config)
    yield from map(str, found.faults)
    broken = {fault.file for fault in found.faults}
    for path in map(path_of, config.community.sets):
        if str(path) not in broken:
            yield from _long_texts(path, config)


def _long_texts(path: Path, config: Config) -> Iterator[str]:
    import tomllib

    from relay.community.lengths import lengths
    from relay.community_rules import line_of

    text = path.read_text("utf-8-sig")
    for one in lengths(tomllib.loads(text), config.sending.national):
        if one.parts != 1:
            yield (
                f"{path}:{line_of(text, one.keys)}: {'.'.join(one.keys)} takes {one.parts} SMS "
                "with what its fields usually hold; shorten it, or pay for each of them"
            )
