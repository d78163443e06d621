"""One run of the store on one engine, for `encryption`: `… plain|raw|words FOLDER`."""

# ruff: noqa: E402  # the engine has to be chosen before anything of relay asks for one

from __future__ import annotations

import json
import sys
from typing import Any

_KEYS = {"raw": f"x'{'5a' * 32}'", "words": "a passphrase of some length"}
HOW, FOLDER = sys.argv[1:3]

if HOW != "plain":
    from sqlcipher3 import dbapi2

    _plain_connect = dbapi2.connect

    def _connect(*args: Any, **options: Any) -> Any:
        """Every connection is given the key before anything else."""
        conn = _plain_connect(*args, **options)
        conn.execute(f'PRAGMA key = "{_KEYS[HOW]}"')
        return conn

    dbapi2.connect = _connect
    dbapi2.dbapi2 = dbapi2
    sys.modules["sqlite3"] = sys.modules["sqlite3.dbapi2"] = dbapi2

import time
from collections.abc import Callable
from pathlib import Path

from relay.core.outbound import Accepted
from relay.store import counts
from relay.store.database import Database
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.raw import Arrival
from relay.store.reading import Reader
from tests.air import NOON, deliver

_IN, _OUT, _LOOKS = 500, 250, 20
PATH = Path(FOLDER) / "relay.db"


def main() -> None:
    db = Database.open(PATH)
    received, in_cpu = _timed(lambda: _receive(Inbox(db, servers=("cht",))))
    sent, out_cpu = _timed(lambda: _send(Outbox(db)))
    db.checkpoint()
    copied, _ = _timed(lambda: _copy(db))
    looked, _ = _timed(_look)
    db.close()
    opened, _ = _timed(lambda: Database.open(PATH).close())
    figures = {
        "receive_per_s": _IN / received, "send_per_s": _OUT / sent,
        "cpu_ms_receive": in_cpu / _IN * 1000, "cpu_ms_send": out_cpu / _OUT * 1000,
        "open_ms": opened * 1000, "status_ms": looked / _LOOKS * 1000,
        "backup_ms": copied * 1000, "megabytes": PATH.stat().st_size / 1e6,
    }  # fmt: skip
    sys.stdout.write(json.dumps(figures))


def _receive(inbox: Inbox) -> None:
    for n in range(_IN):
        inbox.keep(NOON + n, [Arrival(deliver(f"report {n}"), "usb", "1", f"SM:{n}")])
        inbox.digest(NOON + n)


def _send(outbox: Outbox) -> None:
    for n in range(_OUT):
        outbox.enqueue(NOON + n, recipient=f"+2547{n:08}", text=f"come {n}")
        part = outbox.claim(NOON + n, "usb", "direct")
        assert part is not None
        outbox.record(NOON + n, part, Accepted(n % 256))


def _look() -> None:
    for _ in range(_LOOKS):
        with Reader.open(PATH) as reader:
            day = counts.today(reader, NOON)
            counts.inward(reader, day)
            counts.outward(reader, NOON, day)


def _copy(db: Database) -> None:
    """As `relay backup` does it, but for what it does with the file afterwards."""
    db.rescue(Path(FOLDER) / "copy.db")


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall, and of the processor."""
    began, cpu = time.monotonic(), time.process_time()
    act()
    return time.monotonic() - began, time.process_time() - cpu


if __name__ == "__main__":
    main()
