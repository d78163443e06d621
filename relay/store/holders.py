"""Which process holds the database: the kernel knows, and a person can then end it."""

from __future__ import annotations

import os
from pathlib import Path

_LOCKS = Path("/proc/locks")
_SUFFIXES = ("", "-wal", "-shm", ".lock")


def holder(path: Path, *, but: int = 0) -> str:
    """`sqlite3 (process 4711)`, the first other process with a lock to write; '' if unknown.

    `but` is a process that may hold it.
    """
    inodes = _inodes(path)
    try:
        lines = _LOCKS.read_text("ascii", "replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        fields = line.split()
        # 1: POSIX  ADVISORY  WRITE 4711 fe:01:12345 120 120
        if len(fields) < 6 or fields[3] != "WRITE" or not fields[4].isdecimal():
            continue
        pid = int(fields[4])
        if pid not in (0, but, os.getpid()) and fields[5] in inodes:
            return f"{_name(pid)} (process {pid})"
    return ""


def _inodes(path: Path) -> set[str]:
    found = set()
    for suffix in _SUFFIXES:
        try:
            stat = path.with_name(path.name + suffix).stat()
        except OSError:
            continue
        device = f"{os.major(stat.st_dev):02x}:{os.minor(stat.st_dev):02x}"
        found.add(f"{device}:{stat.st_ino}")
    return found


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return "a program"
