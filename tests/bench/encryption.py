"""What an encrypted database would cost: the store itself, once on SQLite and once on SQLCipher.

Only runs when it is named, and needs the package sqlcipher3, which relay does not (see
docs/encryption.md for why). The same code of relay runs on both: in a process of its own SQLCipher
takes the place of the standard library's module.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from tempfile import TemporaryDirectory

from tests.bench.rig import DISK
from tests.bench.tables import Table

_RUNS = 3
_HOW = (
    ("plain", "SQLite, not encrypted"),
    ("raw", "SQLCipher, a key of 256 bits"),
    ("words", "SQLCipher, a key made of a passphrase"),
)
_FIGURES = (
    "receive_per_s", "send_per_s", "cpu_ms_receive", "cpu_ms_send", "open_ms", "status_ms",
    "backup_ms", "megabytes",
)  # fmt: skip


def missing() -> str:
    if importlib.util.find_spec("sqlcipher3") is not None:
        return ""
    return "this part needs SQLCipher: pip install sqlcipher3 (into an environment of its own)"


def table() -> Table:
    """The median of some runs, one after the other, each on a new file on the disk."""
    return Table(
        "encryption",
        ("", "received /s", "sent /s", "processor ms each, in", "out", "open, ms",
         "counts of status, ms", "copy, ms", "MB"),
        tuple((words, *_median(how)) for how, words in _HOW),
        "500 messages are kept and read, 250 queued, claimed and accepted, one commit each; "
        f"the store alone, without modem and server. The median of {_RUNS} runs.",
    )  # fmt: skip


def _median(how: str) -> list[float]:
    runs = [_run(how) for _ in range(_RUNS)]
    return [sorted(run[figure] for run in runs)[_RUNS // 2] for figure in _FIGURES]


def _run(how: str) -> dict[str, float]:
    with TemporaryDirectory(prefix="bench-", dir=DISK) as folder:
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.encryption_main", how, folder],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found
