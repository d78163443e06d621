"""Heads of the chain of custody, noted beside the store and not in it.

A store that is taken back to an older copy knows nothing of what came after; this file does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.core.custody import Head


def path_of(store: Path) -> Path:
    return store.with_name(store.name + ".heads")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A break that a person knew of, in words; `at` is epoch ms, `no` the head from then on."""

    no: int
    at: int
    who: str
    what: str


def note(store: Path, head: Head, now: int, why: str) -> None:
    """Add a line, on the disk when it returns. Raises OSError."""
    _write(store, {"no": head.no, "chain": head.chain.hex(), "at": now, "why": why})


def accept(store: Path, head: Head, now: int, who: str, what: str) -> None:
    """From here on this head counts, and none that was noted before. Raises OSError."""
    _write(store, {"no": head.no, "chain": head.chain.hex(), "at": now, "why": _ACCEPTED,
                   "who": who, "what": what})  # fmt: skip


_ACCEPTED = "accepted"


def _write(store: Path, entry: dict[str, object]) -> None:
    line = json.dumps(entry)
    handle = os.open(path_of(store), os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        if os.geteuid() == 0:  # the daemon's own user goes on with it
            owner = store.parent.stat()
            os.fchown(handle, owner.st_uid, owner.st_gid)
        os.write(handle, f"{line}\n".encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def read(store: Path) -> dict[int, bytes]:
    """The latest head that was noted for each number, since the last that was accepted."""
    found: dict[int, bytes] = {}
    for entry in _entries(store):
        with suppress(ValueError, KeyError, TypeError):
            head = Head.parse(f"{entry['no']}:{entry['chain']}")
            if entry.get("why") == _ACCEPTED:
                found.clear()
            found[head.no] = head.chain
    return found


def accepted(store: Path) -> list[Accepted]:
    """The breaks that were accepted, the first one first."""
    return [
        Accepted(entry["no"], entry["at"], entry["who"], entry["what"])
        for entry in _entries(store)
        if entry.get("why") == _ACCEPTED and {"no", "at", "who", "what"} <= entry.keys()
    ]


def _entries(store: Path) -> Iterator[dict[str, Any]]:
    """Line by line; a torn one is left out."""
    try:
        text = path_of(store).read_text("utf-8", "replace")
    except OSError:
        return
    for line in text.splitlines():
        with suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                yield entry
