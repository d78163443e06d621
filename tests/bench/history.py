"""A long history: the same work over ten thousand finished messages and over a million."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from relay.clock import SystemClock
from relay.core.cht import Answer
from relay.core.outbound import Accepted
from relay.core.segment import compose
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.raw import Arrival
from tests.bench.far import OTHER, text
from tests.bench.rig import DISK, RELAY, Daemon, Setting
from tests.bench.tables import Table

SIZES = (10_000, 1_000_000)
_TIMES = 60
_DAY = 86_400_000
_WAITING = 10_000
_SUBMIT = compose(OTHER, "Come on Monday", concat_ref=0, validity_s=72 * 3600)[0]

# One row for each n from 1 to :half, half of all messages in and half out, all of them finished.
_N = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :half) "
_FILL = (
    "INSERT INTO inbound (id, uuid, state, kind, sender, text, sc_time, kept_at, finished_at,"
    " modem, sim, total) SELECT i, printf('00000000-0000-5000-8000-%012x', i), 'FORWARDED',"
    " 'text', :other, :text || i, :from + i, :from + i, :from + i, 'usb', '8925', 1 FROM n",
    "INSERT INTO raw_pdu (id, hash, sim, pdu, state, modem, via, kept_at, seen_at, inbound_id,"
    " seq) SELECT i, printf('%064x', i), '8925', :pdu, 'DECODED', 'usb', 'ME:1', :from + i,"
    " :from + i, i, 1"
    " FROM n",
    "INSERT INTO forwarding (server, inbound_id, state, forwarded_at)"
    " SELECT 'cht', i, 'FORWARDED', :from + i FROM n",
    "INSERT INTO outbound (id, server, server_id, recipient, text, status, told, created_at,"
    " finished_at) SELECT i, 'cht', 'old-' || i, :other, :text || i, 'DELIVERED', 'DELIVERED',"
    " :from + i, :from + i FROM n",
    "INSERT INTO part (id, outbound_id, seq, total, pdu, state, attempts, mr, modem, submission,"
    " submitted_at, accepted_at, finished_at) SELECT i, i, 1, 1, :pdu, 'DELIVERED', 1, i % 256,"
    " 'usb', 'direct', :from + i, :from + i, :from + i FROM n",
    "INSERT INTO status_update (outbound_id, server, status, created_at, told_at)"
    " SELECT i, 'cht', 'DELIVERED', :from + i, :from + i FROM n",
    "INSERT INTO audit (at, subject, subject_id, event, before, after)"
    " SELECT :from + i, 'inbound', i, 'Forwarded', 'WAITING', 'FORWARDED' FROM n",
    "INSERT INTO audit (at, subject, subject_id, event, before, after)"
    " SELECT :from + i, 'part', i, 'Accepted', 'SUBMITTING', 'ACCEPTED' FROM n",
)


def commit_ms() -> float:
    """What one small commit costs on this disk, in WAL with synchronous=FULL."""
    with TemporaryDirectory(prefix="bench-", dir=DISK) as name:
        db = Database.open(Path(name) / "relay.db")

        def once() -> None:
            with db.transaction() as tx:
                tx.execute("INSERT OR REPLACE INTO fact VALUES ('bench', '1', 0, '')")

        took = _median_ms(once, 200)
        db.close()
    return took


def table() -> Table:
    columns = [_measure(size) for size in SIZES]
    rows = [
        (what, *(column[what] for column in columns), columns[-1][what] / columns[0][what])
        for what in columns[0]
    ]
    return Table(
        "history",
        ("finished messages in the store", *(f"{size:,}" for size in SIZES), "ratio"),
        tuple(rows),
        f"Milliseconds, medians of {_TIMES}, commits included where the work has one.",
    )


def _measure(size: int) -> dict[str, float]:
    with TemporaryDirectory(prefix="bench-", dir=DISK) as name:
        daemon = Daemon(Path(name), Path(name) / "tty", "http://127.0.0.1:9/api/sms", Setting())
        Database.open(daemon.store).close()
        _fill(daemon.store, size // 2)
        measured = {"database, MB": daemon.store.stat().st_size / 1e6}
        measured["`relay status`, cold process"] = _median_ms(lambda: _status(daemon.config), 9)
        began = perf_counter()
        db = Database.open(daemon.store)
        measured["open the store at start"] = (perf_counter() - began) * 1000
        measured |= _work(db)
        db.close()
    return measured


def _fill(store: Path, half: int) -> None:
    values = {
        "half": half, "other": OTHER, "text": text(0)[:-9], "pdu": "0041000C" + "A5" * 140,
        "from": SystemClock().now() - 80 * _DAY,
    }  # fmt: skip
    with closing(sqlite3.connect(store, isolation_level=None)) as conn:
        conn.execute("PRAGMA synchronous = OFF")
        conn.execute("PRAGMA cache_size = -400000")
        conn.execute("BEGIN")
        for statement in _FILL:
            head, _, tail = statement.partition(" SELECT ")
            conn.execute(f"{head} {_N} SELECT {tail}", values)
        conn.execute("COMMIT")
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _status(config: Path) -> None:
    subprocess.run(
        [*RELAY, "status", "-q", "--config", str(config)], capture_output=True, check=False
    )


def _work(db: Database) -> dict[str, float]:
    clock = SystemClock()
    outbox = Outbox(db)
    inbox = Inbox(db, ("cht",))
    exchanges = Exchanges(db, "cht", outbox)
    exchanges.adopt()
    numbers = iter(range(1_000_000))

    def enqueue() -> None:
        n = next(numbers)
        outbox.enqueue(
            clock.now(), recipient=OTHER, text=text(n), server="cht", server_id=f"new-{n}"
        )

    def claim_and_record() -> None:
        part = outbox.claim(clock.now(), "usb", "direct")
        assert part is not None
        outbox.record(clock.now(), part, Accepted(7))

    def keep() -> None:
        inbox.keep(clock.now(), [Arrival(_pdu(next(numbers)), "usb", "8925", "ME:1")])

    def forward() -> None:
        reports, updates = exchanges.waiting(10), exchanges.updates(20)
        exchanges.begin(
            clock.now(), [one.inbound_id for one in reports], [one.id for one in updates]
        )
        exchanges.settle(clock.now(), Answer((), None))

    measured = {
        "enqueue a message": _median_ms(enqueue),
        "claim a part and record its acceptance": _median_ms(claim_and_record),
        "keep a PDU": _median_ms(keep),
        "read 60 PDUs": _median_ms(lambda: inbox.digest(clock.now()), 1),
        "forward 10 reports and 20 statuses": _median_ms(forward, 6),
        "look for work: nothing due": _median_ms(lambda: outbox.claim(0, "usb", "direct")),
        "look for work: nothing to forward": _median_ms(exchanges.pending),
        "look for parts in doubt": _median_ms(lambda: outbox.uncertain("usb")),
    }
    _crowd(db, clock.now())
    measured[f"the same claim before {_WAITING:,} that wait"] = _median_ms(claim_and_record)
    return measured


def _crowd(db: Database, now: int) -> None:
    """Messages to as many phones: a half of them in backoff, a quarter broadcasts."""
    rows = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {_WAITING})"
    base = db.value("SELECT max(id) FROM outbound")
    crowd = (
        f"{rows} SELECT i + {base} AS id, '+2547' || (i + {base}) AS phone,"
        f" CASE i % 4 WHEN 0 THEN -20 ELSE 0 END AS urgency,"
        f" CASE i % 2 WHEN 0 THEN 0 ELSE {now + _DAY} END AS due FROM n"
    )
    with db.transaction() as tx:
        tx.execute(
            "INSERT INTO outbound (id, server, server_id, recipient, text, status, priority,"
            " created_at) SELECT id, 'cht', 'crowd-' || id, phone, 'x', 'UNSENT', urgency,"
            f" {now} FROM ({crowd})"
        )
        tx.execute(
            "INSERT INTO part (outbound_id, seq, total, pdu, state, priority, number, due_at,"
            " attempts, useful_until) SELECT id, 1, 1, ?, 'QUEUED', urgency, phone, due, 1,"
            f" {now + _DAY} FROM ({crowd})",
            (_SUBMIT,),
        )


def _pdu(n: int) -> str:
    return f"00040C91527400000010000062110131000000{6:02X}" + f"{n:012X}"


def _median_ms(work: Callable[[], object], times: int = _TIMES) -> float:
    took = []
    for _ in range(times):
        began = perf_counter()
        work()
        took.append(perf_counter() - began)
    return median(took) * 1000
