"""Call-outs as rows: a place goes to one person, whoever asks for it; who rests is left alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.community.callouts.waves import choose, distances
from relay.core.callouts import (
    Accepted,
    AppealState,
    CallOut,
    CallOutState,
    Came,
    Closed,
    Confirmed,
    Declined,
    Filled,
    Freed,
    Missed,
    Spared,
    TakenBack,
    TimeOver,
    Volunteer,
)
from relay.core.people import Consent
from relay.errors import IllegalTransition
from relay.store import callouts, erasing, people, places, pledges, restored, volunteers
from relay.store.database import Database
from relay.store.outbox import Outbox
from relay.store.volunteers import Wanted
from tests.air import NOON as NOW
from tests.community.callouts import rule

MINUTE, DAY = 60_000, 86_400_000
WISH = CallOut(
    code=31,
    rule="BLOOD",
    state=CallOutState.WAITING_CONFIRMATION,
    target=2,
    asker_id=99,
    started_at=NOW,
    lasts_ms=DAY // 2,
    tag="donor",
    wants={"group": "O-"},
    spot="maternity",
)


@pytest.fixture
def tx(db: Database) -> Iterator[sqlite3.Connection]:
    with db.transaction() as tx:
        yield tx


def donor(tx: sqlite3.Connection, number: str, group: str = "O-", place: int | None = None) -> int:
    person = people.ensure(tx, NOW, number, "test").id
    people.tag(tx, NOW, person, "donor", "test")
    people.set_attribute(tx, NOW, person, "group", group, "test")
    if place:
        people.put_in(tx, NOW, person, place, "test")
    return person


def asking(tx: sqlite3.Connection, call: CallOut = WISH, now: int = NOW) -> CallOut:
    callouts.add(tx, now, call, "test")
    return callouts.move(tx, now, call, Confirmed(), "test")


def wanted(**more: object) -> Wanted:
    usual: dict[str, object] = {
        "tag": "donor", "fitting": {"group": ("O-",)}, "asked_before": NOW - 7 * DAY,
        "rested_before": NOW - 90 * DAY, "near": {}, "code": 31, "asker_id": 99,
    }  # fmt: skip
    return Wanted(**{**usual, **more})  # type: ignore[arg-type]


def ids(tx: sqlite3.Connection, **more: object) -> list[int]:
    return [one.person_id for one in volunteers.matching(tx, wanted(**more), 99)[0]]


# --- the rows -----------------------------------------------------------------------------------


def test_a_call_out_is_read_as_it_was_written(tx: sqlite3.Connection) -> None:
    callouts.add(tx, NOW, WISH, "test")
    assert callouts.get(tx, 31) == WISH
    assert callouts.unfinished(tx) == [WISH]
    assert callouts.get(tx, 32) is None


def test_it_moves_by_its_table_and_ends_once(tx: sqlite3.Connection) -> None:
    call = asking(tx)
    ended = callouts.move(tx, NOW + 1, call, Closed(), "test")
    assert (ended.state, ended.finished_at) == (CallOutState.CLOSED, NOW + 1)
    assert callouts.get(tx, 31) == ended
    assert callouts.unfinished(tx) == []
    with pytest.raises(IllegalTransition):
        callouts.move(tx, NOW + 2, ended, Confirmed(), "test")
    events = tx.execute("SELECT event FROM audit WHERE subject = 'callout' ORDER BY id")
    assert [row[0] for row in events] == ["Asked", "Confirmed", "Closed"]


def test_what_is_filled_stays_filled_when_its_time_is_over(tx: sqlite3.Connection) -> None:
    call = callouts.move(tx, NOW, asking(tx), Filled(), "test")
    call = callouts.move(tx, NOW + DAY, call, TimeOver(), "test")
    assert (call.state, call.finished_at) == (CallOutState.FILLED, NOW + DAY)


# --- places -------------------------------------------------------------------------------------


def test_the_last_place_goes_to_one_person(tx: sqlite3.Connection) -> None:
    """The table itself refuses a third, whatever the code above it believes."""
    call = asking(tx)
    appeals = [callouts.asked(tx, NOW, call, donor(tx, f"+25470000000{n}")) for n in range(3)]
    for n, appeal in enumerate(appeals[:2], 1):
        call, given_to = callouts.answer(tx, NOW, call, appeal, Accepted())
        assert (call.taken, given_to.ref) == (n, n)
    with pytest.raises(sqlite3.IntegrityError):
        callouts.answer(tx, NOW, call, appeals[2], Accepted())


def test_a_place_that_is_given_back_is_free_under_a_new_number(tx: sqlite3.Connection) -> None:
    """CAME 31-1 must never mean somebody else."""
    call = asking(tx)
    one, other = (callouts.asked(tx, NOW, call, donor(tx, f"+25470000000{n}")) for n in (1, 2))
    call, one = callouts.answer(tx, NOW, call, one, Accepted())
    call, one = callouts.answer(tx, NOW, call, one, Declined())
    assert (call.taken, one.rested_at) == (0, None)
    call, other = callouts.answer(tx, NOW, call, other, Accepted())
    assert other.ref == 2
    found = callouts.by_ref(tx, 31, 1)
    assert found is not None
    assert found.person_id == one.person_id
    assert callouts.by_ref(tx, 31, 3) is None


def test_what_is_over_keeps_its_count_and_still_says_who_came(tx: sqlite3.Connection) -> None:
    call = asking(tx)
    appeal = callouts.asked(tx, NOW, call, donor(tx, "+254700000001"))
    call, appeal = callouts.answer(tx, NOW, call, appeal, Accepted())
    call = callouts.move(tx, NOW + DAY, call, TimeOver(), "test")
    call, appeal = callouts.answer(tx, NOW + DAY, call, appeal, Missed())
    assert (call.taken, appeal.rested_at) == (1, None)
    call, appeal = callouts.answer(tx, NOW + 2 * DAY, call, appeal, Came())
    assert appeal.rested_at == NOW + 2 * DAY


def test_nobody_is_asked_twice_but_once_more_who_was_spared(tx: sqlite3.Connection) -> None:
    call = asking(tx)
    appeal = callouts.asked(tx, NOW, call, donor(tx, "+254700000001"))
    with pytest.raises(IllegalTransition):
        callouts.asked(tx, NOW, call, appeal.person_id)
    callouts.answer(tx, NOW, call, appeal, Spared())
    assert [one.person_id for one in callouts.spare(tx, 31, 9)] == [appeal.person_id]
    again = callouts.asked(tx, NOW + 1, call, appeal.person_id)
    callouts.answer(tx, NOW + 1, call, again, Spared())
    assert callouts.spare(tx, 31, 9) == []


# --- whom ---------------------------------------------------------------------------------------


def test_only_who_fits_and_may_be_asked_is_found(tx: sqlite3.Connection) -> None:
    fits = donor(tx, "+254700000001")
    donor(tx, "+254700000002", group="O+")
    stopped, paused, asker = (donor(tx, f"+25470000000{n}") for n in (3, 4, 5))
    people.set_consent(tx, NOW, stopped, Consent.STOPPED, "test")
    people.set_paused(tx, NOW, paused, True, "test")
    other = people.ensure(tx, NOW, "+254700000006", "test").id
    people.set_attribute(tx, NOW, other, "group", "O-", "test")  # and not in the register
    assert ids(tx, asker_id=asker) == [fits]
    assert volunteers.matching(tx, wanted(asker_id=asker), 1)[1] == 1


def test_staffs_own_table_says_who_else_fits(tx: sqlite3.Connection) -> None:
    one, other = donor(tx, "+254700000001", "O-"), donor(tx, "+254700000002", "A+")
    assert ids(tx, fitting={"group": ("A+", "O-")}) == [one, other]
    assert ids(tx, fitting={"group": ()}) == []
    assert ids(tx, fitting={}) == [one, other]


def test_the_nearest_come_first_then_who_was_asked_longest_ago(tx: sqlite3.Connection) -> None:
    ward = places.add(tx, NOW, "Ward", "ward", "ward", None, "test").id
    here = places.add(tx, NOW, "Bura", "bura", "village", ward, "test").id
    there = places.add(tx, NOW, "Kora", "kora", "village", ward, "test").id
    far, beside, never, asked = (
        donor(tx, "+254700000001"),
        donor(tx, "+254700000002", place=there),
        donor(tx, "+254700000003", place=here),
        donor(tx, "+254700000004", place=here),
    )
    old = asking(tx, replace(WISH, code=30), NOW - 30 * DAY)
    callouts.asked(tx, NOW - 30 * DAY, old, asked)
    near = distances({ward: None, here: ward, there: ward}, here)
    assert ids(tx, near=near) == [never, asked, beside, far]


def test_who_was_asked_this_week_is_left_alone_and_who_was_not_heard_is_not_counted(
    tx: sqlite3.Connection,
) -> None:
    """An appeal that was taken back before it left is none."""
    one, other = donor(tx, "+254700000001"), donor(tx, "+254700000002")
    call = asking(tx, replace(WISH, code=30), NOW - DAY)
    callouts.asked(tx, NOW - DAY, call, one)
    late = callouts.asked(tx, NOW - DAY, call, other)
    callouts.answer(tx, NOW - DAY, call, late, TakenBack())
    assert ids(tx) == [other]
    assert ids(tx, asked_before=NOW - DAY) == [other, one]


def test_a_yes_rests_until_it_is_taken_back_or_staff_say_that_nobody_came(
    tx: sqlite3.Connection,
) -> None:
    """Rather once too few: who said yes may have given, though nobody noted it."""
    one = donor(tx, "+254700000001")
    call = asking(tx, replace(WISH, code=30), NOW - 80 * DAY)
    appeal = callouts.asked(tx, NOW - 80 * DAY, call, one)
    call, appeal = callouts.answer(tx, NOW - 80 * DAY, call, appeal, Accepted())
    assert ids(tx) == []
    assert ids(tx, rested_before=NOW - 80 * DAY) == [one]
    call, missed = callouts.answer(tx, NOW, call, appeal, Missed())
    assert ids(tx) == [one]
    callouts.answer(tx, NOW, call, missed, Came())
    assert ids(tx, rested_before=NOW - 1) == []


def test_what_was_given_elsewhere_counts(tx: sqlite3.Connection) -> None:
    one = donor(tx, "+254700000001")
    volunteers.gave(tx, "donor", one, NOW - DAY)
    assert ids(tx) == []
    volunteers.gave(tx, "donor", one, NOW - 90 * DAY)
    assert ids(tx) == [one]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(0, 3),  # the place
            st.none() | st.integers(0, 20),  # asked so many days ago
            st.none() | st.integers(60, 120),  # and from then on at rest
        ),
        max_size=12,
    ),
    st.integers(1, 12),
)
def test_sql_and_the_rule_choose_the_same(
    db: Database, drawn: list[tuple[int | None, int | None, int | None]], most: int
) -> None:
    """`waves.choose` says it in words, the query does it for ten thousand."""
    with db.transaction() as tx:
        for table in ("volunteer", "person_place", "person", "place"):
            tx.execute(f"DELETE FROM {table}")
        at = [places.add(tx, NOW, f"P{n}", f"p{n}", "village", None, "test").id for n in range(4)]
        near = {place: n for n, place in enumerate(at)}
        known = []
        for n, (place, asked, rested) in enumerate(drawn):
            number = f"+2547000001{n:02d}"
            person = donor(tx, number, place=None if place is None else at[place])
            days = [None if one is None else NOW - one * DAY for one in (asked, rested)]
            tx.execute("INSERT INTO volunteer VALUES ('donor', ?, ?, ?, NULL)", (person, *days))
            known.append(Volunteer(person, number, place, *days))
        found, fit = volunteers.matching(tx, wanted(near=near, asker_id=-1), most)
        assert found == choose(known, rule(), NOW, most)
        assert fit == (len(choose(known, rule(), NOW, 99)) if found else 0)


# --- pledges ------------------------------------------------------------------------------------

FUND = replace(WISH, code=32, rule="FUND", target=100, tag="", wants={}, topic="pump")


def test_a_pledge_takes_the_place_of_the_one_before_and_never_exceeds_the_sum(
    tx: sqlite3.Connection,
) -> None:
    call = asking(tx, FUND)
    for amount in (25, 25, 40, 0, 30):
        call = pledges.put(tx, NOW, call, 1, amount)
        assert (call.taken, pledges.of(tx, 32, 1)) == (amount, amount)
    call = pledges.put(tx, NOW, call, 2, 70)
    with pytest.raises(sqlite3.IntegrityError):
        pledges.put(tx, NOW, call, 3, 1)


def test_all_who_pledged_are_told_of_the_end_once(tx: sqlite3.Connection) -> None:
    call = asking(tx, FUND)
    for person in (1, 2, 3):
        call = pledges.put(tx, NOW + person, call, person, 10)
    assert pledges.untold(tx, ["FUND"], 9) == []
    pledges.to_tell(tx, 32)
    heard = []
    while found := pledges.untold(tx, ["FUND"], 2):
        for code, one in found:
            pledges.told(tx, NOW, code, one.person_id)
            heard.append(one.person_id)
    assert heard == [1, 2, 3]
    assert not pledges.any_untold(tx)


# --- forgetting ---------------------------------------------------------------------------------


def test_who_is_erased_leaves_no_trace_and_the_count_stays(db: Database, outbox: Outbox) -> None:
    number = "+254700000001"
    with db.transaction() as tx:
        one = donor(tx, number)
        call = asking(tx, replace(WISH, asker_id=one))
        appeal = callouts.asked(tx, NOW, call, one)
        callouts.answer(tx, NOW, call, appeal, Accepted())
    erasing.erase(db, outbox, NOW, erasing.find(db, number), number, "root")
    with db.transaction() as tx:
        assert tx.execute("SELECT count(*) FROM volunteer").fetchone()[0] == 0
        left = callouts.get(tx, 31)
        assert left is not None
        assert (left.spot, left.taken) == ("", 1)
        found = callouts.appeal_of(tx, 31, one)
        assert found is not None
        callouts.answer(tx, NOW, left, found, Came())  # nobody is behind it, and nothing breaks
        assert found.state is AppealState.COMING


def test_a_place_comes_free_at_once(tx: sqlite3.Connection) -> None:
    call = callouts.waved(tx, NOW, asking(tx))
    call = callouts.move(tx, NOW, call, Filled(), "test")
    call = callouts.move(tx, NOW + MINUTE, call, Freed(), "test")
    assert (call.state, call.waved_at, call.wave) == (CallOutState.ASKING, None, 1)
    assert callouts.get(tx, 31) == call


def test_an_older_copy_asks_nobody_for_what_it_cannot_know_the_end_of(
    tx: sqlite3.Connection,
) -> None:
    """Places may have been given since the copy was made. A collection goes on."""
    asking(tx)
    asking(tx, FUND)
    restored.settle(tx, NOW, nothing_was_sent=True)
    assert len(callouts.unfinished(tx)) == 2
    restored.settle(tx, NOW)
    assert [one.code for one in callouts.unfinished(tx)] == [32]
    ended = callouts.get(tx, 31)
    assert ended is not None
    assert ended.state is CallOutState.EXPIRED
