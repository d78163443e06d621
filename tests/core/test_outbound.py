"""The life of an outbound part, move by move."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.outbound import (
    TRANSITIONS,
    Accepted,
    Cancelled,
    Claimed,
    Event,
    Expired,
    FoundAtStart,
    FoundSent,
    FoundUnsent,
    NoAnswer,
    NotStarted,
    Part,
    PartState,
    PortLost,
    RefusedForGood,
    RefusedForNow,
    ReportDelivered,
    ReportFailed,
    ReportOverdue,
    ReportTrying,
    Resent,
    Retried,
    advance,
)
from relay.errors import IllegalTransition

NOW = 1_700_000_000_000
EVENTS: tuple[Event, ...] = (
    Claimed("usb", "direct"), Accepted(7), NotStarted("no prompt", NOW + 5),
    RefusedForNow("+CMS ERROR: 38", NOW + 9), RefusedForGood("+CMS ERROR: 1"), Expired("too late"),
    Cancelled("by a person"), NoAnswer("silence"), PortLost("gone"), FoundAtStart(), FoundSent(),
    FoundUnsent(), Resent(), ReportDelivered(0), ReportTrying(0x30), ReportFailed(0x46, "expired"),
    ReportOverdue(), Retried(),
)  # fmt: skip
PART = Part(id=1, outbound_id=1, seq=1, total=1, pdu="00")

Q, S, U = PartState.QUEUED, PartState.SUBMITTING, PartState.UNCERTAIN
A, D, F = PartState.ACCEPTED, PartState.DELIVERED, PartState.FAILED
# The table of docs/reliability.md, written out once more by hand.
MOVES: dict[tuple[PartState, type], PartState] = {
    (Q, Claimed): S, (Q, Expired): F, (Q, Cancelled): F,
    (S, Accepted): A, (S, NotStarted): Q, (S, RefusedForNow): Q, (S, RefusedForGood): F,
    (S, NoAnswer): U, (S, PortLost): U, (S, FoundAtStart): U,
    (U, FoundSent): A, (U, FoundUnsent): Q, (U, ReportDelivered): D, (U, ReportTrying): A,
    (U, ReportFailed): F, (U, Resent): Q, (U, Cancelled): F,
    (A, ReportTrying): A, (A, ReportDelivered): D, (A, ReportFailed): F, (A, ReportOverdue): A,
    (D, ReportDelivered): D,
    (F, Retried): Q, (F, ReportDelivered): D,
}  # fmt: skip


def in_state(state: PartState, **values: object) -> Part:
    return replace(PART, state=state, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("state", PartState)
def test_each_move_is_the_one_of_the_table_or_none(state, event):
    """Every state meets every event: the move that stands in the table, or an error."""
    wanted = MOVES.get((state, type(event)))
    if wanted is not None:
        assert advance(in_state(state), event, NOW).state is wanted
        return
    with pytest.raises(IllegalTransition, match=f"{state} on {type(event).__name__}"):
        advance(in_state(state), event, NOW)


@given(events=st.lists(st.sampled_from(EVENTS), max_size=30))
def test_any_story_of_a_part_keeps_to_the_table(events):
    """An event moves the part or is refused and leaves it as it was."""
    part = PART
    for event in events:
        try:
            moved = advance(part, event, NOW)
        except IllegalTransition:
            continue
        assert moved.state is TRANSITIONS[part.state][type(event)]
        assert (moved.id, moved.pdu, moved.seq) == (part.id, part.pdu, part.seq)
        part = moved
    assert part.attempts >= 0


def test_a_claim_is_an_attempt_and_forgets_the_last_one():
    """What an earlier try left (slot, TP-MR) must not be taken for this one's."""
    part = in_state(Q, memory="ME", slot=3, mr=9, attempts=1)
    moved = advance(part, Claimed("usb", "stored"), NOW)
    assert (moved.attempts, moved.submitted_at, moved.submission) == (2, NOW, "stored")
    assert (moved.memory, moved.slot, moved.mr) == (None, None, None)


def test_a_claim_ahead_has_no_time_of_submission():
    """Its absence proves after a power cut that the part was never begun."""
    assert advance(PART, Claimed("usb", "direct", ahead=True), NOW).submitted_at is None


def test_what_did_not_start_was_no_attempt():
    part = advance(PART, Claimed("usb", "direct"), NOW)
    moved = advance(part, NotStarted("no prompt", NOW + 5_000), NOW)
    assert (moved.attempts, moved.due_at, moved.reason) == (0, NOW + 5_000, "no prompt")


def test_what_did_not_start_keeps_a_later_due_time():
    """A wait of an earlier refusal is not shortened."""
    part = in_state(S, attempts=2, due_at=NOW + 60_000)
    assert advance(part, NotStarted("no prompt", NOW), NOW).due_at == NOW + 60_000


def test_a_refusal_counts_and_says_when_to_try_again():
    part = advance(PART, Claimed("usb", "direct"), NOW)
    moved = advance(part, RefusedForNow("+CMS ERROR: 38", NOW + 60_000), NOW)
    assert (moved.attempts, moved.due_at, moved.reason) == (1, NOW + 60_000, "+CMS ERROR: 38")


@pytest.mark.parametrize("event", [NoAnswer("silence"), PortLost("gone"), FoundAtStart()])
def test_every_doubt_is_counted(event):
    """The count is how `relay status` owns up to possible doubles."""
    moved = advance(in_state(S, uncertain_count=1, slot=4), event, NOW)
    assert (moved.uncertain_at, moved.uncertain_count, moved.slot) == (NOW, 2, 4)


def test_a_doubt_keeps_its_count_when_it_is_sent_again():
    moved = advance(in_state(U, uncertain_count=1, memory="ME", slot=4), Resent(), NOW)
    assert (moved.uncertain_count, moved.due_at, moved.slot) == (1, NOW, None)


def test_a_late_reference_is_kept():
    """Then a delivery report finds the part by its TP-MR."""
    assert advance(in_state(U), FoundSent(41), NOW).mr == 41


@pytest.mark.parametrize("event", [Expired("too late"), Cancelled("by a person")])
def test_an_end_has_a_time_and_a_reason(event):
    moved = advance(PART, event, NOW)
    assert (moved.finished_at, moved.reason) == (NOW, event.reason)


def test_a_repeated_delivery_does_not_move_the_end():
    part = advance(in_state(A), ReportDelivered(0), NOW)
    assert advance(part, ReportDelivered(0), NOW + 60_000).finished_at == NOW


def test_a_report_that_never_came_is_said_so():
    moved = advance(in_state(A), ReportOverdue(), NOW)
    assert (moved.state, moved.finished_at, moved.reason) == (A, NOW, "no delivery report came")


def test_a_retry_starts_from_nothing():
    """A person who retries does not want the failures of before to count."""
    part = in_state(F, attempts=20, finished_at=NOW - 1, reason="+CMS ERROR: 38", mr=7)
    moved = advance(part, Retried(), NOW)
    assert (moved.attempts, moved.finished_at, moved.reason, moved.mr) == (0, None, None, None)
    assert moved.due_at == NOW
