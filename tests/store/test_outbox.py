"""The outbox: one message, its parts, and what the server is told of them."""

from __future__ import annotations

import pytest

from relay.core.outbound import (
    Accepted,
    Cancelled,
    NoAnswer,
    NotStarted,
    Part,
    PartState,
    RefusedForGood,
    RefusedForNow,
    ReportOverdue,
)
from relay.core.pdu import Submit, decode
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.parts import StaleRow
from relay.store.raw import Arrival
from tests.air import NOON as NOW
from tests.air import report

MOTHER = "+254700000042"
LONG = "Your next visit is on Monday. " * 8  # 240 characters: two parts


def queue(outbox: Outbox, text: str = "Come on Monday", to: str = MOTHER, id_: str = "m1") -> int:
    return outbox.enqueue(NOW, recipient=to, text=text, server="cht", server_id=id_)


def claimed(outbox: Outbox, now: int = NOW) -> Part:
    part = outbox.claim(now, "modem0", "direct")
    assert part is not None
    return part


def accepted(outbox: Outbox, mr: int = 1) -> Part:
    return outbox.record(NOW + 1, claimed(outbox), Accepted(mr))


def told(exchanges: Exchanges) -> list[tuple[str, str | None]]:
    return [(update.status, update.reason) for update in exchanges.updates(100)]


def status(db: Database) -> str:
    return str(db.value("SELECT status FROM outbound ORDER BY id DESC LIMIT 1"))


def come_back(inbox: Inbox, mr: int, tp_st: int = 0, to: str = MOTHER) -> None:
    inbox.keep(NOW + 9, [Arrival(report(mr, to, tp_st, at=NOW), "modem0", "8925401", "SR:1")])
    inbox.digest(NOW + 9)


def test_a_message_is_told_of_at_each_station(
    outbox: Outbox, exchanges: Exchanges, inbox: Inbox
) -> None:
    queue(outbox)
    accepted(outbox, mr=7)
    come_back(inbox, mr=7)
    assert [name for name, _ in told(exchanges)] == ["UNSENT", "PENDING", "SENT", "DELIVERED"]


def test_a_claim_is_on_the_disk_before_the_radio_hears_of_it(db: Database, outbox: Outbox) -> None:
    queue(outbox)
    claimed(outbox)
    row = db.query("SELECT state, attempts, modem FROM part")[0]
    assert tuple(row) == ("SUBMITTING", 1, "modem0")
    assert outbox.claim(NOW, "modem1", "direct") is None


def test_the_parts_of_a_long_text_share_one_reference_and_go_in_order(outbox: Outbox) -> None:
    queue(outbox, LONG)
    pdus = []
    for mr in (1, 2):
        part = claimed(outbox)
        pdus.append(decode(part.pdu))
        outbox.record(NOW, part, Accepted(mr))
    concats = [pdu.concat for pdu in pdus if isinstance(pdu, Submit) and pdu.concat]
    assert [(c.seq, c.total) for c in concats] == [(1, 2), (2, 2)]
    assert len({c.ref for c in concats}) == 1


def test_the_next_long_text_to_the_same_phone_has_another_reference(outbox: Outbox) -> None:
    refs = []
    for name in ("a", "b"):
        queue(outbox, LONG, id_=name)
        for mr in (1, 2):
            part = claimed(outbox)
            pdu = decode(part.pdu)
            assert isinstance(pdu, Submit)
            assert pdu.concat
            refs.append(pdu.concat.ref)
            outbox.record(NOW, part, Accepted(mr))
    assert refs[0] == refs[1] != refs[2] == refs[3]


def test_a_long_message_is_sent_when_all_parts_are_and_delivered_when_all_are(
    db: Database, outbox: Outbox, inbox: Inbox
) -> None:
    queue(outbox, LONG)
    accepted(outbox, mr=1)
    assert status(db) == "PENDING"
    accepted(outbox, mr=2)
    assert status(db) == "SENT"
    come_back(inbox, mr=2)
    assert status(db) == "SENT"
    come_back(inbox, mr=1)
    assert status(db) == "DELIVERED"


def test_the_rest_of_a_message_that_cannot_arrive_whole_is_not_paid_for(
    db: Database, outbox: Outbox
) -> None:
    queue(outbox, LONG)
    outbox.record(NOW, claimed(outbox), RefusedForGood("DEST_UNASSIGNED"))
    assert outbox.claim(NOW, "modem0", "direct") is None
    assert status(db) == "FAILED"


@pytest.mark.parametrize("to", ["MPESA", "", "call me", "+", "12"])
def test_a_number_that_cannot_be_dialled_fails_before_the_radio(
    outbox: Outbox, exchanges: Exchanges, to: str
) -> None:
    queue(outbox, to=to)
    assert outbox.claim(NOW, "modem0", "direct") is None
    assert told(exchanges) == [("UNSENT", None), ("FAILED", "destination.invalid")]


@pytest.mark.parametrize(
    ("text", "reason"), [("half \ud83d", "text.surrogate"), ("nul \0", "text.nul")]
)
def test_a_text_that_no_sms_can_carry_fails_with_its_reason(
    outbox: Outbox, exchanges: Exchanges, text: str, reason: str
) -> None:
    queue(outbox, text=text)
    assert told(exchanges)[-1] == ("FAILED", reason)


def test_a_soft_refusal_waits_and_blocks_nobody(db: Database, outbox: Outbox) -> None:
    queue(outbox, id_="first")
    queue(outbox, id_="second", to="+254700000043")
    outbox.record(NOW, claimed(outbox), RefusedForNow("NET_CONGESTION", NOW + 60_000))
    assert claimed(outbox).outbound_id == 2
    assert outbox.claim(NOW + 59_999, "modem0", "direct") is None
    assert claimed(outbox, NOW + 60_000).outbound_id == 1


def test_a_status_never_goes_backwards(outbox: Outbox, exchanges: Exchanges) -> None:
    """CHT overwrites without checking, so UNSENT after PENDING is not told."""
    queue(outbox)
    outbox.record(NOW, claimed(outbox), RefusedForNow("NET_CONGESTION", NOW))
    outbox.record(NOW, claimed(outbox), Accepted(3))
    assert [name for name, _ in told(exchanges)] == ["UNSENT", "PENDING", "SENT"]


def test_what_was_on_the_air_at_a_power_cut_is_uncertain(db: Database, outbox: Outbox) -> None:
    queue(outbox)
    claimed(outbox)
    assert outbox.recover(NOW + 1) == 1
    (part,) = outbox.uncertain("modem0")
    assert part.uncertain_count == 1
    assert outbox.claim(NOW + 1, "modem0", "direct") is None


def test_a_report_settles_a_part_in_doubt(db: Database, outbox: Outbox, inbox: Inbox) -> None:
    """It has no TP-MR yet: recipient and time say that it is this one."""
    queue(outbox)
    outbox.record(NOW, claimed(outbox), NoAnswer("silence"))
    come_back(inbox, mr=99)
    assert status(db) == "DELIVERED"
    figures = {row["what"]: row["n"] for row in db.query("SELECT what, n FROM tally")}
    assert (figures["sent"], figures["delivered"]) == (1, 1)


def test_a_report_for_another_recipient_with_the_same_reference_changes_nothing(
    db: Database, outbox: Outbox, inbox: Inbox
) -> None:
    queue(outbox)
    accepted(outbox, mr=7)
    come_back(inbox, mr=7, to="+254700000099")
    assert status(db) == "SENT"
    assert db.value("SELECT part_id FROM status_report") is None


def test_a_delivery_failure_after_sent_is_told(
    outbox: Outbox, exchanges: Exchanges, inbox: Inbox
) -> None:
    """The Android app drops it (setFailed only from PENDING)."""
    queue(outbox)
    accepted(outbox, mr=7)
    come_back(inbox, mr=7, tp_st=0x46)
    name, reason = told(exchanges)[-1]
    assert name == "FAILED"
    assert (reason or "").startswith("Delivery failed: ")


def test_a_late_report_corrects_a_failure(
    outbox: Outbox, exchanges: Exchanges, inbox: Inbox
) -> None:
    queue(outbox)
    accepted(outbox, mr=7)
    come_back(inbox, mr=7, tp_st=0x46)
    come_back(inbox, mr=7)
    assert [name for name, _ in told(exchanges)][-2:] == ["FAILED", "DELIVERED"]


def test_a_report_that_the_centre_still_tries_changes_nothing(
    db: Database, outbox: Outbox, inbox: Inbox
) -> None:
    queue(outbox)
    accepted(outbox, mr=7)
    come_back(inbox, mr=7, tp_st=0x30)
    assert status(db) == "SENT"


def test_a_retry_by_hand_starts_again_and_says_so(outbox: Outbox, exchanges: Exchanges) -> None:
    id_ = queue(outbox)
    outbox.record(NOW, claimed(outbox), RefusedForGood("SIM_BARRED"))
    assert outbox.retry(NOW, id_)
    outbox.record(NOW, claimed(outbox), Accepted(4))
    names = [name for name, _ in told(exchanges)]
    assert names == ["UNSENT", "PENDING", "FAILED", "UNSENT", "PENDING", "SENT"]


def test_a_retry_of_a_long_message_repeats_only_what_failed(db: Database, outbox: Outbox) -> None:
    id_ = queue(outbox, LONG)
    accepted(outbox, mr=1)
    outbox.record(NOW, claimed(outbox), RefusedForGood("MSG_TPDU"))
    outbox.retry(NOW, id_)
    assert claimed(outbox).seq == 2
    assert outbox.claim(NOW, "modem0", "direct") is None


def test_nothing_to_retry_is_said(outbox: Outbox) -> None:
    assert not outbox.retry(NOW, queue(outbox))
    assert not outbox.retry(NOW, 4711)


def test_cancelling_stops_what_has_not_left(db: Database, outbox: Outbox) -> None:
    id_ = queue(outbox, LONG)
    assert outbox.cancel(NOW, id_)
    assert outbox.claim(NOW, "modem0", "direct") is None
    assert status(db) == "FAILED"
    assert not outbox.cancel(NOW, id_)


def test_a_part_that_never_reached_the_radio_was_no_attempt(outbox: Outbox) -> None:
    queue(outbox)
    part = outbox.record(NOW, claimed(outbox), NotStarted("no prompt"))
    assert (part.state, part.attempts) == (PartState.QUEUED, 0)


def test_a_row_that_someone_else_moved_is_left_alone(outbox: Outbox) -> None:
    queue(outbox)
    part = claimed(outbox)
    outbox.record(NOW, part, Accepted(1))
    with pytest.raises(StaleRow):
        outbox.record(NOW, part, Accepted(2))


def test_a_message_without_a_report_ends_as_sent(db: Database, outbox: Outbox) -> None:
    queue(outbox)
    accepted(outbox)
    assert outbox.close_overdue(NOW + 1000, wait_ms=2000) == 0
    assert outbox.close_overdue(NOW + 9000, wait_ms=2000) == 1
    assert outbox.close_overdue(NOW + 9000, wait_ms=2000) == 0
    assert db.value("SELECT finished_at FROM outbound") == NOW + 9000
    assert status(db) == "SENT"


def test_messages_written_here_are_told_to_no_server(outbox: Outbox, exchanges: Exchanges) -> None:
    outbox.enqueue(NOW, recipient=MOTHER, text="from the clinic")
    outbox.enqueue(NOW, recipient=MOTHER, text="and another")
    assert told(exchanges) == []


def test_a_cancelled_part_in_doubt_ends(db: Database, outbox: Outbox) -> None:
    id_ = queue(outbox)
    part = outbox.record(NOW, claimed(outbox), NoAnswer("silence"))
    outbox.record(NOW, part, Cancelled("by hand"))
    assert status(db) == "FAILED"
    assert not outbox.cancel(NOW, id_)


def test_a_part_is_closed_as_overdue_only_once(outbox: Outbox) -> None:
    queue(outbox)
    part = accepted(outbox)
    closed = outbox.record(NOW + 5, part, ReportOverdue())
    assert closed.state is PartState.ACCEPTED
    assert closed.finished_at == NOW + 5
