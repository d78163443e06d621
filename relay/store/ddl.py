"""Running the script of a migration, statement by statement."""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils


def create(db: SqliteUtils, script: str) -> None:
    """Inside the migration's own transaction, which `executescript` would end."""
    for statement in script.split(";"):
        if statement.strip():
            db.execute(statement)
