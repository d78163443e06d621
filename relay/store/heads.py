"""Heads of the chain of custody, noted beside the store and not in it.

A store that is taken back to an older copy knows nothing of what came after; this file does.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from relay.core.custody import Head


def path_of(store: Path) -> Path:
    return store.with_name(store.name + ".heads")


def note(store: Path, head: Head, now: int, why: str) -> None:
    """Add a line, on the disk when it returns. Raises OSError."""
    line = json.dumps({"no": head.no, "chain": head.chain.hex(), "at": now, "why": why})
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
    """The latest head that was noted for each number; a torn line is left out."""
    found: dict[int, bytes] = {}
    try:
        text = path_of(store).read_text("utf-8", "replace")
    except OSError:
        return found
    for line in text.splitlines():
        with suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            head = Head.parse(f"{entry['no']}:{entry['chain']}")
            found[head.no] = head.chain
    return found
