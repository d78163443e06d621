"""A few megabytes that are kept beside the database, and given up when the disk is full: so relay
can go on receiving for days after somebody's films have taken the last of it."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from relay.log import event

_log = logging.getLogger("relay.store")

SIZE = 8 * 1024 * 1024
# Below this SQLite may not find room for the next page of its log.
_FULL = 1024 * 1024
# With so much room again it is no theft to take it back.
_PLENTY = 16 * SIZE


def path_of(store: Path) -> Path:
    return store.with_name(f"{store.name}.reserve")


def room(folder: Path) -> int | None:
    """Octets that this user may still write; None where the system does not say."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def look(store: Path) -> bool:
    """Give the reserve up when the disk is full, take it back when there is plenty; whether it
    was given up just now. Raises nothing."""
    free = room(store.parent)
    if free is None:
        return False
    path = path_of(store)
    if free < _FULL:
        return _give_up(path)
    if free > _PLENTY and not path.exists():
        _take(path)
    return False


def _give_up(path: Path) -> bool:
    try:
        path.unlink()
    except OSError:
        return False
    _log.error(event("disk.full", reserve="given up", octets=SIZE))
    return True


def _take(path: Path) -> None:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.posix_fallocate(handle, 0, SIZE)
        finally:
            os.close(handle)
    except OSError:
        path.unlink(missing_ok=True)
