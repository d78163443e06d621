"""Messages with a beginning and an end, and messages that a newer one replaces."""

from __future__ import annotations

import pytest

from relay.core.loops import LoopLimits
from relay.core.outbound import Accepted, NoAnswer, Part, RefusedForGood, RefusedForNow
from relay.core.pdu import Submit, decode
from relay.core.queueing import QueueRules
from relay.core.timekeeping import Correction
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.outbox import Outbox
from relay.store.redating import redate
from relay.store.schema_queue import ADDRESS_PARTS
from tests.air import NOON as NOW

MOTHER = "+254700000042"
HOUR = 3_600_000
YEARS = 50 * 365 * 24 * HOUR
LONG = "Your next visit is on Monday. " * 8  # two parts


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db, rules=QueueRules(useful_ms=168 * HOUR))


def queue(
    outbox: Outbox,
    text: str = "Come",
    *,
    to: str = MOTHER,
    not_before: int | None = None,
    useful_until: int | None = None,
) -> int:
    return outbox.enqueue(
        NOW, recipient=to, text=text, server="cht", server_id=text, not_before=not_before,
        useful_until=useful_until,
    )  # fmt: skip


def claim(outbox: Outbox, now: int = NOW, earliest: int | None = None) -> Part | None:
    return outbox.claim(now, "usb", "direct", earliest=earliest)


def told(exchanges: Exchanges) -> list[tuple[str, str]]:
    return [(one.status, (one.reason or "").partition(":")[0]) for one in exchanges.updates(99)]


def validity_h(part: Part | None) -> float:
    assert part is not None
    pdu = decode(part.pdu)
    assert isinstance(pdu, Submit)
    assert pdu.validity_s
    return pdu.validity_s / 3600


# --- the end ------------------------------------------------------------------------------------


def test_what_is_of_no_use_any_more_is_not_sent_and_told(
    db: Database, outbox: Outbox, exchanges: Exchanges
) -> None:
    queue(outbox, useful_until=NOW + HOUR)
    assert claim(outbox, NOW + HOUR) is None
    assert told(exchanges) == [("UNSENT", ""), ("FAILED", "MSG_EXPIRED")]
    assert db.value("SELECT n FROM tally WHERE what = 'expired'") == 1


def test_without_a_wish_it_is_of_use_for_as_long_as_is_usual(outbox: Outbox) -> None:
    queue(outbox)
    assert claim(outbox, NOW + 168 * HOUR) is None
    queue(outbox, "another")
    assert claim(outbox, NOW + 167 * HOUR) is not None


def test_housekeeping_gives_up_what_no_modem_asks_for(
    outbox: Outbox, exchanges: Exchanges
) -> None:
    for n in range(3):
        queue(outbox, str(n))
    assert outbox.expire(NOW + HOUR, NOW + HOUR) == 0
    assert outbox.expire(NOW + 200 * HOUR, NOW + 200 * HOUR) == 3
    assert told(exchanges).count(("FAILED", "MSG_EXPIRED")) == 3


@pytest.mark.parametrize("years", [YEARS, -YEARS])
def test_a_clock_that_is_not_believed_takes_nothing_away(outbox: Outbox, years: int) -> None:
    queue(outbox)
    assert outbox.expire(NOW + years, min(NOW, NOW + years)) == 0
    assert claim(outbox, NOW + years, earliest=min(NOW, NOW + years)) is not None


def test_the_rest_of_a_message_is_not_sent_after_its_time(db: Database, outbox: Outbox) -> None:
    queue(outbox, LONG, useful_until=NOW + HOUR)
    part = claim(outbox)
    assert part is not None
    outbox.record(NOW, part, Accepted(1))
    assert claim(outbox, NOW + HOUR) is None
    row = db.query("SELECT status, reason FROM outbound")[0]
    assert row["status"] == "FAILED"
    assert row["reason"].startswith("MSG_EXPIRED: ")


def test_a_hundred_are_given_up_at_a_time_and_none_of_the_others_is_sent(outbox: Outbox) -> None:
    for n in range(150):
        queue(outbox, str(n), to=f"+2547000{n:05}", useful_until=NOW + HOUR)
    fresh = queue(outbox, "fresh", to="+254710000000")
    part = claim(outbox, NOW + HOUR)
    assert part is not None
    assert part.outbound_id == fresh
    assert outbox.expire(NOW + HOUR, NOW + HOUR) == 50


def test_the_network_keeps_it_no_longer_than_it_is_of_use(outbox: Outbox) -> None:
    """72 hours by the configuration, of 168 that it is of use."""
    queue(outbox)
    assert validity_h(claim(outbox)) == 72
    queue(outbox, "later")
    assert validity_h(claim(outbox, NOW + 160 * HOUR)) == 8


def test_a_retry_days_later_carries_what_is_left_and_the_same_reference(outbox: Outbox) -> None:
    queue(outbox, LONG, useful_until=NOW + 100 * HOUR)
    first = claim(outbox)
    assert first is not None
    outbox.record(NOW, first, RefusedForNow("NET_CONGESTION", NOW + 40 * HOUR))
    again = claim(outbox, NOW + 40 * HOUR)
    assert validity_h(again) == 48  # of 60: from a day on TP-VP counts in days
    assert again is not None
    before, after = decode(first.pdu), decode(again.pdu)
    assert isinstance(before, Submit)
    assert isinstance(after, Submit)
    assert before.concat == after.concat is not None


def test_what_a_person_wants_tried_again_begins_to_live_again(outbox: Outbox) -> None:
    id_ = queue(outbox, useful_until=NOW + HOUR)
    outbox.expire(NOW + HOUR, NOW + HOUR)
    assert outbox.retry(NOW + 2 * HOUR, id_)
    assert validity_h(claim(outbox, NOW + 2 * HOUR)) == 72


# --- the beginning ------------------------------------------------------------------------------


def test_a_message_for_later_waits_and_holds_nobody_back(outbox: Outbox) -> None:
    later = queue(outbox, "later", not_before=NOW + HOUR)
    now = queue(outbox, "now")
    part = claim(outbox)
    assert part is not None
    assert part.outbound_id == now
    assert claim(outbox, NOW + HOUR - 1) is None
    assert outbox.next_due_at(NOW) == NOW + HOUR
    part = claim(outbox, NOW + HOUR)
    assert part is not None
    assert part.outbound_id == later


def test_it_goes_when_its_time_has_certainly_come(outbox: Outbox) -> None:
    queue(outbox, not_before=NOW + HOUR)
    assert claim(outbox, NOW + YEARS, earliest=NOW) is None


def test_a_message_for_later_is_of_use_from_then_on(outbox: Outbox) -> None:
    queue(outbox, not_before=NOW + 400 * HOUR)
    assert validity_h(claim(outbox, NOW + 400 * HOUR)) == 72


# --- a newer one --------------------------------------------------------------------------------


def news(outbox: Outbox, text: str, to: str = MOTHER, key: str = "stock") -> int:
    return outbox.enqueue(NOW, recipient=to, text=text, server="cht", server_id=text, key=key)


def test_a_newer_message_takes_the_place_of_a_waiting_one(
    db: Database, outbox: Outbox, exchanges: Exchanges
) -> None:
    news(outbox, "12 left")
    second = news(outbox, "9 left")
    part = claim(outbox)
    assert part is not None
    assert part.outbound_id == second
    assert ("FAILED", "MSG_SUPERSEDED") in told(exchanges)
    tally = dict(tuple(row) for row in db.query("SELECT what, n FROM tally"))
    assert tally.get("superseded") == 1
    assert "failed" not in tally


def test_another_key_or_another_phone_is_another_matter(outbox: Outbox) -> None:
    news(outbox, "1")
    news(outbox, "2", key="visit")
    news(outbox, "3", to="+254700000043")
    assert [claim(outbox) is not None for _ in range(4)] == [True, True, True, False]


def test_what_is_at_the_radio_is_left_alone(db: Database, outbox: Outbox) -> None:
    news(outbox, "at the radio")
    part = claim(outbox)
    news(outbox, "newer")
    assert part is not None
    outbox.record(NOW, part, NoAnswer("silence"))
    news(outbox, "newest")
    states = [row[0] for row in db.query("SELECT state FROM part ORDER BY id")]
    assert states == ["UNCERTAIN", "FAILED", "QUEUED"]


def test_one_in_backoff_and_one_for_later_give_way_too(db: Database, outbox: Outbox) -> None:
    news(outbox, "refused")
    part = claim(outbox)
    assert part is not None
    outbox.record(NOW, part, RefusedForNow("NET_CONGESTION", NOW + HOUR))
    outbox.enqueue(NOW, recipient=MOTHER, text="later", key="stock", not_before=NOW + HOUR)
    news(outbox, "now")
    states = [row[0] for row in db.query("SELECT state FROM part ORDER BY id")]
    assert states == ["FAILED", "FAILED", "QUEUED"]


def test_a_text_that_cannot_be_sent_replaces_nothing(db: Database, outbox: Outbox) -> None:
    news(outbox, "fine")
    news(outbox, "nul \0")
    assert [row[0] for row in db.query("SELECT status FROM outbound")] == ["UNSENT", "FAILED"]


# --- a clock that is set right ------------------------------------------------------------------


def test_a_message_of_1970_lives_as_long_as_any(db: Database, outbox: Outbox) -> None:
    """Its end is moved with its beginning; a date that a person wrote is not."""
    then, dated = 1_000_000, NOW + 99 * HOUR
    outbox.enqueue(then, recipient=MOTHER, text="by the usual life")
    outbox.enqueue(then, recipient="+254700000043", text="by a date", useful_until=dated)
    redate(db, Correction(0, then + HOUR, NOW - then))
    ends = [row[0] for row in db.query("SELECT useful_until FROM part ORDER BY id")]
    assert ends == [NOW + 168 * HOUR, dated]
    assert [row[0] for row in db.query("SELECT useful_until FROM outbound ORDER BY id")] == ends


# --- held as a loop -----------------------------------------------------------------------------


@pytest.fixture
def careful(db: Database) -> Outbox:
    """Whatever goes to MOTHER looks like a loop."""
    return Outbox(db, rules=QueueRules(useful_ms=168 * HOUR), loops=LoopLimits(own=(MOTHER,)))


def test_a_held_message_goes_at_the_time_that_was_wished(careful: Outbox) -> None:
    held = queue(careful, not_before=NOW + HOUR, useful_until=NOW + 2 * HOUR)
    assert careful.release(NOW, held)
    assert claim(careful) is None
    part = claim(careful, NOW + HOUR)
    assert part is not None and part.useful_until == NOW + 2 * HOUR


def test_a_held_message_that_is_released_too_late_is_wished_once_more(careful: Outbox) -> None:
    held = queue(careful, useful_until=NOW + HOUR)
    assert careful.release(NOW + 2 * HOUR, held)
    assert claim(careful, NOW + 2 * HOUR) is not None


def test_a_newer_message_replaces_one_that_is_held(
    db: Database, outbox: Outbox, careful: Outbox
) -> None:
    held = careful.enqueue(NOW, recipient=MOTHER, text="Old", key="stock")
    newer = outbox.enqueue(NOW, recipient=MOTHER, text="New", key="stock")
    assert not careful.release(NOW, held)
    (row,) = db.query("SELECT status, reason FROM outbound WHERE id = ?", (held,))
    assert (row["status"], row["reason"][:14]) == ("FAILED", "MSG_SUPERSEDED")
    part = claim(outbox)
    assert part is not None and part.outbound_id == newer


# --- a store of a relay that knew no lines of recipients ----------------------------------------


def test_a_part_of_an_older_relay_gets_its_number_when_it_is_tried_again(
    db: Database, outbox: Outbox
) -> None:
    message = queue(outbox, to="+254 700-000 042")
    part = claim(outbox)
    assert part is not None
    outbox.record(NOW, part, RefusedForGood("DEST_UNKNOWN: x"))
    db.query("UPDATE part SET number = ''")
    assert outbox.retry(NOW, message)
    again = claim(outbox)
    assert again is not None and again.number == MOTHER


def test_waiting_parts_of_an_older_relay_stand_in_line_as_they_are_dialled(
    db: Database, outbox: Outbox
) -> None:
    queue(outbox, to="+254 (700) 000-042")
    with db.transaction() as tx:
        tx.execute("UPDATE part SET number = ''")
        tx.execute(ADDRESS_PARTS)
    part = claim(outbox)
    assert part is not None and part.number == MOTHER
