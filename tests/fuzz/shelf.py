"""The inbox: every octet that came in is on the disk as it came, whatever is made of it later."""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path

from relay.store.database import Database
from relay.store.inbox import Inbox
from relay.store.raw import Arrival
from tests.fuzz.draw import Draw
from tests.fuzz.pdus import shape

_NOW = 1_900_000_000_000
_ROUNDS = 2000  # then a new database, so that it stays small


class Shelf:
    """A database that is used for many inputs."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        self._db = Database.open(Path(self._folder.name) / "relay.db")
        self._inbox = Inbox(self._db, servers=("cht",))
        self._times = count(_NOW, 1000)
        self.rounds = 0

    def put(self, pdus: list[str]) -> None:
        self.rounds += 1
        now, sim = next(self._times), f"8925{self.rounds:015d}"
        before = int(self._db.value("SELECT coalesce(max(id), 0) FROM raw_pdu") or 0)
        self._inbox.keep(now, [Arrival(pdu, "usb", sim, "SM:1") for pdu in pdus])
        rows = self._db.query("SELECT id, pdu, state FROM raw_pdu WHERE id > ?", (before,))
        kept = {row["pdu"].upper() for row in rows}
        assert kept == {pdu.upper() for pdu in pdus}, "a byte is not on the disk"
        while self._inbox.digest(now).raws:
            pass
        self._inbox.give_up_waiting(now)
        left = self._db.query("SELECT pdu, state FROM raw_pdu WHERE id > ?", (before,))
        assert {row["pdu"].upper() for row in left} == kept, "reading changed a byte"
        assert "KEPT" not in {row["state"] for row in left}, "a PDU was never read"

    def close(self) -> None:
        self._db.close()
        self._folder.cleanup()


_shelves: list[Shelf] = []


def kept(data: bytes) -> None:
    """Some PDUs in one sweep: shaped, random, text that is no PDU, the same one again."""
    if _shelves and _shelves[0].rounds >= _ROUNDS:
        close()
    if not _shelves:
        _shelves.append(Shelf())
    _shelves[0].put(_arrivals(Draw(data)))


def close() -> None:
    """Give the database back."""
    while _shelves:
        _shelves.pop().close()


def _arrivals(draw: Draw) -> list[str]:
    pdus: list[str] = []
    for _ in range(1 + draw.below(4)):
        piece, kind = Draw(draw.take(draw.byte())), draw.below(4)
        if kind == 0:
            pdus.append(piece.rest().decode("latin-1"))
        elif kind == 1 and pdus:
            pdus.append(pdus[-1].lower())
        elif kind == 2:
            pdus.append(piece.rest().hex())
        else:
            pdus.append(shape(piece).hex().upper())
    return pdus
