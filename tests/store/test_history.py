"""Samples over the months: few, thinned out, and bounded whatever the clock does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.core.timekeeping import Correction
from relay.store import history
from relay.store.database import Database
from relay.store.history import DAY_MS, EVERY_MS, HERE, HOUR_MS, MOST, WAITING, usual_signal
from relay.store.reading import Reader
from relay.store.redating import redate
from tests.air import NOON as NOW


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = Database.open(tmp_path / "relay.db")
    yield db
    db.close()


def fill(db: Database, what: str, figures: list[tuple[int, int | None]]) -> None:
    with db.transaction() as tx:
        tx.executemany(
            "INSERT INTO sample (at, what, n) VALUES (?, ?, ?)",
            [(at, what, n) for at, n in figures],
        )


def test_one_of_everything_in_ten_minutes(db: Database) -> None:
    """However often it is asked for."""
    for minute in range(60):
        history.sample(db, NOW + minute * 60_000, NOW, {"usb1": -71, "usb2": None})
    rows = db.query("SELECT what, n FROM sample WHERE at = ? ORDER BY what", (NOW,))
    assert [tuple(row) for row in rows] == [
        (HERE, 0), ("signal:usb1", -71), ("signal:usb2", None), (WAITING, 0),
    ]  # fmt: skip
    assert db.value("SELECT count(*) FROM sample") == 6 * 4


def test_after_a_week_one_of_an_hour_is_left(db: Database) -> None:
    """The mean of a signal, the longest of a queue."""
    hour = NOW // HOUR_MS * HOUR_MS
    fill(db, "signal:usb1", [(hour + n * EVERY_MS, -70 - n) for n in range(6)])
    fill(db, "signal:usb2", [(hour + n * EVERY_MS, None) for n in range(6)])
    fill(db, WAITING, [(hour + n * EVERY_MS, n) for n in range(6)])
    with db.transaction() as tx:
        history.thin(tx, hour + 6 * DAY_MS)
    assert db.value("SELECT count(*) FROM sample") == 18
    with db.transaction() as tx:
        history.thin(tx, hour + 8 * DAY_MS)
        history.thin(tx, hour + 8 * DAY_MS)
    rows = db.query("SELECT what, n FROM sample ORDER BY what")
    assert [tuple(row) for row in rows] == [
        ("signal:usb1", -73), ("signal:usb2", None), (WAITING, 5),
    ]  # fmt: skip
    with db.transaction() as tx:
        history.thin(tx, hour + 400 * DAY_MS)
    assert db.value("SELECT count(*) FROM sample") == 0


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(-50 * 366, 50 * 366), min_size=1, max_size=8))
def test_a_clock_that_jumps_adds_no_more_than_one_each_time(jumps: list[int]) -> None:
    """Also a step into the future, after which everything would seem to be new."""
    with TemporaryDirectory() as folder, closing(Database.open(Path(folder) / "relay.db")) as db:
        assert _kept(db, jumps) <= len(jumps)


def _kept(db: Database, jumps: list[int]) -> int:
    for days in jumps:
        for minute in (0, 1, 9):
            now = NOW + days * DAY_MS + minute * 60_000
            history.sample(db, now, now, {"usb1": -71})
    return int(db.value("SELECT count(*) FROM sample WHERE what = 'waiting'"))


def test_no_clock_can_make_it_grow_without_bound(db: Database) -> None:
    """The newest by their number stay, wherever the clock was when they were taken."""
    fill(db, WAITING, [(NOW + n, n) for n in range(MOST + 500)])
    with db.transaction() as tx:
        history.thin(tx, 0)  # 1970: nothing is old
    assert db.value("SELECT count(*) FROM sample") == MOST
    assert db.value("SELECT min(n) FROM sample") == 500


def test_what_a_wrong_clock_has_dated_is_dated_anew(db: Database) -> None:
    """On top of another of the same time, which is no conflict."""
    fill(db, WAITING, [(NOW, 1), (10_000, 2)])
    redate(db, Correction(since=0, until=20_000, by_ms=NOW - 10_000))
    assert {row["at"] for row in db.query("SELECT at FROM sample")} == {NOW}


def test_the_usual_signal_is_the_median_of_what_was_seen(db: Database) -> None:
    """Hours without a modem, and a bad afternoon, do not make it less."""
    week: list[tuple[int, int | None]] = [(NOW + n * EVERY_MS, -71) for n in range(100)]
    week += [(NOW + n * EVERY_MS, -103) for n in range(100, 130)]
    week += [(NOW + n * EVERY_MS, None) for n in range(130, 400)]
    fill(db, "signal:usb1", week)
    with Reader.open(db.path) as reader:
        assert usual_signal(reader, "usb1", 7) == -71
        assert usual_signal(reader, "usb2", 7) is None
    assert usual_signal(db, "usb1", 1) is None  # the modem was away all day


def test_too_little_is_nothing_usual(db: Database) -> None:
    """A modem that was just put in has no past."""
    fill(db, "signal:usb1", [(NOW + n, -71) for n in range(11)])
    assert usual_signal(db, "usb1", 7) is None


def test_an_unknown_time_thins_nothing_out(db: Database) -> None:
    """`earliest` stays behind as long as nobody knows."""
    fill(db, WAITING, [(NOW + n * EVERY_MS, n) for n in range(6)])
    history.sample(db, NOW + 400 * DAY_MS, NOW, {})
    assert db.value("SELECT count(*) FROM sample WHERE what = ?", (WAITING,)) == 7
