"""The inbox: raw PDUs are kept first; then they are read, and become messages."""

from __future__ import annotations

import logging
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from relay.core import broadcast
from relay.core.device import Slot
from relay.core.foreign import foreign
from relay.core.inbound import INBOUND_TRANSITIONS, Completed, GaveUpWaiting, InboundState
from relay.core.machine import step
from relay.core.pdu import Concat, Deliver, StatusReport, Submit
from relay.core.reassembly import DAY_MS, Duplicate, Join, place
from relay.errors import PduError
from relay.log import event
from relay.store import answers, aside, assemblies, canaries, custody, hooks, raw, trail
from relay.store.database import Database
from relay.store.forwarding import offer
from relay.store.raw import Arrival
from relay.store.reports import apply_report
from relay.store.savepoint import apart


@dataclass(frozen=True, slots=True)
class Digested:
    """What one turn of reading brought."""

    raws: int = 0
    messages: int = 0
    reports: int = 0
    undecodable: int = 0


_log = logging.getLogger("relay.store")

_BROADCAST = "+CBM"
# Messages of which parts are missing, in one transaction.
_AT_ONCE = 100


class Inbox:
    """`servers` are the names of those to whom every message is to be forwarded; `answering`
    says whether rules wait to answer it."""

    def __init__(
        self,
        db: Database,
        servers: Sequence[str] = (),
        max_age_ms: int = DAY_MS,
        *,
        answering: bool = False,
    ) -> None:
        self._db = db
        self._answering = answering
        self._servers = tuple(servers)
        self._max_age_ms = max_age_ms
        self._failing: set[int] = set()  # those of which the log has heard
        self._gateway = uuid.UUID(db.value("SELECT value FROM meta WHERE key = 'gateway_id'"))

    def keep(self, now: int, arrivals: Sequence[Arrival]) -> int:
        """Commit raw PDUs before anything else may happen to them; how many were new.

        A PDU holds the service centre's timestamp, so the same bytes from the same SIM are the
        same message: a network's repetition, or a slot that was listed again. Where the SIM
        could not be read, any SIM matches. A modem lists its slots and not the order in which
        they were filled: the timestamps tell it.
        """
        in_order = raw.by_sc_time(arrivals) if len(arrivals) > 1 else arrivals
        with self._db.transaction() as tx:
            return sum(raw.keep(tx, now, arrival) for arrival in in_order)

    def slots_in_doubt(self, modem: str) -> list[Slot]:
        """Where parts lie in a modem's memory of which nobody knows yet whether they went out."""
        rows = self._db.query(
            "SELECT memory, slot FROM part WHERE (state = 'SUBMITTING' OR state = 'UNCERTAIN')"
            " AND modem = ? AND slot IS NOT NULL",
            (modem,),
        )
        return [Slot(row["memory"], row["slot"]) for row in rows]

    def digest(self, now: int, limit: int = 100) -> Digested:
        """Read the oldest kept PDUs: messages, parts of messages, status reports."""
        rows = self._db.query(
            "SELECT id, pdu, modem, sim, via, kept_at FROM raw_pdu WHERE state = 'KEPT'"
            " ORDER BY id LIMIT ?",
            (limit,),
        )
        if not rows:
            return Digested()
        with self._db.transaction() as tx:
            kinds = [self._read_apart(tx, now, row) for row in rows]
        return Digested(
            raws=len(rows),
            messages=kinds.count("message"),
            reports=kinds.count("report"),
            undecodable=kinds.count("undecodable"),
        )

    def give_up_waiting(self, now: int) -> int:
        """Messages whose missing part has not come for too long go on with the gap marked."""
        with self._db.transaction() as tx:
            rows = tx.execute(
                "SELECT id FROM inbound WHERE state = 'WAITING_PARTS' AND kept_at < ?",
                (now - self._max_age_ms,),
            ).fetchall()
            going = (row["id"] for row in rows if self._give_up_apart(tx, now, row["id"]))
            return sum(1 for _ in islice(going, _AT_ONCE))

    def _give_up_apart(self, tx: sqlite3.Connection, now: int, inbound_id: int) -> bool:
        """Whether it went on. One that makes relay itself fail stops none of the others, and
        goes on waiting: its parts are kept, and another relay may understand them."""
        failed = apart(tx, lambda: self._give_up(tx, now, inbound_id))
        if isinstance(failed, Exception):
            self._stays(inbound_id, failed)
            return False
        return True

    def _give_up(self, tx: sqlite3.Connection, now: int, inbound_id: int) -> None:
        twin = assemblies.whole_twin(tx, inbound_id, now - 4 * self._max_age_ms)
        self._complete(tx, now, inbound_id, GaveUpWaiting(), "part.repeated" if twin else None)

    def _stays(self, inbound_id: int, error: Exception) -> None:
        if inbound_id not in self._failing:
            self._failing.add(inbound_id)
            why = type(error).__name__
            _log.error(event("inbox.not_joined", message=inbound_id, error=why))

    # --- one PDU --------------------------------------------------------------------------------

    def _read_apart(self, tx: sqlite3.Connection, now: int, row: sqlite3.Row) -> str:
        """A PDU that makes relay itself fail stops none of those behind it."""
        kind = apart(tx, lambda: self._read(tx, now, row))
        if isinstance(kind, Exception):
            raw.undecodable(tx, now, row["id"], f"relay failed on it: {type(kind).__name__}")
            return "undecodable"
        return kind

    def _read(self, tx: sqlite3.Connection, now: int, row: sqlite3.Row) -> str:
        try:
            if row["via"] == _BROADCAST:
                page = broadcast.read(row["pdu"])
                raw.decoded(tx, row["id"])
                aside.keep(tx, now, row, aside.of_broadcast(page))
                return "aside"
            pdu = raw.read(row["pdu"], row["via"])
        except PduError as error:
            raw.undecodable(tx, now, row["id"], error.reason)
            return "undecodable"
        raw.decoded(tx, row["id"])
        if isinstance(pdu, Submit):
            aside.keep(tx, now, row, aside.of_stored(pdu, row["via"]))
            return "aside"
        if isinstance(pdu, StatusReport):
            apply_report(tx, now, row["id"], row["modem"], pdu)
            return "report"
        if canaries.came_back(tx, now, pdu):
            return "canary"
        if pdu.concat is None or not 1 <= pdu.concat.seq <= pdu.concat.total > 1:
            inbound_id = _insert(tx, row, pdu, None)
            raw.link(tx, row["id"], inbound_id, 1)
            self._complete(tx, now, inbound_id, Completed())
            return "message"
        return self._read_part(tx, now, row, pdu, pdu.concat)

    def _read_part(
        self, tx: sqlite3.Connection, now: int, row: sqlite3.Row, pdu: Deliver, concat: Concat
    ) -> str:
        piece = assemblies.piece(pdu, concat.seq, row["kept_at"])
        open_ones = assemblies.open_for(tx, pdu.sender.number, concat, row["sim"])
        match place(piece, open_ones, self._max_age_ms):
            case Duplicate(assembly):
                raw.repeated(tx, row["id"], assembly.id)
            case Join(assembly):
                raw.link(tx, row["id"], assembly.id, concat.seq)
                if assembly.missing == (concat.seq,):
                    self._complete(tx, now, assembly.id, Completed())
                    return "message"
            case _:
                raw.link(tx, row["id"], _insert(tx, row, pdu, concat), concat.seq)
        return "part"

    # --- one message ----------------------------------------------------------------------------

    def _complete(
        self,
        tx: sqlite3.Connection,
        now: int,
        inbound_id: int,
        event: Completed | GaveUpWaiting,
        flaw: str | None = None,
    ) -> None:
        """Join the parts, give the message its lasting id, and put it before every server."""
        state = step(INBOUND_TRANSITIONS, InboundState.WAITING_PARTS, event)
        parts = assemblies.delivers(tx, inbound_id)
        (total,) = tx.execute("SELECT total FROM inbound WHERE id = ?", (inbound_id,)).fetchone()
        text = assemblies.text(parts, total)
        name = self._name(tx, inbound_id)
        strange = foreign([parts[seq] for seq in sorted(parts)])
        flaw = flaw or strange or _unfit(parts, text) or (None if name else "message.repeated")
        times = [pdu.sc_time for pdu in parts.values() if pdu.sc_time is not None]
        tx.execute(
            "UPDATE inbound SET state = ?, text = ?, kind = ?, uuid = ?, sc_time = ?"
            " WHERE id = ?",
            (state, text, aside.kind(strange), name, min(times, default=None), inbound_id),
        )  # fmt: skip
        trail.note(tx, now, "inbound", inbound_id, type(event).__name__, "WAITING_PARTS", state)
        trail.count(tx, now, "received")
        custody.take(tx, now, inbound_id)
        if flaw:
            aside.park(tx, now, inbound_id, state, flaw)
        else:
            offer(tx, inbound_id, self._servers)
            hooks.owe_message(tx, now, inbound_id)
        if self._answering and _may_be_answered(event, flaw):
            answers.owe(tx, inbound_id)

    def _name(self, tx: sqlite3.Connection, inbound_id: int) -> str | None:
        """The id sent upstream: the same again after a restore from backup.

        None where another message has it: the same PDUs came in over two SIMs.
        """
        rows = tx.execute(
            "SELECT hash FROM raw_pdu WHERE inbound_id = ? AND seq IS NOT NULL ORDER BY seq",
            (inbound_id,),
        )
        name = str(uuid.uuid5(self._gateway, "\n".join(row["hash"] for row in rows)))
        taken = tx.execute("SELECT 1 FROM inbound WHERE uuid = ?", (name,)).fetchone()
        return None if taken else name


def _insert(tx: sqlite3.Connection, row: sqlite3.Row, pdu: Deliver, concat: Concat | None) -> int:
    found = tx.execute(
        "INSERT INTO inbound (state, kind, sender, sc_time, kept_at, modem, sim, concat_ref,"
        " concat_bits, total) VALUES ('WAITING_PARTS', 'text', ?, ?, ?, ?, ?, ?, ?, ?)"
        " RETURNING id",
        (
            pdu.sender.number, pdu.sc_time, row["kept_at"], row["modem"], row["sim"],
            concat.ref if concat else None, concat.bits if concat else None,
            concat.total if concat else 1,
        ),
    ).fetchone()  # fmt: skip
    return int(found[0])


def _may_be_answered(event: Completed | GaveUpWaiting, flaw: str | None) -> bool:
    """Half a message could mean anything; of what only stays here, an empty one was written by a
    person."""
    return isinstance(event, Completed) and flaw in (None, "empty.content")


def _unfit(parts: dict[int, Deliver], text: str | None) -> str | None:
    """Why a message stays here: CHT drops such ones without a word, so they are kept and shown."""
    if not text:
        return "empty.content"
    if not next(iter(parts.values())).sender.number:
        return "empty.sender"
    return None
