"""A file that is there whole or not at all: written aside, brought onto the disk, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(target: Path) -> Iterator[BinaryIO]:
    """A file to write into, which takes the place of `target` when all went well.

    Only its owner may read it. Raises OSError; then nothing half-written is left, and what lay at
    `target` before lies there still.
    """
    draft = draft_of(target)
    try:
        with fresh(draft) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        settle(draft, target)
    except BaseException:
        with suppress(OSError):  # a stick that was pulled out
            draft.unlink(missing_ok=True)
        raise


def draft_of(target: Path) -> Path:
    """Where a file lies while it is being written."""
    return target.with_name(f"{target.name}.part")


def fresh(path: Path) -> BinaryIO:
    """A new file that only its owner may read, in the place of what a broken run left there."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    return os.fdopen(handle, "w+b")


def settle(draft: Path, target: Path) -> None:
    """Let a finished file take its place, so that a power cut finds it there."""
    sync(draft)
    draft.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, onto the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
