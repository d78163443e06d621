"""A gateway under measurement, as a tree of processes that is started and killed as a whole."""

from __future__ import annotations

import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

_TICKS = os.sysconf("SC_CLK_TCK")
# proc(5) stat, counted from the field after the name: session, utime to cstime
_SESSION, _TIMES = 3, slice(11, 15)


class Program(ABC):
    """An SMS gateway on the modem at `port`, with everything that it keeps in `folder`.

    `tuned`: set up for speed instead of as it is shipped. `reports`: ask for delivery reports, if
    that is what it does as it is shipped. A context manager: at its end the program is stopped.
    """

    name: ClassVar[str]
    boot_s: ClassVar[float] = 0.6  # roughly, until it does something

    def __init__(self, folder: Path, port: Path, *, tuned: bool, reports: bool = False) -> None:
        self.folder, self.port, self.tuned, self.reports = folder, port, tuned, reports
        self._process: subprocess.Popen[bytes] | None = None
        self.prepare()

    # --- what differs -----------------------------------------------------------------------

    @staticmethod
    def lacks() -> list[str]:
        """What this machine does not have of it."""
        return []

    @abstractmethod
    def prepare(self) -> None:
        """Write the configuration, make the empty store."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """What starts it in the foreground."""

    @abstractmethod
    def enqueue(self, recipient: str, texts: Sequence[str]) -> None:
        """Have texts sent, by the interface that the program documents for it."""

    @abstractmethod
    def received(self) -> Counter[str]:
        """The texts in its inbox, with how often."""

    def uncertain(self) -> int:
        """Submissions of which it says that it does not know the outcome; most cannot."""
        return 0

    # --- the processes ----------------------------------------------------------------------

    def queue(self, recipient: str, text: str) -> None:
        self.enqueue(recipient, [text])

    def start(self) -> None:
        """In a session of its own, so that its children are found and killed with it."""
        with (self.folder / "out.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, start_new_session=True, cwd=self.folder
            )

    def kill(self) -> None:
        """SIGKILL to all of it at once, and wait until it is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL to what is left after ten seconds."""
        assert self._process is not None
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        assert self._process is not None
        for pid, _ in self._tree():
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        self._process.wait(10)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def cpu_s(self) -> float:
        """Processor seconds so far of all its processes, the ended ones too (proc(5))."""
        return sum(sum(map(int, fields[_TIMES])) for _, fields in self._tree()) / _TICKS

    def memory_mb(self) -> float:
        """The peaks of the resident memory of its processes, added up."""
        return sum(_peak_kb(pid) for pid, _ in self._tree()) / 1024

    def _tree(self) -> Iterator[tuple[int, list[str]]]:
        assert self._process is not None
        session = str(self._process.pid)
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with suppress(OSError):
                fields = (entry / "stat").read_text("ascii").rpartition(")")[2].split()
                if fields[_SESSION] == session and fields[0] != "Z":
                    yield int(entry.name), fields


def _peak_kb(pid: int) -> int:
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    return 0
