"""relay itself, without a server: its own store is its inbox, as with the others."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing

from relay.clock import SystemClock
from relay.store.database import Database
from relay.store.enqueuing import Composition
from relay.store.outbox import Outbox
from tests.bench.peers.program import Program
from tests.bench.rig import RELAY, Setting, toml

# The ten minutes as shipped are for networks whose reports are late; here they come at once.
WAIT_S = 20


class Ours(Program):
    """`tuned` hands over directly instead of by way of the modem's memory; no more than that."""

    name = "relay"

    def prepare(self) -> None:
        submission = "direct" if self.tuned else "auto"
        setting = Setting(
            submission=submission,
            delivery_reports=self.reports,
            uncertain_wait_s=WAIT_S if self.reports else 600,
            server=False,
        )
        self._store, self._config = self.folder / "state" / "relay.db", self.folder / "relay.toml"
        self._config.write_text(toml(self._store, self.port, "", setting), encoding="utf-8")
        self._config.chmod(0o600)

    def command(self) -> Sequence[str]:
        return (*RELAY, "run", "--config", str(self._config))

    def enqueue(self, recipient: str, texts: Sequence[str]) -> None:
        db, now = Database.open(self._store), SystemClock().now()
        outbox = Outbox(db, Composition(report=self.reports))
        with db.transaction():
            for text in texts:
                outbox.enqueue(now, recipient=recipient, text=text)
        db.close()

    def received(self) -> Counter[str]:
        return Counter(text for (text,) in self._ask("SELECT text FROM inbound"))

    def uncertain(self) -> int:
        return int(self._ask("SELECT coalesce(sum(uncertain_count), 0) FROM part")[0][0])

    def _ask(self, sql: str) -> list[tuple[str]]:
        if not self._store.exists():
            return []
        with closing(sqlite3.connect(self._store, timeout=30)) as db:
            return db.execute(sql).fetchall()
