"""Damage at any place of the file: relay starts, and saves every row that anybody could read."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.store.database import Database
from relay.store.outbox import Outbox
from relay.store.salvage import Salvage, open_or_salvage
from tests.air import NOON as NOW
from tests.store.test_database import fill

PAGE = 4096
MESSAGES = 120
COUNTED = ("inbound", "raw_pdu", "outbound", "part")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was killed: half of it lies in its log."""
    path = tmp_path_factory.mktemp("whole") / "relay.db"
    db = Database.open(path)
    db.mark()
    fill(db, MESSAGES // 2)
    outbox = Outbox(db)
    for number in range(MESSAGES):
        outbox.enqueue(NOW, recipient="+254700000042", text=f"reply {number} " + "y" * 200)
    db.checkpoint()
    fill(db, MESSAGES)
    copy = path.parent / "killed"
    copy.mkdir()
    for file in path.parent.glob("relay.db*"):
        shutil.copy(file, copy)
    db.close()
    return copy


def salvaged(folder: Path, spoil: Callable[[Path], None]) -> tuple[dict[str, int], Salvage | None]:
    """How many rows there are of each table after the damage and a start."""
    with TemporaryDirectory() as place:
        here = Path(place) / "state"
        shutil.copytree(folder, here)
        spoil(here / "relay.db")
        db, salvage = open_or_salvage(here / "relay.db", NOW)
        try:
            assert db.value("PRAGMA integrity_check") == "ok"
            assert db.query("PRAGMA foreign_key_check") == []
            rows = {table: db.value(f"SELECT count(*) FROM {table}") for table in COUNTED}
        finally:
            db.close()
        # A second start finds nothing wrong.
        again, more = open_or_salvage(here / "relay.db", NOW + 1)
        again.close()
        assert more is None
        return rows, salvage


def overwrite(start: int, octets: bytes) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(start)
            file.write(octets)

    return spoil


def without_log(path: Path) -> None:
    """As the store lies there after a clean stop."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


WHOLE = {"inbound": MESSAGES, "raw_pdu": MESSAGES, "outbound": MESSAGES, "part": 2 * MESSAGES}


@pytest.mark.parametrize(("start", "length"), [(0, 16), (0, 100), (16, 2), (18, 2), (56, 4)])
def test_a_lost_header_loses_nothing(folder: Path, start: int, length: int) -> None:
    """It is the same in every store."""

    def spoil(path: Path) -> None:
        without_log(path)
        overwrite(start, b"\xa5" * length)(path)

    rows, salvage = salvaged(folder, spoil)
    assert rows == WHOLE
    assert salvage is None or salvage.lost == {}


def test_the_log_may_still_have_the_header(folder: Path) -> None:
    rows, _ = salvaged(folder, overwrite(0, b"\xa5" * 100))
    assert rows == WHOLE


def test_the_first_page_may_be_gone(folder: Path) -> None:
    """With the list of tables: where they begin is written down beside the store."""

    def spoil(path: Path) -> None:
        without_log(path)
        overwrite(0, bytes(PAGE))(path)

    rows, salvage = salvaged(folder, spoil)
    assert rows == WHOLE
    assert salvage is not None
    assert salvage.lost == {}


def test_without_the_first_page_and_the_log_the_rest_is_there(folder: Path) -> None:
    def spoil(path: Path) -> None:
        overwrite(0, bytes(PAGE))(path)
        path.with_name("relay.db-wal").write_bytes(b"\xa5" * 5000)

    rows, _ = salvaged(folder, spoil)
    assert rows == WHOLE | {"inbound": MESSAGES // 2, "raw_pdu": MESSAGES // 2}


def test_a_damaged_log_ends_at_the_damage(folder: Path) -> None:
    """What was committed before it counts."""

    def spoil(path: Path) -> None:
        overwrite(32 + 24 + 100, b"\xa5" * 64)(path.with_name("relay.db-wal"))

    rows, _ = salvaged(folder, spoil)
    assert rows == WHOLE | {"inbound": MESSAGES // 2, "raw_pdu": MESSAGES // 2}


def test_a_file_that_was_cut_off_keeps_its_beginning(folder: Path) -> None:
    def spoil(path: Path) -> None:
        path.with_name("relay.db-wal").unlink()
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - 5 * PAGE)

    rows, salvage = salvaged(folder, spoil)
    assert rows["raw_pdu"] == MESSAGES // 2
    assert rows["outbound"] > MESSAGES // 2
    assert salvage is not None
    assert len(salvage.lost.get("outbound", ())) == MESSAGES - rows["outbound"]


def readable(path: Path, table: str) -> set[int]:
    """The rows that SQLite reads, asked for one by one."""
    found: set[int] = set()
    with closing(sqlite3.connect(path)) as conn:
        conn.text_factory = bytes  # a damaged text is no text, and its row is still one
        for rowid in range(1, 2 * MESSAGES + 1):
            try:
                sql = f"SELECT * FROM {table} NOT INDEXED WHERE rowid = ?"
                found.update(row[0] for row in conn.execute(sql, (rowid,)))
            except (sqlite3.Error, UnicodeDecodeError):  # a name in the schema
                continue
    return found


pages = st.tuples(
    st.integers(0, 80),
    st.integers(0, PAGE - 1),
    st.integers(1, PAGE),
    st.sampled_from(b"\0\xa5\xff"),
)


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(pages, min_size=1, max_size=4))
def test_whatever_is_damaged_nothing_readable_is_lost(
    folder: Path, wounds: list[tuple[int, int, int, int]]
) -> None:
    """And what is lost is counted and named."""
    with TemporaryDirectory() as place:
        here = Path(place) / "state"
        shutil.copytree(folder, here)
        path = here / "relay.db"
        for page, offset, length, octet in wounds:
            overwrite(page * PAGE + offset, bytes([octet]) * length)(path)
        twin = Path(place) / "twin"
        shutil.copytree(here, twin)
        could = {table: readable(twin / "relay.db", table) for table in ("raw_pdu", "outbound")}
        db, salvage = open_or_salvage(path, NOW)
        try:
            for table, ids in could.items():
                saved = {row[0] for row in db.query(f"SELECT id FROM {table}")}
                assert saved >= {one for one in ids if 0 < one <= 2 * MESSAGES}, table
            if salvage is not None:
                assert salvage.set_aside.exists()
            assert db.value("PRAGMA integrity_check") == "ok"
        finally:
            db.close()
