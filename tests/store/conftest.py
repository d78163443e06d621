"""A real database file for every test: WAL and all, never :memory:."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = Database.open(tmp_path / "state" / "relay.db")
    yield db
    db.close()


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db)


@pytest.fixture
def inbox(db: Database) -> Inbox:
    return Inbox(db, servers=("cht",))


@pytest.fixture
def exchanges(db: Database, outbox: Outbox) -> Exchanges:
    exchanges = Exchanges(db, "cht", outbox)
    exchanges.adopt()
    return exchanges
