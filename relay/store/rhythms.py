"""What is learned of the traffic of one modem: facts, and counts of what came in lately."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relay.core.rhythm import HOURS_A_WEEK, Quiet, Rhythm, Silent
from relay.store.database import Database
from relay.store.facts import Facts


class Rhythms:
    """Of one modem: the facts `modem.NAME.rhythm` and `modem.NAME.silence`."""

    def __init__(self, db: Database, modem: str) -> None:
        self._db = db
        self._facts = Facts(db)
        self._modem = modem

    def rhythm(self) -> Rhythm:
        told = self._table("rhythm")
        try:
            sums, weeks = (tuple(map(float, told[key])) for key in ("sums", "weeks"))
            known = Rhythm(
                sums, weeks, int(told["hours"]), float(told["arrivals"]), float(told["longest"])
            )
        except (KeyError, TypeError, ValueError):
            return Rhythm()
        return known if len(sums) == len(weeks) == HOURS_A_WEEK else Rhythm()

    def quiet(self) -> Quiet:
        return quiet_of(self._table("silence"))

    def put(self, now: int, rhythm: Rhythm, quiet: Quiet) -> None:
        learned = {
            "sums": [round(n, 3) for n in rhythm.sums],
            "weeks": [round(n, 3) for n in rhythm.weeks],
            "hours": rhythm.hours,
            "arrivals": rhythm.arrivals,
            "longest": rhythm.longest,
        }
        silent = {
            "who": quiet.who,
            "missing": quiet.missing,
            "since": quiet.since,
            "changed_at": quiet.changed_at,
        }
        key = f"modem.{self._modem}"
        self._facts.put_all(now, {f"{key}.rhythm": learned, f"{key}.silence": silent})

    # --- what came in ---------------------------------------------------------------------------

    def newest(self, after: int | None = None) -> int:
        """The newest raw PDU of this modem beyond `after`, or `after`; of any modem without it."""
        if after is None:
            return int(self._db.value("SELECT max(id) FROM raw_pdu") or 0)
        found = self._db.value(
            "SELECT max(id) FROM raw_pdu WHERE id > ? AND modem = ?", (after, self._modem)
        )
        return int(found or after)

    def people(self, after: int) -> int:
        """The newest message of this modem beyond `after`, or `after`."""
        found = self._db.value(
            "SELECT max(id) FROM inbound WHERE id > ? AND modem = ?", (after, self._modem)
        )
        return int(found or after)

    def mark(self) -> int:
        """Where `busy_minutes` is to begin."""
        return int(self._db.value("SELECT max(id) FROM inbound") or 0)

    def busy_minutes(self, mark: int) -> int:
        """In how many minutes since `mark` this modem brought messages."""
        return int(
            self._db.value(
                "SELECT count(DISTINCT kept_at / 60000) FROM inbound WHERE id > ? AND modem = ?",
                (mark, self._modem),
            )
        )

    def _table(self, name: str) -> Mapping[str, Any]:
        found = self._facts.get(f"modem.{self._modem}.{name}")
        return found.value if found is not None and isinstance(found.value, dict) else {}


def quiet_of(told: Mapping[str, Any]) -> Quiet:
    """The silence that was kept; none where nothing, or nothing of sense, was."""
    try:
        return Quiet(
            Silent(told["who"]), float(told["missing"]), int(told["since"]),
            int(told["changed_at"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return Quiet()
