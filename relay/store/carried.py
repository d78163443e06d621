"""What came on a stick, in the database of who brings it to the server: each thing once.

The messages of a station stand there as if they had come in, with the station's own ids, and
wait for the server like any other; so an exchange that breaks off is no other than elsewhere.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from relay.core.bundle import CarriedReport, CarriedStatus, Export
from relay.core.cht import Handout
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.outbox import Outbox


class Carried(Exchanges):
    """One server's side of such a database, while an export of `station` is brought there.

    What the server hands out is not sent from here: it waits for the receipt. It belongs to the
    station that got it first, and is not acknowledged: the station does that when it has it.
    """

    def __init__(
        self, db: Database, server: str, outbox: Outbox, station: str, *, handouts: bool = True
    ) -> None:
        super().__init__(db, server, outbox)
        self._station = station
        self._wanted = handouts

    def put(self, now: int, export: Export) -> None:
        """All that the export holds, once however often it comes."""
        with self._db.transaction() as tx:
            tx.execute("INSERT OR IGNORE INTO cursor (server) VALUES (?)", (self._server,))
            for report in export.reports:
                self._put_report(tx, report)
            for status in export.statuses:
                self._put_status(tx, now, status)

    def _put_report(self, tx: sqlite3.Connection, report: CarriedReport) -> None:
        tx.execute(
            "INSERT INTO inbound (uuid, state, kind, sender, text, sc_time, kept_at, modem, sim,"
            " total) VALUES (?, 'WAITING', 'text', ?, ?, ?, ?, 'stick', ?, 1)"
            # Forgotten when it was at one server, and wanted for another.
            " ON CONFLICT (uuid) DO UPDATE SET sender = excluded.sender, text = excluded.text"
            " WHERE sim = excluded.sim",
            (
                report.uuid, report.sender, report.text, report.sc_time, report.kept_at,
                self._station,
            ),
        )  # fmt: skip
        tx.execute(
            "INSERT OR IGNORE INTO forwarding (server, inbound_id, state)"
            " SELECT ?, id, 'WAITING' FROM inbound WHERE uuid = ?",
            (self._server, report.uuid),
        )

    def _put_status(self, tx: sqlite3.Connection, now: int, status: CarriedStatus) -> None:
        key = (self._station, status.row, status.server_id, status.status)
        if tx.execute(f"SELECT 1 FROM carried WHERE {_KEY}", key).fetchone():
            return
        outbound_id = self._message(tx, now, status)
        newer = tx.execute(
            "SELECT 1 FROM carried WHERE station = ? AND server_id = ? AND row > ? AND at >= ?",
            (self._station, status.server_id, status.row, status.at),
        ).fetchone()
        # An older stick that comes later says nothing that the server should still hear.
        row = tx.execute(
            "INSERT INTO status_update (outbound_id, server, status, reason, created_at, told_at)"
            " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            (
                outbound_id, self._server, status.status, status.reason, now,
                now if newer else None,
            ),
        ).fetchone()  # fmt: skip
        tx.execute("INSERT INTO carried VALUES (?, ?, ?, ?, ?, ?)", (*key, status.at, row[0]))

    def _message(self, tx: sqlite3.Connection, now: int, status: CarriedStatus) -> int:
        """The row that statuses hang on; the station has the message itself."""
        tx.execute(
            "INSERT OR IGNORE INTO outbound (server, server_id, recipient, text, status,"
            " created_at, finished_at) VALUES (?, ?, '', '', ?, ?, ?)",
            (self._server, status.server_id, status.status, now, now),
        )
        tx.execute(
            "UPDATE handout SET recipient = '', text = '\"\"' WHERE station = ? AND server_id = ?",
            (self._station, status.server_id),
        )
        row = tx.execute(
            "SELECT id FROM outbound WHERE server = ? AND server_id = ?",
            (self._server, status.server_id),
        ).fetchone()
        return int(row[0])

    # --- what goes back -------------------------------------------------------------------------

    def acknowledged(self, export: Export) -> list[str]:
        """Those of its messages that are at the server."""
        rows = self._db.query(
            "SELECT uuid FROM forwarding JOIN inbound ON inbound.id = inbound_id"
            " WHERE server = ? AND forwarding.state = 'FORWARDED'"
            " AND uuid IN (SELECT value FROM json_each(?)) ORDER BY inbound_id",
            (self._server, json.dumps([one.uuid for one in export.reports])),
        )
        return [row["uuid"] for row in rows]

    def forget_texts(self) -> None:
        """What is at the server need not be readable here as well."""
        with self._db.transaction() as tx:
            tx.execute(
                "UPDATE inbound SET sender = '', text = '' WHERE sim = ? AND text <> ''"
                " AND id NOT IN (SELECT inbound_id FROM forwarding WHERE state <> 'FORWARDED')",
                (self._station,),
            )

    def refused(self, export: Export) -> int:
        """How many of its messages the server does not take."""
        return int(
            self._db.value(
                "SELECT count(*) FROM forwarding JOIN inbound ON inbound.id = inbound_id"
                " WHERE server = ? AND forwarding.state = 'PARKED'"
                " AND uuid IN (SELECT value FROM json_each(?))",
                (self._server, json.dumps([one.uuid for one in export.reports])),
            )
        )

    def told(self, export: Export) -> list[tuple[int, str, str]]:
        """Those of its statuses that the server has heard, or need not hear."""
        return [one.name for one in export.statuses if self._is_told(one)]

    def _is_told(self, status: CarriedStatus) -> bool:
        key = (self._station, *status.name)
        return bool(
            self._db.query(
                "SELECT 1 FROM carried JOIN status_update ON status_update.id = update_id"
                f" WHERE {_KEY} AND told_at IS NOT NULL",
                key,
            )
        )

    def handed_out(self, since: int) -> list[Handout]:
        """What the server has wanted sent since then, of this station's."""
        rows = self._db.query(
            "SELECT server_id, recipient, text FROM handout"
            " WHERE station = ? AND at >= ? AND recipient <> '' ORDER BY rowid",
            (self._station, since),
        )
        return [Handout(row[0], row[1], json.loads(row[2])) for row in rows]

    def _take(self, tx: sqlite3.Connection, now: int, handout: Handout) -> bool:
        if not self._wanted:
            return False
        row = tx.execute(
            "SELECT station, recipient FROM handout WHERE server_id = ?", (handout.id,)
        ).fetchone()
        if row is not None and (row["station"] != self._station or not row["recipient"]):
            return False  # another station has it, or this one has spoken of it already
        # As JSON: SQLite cannot hold every text that a server can hand out.
        tx.execute(
            "INSERT OR REPLACE INTO handout VALUES (?, ?, ?, ?, ?)",
            (self._station, handout.id, handout.to, json.dumps(handout.content), now),
        )
        return row is None


_KEY = "carried.station = ? AND row = ? AND server_id = ? AND carried.status = ?"


def note(db: Database, now: int, made: Sequence[object]) -> None:
    """Enter a file that was made or used: hash, kind, station, server, made_at, head_no, head
    and path."""
    hash_, kind, station, server, made_at, head_no, head, path = made
    with db.transaction() as tx:
        tx.execute(
            "INSERT OR IGNORE INTO bundle VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (hash_, kind, station, server, made_at, now, head_no, head, path),
        )
