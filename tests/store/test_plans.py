"""No query of the message path reads a whole table: it costs the same after a million messages."""

from __future__ import annotations

from relay.core.caps import WINDOWS, Cap
from relay.core.cht import Answer, Handout
from relay.core.outbound import Accepted, NoAnswer
from relay.core.queueing import QueueRules
from relay.core.reassembly import DAY_MS
from relay.store import caps
from relay.store.clamping import clamp
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.raw import Arrival
from relay.store.retention import prune
from tests.air import NOON as NOW
from tests.air import deliver, delivers, report

MOTHER = "+254700000042"
CAPS = tuple(Cap(key, 1, window, phones) for key, window, phones in WINDOWS)
GROW = (
    "inbound", "raw_pdu", "outbound", "part", "status_report", "forwarding", "status_update",
    "audit", "tombstone", "submitted", "reached",
)  # fmt: skip


def one_of_everything(inbox: Inbox, outbox: Outbox, exchanges: Exchanges, db: Database) -> None:
    pdus = [deliver("P 1"), delivers(["one, ", "two"])[0]]
    inbox.keep(NOW, [Arrival(pdu, "modem0", "sim", "SM:1") for pdu in pdus])
    inbox.digest(NOW)
    exchanges.begin(NOW, [row.inbound_id for row in exchanges.waiting(10)], [])
    for _ in range(2):  # the second time it is handed out again
        exchanges.settle(
            NOW, Answer((Handout("m1", MOTHER, "x"), Handout("m2", MOTHER, "y")), None)
        )
    for event in (Accepted(4), NoAnswer("silence")):
        part = outbox.claim(NOW, "modem0", "direct")
        assert part is not None
        outbox.record(NOW, part, event)
    outbox.uncertain("modem0")
    outbox.next_due_at(NOW)
    capped = Outbox(db, rules=QueueRules(useful_ms=1, caps=CAPS))
    for _ in range(2):
        capped.enqueue(NOW, recipient=MOTHER, text="z", key="stock", not_before=NOW + 1)
    assert capped.claim(NOW, "modem0", "direct") is None
    assert capped.expire(NOW + 9, NOW + 9) == 1
    for mr in (4, 4, 5, 6):
        pdu = report(mr, MOTHER, at=NOW + mr)
        inbox.keep(NOW, [Arrival(pdu, "modem0", "sim", "SR:1")])
        inbox.digest(NOW)
    later = NOW + 30 * DAY_MS
    inbox.give_up_waiting(later)
    outbox.close_overdue(later, DAY_MS)
    outbox.recover(later, ["modem0"])
    clamp(db, later)
    with db.transaction() as tx:
        caps.forget(tx, later)
    exchanges.adopt()
    exchanges.begin(later, [], [update.id for update in exchanges.updates(100)])
    exchanges.settle(later, Answer((), None))
    exchanges.pending()
    prune(db, later + 1)


def test_no_table_that_grows_is_read_from_end_to_end(
    db: Database, inbox: Inbox, outbox: Outbox, exchanges: Exchanges
) -> None:
    statements: list[str] = []
    with db.transaction() as tx:
        tx.set_trace_callback(statements.append)
    one_of_everything(inbox, outbox, exchanges, db)
    with db.transaction() as tx:
        tx.set_trace_callback(None)
    asked = {s for s in statements if s.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))}
    assert len(asked) > 30
    scans = {
        (sql, row["detail"])
        for sql in asked
        for row in db.query(f"EXPLAIN QUERY PLAN {sql}")
        if row["detail"].startswith(tuple(f"SCAN {table}" for table in GROW))
        and "part_queue" not in row["detail"]  # in the order of the queue, and only what is in it
    }
    assert scans == set()
