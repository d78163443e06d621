"""One server's side of the store: what it lacks, what it handed out, what is in flight."""

from __future__ import annotations

from relay.core.cht import Answer, Handout
from relay.core.outbound import Accepted, RefusedForGood
from relay.store.database import Database
from relay.store.exchanges import Exchanges, Settled
from relay.store.forwarding import finish_departed, release
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.raw import Arrival
from relay.store.retention import prune
from tests.air import NOON as NOW
from tests.air import deliver, report

MOTHER = "+254700000042"


def receive(inbox: Inbox, *texts: str) -> None:
    pdus = [deliver(text, at=NOW + n * 1000) for n, text in enumerate(texts)]
    inbox.keep(NOW, [Arrival(pdu, "modem0", "sim", "SM:1") for pdu in pdus])
    inbox.digest(NOW)


def handed_out(*ids: str, to: str = MOTHER) -> Answer:
    return Answer(tuple(Handout(id_, to, f"text of {id_}") for id_ in ids), None)


def exchange(exchanges: Exchanges, answer: Answer | None = None, now: int = NOW) -> Settled:
    """One whole exchange with everything that waits."""
    reports = [report.inbound_id for report in exchanges.waiting(10)]
    updates = [update.id for update in exchanges.updates(20)]
    exchanges.begin(now, reports, updates)
    return exchanges.settle(now, answer or Answer((), None))


def statuses(exchanges: Exchanges) -> list[tuple[str, str]]:
    return [(update.server_id, update.status) for update in exchanges.updates(100)]


def test_reports_wait_oldest_first_and_are_gone_when_acknowledged(
    db: Database, inbox: Inbox, exchanges: Exchanges
) -> None:
    receive(inbox, "first", "second")
    assert [report.text for report in exchanges.waiting(10)] == ["first", "second"]
    assert exchange(exchanges).forwarded == 2
    assert exchanges.waiting(10) == []
    assert {row["state"] for row in db.query("SELECT state FROM inbound")} == {"FORWARDED"}


def test_a_failed_exchange_marks_nothing(inbox: Inbox, exchanges: Exchanges) -> None:
    receive(inbox, "first")
    exchanges.begin(NOW, [1], [])
    exchanges.fail(NOW, ambiguous=False)
    assert len(exchanges.waiting(10)) == 1
    assert exchanges.in_flight() is None


def test_an_unknown_outcome_stays_in_flight_over_a_restart(
    db: Database, inbox: Inbox, outbox: Outbox, exchanges: Exchanges
) -> None:
    receive(inbox, "first")
    exchanges.begin(NOW, [1], [])
    exchanges.fail(NOW, ambiguous=True)
    again = Exchanges(db, "cht", outbox)
    again.adopt()
    flight = again.in_flight()
    assert flight is not None
    assert (flight.since, flight.report_ids) == (NOW, (1,))
    again.clear()
    assert again.in_flight() is None
    assert len(again.waiting(10)) == 1


def test_an_idle_poll_writes_nothing(db: Database, exchanges: Exchanges) -> None:
    before = db.value("SELECT total_changes()")
    exchanges.begin(NOW, [], [])
    assert db.value("SELECT total_changes()") == before


def test_what_is_handed_out_is_durable_before_it_is_acknowledged(
    db: Database, exchanges: Exchanges
) -> None:
    assert exchange(exchanges, handed_out("a", "b")) == Settled(0, 0, 2, 0)
    assert db.value("SELECT count(*) FROM part WHERE state = 'QUEUED'") == 2
    assert statuses(exchanges) == [("a", "UNSENT"), ("b", "UNSENT")]


def test_a_known_id_is_never_sent_twice(db: Database, exchanges: Exchanges) -> None:
    exchange(exchanges, handed_out("a"))
    assert exchange(exchanges, handed_out("a")) == Settled(0, 1, 0, 1)
    assert db.value("SELECT count(*) FROM part") == 1


def test_its_last_status_is_told_again_once(exchanges: Exchanges) -> None:
    exchange(exchanges, handed_out("a"))
    exchange(exchanges)
    assert statuses(exchanges) == []
    exchange(exchanges, handed_out("a"))
    assert statuses(exchanges) == [("a", "UNSENT")]
    # The exchange that tells it brings the same id once more: nothing is added.
    exchange(exchanges, handed_out("a"))
    assert statuses(exchanges) == []


def test_only_an_acknowledged_failure_is_sent_again(
    db: Database, outbox: Outbox, exchanges: Exchanges
) -> None:
    exchange(exchanges, handed_out("a"))
    part = outbox.claim(NOW, "modem0", "direct")
    assert part
    outbox.record(NOW, part, RefusedForGood("SIM_BARRED"))
    # Redelivery in the very exchange that tells of the failure: not a wish to resend.
    exchange(exchanges, handed_out("a"))
    assert outbox.claim(NOW, "modem0", "direct") is None
    # The server knows of the failure and hands it out all the same: someone wants it resent.
    exchange(exchanges, handed_out("a"))
    assert outbox.claim(NOW, "modem0", "direct") is not None


def test_a_failure_is_told_once(outbox: Outbox, exchanges: Exchanges) -> None:
    """CHT adds to the history each time it hears FAILED with a reason."""
    exchange(exchanges, handed_out("a", to="MPESA"))
    assert statuses(exchanges) == [("a", "UNSENT"), ("a", "FAILED")]
    exchange(exchanges)
    exchange(exchanges)
    assert statuses(exchanges) == []


def test_a_parked_report_lets_the_next_one_pass(
    db: Database, inbox: Inbox, exchanges: Exchanges
) -> None:
    receive(inbox, "poison", "good")
    assert [exchanges.refuse_report(1) for _ in range(3)] == [1, 2, 3]
    exchanges.park_report(NOW, 1, "HTTP 500: invalid UTF-8 JSON")
    assert [report.text for report in exchanges.waiting(10)] == ["good"]
    row = db.query("SELECT state, reason FROM inbound WHERE id = 1")[0]
    assert tuple(row) == ("PARKED", "HTTP 500: invalid UTF-8 JSON")


def test_a_parked_report_can_be_released_by_hand(
    db: Database, inbox: Inbox, exchanges: Exchanges
) -> None:
    receive(inbox, "poison")
    exchanges.park_report(NOW, 1, "HTTP 500")
    assert release(db, NOW, 1, ["cht"])
    assert [report.text for report in exchanges.waiting(10)] == ["poison"]
    assert not release(db, NOW, 1, ["cht"])


def test_a_parked_status_lets_the_next_one_pass(exchanges: Exchanges) -> None:
    exchange(exchanges, handed_out("a", "b"))
    first = exchanges.updates(1)[0]
    assert exchanges.refuse_update(first.id) == 1
    exchanges.park_update(NOW, first.id, "HTTP 500")
    assert statuses(exchanges) == [("b", "UNSENT")]


def test_a_new_server_gets_what_still_waits(db: Database, outbox: Outbox) -> None:
    """Reports that came in before any server was configured are not forgotten."""
    receive(Inbox(db), "before the server")
    late = Exchanges(db, "cht", outbox)
    assert late.adopt() == 1
    assert late.pending() == (1, 0)
    assert late.adopt() == 0


def test_pruning_never_touches_unfinished_work(
    db: Database, inbox: Inbox, outbox: Outbox, exchanges: Exchanges
) -> None:
    receive(inbox, "waits")
    exchange_free = handed_out("queued")
    exchanges.settle(NOW, exchange_free)
    assert prune(db, NOW + 10**12) == 0


def test_a_pruned_id_is_still_not_sent_again(
    db: Database, outbox: Outbox, exchanges: Exchanges
) -> None:
    exchange(exchanges, handed_out("a"))
    part = outbox.claim(NOW, "modem0", "direct")
    assert part
    outbox.record(NOW, part, Accepted(1))
    outbox.close_overdue(NOW + 9000, wait_ms=1)
    exchange(exchanges)
    assert prune(db, NOW + 10_000) == 1
    assert db.value("SELECT count(*) FROM audit WHERE subject IN ('part', 'outbound')") == 0
    exchange(exchanges, handed_out("a"))
    assert outbox.claim(NOW, "modem0", "direct") is None
    assert statuses(exchanges) == [("a", "SENT")]


def test_finished_reports_are_forgotten_with_their_raw_pdus(
    db: Database, inbox: Inbox, exchanges: Exchanges
) -> None:
    receive(inbox, "old", "older")
    exchange(exchanges)
    assert prune(db, NOW + 1) == 2
    assert db.value("SELECT count(*) FROM raw_pdu") == 0


def test_reports_of_unknown_messages_are_forgotten_too(db: Database, inbox: Inbox) -> None:
    """Another program used the SIM before: its reports must not pile up for years."""
    inbox.keep(NOW, [Arrival(report(9, MOTHER), "modem0", "sim", "SR:1")])
    inbox.digest(NOW)
    assert prune(db, NOW) == 0
    assert prune(db, NOW + 1) == 1
    assert db.value("SELECT count(*) FROM raw_pdu") == 0


def test_what_nobody_could_decode_stays(db: Database, inbox: Inbox) -> None:
    inbox.keep(NOW, [Arrival("FFFF", "modem0", "sim", "SM:1")])
    inbox.digest(NOW)
    assert prune(db, NOW + 10**12) == 0
    assert db.value("SELECT state FROM raw_pdu") == "UNDECODABLE"


def test_a_server_that_was_renamed_keeps_no_message_waiting(
    db: Database, outbox: Outbox, inbox: Inbox, exchanges: Exchanges
) -> None:
    """The new name brings it to the same server; the old one will never ask for it."""
    receive(inbox, "first")
    renamed = Exchanges(db, "moh", outbox, present=("moh",))
    renamed.adopt()
    exchange(renamed)
    assert db.value("SELECT state FROM inbound") == "FORWARDED"


def test_what_only_a_departed_server_lacks_is_done_after_a_restart(
    db: Database, outbox: Outbox, exchanges: Exchanges
) -> None:
    both = Inbox(db, ("cht", "moh"))
    receive(both, "first", "second")
    exchanges.begin(NOW, [1], [])
    exchanges.settle(NOW + 5, Answer((), None))
    finish_departed(db, ("cht",))
    rows = db.query("SELECT state, finished_at FROM inbound ORDER BY id")
    assert [tuple(row) for row in rows] == [("FORWARDED", NOW + 5), ("WAITING", None)]
    returned = Exchanges(db, "moh", outbox)
    assert [report.text for report in returned.waiting(10)] == ["first", "second"]
