"""The daemon under measurement: its configuration, its process, and what the system says of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from types import TracebackType
from typing import Self

from relay.clock import SystemClock
from relay.store.database import Database
from relay.store.enqueuing import Composition
from relay.store.outbox import Outbox
from tests.bench.far import OTHER, PASSWORD, USER, text

_TICKS = os.sysconf("SC_CLK_TCK")
# Where a disk is: /tmp is often memory, in which a commit costs nothing (FHS 3.0 §5.15).
DISK = Path("/var/tmp")
RELAY = (sys.executable, "-c", "from relay.cli.main import main; main()")


@dataclass(frozen=True, slots=True)
class Setting:
    """What differs from one measurement to the next; the rest is as relay ships it."""

    submission: str = "direct"
    delivery_reports: bool = False
    uncertain_wait_s: int = 600
    poll_min_s: float = 15.0
    poll_max_s: float = 300.0
    max_reports: int = 10
    server: bool = True


class Daemon:
    """One running relay on the store in `folder`. A context manager."""

    def __init__(
        self, folder: Path, link: Path, url: str, setting: Setting, profiler: tuple[str, ...] = ()
    ) -> None:
        self.folder, self.setting = folder, setting
        self.store = folder / "state" / "relay.db"
        self.config = folder / "relay.toml"
        self.config.write_text(toml(self.store, link, url, setting), encoding="utf-8")
        self.config.chmod(0o600)
        self._profiler = profiler
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / "log"

    def preload(self, first: int, count: int) -> None:
        """Messages of this station itself, queued before the daemon starts."""
        clock = SystemClock()
        db = Database.open(self.store)
        how = Composition(report=self.setting.delivery_reports)
        outbox = Outbox(db, how)
        with db.transaction():
            for n in range(first, first + count):
                outbox.enqueue(clock.now(), recipient=OTHER, text=text(n))
        db.close()

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._profiler, *RELAY, "run", "--config", str(self.config)], stderr=log
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM if not self._profiler else signal.SIGINT)
        self._process.wait(30)

    def until_logged(self, words: str, timeout_s: float = 30.0) -> None:
        """Until the log has these words. Raises `TimeoutError`."""
        never, end = Event(), monotonic() + timeout_s
        while monotonic() < end:
            if self.log.exists() and words in self.log.read_text(encoding="utf-8"):
                return
            never.wait(0.02)
        raise TimeoutError(f"the daemon's log never had {words!r}; see {self.log}")

    def cpu_s(self) -> float:
        """Processor seconds so far, in user and in system (proc(5))."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        user, system = fields.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    def memory_mb(self, what: str = "VmHWM") -> float:
        """Resident memory: the peak, or now (VmRSS)."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith(what))
        return int(line.split()[1]) / 1024

    def written_kb(self) -> float:
        """What the process has sent to the disk (proc(5) io)."""
        assert self._process is not None
        lines = Path(f"/proc/{self._process.pid}/io").read_text(encoding="ascii").splitlines()
        return int(next(x for x in lines if x.startswith("write_bytes")).split()[1]) / 1024


def toml(store: Path, link: Path, url: str, setting: Setting) -> str:
    """The configuration of a relay on the modem at `link`."""
    reports = "true" if setting.delivery_reports else "false"
    text = f"""
[store]
path = "{store}"
[sending]
request_reports = {reports}
uncertain_wait_s = {setting.uncertain_wait_s}
[modem.usb]
port = "{link}"
submission = "{setting.submission}"
"""
    if setting.server:
        text += f"""
[server.cht]
url = "{url}"
user = "{USER}"
password = "{PASSWORD}"
poll_min_s = {setting.poll_min_s}
poll_max_s = {setting.poll_max_s}
max_reports = {setting.max_reports}
"""
    return text
