"""One row at a time inside a transaction: what fails on it undoes that row and no other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from relay.errors import StoreError

T = TypeVar("T")


def apart(tx: sqlite3.Connection, act: Callable[[], T]) -> T | Exception:
    """What `act` returns, or the error for which all that it wrote was undone.

    Where the disk or the database is the matter no row is to blame: that is raised.
    """
    tx.execute("SAVEPOINT one_row")
    try:
        done = act()
    except Exception as error:
        if of_the_store(error):
            raise
        tx.execute("ROLLBACK TO one_row")
        tx.execute("RELEASE one_row")
        return error
    tx.execute("RELEASE one_row")
    return done


def of_the_store(error: Exception) -> bool:
    """Whether the disk or the database is the matter."""
    if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return False
    return isinstance(error, StoreError | sqlite3.Error | OSError)
