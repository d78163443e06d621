"""The outbox where several things go wrong: no part stuck, no reason lost, no wrong match."""

from __future__ import annotations

from relay.core.outbound import (
    Accepted,
    NoAnswer,
    NotStarted,
    RefusedForGood,
    ReportDelivered,
    ReportOverdue,
    Resent,
)
from relay.store.database import Database
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.raw import Arrival
from tests.air import NOON as NOW
from tests.air import report
from tests.store.test_outbox import LONG, MOTHER, accepted, claimed, queue

DAY = 24 * 3600 * 1000


def states(db: Database) -> list[str]:
    return [row[0] for row in db.query("SELECT state FROM part ORDER BY id")]


def reason(db: Database) -> str | None:
    found: str | None = db.value("SELECT reason FROM outbound")
    return found


def message(db: Database) -> tuple[str, int | None]:
    row = db.query("SELECT status, finished_at FROM outbound")[0]
    return row["status"], row["finished_at"]


def test_a_part_claimed_ahead_is_not_stuck_behind_a_failed_one(
    db: Database, outbox: Outbox
) -> None:
    """It comes back when the message is lost already, and could never be claimed again."""
    queue(outbox, LONG)
    first, second = claimed(outbox), claimed(outbox)
    outbox.record(NOW, first, RefusedForGood("DEST_UNASSIGNED"))
    outbox.record(NOW, second, NotStarted("the port is gone"))
    assert states(db) == ["FAILED", "FAILED"]
    assert outbox.next_due_at(NOW) is None


def test_a_part_in_doubt_of_a_failed_message_is_not_sent_again(
    db: Database, outbox: Outbox
) -> None:
    queue(outbox, LONG)
    first, second = claimed(outbox), claimed(outbox)
    doubtful = outbox.record(NOW, first, NoAnswer("silence"))
    outbox.record(NOW, second, RefusedForGood("DEST_UNASSIGNED"))
    outbox.record(NOW, doubtful, Resent())
    assert states(db) == ["FAILED", "FAILED"]


def test_the_reason_of_a_failure_outlives_what_comes_of_the_other_parts(
    db: Database, outbox: Outbox
) -> None:
    queue(outbox, LONG)
    first, second = claimed(outbox), claimed(outbox)
    outbox.record(NOW, first, RefusedForGood("DEST_UNASSIGNED"))
    outbox.record(NOW, second, Accepted(2))
    assert reason(db) == "DEST_UNASSIGNED"


def test_a_message_with_a_part_still_to_go_is_not_over(db: Database, outbox: Outbox) -> None:
    """Status counts what is not over; the first part's report is overdue, the second not sent."""
    queue(outbox, LONG)
    part = accepted(outbox)
    outbox.record(NOW + 5 * DAY, part, ReportOverdue())
    assert message(db) == ("PENDING", None)


def test_a_message_is_over_when_its_last_part_is(db: Database, outbox: Outbox) -> None:
    """The report on one part is given up, the one on the other comes late."""
    queue(outbox, LONG)
    first, second = accepted(outbox, 1), accepted(outbox, 2)
    outbox.record(NOW + 5 * DAY, first, ReportOverdue())
    assert message(db) == ("SENT", None)
    outbox.record(NOW + 6 * DAY, second, ReportDelivered(0))
    assert message(db) == ("SENT", NOW + 6 * DAY)


def test_a_report_belongs_to_the_message_of_its_time(
    db: Database, outbox: Outbox, inbox: Inbox
) -> None:
    """TP-MR came round; of the older message no report ever came."""
    queue(outbox, id_="old")
    outbox.record(NOW, claimed(outbox), Accepted(41))
    later = NOW + 3 * DAY
    queue(outbox, id_="new")
    outbox.record(later, claimed(outbox, later), Accepted(41))
    pdu = report(41, MOTHER, 0, at=later)
    inbox.keep(later, [Arrival(pdu, "modem0", "8925401", "SR:1")])
    inbox.digest(later)
    assert states(db) == ["ACCEPTED", "DELIVERED"]


def test_what_a_removed_modem_left_in_doubt_falls_to_one_that_is_there(
    db: Database, outbox: Outbox
) -> None:
    """Or it would stay in doubt for ever: each modem settles its own."""
    queue(outbox)
    outbox.record(NOW, claimed(outbox), NoAnswer("silence"))
    assert outbox.recover(NOW, modems=("huawei", "spare")) == 0
    assert [part.id for part in outbox.uncertain("huawei")] == [1]
    assert outbox.uncertain("spare") == []


def test_a_slot_of_a_removed_modem_is_no_slot_of_another(db: Database, outbox: Outbox) -> None:
    queue(outbox)
    part = outbox.claim(NOW, "modem0", "stored")
    assert part is not None
    outbox.place(part, "ME", 3)
    assert outbox.recover(NOW, modems=("huawei",)) == 1
    (part,) = outbox.uncertain("huawei")
    assert (part.submission, part.memory, part.slot) == ("direct", None, None)
