"""Files in which a number still stands after it was erased: copies, former databases, logs.

They are searched for its digits, whatever they are: a copy of an older relay, a damaged one.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from relay.core.number import semi_octets, telling

SEALED = ".age"
_OWN = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Remains:
    """`found` have the number, `closed` are sealed or cannot be read: nobody here can tell."""

    found: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


def search(store: Path, number: str, folders: Iterable[Path], files: Iterable[Path]) -> Remains:
    """Look through what lies beside the store, in `folders`, and at `files`."""
    own = {store.with_name(store.name + suffix) for suffix in _OWN}
    beside = set(store.parent.glob(f"{store.name}*")) - own
    there = {path for folder in folders for path in folder.glob("*.db*")} | {*files}
    marks = [telling(number).encode(), *(one.encode() for one in semi_octets(number))]
    found, closed = [], []
    for path in sorted(one for one in (beside | there) - own if one.is_file()):
        has = None if path.suffix == SEALED else _has(path, marks)
        if has is None:
            closed.append(str(path))
        elif has:
            found.append(str(path))
    return Remains(tuple(found), tuple(closed))


def _has(path: Path, marks: Sequence[bytes]) -> bool | None:
    """Whether a file has one of the marks in it; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                return False
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
                return any(octets.find(mark) >= 0 for mark in marks if mark)
    except (OSError, ValueError):
        return None
