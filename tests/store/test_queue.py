"""The queue of the outbox: who goes next, who waits for whom, and what that costs."""

from __future__ import annotations

import pytest

from relay.core.outbound import Accepted, NoAnswer, NotStarted, Part, RefusedForNow
from relay.core.priority import Priority
from relay.core.queueing import EVERYTHING, LINE_ATTEMPTS, Selection
from relay.store.database import Database
from relay.store.outbox import Outbox
from tests.air import NOON as NOW

MOTHER, FATHER = "+254700000042", "+254700000043"
MINUTE = 60_000
LONG = "Your next visit is on Monday. " * 8  # two parts


def queue(outbox: Outbox, to: str = MOTHER, priority: int = 0, text: str = "Come") -> int:
    return outbox.enqueue(NOW, recipient=to, text=text, priority=priority)


def claim(
    outbox: Outbox, now: int = NOW, modem: str = "usb", selection: Selection = EVERYTHING
) -> Part | None:
    return outbox.claim(now, modem, "direct", selection=selection)


def sent(outbox: Outbox, now: int = NOW) -> list[int]:
    """The messages as they go out, until none may go; twice where they have two parts."""
    order = []
    while (part := claim(outbox, now)) is not None:
        outbox.record(now, part, Accepted(1))
        order.append(part.outbound_id)
    return order


def refuse(outbox: Outbox, now: int = NOW, wait_ms: int = MINUTE) -> int:
    part = claim(outbox, now)
    assert part is not None
    outbox.record(now, part, RefusedForNow("network.congestion", now + wait_ms))
    return part.outbound_id


# --- the line to one recipient ------------------------------------------------------------------


def test_messages_to_one_number_leave_in_the_order_in_which_they_came(outbox: Outbox) -> None:
    ids = [queue(outbox, to) for to in (MOTHER, FATHER, MOTHER, MOTHER, FATHER)]
    assert sent(outbox) == ids


def test_a_message_in_backoff_holds_back_the_later_ones_to_its_number_alone(
    outbox: Outbox,
) -> None:
    first, behind, other = queue(outbox), queue(outbox), queue(outbox, FATHER)
    assert refuse(outbox) == first
    assert sent(outbox) == [other]
    assert sent(outbox, NOW + MINUTE) == [first, behind]


def test_ten_in_backoff_block_nobody_else(outbox: Outbox) -> None:
    for n in range(10):
        queue(outbox, f"+25470000{n:04}")
    for _ in range(10):
        refuse(outbox)
    others = [queue(outbox, f"+25471000{n:04}") for n in range(10)]
    assert sent(outbox) == others


def test_a_more_urgent_message_passes_one_in_backoff(outbox: Outbox) -> None:
    queue(outbox)
    refuse(outbox)
    queue(outbox, priority=Priority.BROADCAST)
    alert = queue(outbox, priority=Priority.ALERT)
    assert sent(outbox) == [alert]


def test_one_that_is_refused_again_and_again_steps_out_of_the_line(outbox: Outbox) -> None:
    stubborn, behind = queue(outbox), queue(outbox)
    now = NOW
    for _ in range(LINE_ATTEMPTS):
        assert refuse(outbox, now) == stubborn
        assert claim(outbox, now) is None
        now += MINUTE
    assert refuse(outbox, now) == stubborn
    assert sent(outbox, now) == [behind]
    assert sent(outbox, now + MINUTE) == [stubborn]


def test_all_parts_of_one_that_steps_out_of_the_line_do(outbox: Outbox) -> None:
    """Those that were not tried themselves do not stand in the way for the days of the retries."""
    stubborn, behind, now = queue(outbox, text=LONG), queue(outbox), NOW
    for _ in range(LINE_ATTEMPTS + 1):
        assert refuse(outbox, now) == stubborn
        now += MINUTE
    assert sent(outbox, now - 1) == [behind]
    assert sent(outbox, now) == [stubborn, stubborn]


def test_the_next_to_the_same_number_waits_while_another_modem_sends_the_first(
    outbox: Outbox,
) -> None:
    queue(outbox), queue(outbox)
    third = queue(outbox, FATHER)
    first = claim(outbox, modem="usb")
    assert first is not None
    other = claim(outbox, modem="spare")
    assert other is not None
    assert other.outbound_id == third
    assert claim(outbox, modem="spare") is None
    outbox.record(NOW, first, Accepted(1))
    assert claim(outbox, modem="spare") is not None


def test_one_modem_may_take_the_next_to_the_same_number_ahead(outbox: Outbox) -> None:
    first, second = queue(outbox), queue(outbox)
    parts = claim(outbox), outbox.claim(NOW, "usb", "direct", ahead=True)
    assert [part and part.outbound_id for part in parts] == [first, second]
    assert parts[1] is not None
    outbox.record(NOW, parts[1], NotStarted("the one before was not accepted"))
    assert parts[0] is not None
    outbox.record(NOW, parts[0], RefusedForNow("network.congestion", NOW + MINUTE))
    assert sent(outbox) == []
    assert sent(outbox, NOW + MINUTE) == [first, second]


def test_one_in_doubt_has_left_and_holds_nobody_back(outbox: Outbox) -> None:
    queue(outbox)
    second = queue(outbox)
    part = claim(outbox)
    assert part is not None
    outbox.record(NOW, part, NoAnswer("silence"))
    assert sent(outbox) == [second]


# --- priorities ---------------------------------------------------------------------------------


def test_the_more_urgent_goes_first(outbox: Outbox) -> None:
    broadcast, reply, alert = (queue(outbox, priority=p) for p in (-20, 0, 10))
    assert sent(outbox) == [alert, reply, broadcast]


def test_a_broadcast_that_has_waited_goes_before_one_reply_and_not_before_all(
    outbox: Outbox,
) -> None:
    """A whole broadcast that has grown old does not stand before the replies of the day."""
    broadcast = [queue(outbox, f"+25470000{n:04}", Priority.BROADCAST) for n in range(3)]
    for hour in range(1, 4):
        replies = [queue(outbox, f"+25471000{n:04}") for n in range(2)]
        now = NOW + hour * 60 * MINUTE
        first, second, third = (claim(outbox, now) for _ in range(3))
        order = [part and part.outbound_id for part in (first, second, third)]
        # The replies are dated an hour back as well: they have had no turn for so long.
        assert order == [replies[0], broadcast[hour - 1], replies[1]]
        for part in (first, second, third):
            assert part is not None
            outbox.record(now, part, Accepted(1))


def test_a_message_that_was_begun_is_finished_before_a_more_urgent_one(outbox: Outbox) -> None:
    reminder = queue(outbox, priority=Priority.REMINDER, text=LONG)
    part = claim(outbox)
    assert part is not None
    outbox.record(NOW, part, Accepted(1))
    reply, alert = queue(outbox, FATHER), queue(outbox, FATHER, Priority.ALERT)
    assert sent(outbox) == [alert, reminder, reply]


# --- selection ----------------------------------------------------------------------------------


def test_only_what_is_urgent_enough_is_claimed(outbox: Outbox) -> None:
    queue(outbox)
    alert = queue(outbox, priority=Priority.ALERT)
    urgent = Selection(min_priority=Priority.ALERT)
    part = claim(outbox, selection=urgent)
    assert part is not None
    assert part.outbound_id == alert
    assert claim(outbox, selection=urgent) is None


def test_only_what_suits_the_modem_is_claimed(outbox: Outbox) -> None:
    queue(outbox, MOTHER)
    father = queue(outbox, FATHER)
    part = claim(outbox, selection=Selection(suits=lambda number: number.endswith("43")))
    assert part is not None
    assert part.outbound_id == father


def test_when_to_look_again(outbox: Outbox) -> None:
    assert outbox.next_due_at(NOW) is None
    queue(outbox)
    refuse(outbox)
    assert outbox.next_due_at(NOW) == NOW + MINUTE
    assert outbox.next_due_at(NOW, Selection(opens_at=NOW + 5)) == NOW + 5


# --- what it costs ------------------------------------------------------------------------------


def steps(db: Database, outbox: Outbox, now: int = NOW) -> int:
    """How much SQLite works for one claim, in thousands of its own instructions."""
    counted: list[int] = []

    def count() -> int:
        counted.append(1)
        return 0  # go on

    with db.transaction() as tx:
        tx.set_progress_handler(count, 1000)
        part = claim(outbox, now)
        tx.set_progress_handler(None, 1000)
    if part is not None:
        outbox.record(now, part, NotStarted("only to see"))
    return len(counted)


@pytest.fixture
def crowd(db: Database, outbox: Outbox) -> Outbox:
    """A few thousand messages to a few thousand phones, all of one PDU."""
    queue(outbox)
    fill(db, 3000, "0", "0")
    return outbox


def fill(db: Database, count: int, priority: str, due_at: str) -> None:
    """`count` messages like the first, to as many phones."""
    rows = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count:d}) "
    with db.transaction() as tx:
        base = tx.execute("SELECT max(id) FROM outbound").fetchone()[0]
        place = f"{rows} SELECT {base} + i AS id, '+2547' || ({base} + i) AS phone FROM n"
        tx.execute(
            "INSERT INTO outbound (id, server, server_id, recipient, text, status, priority,"
            f" created_at) SELECT id, '', 'n' || id, phone, '', 'UNSENT', {priority}, {NOW}"
            f" FROM ({place})"
        )
        tx.execute(
            "INSERT INTO part (outbound_id, seq, total, pdu, state, priority, number, due_at,"
            f" attempts) SELECT id, 1, 1, '00', 'QUEUED', {priority}, phone, {due_at}, 1"
            f" FROM ({place})"
        )


def test_a_claim_costs_the_same_with_thousands_waiting(db: Database, crowd: Outbox) -> None:
    assert steps(db, crowd) <= 1


def test_nor_do_thousands_in_backoff_make_it_slower(db: Database, crowd: Outbox) -> None:
    fill(db, 3000, "5", f"{NOW + MINUTE}")
    assert steps(db, crowd) <= 1


def test_nor_thousands_that_are_less_urgent(db: Database, crowd: Outbox) -> None:
    fill(db, 3000, "-20", "0")
    assert steps(db, crowd) <= 1


def test_old_rows_have_a_place_in_the_line(db: Database, outbox: Outbox) -> None:
    """A relay that knew no lines left its parts without a number: the migration fills it in."""
    from relay.store.schema_queue import ADDRESS_PARTS

    first, second = queue(outbox), queue(outbox)
    with db.transaction() as tx:
        tx.execute("UPDATE part SET number = ''")
        tx.execute(ADDRESS_PARTS)
    assert db.value("SELECT count(*) FROM part WHERE number = ?", (MOTHER,)) == 2
    assert sent(outbox) == [first, second]
