"""The file that was opened, and whether it still lies where it did.

A file that is deleted or replaced under a program lives on for that program alone: what is
written then is gone with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relay.errors import StoreMoved


@dataclass(frozen=True, slots=True)
class Place:
    """A path, and which file lay there."""

    path: str
    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Place:
        found = path.stat()
        return cls(str(path), found.st_dev, found.st_ino)

    def require(self) -> None:
        """Raises `StoreMoved`. It costs a microsecond: every transaction asks."""
        try:
            found = Path(self.path).stat()
        except FileNotFoundError:
            raise StoreMoved(self.path, "deleted or moved away") from None
        if (found.st_dev, found.st_ino) != (self.device, self.inode):
            raise StoreMoved(self.path, "replaced by another file")
