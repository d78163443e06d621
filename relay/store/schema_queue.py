"""The columns and indexes by which the outbox chooses what goes next.

`part` repeats what a choice needs of its message, so that one index answers it: the `number` as
it is dialled, `not_before` (NULL once that time has come) and `useful_until`. `due_at` is 0 as
soon as a part may go: a claim looks only at those, and never at what waits for its time.
"""

from __future__ import annotations

from sqlite_utils import Database as SqliteUtils

from relay.store.ddl import create

# A part of a relay that knew no lines of recipients, with its number as it is dialled. Others
# that fail later and are tried again get theirs then.
ADDRESS_PARTS = (
    "UPDATE part SET number = (SELECT"
    " replace(replace(replace(replace(recipient, ' ', ''), '-', ''), '(', ''), ')', '')"
    " FROM outbound WHERE id = outbound_id)"
    " WHERE number = '' AND id IN (SELECT id FROM part WHERE state = 'QUEUED'"
    " UNION ALL SELECT id FROM part WHERE state = 'SUBMITTING' OR state = 'UNCERTAIN'"
    " UNION ALL SELECT part.id FROM outbound JOIN part ON outbound_id = outbound.id"
    "  WHERE status = 'FAILED')"
)


def m006_queue(db: SqliteUtils) -> None:
    """When a message may go, how long it is of use, which it replaces, and what was used up."""
    create(
        db,
        """
        ALTER TABLE outbound ADD COLUMN key TEXT;
        ALTER TABLE outbound ADD COLUMN not_before INTEGER;
        ALTER TABLE outbound ADD COLUMN useful_until INTEGER;
        CREATE INDEX outbound_key ON outbound (key, recipient)
            WHERE key IS NOT NULL AND finished_at IS NULL AND status = 'UNSENT';

        ALTER TABLE part ADD COLUMN number TEXT NOT NULL DEFAULT '';
        ALTER TABLE part ADD COLUMN not_before INTEGER;
        ALTER TABLE part ADD COLUMN useful_until INTEGER;
        CREATE INDEX part_ready ON part (priority DESC, outbound_id, seq)
            WHERE state = 'QUEUED' AND due_at = 0 AND not_before IS NULL;
        CREATE INDEX part_line ON part (number, priority, outbound_id)
            WHERE state = 'QUEUED' AND not_before IS NULL;
        CREATE INDEX part_backoff ON part (due_at) WHERE state = 'QUEUED' AND due_at > 0;
        CREATE INDEX part_scheduled ON part (not_before)
            WHERE state = 'QUEUED' AND not_before IS NOT NULL;
        CREATE INDEX part_useful ON part (useful_until)
            WHERE state = 'QUEUED' AND useful_until IS NOT NULL;

        CREATE TABLE submitted (
            id INTEGER PRIMARY KEY,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX submitted_at ON submitted (at);

        CREATE TABLE reached (
            number TEXT PRIMARY KEY,
            at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX reached_at ON reached (at)
        """,
    )
    db.execute(ADDRESS_PARTS)
