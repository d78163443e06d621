"""The jobs of the night: copies that are made, sealed, counted, and told of when they fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relay.config_sections import HousekeepingConfig, StoreConfig
from relay.errors import CorruptDatabase
from relay.housekeeping import Housekeeping
from relay.sealing import SealingError, new_identity
from relay.store.copying import CopyFailed
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from tests.fakes import FakeClock
from tests.store.test_database import damage, fill

DAY = 86_400.0


class Night:
    """A store, its jobs, and a clock that goes from one night to the next."""

    def __init__(self, folder: Path, **changes: object) -> None:
        self.clock = FakeClock(now=1_780_000_000_000)
        self.db = Database.open(folder / "state" / "relay.db")
        self.outbox = Outbox(self.db)
        self.copies = StoreConfig(self.db.path, folder / "copies", backups_kept=2)
        times = replace(HousekeepingConfig(), keep_texts_days=7)
        self.jobs = Housekeeping(
            self.db,
            Inbox(self.db, servers=("cht",)),
            self.outbox,
            self.clock,
            copies=replace(self.copies, **changes),  # type: ignore[arg-type]
            times=times,
            validity_ms=0,
        )

    def passes(self, days: int) -> None:
        for _ in range(days):
            self.jobs.backup()
            self.clock.advance(DAY)

    def names(self) -> list[str]:
        return sorted(path.name[6:] for path in self.copies.backup_dir.iterdir())


def test_the_copies_of_the_last_nights_are_kept(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.passes(4)
    assert len(night.names()) == 2
    fact = Facts(night.db).get("store.backup")
    assert fact is not None
    assert Path(fact.value["path"]).exists()
    night.db.close()


def test_the_copies_are_sealed_where_it_is_wished(tmp_path: Path) -> None:
    night = Night(tmp_path, backup_recipients=(new_identity()[1],))
    night.passes(1)
    (name,) = night.names()
    assert name.endswith(".db.age")
    night.db.close()


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"backup_dir": Path("/proc/copies")}, CopyFailed),
     ({"backup_recipients": ("age1nobody",)}, SealingError)],
)  # fmt: skip
def test_a_copy_that_fails_is_told(
    tmp_path: Path, changes: dict[str, object], error: type[Exception]
) -> None:
    night = Night(tmp_path, **changes)
    with pytest.raises(error):
        night.jobs.backup()
    fact = Facts(night.db).get("store.backup_failed")
    assert fact is not None
    assert fact.value["why"]
    night.db.close()


def test_the_words_go_before_the_rows(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.outbox.enqueue(night.clock.now(), recipient="+254700000042", text="words")
    night.outbox.cancel(night.clock.now(), 1)
    night.passes(7)
    assert night.db.value("SELECT text FROM outbound") == "words"
    night.passes(2)
    assert night.db.value("SELECT text FROM outbound") == ""
    night.clock.advance(90 * DAY)
    night.passes(1)
    assert night.db.value("SELECT count(*) FROM outbound") == 0
    night.db.close()


def test_an_idle_relay_finds_damage(tmp_path: Path) -> None:
    """Within a minute where it is the first page, within an hour where it is any other."""
    night = Night(tmp_path)
    fill(night.db, 300)
    night.db.own()
    night.db.checkpoint()
    night.jobs.minutely()
    damage(night.db.path, start=night.db.path.stat().st_size // 2)
    night.clock.advance(3_601)
    with pytest.raises(CorruptDatabase):
        night.jobs.minutely()
    damage(night.db.path, start=0)
    with pytest.raises(CorruptDatabase, match="first page"):
        night.jobs.minutely()
    night.db.close()
