"""The state tables by themselves: no row can get stuck, and no move exists that is not written."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core import callouts, inbound, ladder, link, outbound, posts, reminders
from relay.core.fold import ChtStatus, fold, worth_telling
from relay.core.machine import Table, step
from relay.core.outbound import Part, PartState, advance
from relay.errors import IllegalTransition

TABLES: Mapping[str, tuple[Table[Any], StrEnum]] = {
    "part": (outbound.TRANSITIONS, PartState.QUEUED),
    "raw": (inbound.RAW_TRANSITIONS, inbound.RawState.KEPT),
    "inbound": (inbound.INBOUND_TRANSITIONS, inbound.InboundState.WAITING_PARTS),
    "link": (link.LINK_TRANSITIONS, link.LinkState.CLOSED),
    "call-out": (callouts.CALLOUT_TRANSITIONS, callouts.CallOutState.WAITING_CONFIRMATION),
    "appeal": (callouts.APPEAL_TRANSITIONS, callouts.AppealState.ASKED),
    "ladder": (ladder.LADDER_TRANSITIONS, ladder.LadderState.WELL),
    "post": (posts.POST_TRANSITIONS, posts.PostState.WAITING_APPROVAL),
    "reminder": (reminders.REMINDER_TRANSITIONS, reminders.ReminderState.WAITING),
}
# Where a row may rest for ever.
AT_REST = {
    inbound.RawState.DECODED,
    inbound.InboundState.FORWARDED,
    PartState.DELIVERED,
    reminders.ReminderState.CANCELLED,
    reminders.ReminderState.SKIPPED_LATE,
    reminders.ReminderState.SKIPPED_OPTED_OUT,
    callouts.CallOutState.CLOSED,
    callouts.CallOutState.EXPIRED,
    callouts.AppealState.UNREACHABLE,
    posts.PostState.DONE,
    posts.PostState.CANCELLED,
    posts.PostState.EXPIRED,
}

EVENTS = st.one_of(
    st.builds(outbound.Claimed, st.just("usb1"), st.sampled_from(["direct", "stored"])),
    st.builds(outbound.Accepted, st.integers(0, 255)),
    st.builds(outbound.RefusedForNow, st.just("NET_CONGESTION"), st.integers(0, 10**6)),
    st.builds(outbound.ReportFailed, st.just(0x46), st.just("REPORT_VALIDITY_EXPIRED")),
    st.builds(outbound.ReportDelivered, st.just(0)),
    st.builds(outbound.ReportTrying, st.just(0x20)),
    *(
        st.builds(event, st.just("why"))
        for event in (
            outbound.NotStarted,
            outbound.RefusedForGood,
            outbound.NoAnswer,
            outbound.PortLost,
            outbound.Expired,
            outbound.Cancelled,
        )
    ),
    *(
        st.builds(event)
        for event in (
            outbound.FoundAtStart,
            outbound.FoundSent,
            outbound.FoundUnsent,
            outbound.Resent,
            outbound.ReportOverdue,
            outbound.Retried,
        )
    ),
)


@pytest.mark.parametrize("name", TABLES)
def test_every_state_has_a_row_and_can_be_reached(name: str) -> None:
    """A state that nothing leads to, or that the table forgot, is a mistake."""
    table, first = TABLES[name]
    assert set(table) == set(type(first))
    reached: set[StrEnum] = {first}
    while new := {target for state in reached for target in table[state].values()} - reached:
        reached |= new
    assert reached == set(table)


@pytest.mark.parametrize("name", TABLES)
def test_no_row_gets_stuck(name: str) -> None:
    """From every state but the good ends there is a way on."""
    table, _ = TABLES[name]
    stuck = {state for state, row in table.items() if not set(row.values()) - {state}}
    assert stuck <= AT_REST


@pytest.mark.parametrize("name", TABLES)
def test_a_move_that_is_not_in_the_table_is_refused_with_its_names(name: str) -> None:
    """The error names the state and the event: it is a bug in relay and must be found."""

    class Unheard:
        pass

    table, first = TABLES[name]
    with pytest.raises(IllegalTransition, match=f"no way from {first} on Unheard"):
        step(table, first, Unheard())


@given(st.lists(EVENTS, max_size=30))
def test_a_part_moves_by_the_table_or_not_at_all(events: list[outbound.Event]) -> None:
    """Whatever happens, in whatever order, the row stays whole and its end has a time."""
    part = Part(id=1, outbound_id=1, seq=1, total=1, pdu="00")
    for now, event in enumerate(events, start=1):
        before = part
        if type(event) not in outbound.TRANSITIONS[part.state]:
            with pytest.raises(IllegalTransition):
                advance(part, event, now)
            assert part == before
            continue
        part = advance(part, event, now)
        assert part.state is outbound.TRANSITIONS[before.state][type(event)]
        assert part.attempts >= 0
        assert (part.id, part.pdu, part.seq) == (before.id, before.pdu, before.seq)
        assert part.uncertain_count >= before.uncertain_count
        assert part.state is not PartState.FAILED or part.finished_at is not None


@given(st.lists(EVENTS, max_size=30))
def test_a_part_is_submitted_again_only_after_it_was_queued_again(
    events: list[outbound.Event],
) -> None:
    """Between two claims lies a reason why the first one did not count."""
    part = Part(id=1, outbound_id=1, seq=1, total=1, pdu="00")
    moves = []
    for now, event in enumerate(events, start=1):
        if type(event) in outbound.TRANSITIONS[part.state]:
            part = advance(part, event, now)
            moves.append(type(event))
    back = {
        event
        for row in outbound.TRANSITIONS.values()
        for event, target in row.items()
        if target is PartState.QUEUED
    }
    claims = [at for at, event in enumerate(moves) if event is outbound.Claimed]
    for one, other in pairwise(claims):
        assert back & set(moves[one:other])


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["QUEUED", "QUEUED"], "UNSENT"),
        (["QUEUED", "SUBMITTING"], "PENDING"),
        (["ACCEPTED", "QUEUED"], "PENDING"),
        (["ACCEPTED", "UNCERTAIN"], "PENDING"),
        (["ACCEPTED", "DELIVERED"], "SENT"),
        (["DELIVERED", "DELIVERED"], "DELIVERED"),
        (["DELIVERED", "FAILED"], "FAILED"),
    ],
)
def test_a_message_is_what_its_parts_are(states: list[str], status: str) -> None:
    """All parts count, not the first or the last."""
    assert fold(PartState(state) for state in states) is ChtStatus(status)


STATUSES = st.sampled_from(ChtStatus)


@given(st.lists(STATUSES, max_size=12))
def test_a_server_never_hears_a_step_back(statuses: list[ChtStatus]) -> None:
    """Without a retry, what is told climbs; only a late delivery follows a failure."""
    told: list[ChtStatus] = []
    for status in statuses:
        if worth_telling(told[-1] if told else None, status, None):
            told.append(status)
    order = [ChtStatus.UNSENT, ChtStatus.PENDING, ChtStatus.SENT]
    climb = [order.index(status) for status in told if status in order]
    assert climb == sorted(set(climb))
    ends = [status for status in told if status not in order]
    assert ends in (
        [],
        [ChtStatus.DELIVERED],
        [ChtStatus.FAILED],
        [ChtStatus.FAILED, ChtStatus.DELIVERED],
    )


@given(STATUSES, STATUSES)
def test_a_retry_is_told(last: ChtStatus, status: ChtStatus) -> None:
    """The one way down that a person has asked for, told unless the server knows it already."""
    assert worth_telling(last, status, outbound.Retried()) == (status is not last)
