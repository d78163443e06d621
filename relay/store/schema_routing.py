"""Which SIM sent a part: a handset joins the parts of a message by the number they came from."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create


def m010_routing(db: SqliteUtils) -> None:
    """The IMSI or ICCID of the SIM that has a part or had it last; NULL where it is not known."""
    create(db, "ALTER TABLE part ADD COLUMN sim TEXT")
