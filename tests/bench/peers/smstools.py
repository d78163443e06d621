"""smstools (smsd) with its spool of files, as its manual describes it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from tests.bench.peers.program import Program

_FOLDERS = ("outgoing", "checked", "incoming", "failed", "sent", "stats")
_CONFIG = """\
devices = GSM1
{folders}
logfile = {folder}/smsd.log
infofile = {folder}/smsd.working
pidfile = {folder}/smsd.pid
loglevel = 4
autosplit = 3
receive_before_send = no
{more}
[GSM1]
device = {port}
incoming = yes
baudrate = 115200
memory_start = 0
{device}
"""
# No pause between two turns, and the whole SIM listed at once instead of slot by slot.
TUNED = ("delaytime = 0", "delaytime_mainprocess = 0", "status_interval = 0")
TUNED_DEVICE = ("check_memory_method = 4", "sentsleeptime = 0")


class Smstools(Program):
    name = "smstools"
    boot_s = 1.5
    _numbers = count()

    @staticmethod
    def lacks() -> list[str]:
        return [] if shutil.which("smsd") else ["smstools"]

    def prepare(self) -> None:
        for name in _FOLDERS:
            (self.folder / name).mkdir()
        text = _CONFIG.format(
            folders="\n".join(f"{name} = {self.folder / name}" for name in _FOLDERS),
            folder=self.folder,
            port=self.port,
            more="\n".join(TUNED) if self.tuned else "delaytime = 10",
            device="\n".join(TUNED_DEVICE) if self.tuned else "",
        )
        (self.folder / "smsd.conf").write_text(text, encoding="utf-8")

    def command(self) -> Sequence[str]:
        return ("smsd", "-t", f"-c{self.folder / 'smsd.conf'}")

    def enqueue(self, recipient: str, texts: Sequence[str]) -> None:
        for text in texts:
            name = f"m{next(self._numbers):06d}"
            draft = self.folder / f".{name}"
            draft.write_text(f"To: {recipient.removeprefix('+')}\n\n{text}", encoding="ascii")
            draft.rename(self.folder / "outgoing" / name)

    def received(self) -> Counter[str]:
        files = [entry for entry in os.scandir(self.folder / "incoming") if entry.is_file()]
        return Counter(_body(entry.path) for entry in files if entry.name.startswith("GSM1."))


def _body(path: str) -> str:
    return Path(path).read_text(encoding="latin-1").partition("\n\n")[2]


def version() -> str:
    said = subprocess.run(["smsd", "-V"], capture_output=True, text=True, check=False)
    return said.stdout.partition("Version ")[2].split(",")[0]
