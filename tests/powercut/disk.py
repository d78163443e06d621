"""What a disk may hold after a power cut. Pure: from a journal of writes and syncs to bytes.

Durable is only what was synced: the data of a file by its own sync, its name by that of its
folder. Of the rest any part may be there, in any order: writes dropped or torn at sectors, sizes
not updated, names not yet there or not yet gone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from itertools import count
from pathlib import PurePath
from random import Random

SECTOR = 512
_HEAD = struct.Struct("=6Q")


class Kind(IntEnum):
    """As in shim.c."""

    CREATE = 1
    WRITE = 2
    TRUNCATE = 3
    SYNC = 4
    SYNC_FOLDER = 5
    UNLINK = 6
    RENAME = 7


class Fate(Enum):
    """What becomes of that which was not synced."""

    DROPPED = "unsynced writes dropped"
    MIXED = "unsynced writes kept in part, torn, in any order"
    KEPT = "unsynced writes kept"


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of the journal; it ends at `end`."""

    kind: Kind
    inode: int
    offset: int
    path: str
    data: bytes
    end: int


def records(journal: bytes) -> Iterator[Record]:
    """The entries, as far as they are whole."""
    at = 0
    while at + _HEAD.size <= len(journal):
        kind, inode, offset, name, size, _ = _HEAD.unpack_from(journal, at)
        body = at + _HEAD.size
        at = body + name + size
        if at > len(journal):
            return
        path = journal[body : body + name].decode()
        yield Record(Kind(kind), inode, offset, path, journal[body + name : at], at)


@dataclass(frozen=True, slots=True)
class Change:
    """A write, or without data the setting of a size."""

    offset: int
    data: bytes | None

    def apply(self, content: bytearray) -> None:
        if self.data is None:
            del content[self.offset :]
            content.extend(bytes(max(0, self.offset - len(content))))
            return
        content.extend(bytes(max(0, self.offset - len(content))))
        content[self.offset : self.offset + len(self.data)] = self.data

    def sectors(self) -> Iterator[Change]:
        """The pieces in which a disk writes it."""
        assert self.data is not None
        at = 0
        while at < len(self.data):
            end = at + SECTOR - (self.offset + at) % SECTOR
            yield Change(self.offset + at, self.data[at:end])
            at = end


@dataclass(slots=True)
class File:
    """What is durable of it, and what was done to it since."""

    durable: bytearray = field(default_factory=bytearray)
    since: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.since:
            change.apply(self.durable)
        self.since.clear()

    def left(self, fate: Fate, chance: Random) -> bytes:
        content = bytearray(self.durable)
        if fate is Fate.KEPT:
            for change in self.since:
                change.apply(content)
        elif fate is Fate.MIXED:
            self._mix(content, chance)
        return bytes(content)

    def _mix(self, content: bytearray, chance: Random) -> None:
        for change in self.since:
            if chance.random() < 0.5:
                continue
            pieces = [change]
            if change.data is not None and chance.random() < 0.3:
                pieces = [piece for piece in change.sectors() if chance.random() < 0.5]
            for piece in pieces:
                piece.apply(content)
        if len(content) > len(self.durable) and chance.random() < 0.3:
            del content[len(self.durable) :]


class Disk:
    """Follows the journal; `left` says what may be there now, by path."""

    def __init__(self) -> None:
        self._files: dict[int, File] = {}
        self._of_inode: dict[int, int] = {}
        self._serial = count()
        self._names: dict[str, int] = {}
        self._durable_names: list[dict[str, int]] = [{}]  # and every state since

    def follow(self, record: Record) -> None:
        match record.kind:
            case Kind.CREATE:
                serial = next(self._serial)
                self._files[serial] = File()
                self._of_inode[record.inode] = serial
                self._rename({**self._names, record.path: serial})
            case Kind.WRITE | Kind.TRUNCATE:
                data = record.data if record.kind is Kind.WRITE else None
                if (file := self._file(record)) is not None:
                    file.since.append(Change(record.offset, data))
            case Kind.SYNC:
                if (file := self._file(record)) is not None:
                    file.sync()
            case Kind.SYNC_FOLDER:
                self._durable_names = [self._names]
            case Kind.UNLINK:
                names = dict(self._names)
                names.pop(record.path, None)
                self._rename(names)
            case Kind.RENAME:
                names = dict(self._names)
                if record.path in names:
                    names[record.data.decode()] = names.pop(record.path)
                self._rename(names)

    def left(self, fate: Fate, chance: Random) -> dict[str, bytes]:
        states = self._durable_names
        names = {
            Fate.DROPPED: states[0],
            Fate.KEPT: states[-1],
            Fate.MIXED: chance.choice(states),
        }[fate]
        return {
            path: self._files[serial].left(fate, chance)
            for path, serial in names.items()
            if not PurePath(path).name.endswith("-shm")  # only mapped: never durable
        }

    def _file(self, record: Record) -> File | None:
        serial = self._of_inode.get(record.inode)
        return None if serial is None else self._files[serial]

    def _rename(self, names: dict[str, int]) -> None:
        self._names = names
        self._durable_names.append(names)


def after(journal: bytes, fate: Fate, chance: Random) -> dict[str, bytes]:
    """The files that a disk may hold at the end of the journal."""
    disk = Disk()
    for record in records(journal):
        disk.follow(record)
    return disk.left(fate, chance)
