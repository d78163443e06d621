"""Opening the store to write into it, beside a running daemon or without one."""

from __future__ import annotations

import os
from pathlib import Path

from relay.config_sections import SendingConfig
from relay.errors import StoreError
from relay.status import is_held
from relay.store.database import Database
from relay.store.enqueuing import Composition
from relay.store.reading import Reader, StoreMissing, StoreOutdated


class NoPlace(StoreError):
    """A file cannot be made where it was wished."""


class NoFolder(NoPlace):
    """The folder of the database is not there: a mistake in the path, or relay is not set up."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"there is no folder {folder} for the database. Nothing was stored. "
            "Correct store.path in the configuration, or start relay once."
        )


class OtherVersion(StoreError):
    """A daemon of an older version is running: the database must not change under it."""

    def __init__(self) -> None:
        super().__init__(
            "the running relay is older than this command. Nothing was changed. "
            "Restart relay: sudo systemctl restart relay"
        )


def open_store(path: Path) -> Database:
    """The store to write into. Raises `StoreError`.

    A new one belongs to whom its folder belongs to: the daemon must be able to use what root
    has made.
    """
    if not path.parent.is_dir():
        raise NoFolder(path.parent)
    try:
        Reader.open(path).close()
    except StoreMissing:
        return _new(path)
    except StoreOutdated:
        if is_held(path):
            raise OtherVersion from None
    # A command writes a row or two; the daemon looks at every page of the file when it starts.
    return Database.open(path, check=False)


def _new(path: Path) -> Database:
    db = Database.open(path)
    owner = path.parent.stat()
    if os.geteuid() == 0:
        for suffix in ("", "-wal", "-shm"):
            file = path.with_name(path.name + suffix)
            if file.exists():
                os.chown(file, owner.st_uid, owner.st_gid)
    return db


def composition(sending: SendingConfig) -> Composition:
    """How texts become SMS, as the configuration wants it."""
    return Composition(
        validity_s=sending.validity_h * 3600,
        report=sending.request_reports,
        national=sending.national,
        max_parts=sending.max_parts,
    )
