"""Where the log is: in a file of relay's own, or in the journal. Both as they grow."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click

from relay.clock import local
from relay.core.logbook import Line, of_file, of_journal
from relay.log_file import PREDECESSOR

_LONGEST = 65_536  # octets without an end of line
_UNIT = "relay"


class Growing:
    """A file that is written to, renamed and begun anew, by someone else."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._begun = b""

    def before(self) -> list[bytes]:
        """The lines of the predecessor."""
        try:
            return self._path.with_name(self._path.name + PREDECESSOR).read_bytes().splitlines()
        except FileNotFoundError:
            return []

    def more(self) -> list[bytes]:
        """The whole lines that were added since the last time. Raises `OSError`."""
        lines = self._added()
        if self._replaced():
            lines += self._added()  # what came between the two looks
            lines += [self._begun] if self._begun else []
            self.close()
            self._file = self._opened()
            lines += self._added()
        return lines

    def close(self) -> None:
        self._begun = b""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> IO[bytes] | None:
        try:
            return self._path.open("rb")
        except FileNotFoundError:
            return None

    def _replaced(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        if self._file is None:
            return True
        ours = os.fstat(self._file.fileno())
        if (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino):
            return True
        return there.st_size < self._file.tell()

    def _added(self) -> list[bytes]:
        if self._file is None:
            return []
        *lines, self._begun = (self._begun + self._file.read()).split(b"\n")
        if len(self._begun) > _LONGEST:
            lines, self._begun = [*lines, self._begun], b""
        return lines


# --- the journal --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Journal:
    """systemd's, asked by the program that may read it."""

    program: str

    @classmethod
    def found(cls, environ: Mapping[str, str]) -> Journal | None:
        program = shutil.which("journalctl", path=environ.get("PATH"))
        return cls(program) if program else None

    def lines(self, since_ms: int | None, most: int, *, follow: bool) -> Iterator[Line]:
        """Raises `ClickException` where the journal cannot be read."""
        asked = [self.program, "-u", _UNIT, "-o", "json", "--no-pager"]
        asked += ["--since", f"@{since_ms // 1000}"] if since_ms is not None else ["-n", str(most)]
        asked += ["-f"] if follow else []
        with subprocess.Popen(  # noqa: S603  # words of our own
            asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as journal:
            assert journal.stdout is not None
            assert journal.stderr is not None
            try:
                yield from map(_line, journal.stdout)
                said = journal.stderr.read().decode("utf-8", "replace").strip()
            finally:
                journal.terminate()
        _complain(said, journal.returncode)


def _line(raw: bytes) -> Line:
    at, level, text = of_journal(raw)
    return Line(local(at) if at is not None else "", level, text)


def _complain(said: str, code: int) -> None:
    if "permission" in said or "not seeing" in said:
        raise click.ClickException(
            "this user may not read all of the journal; run it with sudo, or once:"
            " sudo usermod -aG systemd-journal $USER"
        )
    if code and "No journal files" not in said:
        raise click.ClickException(f"the journal cannot be read: {said or f'exit code {code}'}")


def of_growing(lines: list[bytes]) -> list[Line]:
    return [of_file(line) for line in lines if line.strip(b"\0\r\n ")]
