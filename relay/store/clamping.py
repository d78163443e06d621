"""After a step back of the clock nothing may wait for the years in between."""

from __future__ import annotations

from relay.core.backoff import LONGEST_WAIT_MS
from relay.store.database import Database


def clamp(db: Database, now: int) -> int:
    """Bring what is due, in doubt, without its parts or counted in an impossible future to now.

    How many rows that were.
    """
    latest = now + LONGEST_WAIT_MS
    wrong = db.value(
        "SELECT (SELECT count(*) FROM part WHERE state = 'QUEUED' AND due_at > ?)"
        " + (SELECT count(*) FROM part WHERE state = 'UNCERTAIN' AND uncertain_at > ?)"
        " + (SELECT count(*) FROM inbound WHERE state = 'WAITING_PARTS' AND kept_at > ?)"
        " + (SELECT count(*) FROM submitted WHERE at > ?)"
        " + (SELECT count(*) FROM reached WHERE at > ?)",
        (latest, now, now, now, now),
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
        tx.execute(
            "UPDATE inbound SET kept_at = ? WHERE state = 'WAITING_PARTS' AND kept_at > ?",
            (now, now),
        )
        for counted in ("submitted", "reached"):
            tx.execute(f"UPDATE {counted} SET at = ? WHERE at > ?", (now, now))
    return int(wrong)
