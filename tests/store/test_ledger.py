"""The airtime ledger: every submission that the network took or may have taken, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.core.outbound import (
    Accepted,
    Cancelled,
    Event,
    FoundSent,
    FoundUnsent,
    NoAnswer,
    NotStarted,
    RefusedForGood,
    RefusedForNow,
    ReportDelivered,
    ReportFailed,
    Resent,
    Retried,
)
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.ledger import bill
from relay.store.outbox import Outbox
from relay.store.reading import Reader
from tests.air import NOON as NOW

MOTHER = "+260977000042"
AGAIN = RefusedForNow("busy", 0)


def account(db: Database) -> list[tuple[int, int]]:
    """(nth, charged) of every row."""
    return [tuple(row) for row in db.query("SELECT nth, charged FROM segment ORDER BY id")]


@pytest.mark.parametrize(
    ("events", "rows"),
    [
        ([Accepted(1)], [(1, 1)]),
        ([Accepted(1), ReportDelivered(0)], [(1, 1)]),
        ([Accepted(1), ReportFailed(70, "x")], [(1, 1)]),
        ([NotStarted("x")], []),
        ([AGAIN], []),
        ([RefusedForGood("x")], []),
        ([AGAIN, Accepted(1)], [(1, 1)]),
        ([NoAnswer("x")], [(1, 0)]),
        ([NoAnswer("x"), FoundSent()], [(1, 1)]),
        ([NoAnswer("x"), ReportDelivered(0)], [(1, 1)]),
        ([NoAnswer("x"), FoundUnsent(), Accepted(2)], [(1, 1)]),
        ([NoAnswer("x"), Resent(), Accepted(2)], [(1, 0), (2, 1)]),
        ([NoAnswer("x"), Resent(), NoAnswer("x"), FoundSent()], [(1, 0), (2, 1)]),
        ([NoAnswer("x"), Resent(), NoAnswer("x"), FoundUnsent()], [(1, 0)]),
        ([NoAnswer("x"), Cancelled("x"), ReportDelivered(0)], [(1, 1)]),
        ([Accepted(1), ReportFailed(70, "x"), Retried(), Accepted(2)], [(1, 1), (2, 1)]),
    ],
)
def test_every_way_of_a_part(
    db: Database, outbox: Outbox, events: list[Event], rows: list[tuple[int, int]]
) -> None:
    """A row for each submission that may cost, and none for what never left."""
    outbox.enqueue(NOW, recipient=MOTHER, text="x", server="cht", server_id="1")
    for event in events:
        part = outbox.part(1)
        assert part is not None
        if part.state == "QUEUED":
            part = outbox.claim(NOW, "usb", "direct")
            assert part is not None
        outbox.record(NOW, part, event)
    assert account(db) == rows


def test_the_bill_outlives_the_messages(db: Database, outbox: Outbox, tmp_path: Path) -> None:
    """It says server, country and cost, and not whose numbers they were."""
    Facts(db).put(NOW, "modem.usb.price", {"micros": 200_000, "currency": "ZMW"})
    outbox.enqueue(NOW, recipient=MOTHER, text="x" * 200, server="cht", server_id="1")
    outbox.enqueue(NOW, recipient="0977000042", text="x", server="", server_id="2")
    while (part := outbox.claim(NOW, "usb", "direct")) is not None:
        outbox.record(NOW, part, Accepted(part.id))
    with db.transaction() as tx:
        tx.execute("DELETE FROM part")
        tx.execute("DELETE FROM status_update")
        tx.execute("DELETE FROM outbound")
    with Reader.open(db.path) as reader:
        lines = bill(reader, NOW, NOW + 1)
        assert bill(reader, NOW + 1, NOW + 2) == []
    assert [(line.server, line.prefix, line.segments, line.cost) for line in lines] == [
        ("", "097…", 1, 200_000),
        ("cht", "+26097…", 2, 400_000),
    ]
