"""`python -m tests.bench [PART ...]`: measure, print the tables, write them into the page."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    answers,
    broadcast,
    encryption,
    history,
    radio,
    recovery,
    rest,
    uplink,
    volunteers,
)
from tests.bench.peers import comparison
from tests.bench.tables import Table, write

PARTS: dict[str, Callable[[], Table]] = {
    "paced": lambda: radio.paced(500, 2),
    "unpaced": lambda: radio.unpaced(500, 3),
    "latency": radio.latency,
    "whole": rest.whole_road,
    "rest": rest.at_rest,
    "history": history.table,
    "bytes": uplink.table,
    "recovery": recovery.table,
    "answers": answers.table,
    "broadcast": broadcast.table,
    "volunteers": volunteers.table,
}
# What only runs when it is named: it needs programs that relay does not.
APART: dict[str, Callable[[], Table]] = {"peers": comparison.table, "encryption": encryption.table}


def machine() -> Table:
    """Where and when, and how busy the machine was with other things."""
    cpu = next(
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return Table(
        "machine",
        ("processor", "Python", "SQLite", "commit of 1 row, median ms", "load before", "commit"),
        ((
            f"{os.cpu_count()} × {cpu}", platform.python_version(), sqlite3.sqlite_version,
            history.commit_ms(), load, commit,
        ),),
    )  # fmt: skip


def main(wanted: list[str]) -> int:
    parts = PARTS | APART
    if unknown := [name for name in wanted if name not in parts]:
        sys.stderr.write(f"no part {unknown[0]!r}; there are: {', '.join(parts)}\n")
        return 64
    for name, missing in (("peers", comparison.missing), ("encryption", encryption.missing)):
        if name in wanted and (absent := missing()):
            sys.stderr.write(f"{absent}\n")
            return 69
    for measure in (machine, *(parts[name] for name in wanted or PARTS)):
        table = measure()
        sys.stdout.write(f"\n{table.name}\n{table.markdown()}\n")
        sys.stdout.flush()
        write([table])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
