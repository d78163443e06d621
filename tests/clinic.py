"""A station for tests: a real store in a folder of its own, its configuration, and its daemon's
traces without the daemon."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO, Any

from relay.cli.writing import composition
from relay.config import Config, load
from relay.core.station import Station
from relay.status import lock_path, observe
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.raw import Arrival
from tests.air import NOON
from tests.fakes import FakeClock

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
TOML = """\
[gateway]
name = "Mwase clinic"
[store]
path = "state/relay.db"
[modem.usb1]
port = "/dev/serial/by-id/usb-modem"
[server.main]
url = "https://cht.example.org/api/sms"
user = "gateway"
password = "secret"
"""


class Clinic:
    """`with Clinic(tmp_path) as clinic:` then let things happen, and look at the station."""

    def __init__(self, folder: Path, toml: str = TOML) -> None:
        self.path = folder / "relay.toml"
        self.path.write_text(toml, encoding="utf-8")
        self.path.chmod(0o600)
        self.clock = FakeClock(now=NOON)
        self.config: Config = load(self.path, {}, hostname=lambda: "clinic")
        self.db = Database.open(self.config.store.path)
        self.facts = Facts(self.db)
        self.outbox = Outbox(self.db, composition(self.config.sending), self.config.sending.rules)
        self.inbox = Inbox(self.db, [server.name for server in self.config.servers])
        self.exchanges = Exchanges(self.db, "main", self.outbox)
        self.exchanges.adopt()
        self._lock: IO[bytes] | None = None

    def __enter__(self) -> Clinic:
        return self

    def __exit__(self, *_: object) -> None:
        self.release_lock()
        self.db.close()

    # --- what a daemon would do -----------------------------------------------------------------

    def put(self, **values: Any) -> None:
        """Facts; a double underscore stands for the dot in their keys."""
        keyed = {key.replace("__", "."): value for key, value in values.items()}
        self.facts.put_all(self.clock.now(), keyed)

    def starts(self) -> None:
        """The daemon takes its lock and gives its first sign of life."""
        self._lock = lock_path(self.config.store.path).open("ab")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.put(daemon__started={"pid": os.getpid(), "version": "0.1.0"})
        self.beats()

    def beats(self, state: str = "running") -> None:
        value = {"pid": os.getpid(), "state": state}
        self.put(daemon=value | {"version": "0.1.0"}, daemon__beat=value)

    def dies(self) -> None:
        """Killed: the lock is gone, and nothing more is said."""
        self.release_lock()

    def release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def modem(self, state: str = "READY", detail: str = "", **survey: Any) -> None:
        link = {"state": state, "detail": detail}
        known = {"signal_dbm": -71, "operator": "MTN ZM", "access": "3G", "registration": 1}
        known |= {"memories": [{"memory": "SM", "used": 3, "total": 20}], "smsc": "+260970000042"}
        identity = {"model": "E173", "imei": "350000000000017", "iccid": "8926003000000044017"}
        self.put(modem__usb1__link=link, modem__usb1__identity=identity)
        if state == "READY":
            self.put(modem__usb1__survey=known | survey)

    def server(self, code: str = "OK", detail: str = "", since: int | None = None) -> None:
        now = self.clock.now()
        self.put(server__main__outcome={"code": code, "detail": detail, "since": since or now})
        if code == "OK":
            self.put(server__main__last_ok=now)

    def works(self) -> None:
        """An ordinary day: the daemon has run for three hours, and all is well."""
        self.starts()
        self.clock.advance(3 * HOUR)
        self.modem()
        self.server()
        self.beats()

    def passes(self, seconds: float) -> None:
        """Time goes by with the daemon alive."""
        self.clock.advance(seconds)
        self.beats()

    # --- messages -------------------------------------------------------------------------------

    def receives(self, *pdus: str) -> None:
        for pdu in pdus:
            self.inbox.keep(
                self.clock.now(), [Arrival(pdu, "usb1", "8926003000000044017", "SM:1")]
            )
        self.inbox.digest(self.clock.now())

    def sends(
        self,
        text: str = "Come to the clinic",
        *,
        to: str = "+254700000001",
        server: str = "",
        **more: Any,
    ) -> int:
        return self.outbox.enqueue(
            self.clock.now(), recipient=to, text=text, server=server, **more
        )

    # --- what a technician would see ------------------------------------------------------------

    def station(self) -> Station:
        return observe(self.config, self.clock.now())


def locks(path: Path) -> list[str]:
    """What the kernel knows of this process's POSIX locks on a file."""
    inode, pid = f":{path.stat().st_ino}", str(os.getpid())
    found = [line.split() for line in Path("/proc/locks").read_text("ascii").splitlines()]
    return sorted(
        " ".join(words[1:])
        for words in found
        if "POSIX" in words and pid in words and any(word.endswith(inode) for word in words)
    )
