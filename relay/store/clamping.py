"""After a step back of the clock nothing may wait for the years in between."""

from __future__ import annotations

from relay.core.backoff import SOFT_RETRIES, soft_retry_ms
from relay.store.database import Database

_LONGEST_WAIT_MS = soft_retry_ms(SOFT_RETRIES) or 0


def clamp(db: Database, now: int) -> int:
    """Bring due times and doubts that lie in an impossible future back to now; how many rows."""
    latest = now + _LONGEST_WAIT_MS
    wrong = db.value(
        "SELECT (SELECT count(*) FROM part WHERE state = 'QUEUED' AND due_at > ?)"
        " + (SELECT count(*) FROM part WHERE state = 'UNCERTAIN' AND uncertain_at > ?)",
        (latest, now),
    )
    if not wrong:
        return 0
    with db.transaction() as tx:
        tx.execute("UPDATE part SET due_at = ? WHERE state = 'QUEUED' AND due_at > ?",
                   (latest, latest))  # fmt: skip
        tx.execute(
            "UPDATE part SET uncertain_at = ? WHERE state = 'UNCERTAIN' AND uncertain_at > ?",
            (now, now),
        )
    return int(wrong)
