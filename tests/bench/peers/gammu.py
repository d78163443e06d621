"""gammu-smsd with its SQL service on SQLite (libdbi), as gammu-smsdrc(5) describes it."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.bench.peers.program import Program

_SCHEMA = Path("/usr/share/doc/gammu-smsd/examples/sqlite.sql")
_CONFIG = """\
[gammu]
device = {port}
connection = at
[smsd]
service = sql
driver = sqlite3
host = {folder}/
dbdir = {folder}/
database = smsd.db
logfile = {folder}/smsd.log
debuglevel = 0
{more}
"""
# No pause between two turns, a look at the SIM every second, and nothing else asked of the modem.
TUNED = (
    "LoopSleep = 0", "CommTimeout = 1", "ReceiveFrequency = 1", "StatusFrequency = 0",
    "CheckSecurity = 0", "CheckBattery = 0", "CheckSignal = 0", "CheckNetwork = 0",
)  # fmt: skip


class Gammu(Program):
    name = "gammu-smsd"
    boot_s = 4.3

    @staticmethod
    def lacks() -> list[str]:
        there = {
            "gammu-smsd": shutil.which("gammu-smsd") and _SCHEMA.exists(),
            "libdbd-sqlite3": any(Path("/usr/lib").glob("*/dbd/libdbdsqlite3.so")),
        }
        return [name for name, found in there.items() if not found]

    def prepare(self) -> None:
        more = "\n".join(TUNED) if self.tuned else ""
        text = _CONFIG.format(port=self.port, folder=self.folder, more=more)
        (self.folder / "gammu-smsdrc").write_text(text, encoding="utf-8")
        with closing(self._database()) as db:
            db.executescript(_SCHEMA.read_text(encoding="utf-8"))

    def command(self) -> Sequence[str]:
        return ("gammu-smsd", "--config", str(self.folder / "gammu-smsdrc"))

    def enqueue(self, recipient: str, texts: Sequence[str]) -> None:
        with closing(self._database()) as db, db:
            db.executemany(
                "INSERT INTO outbox (DestinationNumber, TextDecoded, CreatorID, DeliveryReport)"
                " VALUES (?, ?, 'bench', 'no')",
                [(recipient, text) for text in texts],
            )

    def received(self) -> Counter[str]:
        with closing(self._database()) as db:
            return Counter(text for (text,) in db.execute("SELECT TextDecoded FROM inbox"))

    def _database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / "smsd.db", timeout=30)


def version() -> str:
    said = subprocess.run(["gammu-smsd", "--version"], capture_output=True, text=True, check=False)
    return said.stdout.split("\n", 1)[0].removeprefix("Gammu-smsd version ").strip()
