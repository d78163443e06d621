"""Caps and quiet hours: nothing fails, urgent messages pass, a restart forgets nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.clock import wall
from relay.core.caps import DAY_MS, HOUR_MS, MINUTE_MS, MONTH_MS, Cap
from relay.core.outbound import Accepted, NoAnswer, Part, RefusedForNow
from relay.core.priority import Priority
from relay.core.queueing import QueueRules
from relay.core.quiet import Quiet
from relay.store import caps
from relay.store.clamping import clamp
from relay.store.database import Database
from relay.store.outbox import Outbox
from tests.air import NOON as NOW

TWO_A_MINUTE = Cap("max_per_minute", 2, MINUTE_MS)
ONE_A_DAY = Cap("max_recipients_per_day", 1, DAY_MS, recipients=True)


def outbox(db: Database, *wanted: Cap, quiet: Quiet | None = None) -> Outbox:
    return Outbox(db, rules=QueueRules(caps=wanted, quiet=quiet))


def queue(outbox: Outbox, n: int = 1, priority: int = 0, to: str = "+2547000000") -> None:
    for i in range(n):
        outbox.enqueue(NOW, recipient=f"{to}{i:02}", text="x", priority=priority)


def claim(outbox: Outbox, now: int = NOW) -> Part | None:
    return outbox.claim(now, "usb", "direct")


def send(outbox: Outbox, now: int = NOW) -> int:
    """How many go out now."""
    n = 0
    while (part := claim(outbox, now)) is not None:
        outbox.record(now, part, Accepted(1))
        n += 1
    return n


def test_what_is_more_than_a_cap_waits(db: Database) -> None:
    box = outbox(db, TWO_A_MINUTE)
    queue(box, 5)
    assert send(box) == 2
    assert box.next_due_at(NOW) == NOW + MINUTE_MS
    assert send(box, NOW + MINUTE_MS - 1) == 0
    assert send(box, NOW + MINUTE_MS) == 2


def test_the_window_rolls(db: Database) -> None:
    """Two at the end of one minute leave none for the beginning of the next."""
    box = outbox(db, TWO_A_MINUTE)
    queue(box, 5)
    part = claim(box)
    assert part is not None
    box.record(NOW, part, Accepted(1))
    assert send(box, NOW + 50_000) == 1
    assert send(box, NOW + 65_000) == 1
    assert send(box, NOW + 66_000) == 0


def test_what_is_at_the_radio_counts_already(db: Database) -> None:
    box = outbox(db, TWO_A_MINUTE)
    queue(box, 5)
    assert [claim(box) is not None for _ in range(3)] == [True, True, False]


def test_a_part_in_doubt_counts_and_a_refused_one_does_not(db: Database) -> None:
    box = outbox(db, TWO_A_MINUTE)
    queue(box, 9)
    for happened in (NoAnswer("silence"), RefusedForNow("NET_CONGESTION", NOW + HOUR_MS)):
        part = claim(box)
        assert part is not None
        box.record(NOW, part, happened)
    assert send(box) == 1


def test_an_urgent_message_passes_and_counts(db: Database) -> None:
    box = outbox(db, TWO_A_MINUTE)
    queue(box, 2)
    assert send(box) == 2
    queue(box, 2)
    queue(box, 1, Priority.ALERT)
    assert send(box) == 1
    assert send(box, NOW + MINUTE_MS) == 2


def test_a_restart_forgets_nothing(db: Database) -> None:
    box = outbox(db, TWO_A_MINUTE)
    queue(box, 5)
    assert send(box) == 2
    assert send(outbox(db, TWO_A_MINUTE)) == 0


def test_a_cap_on_phones_lets_known_ones_through(db: Database) -> None:
    box = outbox(db, ONE_A_DAY)
    queue(box, 3)
    assert send(box) == 1
    queue(box, 1)
    assert send(box, NOW + HOUR_MS) == 1
    assert box.next_due_at(NOW + HOUR_MS) == NOW + HOUR_MS + DAY_MS
    queue(box, 1, Priority.ALERT, to="+2547110000")
    assert send(box, NOW + HOUR_MS) == 1


def test_a_phone_at_the_radio_counts_already(db: Database) -> None:
    box = outbox(db, ONE_A_DAY)
    queue(box, 3)
    assert [claim(box) is not None for _ in range(2)] == [True, False]


def test_a_clock_that_was_set_back_opens_no_cap_in_fifty_years(db: Database) -> None:
    box = outbox(db, TWO_A_MINUTE, ONE_A_DAY)
    queue(box, 3)
    years = 50 * 365 * DAY_MS
    assert send(box, NOW + years) == 1
    clamp(db, NOW)
    assert send(box, NOW + 2 * DAY_MS) == 1


def test_what_no_cap_asks_for_is_forgotten(db: Database) -> None:
    box = outbox(db)
    queue(box, 3)
    send(box)
    with db.transaction() as tx:
        caps.forget(tx, NOW + MONTH_MS)
        assert db.value("SELECT count(*) FROM submitted") == 3
        caps.forget(tx, NOW + MONTH_MS + 1)
    assert db.value("SELECT count(*) FROM submitted") == 0
    assert db.value("SELECT count(*) FROM reached") == 0


limits = st.tuples(st.integers(1, 4), st.integers(1, 8), st.integers(1, 4))
events = st.lists(
    st.tuples(
        st.integers(0, 40_000), st.sampled_from(["accept", "doubt", "refuse", "hold"]),
        st.integers(0, 5), st.sampled_from([0, 0, 0, 10]),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(limits, events)
def test_no_window_ever_holds_more_than_its_cap(tmp_path_factory, limits, events) -> None:
    """Only what is urgent may be above it."""
    minute, hour, phones = limits
    wanted = (
        Cap("max_per_minute", minute, MINUTE_MS),
        Cap("max_per_hour", hour, HOUR_MS),
        Cap("max_recipients_per_day", phones, DAY_MS, recipients=True),
    )
    db = Database.open(tmp_path_factory.mktemp("caps") / "relay.db")
    box, now, gone = outbox(db, *wanted), NOW, []
    for passed, what, phone, priority in events:
        now += passed
        box.enqueue(now, recipient=f"+25470000000{phone}", text="x", priority=priority)
        part = claim(box, now)
        if part is None or what == "hold":
            continue
        number = db.value("SELECT number FROM part WHERE id = ?", (part.id,))
        urgent = db.value("SELECT priority FROM part WHERE id = ?", (part.id,)) >= Priority.ALERT
        happened = {
            "accept": Accepted(1), "doubt": NoAnswer("?"),
            "refuse": RefusedForNow("NET_CONGESTION", now + 1),
        }[what]  # fmt: skip
        box.record(now, part, happened)
        if what == "refuse":
            continue
        gone.append((now, number))
        if not urgent:
            assert sum(now - at < MINUTE_MS for at, _ in gone) <= minute
            assert sum(now - at < HOUR_MS for at, _ in gone) <= hour
            assert number in {n for _, n in gone[:-1]} or len({n for _, n in gone}) <= phones
    db.close()


# --- quiet hours --------------------------------------------------------------------------------


def test_at_night_only_what_is_urgent_goes(db: Database) -> None:
    evening = wall(NOW, "22:00")
    box = outbox(db, quiet=Quiet("22:00", "06:00"))
    queue(box, 2)
    queue(box, 1, Priority.ALERT)
    assert send(box, evening) == 1
    assert box.next_due_at(evening) == wall(NOW, "06:00", 1)
    assert send(box, wall(NOW, "06:00", 1)) == 2
