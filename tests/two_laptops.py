"""A clinic without internet, an office with it, a stick, and a server: all in one folder."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from click.testing import CliRunner, Result

from relay.bundles import files, keys
from relay.bundles.bringing import Brought, Office, bring
from relay.cli.desk import Desk
from relay.cli.main import main
from relay.core.bundle import Export
from relay.core.cht import Answer, Report, Update
from relay.core.outbound import Accepted
from relay.flows.ports import Server
from relay.servers.cht import ChtServer
from relay.servers.credentials import Credentials
from relay.simulator.server import CentralServer
from relay.store.database import Database
from tests.air import NOON, deliver
from tests.clinic import TOML, Clinic
from tests.fakes import FakeClock


class TwoLaptops:
    """A context manager. `stick` is a folder, `journal` the office's database."""

    def __init__(self, folder: Path) -> None:
        self.server = CentralServer(user="gateway", password="secret")
        self.server.start()
        self.stick, self.journal = folder / "usb", folder / "office" / "imports.db"
        self.stick.mkdir(parents=True)
        self.journal.parent.mkdir()
        self.clinic = Clinic(
            folder, TOML.replace("https://cht.example.org/api/sms", self.server.url)
        )
        self.clock = self.clinic.clock
        self.office = keys.own(self.journal)
        keys.believe(self.journal, keys.own(self.clinic.config.store.path).public, "the clinic")
        self.received = 0
        self._http = cht(self.server.url, "main")

    def __enter__(self) -> TwoLaptops:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self.clinic.db.close()
        self.server.stop()

    # --- at the clinic --------------------------------------------------------------------------

    def receives(self, n: int = 1) -> None:
        for _ in range(n):
            self.received += 1
            at = NOON + self.received * 1000
            self.clinic.receives(deliver(f"P {self.received}", at=at))

    def sends(self) -> None:
        """The next message that waits goes out."""
        part = self.clinic.outbox.claim(self.clock.now(), "usb1", "direct")
        assert part is not None
        self.clinic.outbox.record(self.clock.now(), part, Accepted(7))

    def relay(self, *words: object) -> Result:
        desk = Desk(
            clock=self.clock,
            environ={
                "RELAY_CONFIG": str(self.clinic.path),
                "XDG_DATA_HOME": str(self.journal.parent),
            },
        )
        return CliRunner().invoke(main, [str(word) for word in words], obj=desk)

    def exports(self, *, to: str = "") -> Path:
        before = set(self.stick.iterdir())
        ran = self.relay("export", self.stick, "--to", to or self.office.public)
        assert ran.exit_code == 0, ran.output
        (made,) = set(self.stick.iterdir()) - before
        return made

    def takes(self, receipt: Path) -> Result:
        return self.relay("import", receipt, "--journal", self.journal)

    def syncs(self) -> None:
        """One exchange over the net, which is there for a moment."""
        exchanges = self.clinic.exchanges
        reports, updates = exchanges.waiting(50), exchanges.updates(50)
        exchanges.begin(
            self.clock.now(), [one.inbound_id for one in reports], [one.id for one in updates]
        )
        exchanges.settle(self.clock.now(), self._http.exchange(reports, updates))

    # --- at the office --------------------------------------------------------------------------

    def brings(self, file: Path, server: Server | None = None) -> Brought:
        return brought(self.journal, self.clock, file, server or cht(self.server.url))

    @property
    def forwarded(self) -> list[str]:
        return sorted(str(report.content) for report in self.server.reports)

    @property
    def waiting(self) -> tuple[int, int]:
        return self.clinic.exchanges.pending()


def cht(url: str, name: str = "") -> ChtServer:
    return ChtServer(name or url, Credentials(url, "gateway", "secret"))


def brought(journal: Path, clock: FakeClock, file: Path, server: Server) -> Brought:
    export, _ = files.opened(file, [keys.own(journal)])
    assert isinstance(export, Export)
    db = Database.open(journal)
    try:
        office = Office(db, keys.own(journal), clock, lambda seconds, _: clock.advance(seconds))
        return bring(office, server, export, file.with_suffix(".receipt"), handouts=True)
    finally:
        db.close()
        if isinstance(server, ChtServer):
            server.close()


class Deadly:
    """A server during whose exchange number `at` this very process is killed: before it answers,
    or with the answer there and not yet kept."""

    def __init__(self, server: ChtServer, at: int, *, after: bool) -> None:
        self.name = server.name
        self._server = server
        self._left = at
        self._after = after

    def check(self) -> None:
        self._server.check()

    def exchange(self, reports: Sequence[Report], updates: Sequence[Update]) -> Answer:
        self._left -= 1
        if self._left == 0 and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = self._server.exchange(reports, updates)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


if __name__ == "__main__":
    journal, file, url, now, at, after = sys.argv[1:]
    deadly = Deadly(cht(url), int(at), after=after == "after")
    brought(Path(journal), FakeClock(now=int(now)), Path(file), deadly)
