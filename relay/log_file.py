"""The log as a file, for computers that keep no journal over a power cut."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

PREDECESSOR = ".1"


class BoundedFile(RotatingFileHandler):
    """A file that only its owner may read, and its predecessor; `most` octets together.

    What cannot be written is lost: a full disk must not stop relay.
    """

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(
            path, maxBytes=most // 2, backupCount=1, encoding="utf-8", delay=True, errors="replace"
        )

    def _open(self) -> TextIO:  # type: ignore[override]  # logging asks for its wrapper
        Path(self.baseFilename).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        handle = os.open(self.baseFilename, flags, 0o600)
        os.fchmod(handle, 0o600)
        return open(handle, "a", encoding="utf-8", errors="replace")  # noqa: PTH123  # a descriptor; logging closes it

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):  # a stick that was pulled out
            if self.stream is not None and not Path(self.baseFilename).exists():
                self.close()  # somebody has deleted it
        super().emit(record)

    def close(self) -> None:
        with suppress(OSError):  # what was still to be written
            super().close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # its name in logging
        """The other log, on stderr, has the line."""
