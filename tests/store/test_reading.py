"""Reading the store without touching it: beside the daemon, after it, and as somebody else."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from relay.core.caps import Cap
from relay.core.cht import Answer
from relay.core.outbound import Accepted, NoAnswer, RefusedForNow
from relay.core.queueing import QueueRules
from relay.core.quiet import Quiet
from relay.errors import CorruptDatabase, SchemaTooNew, StoreError
from relay.store import counts, waits
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.raw import Arrival
from relay.store.reading import KNOWN, Reader, StoreMissing, StoreOutdated, StoreUnreadable
from relay.store.schema import migrations
from tests.air import NOON, deliver, delivers
from tests.clinic import locks

NOBODY = 65_534


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def fill(path: Path) -> Database:
    db = Database.open(path)
    Outbox(db).enqueue(NOON, recipient="+254700000001", text="hello")
    return db


# --- beside the daemon, and after it ------------------------------------------------------------


def test_it_reads_beside_a_writer(tmp_path: Path) -> None:
    """The daemon is in the middle of a transaction, and status answers."""
    db = fill(tmp_path / "relay.db")
    with db.transaction() as tx:
        tx.execute("DELETE FROM outbound WHERE id = 99")
        with Reader.open(db.path) as reader:
            assert reader.value("SELECT count(*) FROM outbound") == 1
    db.close()


def test_it_reads_what_a_killed_daemon_left(tmp_path: Path) -> None:
    """The newest rows are in the log alone, and nobody folds it back."""
    db = fill(tmp_path / "relay.db")
    killed = tmp_path / "killed"
    killed.mkdir()
    for suffix in ("", "-wal", "-shm"):
        shutil.copy(f"{db.path}{suffix}", killed)
    db.close()
    with Reader.open(killed / "relay.db") as reader:
        assert reader.value("SELECT text FROM outbound") == "hello"


def test_it_takes_no_lock_away_from_a_writer_in_the_same_process(tmp_path: Path) -> None:
    """Else the next program that looks and goes folds the log away under the daemon, which
    writes on into a file that nobody finds any more."""
    with closing(Database.open(tmp_path / "relay.db")) as db:
        db.query("SELECT 1 FROM meta")
        held = locks(db.path)
        Reader.open(db.path).close()
        assert locks(db.path) == held != []


def test_it_leaves_nothing_behind(tmp_path: Path) -> None:
    """A log of another user would keep the daemon from its own database."""
    fill(tmp_path / "relay.db").close()
    Reader.open(tmp_path / "relay.db").close()
    assert names(tmp_path) == {"relay.db"}


def test_it_cannot_write(tmp_path: Path) -> None:
    """A bug in a command must not become a change of the store."""
    db = fill(tmp_path / "relay.db")
    with Reader.open(db.path) as reader, pytest.raises((sqlite3.Error, StoreError)):
        reader.query("DELETE FROM outbound")
    assert db.value("SELECT count(*) FROM outbound") == 1
    db.close()


def test_a_path_may_hold_what_a_uri_may_not(tmp_path: Path) -> None:
    """Question marks, percents and hashes are letters of a name."""
    fill(tmp_path / "50% of #1?.db").close()
    with Reader.open(tmp_path / "50% of #1?.db") as reader:
        assert reader.value("SELECT count(*) FROM outbound") == 1


# --- as somebody else ---------------------------------------------------------------------------


@contextmanager
def somebody_else() -> Iterator[None]:
    """Without the rights of root, where the tests run as root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everybody may look into, and only its owner may change."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def share(folder: Path) -> None:
    for file in folder.iterdir():
        file.chmod(0o644)
    folder.chmod(0o555)


def test_a_reader_needs_no_right_to_the_folder(shared: Path) -> None:
    """After a clean stop: there is no log, and none may be made."""
    fill(shared / "relay.db").close()
    share(shared)
    with somebody_else(), Reader.open(shared / "relay.db") as reader:
        assert reader.value("SELECT count(*) FROM outbound") == 1


def test_a_reader_needs_no_right_to_the_log(shared: Path) -> None:
    """While the daemon runs: log and index are there, and belong to it."""
    db = fill(shared / "relay.db")
    share(shared)
    with somebody_else(), Reader.open(shared / "relay.db") as reader:
        assert reader.value("SELECT count(*) FROM outbound") == 1
    db.close()


def test_who_may_not_read_is_told_so(shared: Path) -> None:
    """Not "damaged", and not "missing"."""
    db = fill(shared / "relay.db")
    (shared / "relay.db").chmod(0o000)
    shared.chmod(0o555)
    with somebody_else(), pytest.raises(StoreUnreadable, match="sudo"):
        Reader.open(shared / "relay.db")
    (shared / "relay.db").chmod(0o600)
    db.close()


# --- what cannot be read ------------------------------------------------------------------------


def test_a_missing_database_is_told_so(tmp_path: Path) -> None:
    """And none is made."""
    with pytest.raises(StoreMissing, match="start relay once"):
        Reader.open(tmp_path / "relay.db")
    assert names(tmp_path) == set()


def test_a_damaged_database_is_told_so(tmp_path: Path) -> None:
    """The words name the file."""
    path = tmp_path / "relay.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(CorruptDatabase, match=re.escape(str(path))):
        Reader.open(path)


def test_a_damage_that_shows_late_is_told_so(tmp_path: Path) -> None:
    """The head of the file is whole, a page behind it is not."""
    path = tmp_path / "relay.db"
    db = fill(path)
    (page,) = db.query("SELECT rootpage FROM sqlite_master WHERE name = 'outbound'")[0]
    size = db.value("PRAGMA page_size")
    db.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with Reader.open(path) as reader, pytest.raises(CorruptDatabase):
        reader.query("SELECT * FROM outbound")


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """Its rows may mean something else."""
    db = fill(tmp_path / "relay.db")
    with db.transaction() as tx:
        tx.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('relay', 'm999_new')"
        )
    with pytest.raises(SchemaTooNew, match="m999_new"):
        Reader.open(db.path)
    db.close()


@pytest.mark.parametrize(
    "spoil",
    [
        "DELETE FROM _sqlite_migrations WHERE name = 'm005_records'",
        "DROP TABLE _sqlite_migrations",
    ],
)
def test_an_older_database_is_told_apart(tmp_path: Path, spoil: str) -> None:
    """relay was upgraded and not started since."""
    db = fill(tmp_path / "relay.db")
    with db.transaction() as tx:
        tx.execute(spoil)
    with pytest.raises(StoreOutdated, match="start relay once"):
        Reader.open(db.path)
    db.close()


def test_the_reader_knows_every_migration() -> None:
    """Its list stands apart, so that it need not import sqlite-utils."""
    from sqlite_utils import Database as SqliteUtils

    with closing(SqliteUtils(memory=True)) as blank:
        pending = migrations.pending(blank)
    assert tuple(migration.name for migration in pending) == KNOWN


def test_a_mistake_in_sql_is_not_dressed_up(tmp_path: Path) -> None:
    """It is our bug, and must look like one."""
    db = fill(tmp_path / "relay.db")
    with Reader.open(db.path) as reader, pytest.raises(sqlite3.OperationalError):
        reader.query("SELECT * FROM nothing")
    db.close()


# --- figures ------------------------------------------------------------------------------------


class Watched(Reader):
    """Remembers what was asked."""

    asked: list[tuple[str, Any]]

    def query(self, sql: str, params: Any = ()) -> Any:
        if not sql.startswith("EXPLAIN"):
            self.__dict__.setdefault("asked", []).append((sql, params))
        return super().query(sql, params)


RULES = QueueRules(
    quiet=Quiet("00:00", "23:59"),
    caps=(Cap("max_per_hour", 1, 1000), Cap("max_recipients_per_day", 1, 1000, recipients=True)),
)
_WHOLE_TABLE = re.compile(
    r"SCAN (inbound|outbound|part|raw_pdu|audit|forwarding|status_update|status_report)\b"
    r"(?!.* USING (COVERING )?INDEX \w+_(unfinished|unread|waiting|queue|open|failed)\b)"
)


@pytest.mark.parametrize(
    "figures",
    [
        lambda reader: counts.inward(reader, {}),
        lambda reader: counts.outward(reader, NOON, {}, RULES),
        lambda reader: waits.waits(reader, NOON, RULES, [1, 2]),
        lambda reader: counts.server(reader, "main", {}),
        lambda reader: counts.today(reader, NOON),
        lambda reader: reader.facts(),
    ],
)
def test_no_figure_reads_a_whole_table(db: Database, figures: Callable[[Reader], object]) -> None:
    """A million finished messages cost nothing: only partial indexes are walked."""
    with Watched.open(db.path) as reader:
        figures(reader)
        assert isinstance(reader, Watched)
        plans = {sql: reader.plan(sql, params) for sql, params in list(reader.asked)}
    assert {
        sql: step for sql, plan in plans.items() for step in plan if _WHOLE_TABLE.search(step)
    } == {}


def test_what_came_in_is_counted_by_where_it_is(db: Database, exchanges: Exchanges) -> None:
    """Here only, at the server, short of a part, unreadable, set aside."""
    inbox = Inbox(db, servers=("cht",))
    first, _ = delivers(["one half", "other half"])
    pdus = [deliver("a"), deliver("b", at=NOON + 1000), deliver(" "), deliver(""), first, "00FF"]
    inbox.keep(NOON, [Arrival(pdu, "usb1", "sim", "SM:1") for pdu in pdus])
    inbox.digest(NOON)
    exchanges.begin(NOON, [1], [])
    exchanges.settle(NOON, Answer((), None))
    with Reader.open(db.path) as reader:
        day = counts.today(reader, NOON)
        found, server = counts.inward(reader, day), counts.server(reader, "cht", day)
    assert (found.received_today, found.here_only, found.waiting_parts) == (4, 2, 1)
    assert (found.undecodable, found.undecodable_at, found.unread) == (1, NOON, 0)
    assert (found.set_aside, found.oldest_here_at, found.oldest_part_at) == (1, NOON, NOON)
    assert (server.waiting, server.forwarded, server.forwarded_today) == (2, 1, 1)


def test_a_refused_message_is_the_servers_and_not_ours(db: Database, exchanges: Exchanges) -> None:
    """It is counted once, with its id for the commands."""
    inbox = Inbox(db, servers=("cht",))
    inbox.keep(NOON, [Arrival(deliver("a"), "usb1", "sim", "SM:1")])
    inbox.digest(NOON)
    exchanges.park_report(NOON, 1, "HTTP 400: bad")
    with Reader.open(db.path) as reader:
        server = counts.server(reader, "cht", {})
        assert (server.parked, server.parked_ids, server.waiting) == (1, (1,), 0)
        assert counts.inward(reader, {}).set_aside == 0


def test_what_goes_out_is_counted_by_where_it_is(db: Database, outbox: Outbox) -> None:
    """Waiting, urgent, tried again later, uncertain, sent, failed with its reason."""
    for number in range(4):
        outbox.enqueue(NOON, recipient=f"+25470000000{number}", text="a")
    outbox.enqueue(NOON, recipient="MPESA", text="e")
    for event in (
        Accepted(7),
        RefusedForNow("NET_CONGESTION: +CMS ERROR: 42 Congestion", NOON + 60_000),
        NoAnswer("silence"),
    ):
        part = outbox.claim(NOON, "usb1", "direct")
        assert part is not None
        outbox.record(NOON, part, event)
    outbox.enqueue(NOON + 1, recipient="+254700000001", text="f", priority=1)
    with Reader.open(db.path) as reader:
        found = counts.outward(reader, NOON + 2, counts.today(reader, NOON))
    assert (found.waiting, found.urgent, found.oldest_at) == (4, 1, NOON)
    assert (found.uncertain, found.uncertain_at, found.uncertain_ids) == (1, NOON, (3,))
    assert found.backoff == 1
    assert [(r.code, r.words, r.n) for r in found.backoff_reasons] == [
        ("NET_CONGESTION", "+CMS ERROR: 42 Congestion", 1)
    ]
    assert (found.sent_today, found.awaiting_report, found.failed_today) == (1, 1, 1)
    assert [(reason.code, reason.n) for reason in found.failed] == [("destination.invalid", 1)]
    assert found.failed_ids == (5,)


def test_those_whom_the_network_refused_count_until_it_takes_one(
    db: Database, outbox: Outbox
) -> None:
    """Each number once: a phone that is off looks the same, and is one."""

    def turn(now: int, event: Accepted | RefusedForNow) -> None:
        part = outbox.claim(now, "usb1", "direct")
        assert part is not None
        outbox.record(now, part, event)

    def refused(now: int) -> int:
        with Reader.open(db.path) as reader:
            return counts.outward(reader, now, counts.today(reader, NOON)).refused_people

    refusal = RefusedForNow("NET_OUT_OF_ORDER: +CMS ERROR: 38 Network out of order", NOON + 60_000)
    for number in (1, 2, 3, 3):
        outbox.enqueue(NOON, recipient=f"+25470000000{number}", text="a")
    turn(NOON, refusal)
    turn(NOON + 1, refusal)
    assert refused(NOON + 2) == 2
    turn(NOON + 3, Accepted(7))
    assert refused(NOON + 4) == 0
    turn(NOON + 5, refusal)
    assert refused(NOON + 6) == 1


def test_yesterdays_failures_are_not_todays(db: Database, outbox: Outbox) -> None:
    """After a day they are history."""
    outbox.enqueue(NOON, recipient="MPESA", text="e")
    with Reader.open(db.path) as reader:
        assert counts.outward(reader, NOON + 25 * 3600 * 1000, {}).failed == ()


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (None, ("unknown", "")),
        ("text.too_long", ("text.too_long", "")),
        ("SIM_FULL: +CMS ERROR: 208", ("SIM_FULL", "+CMS ERROR: 208")),
        ("Delivery failed: busy", ("Delivery failed", "busy")),
        ("cancelled by a person", ("cancelled by a person", "")),
    ],
)
def test_a_reason_is_a_code_and_words(stored: str | None, expected: tuple[str, str]) -> None:
    """The code groups, the words explain."""
    assert counts.reason(stored) == expected
