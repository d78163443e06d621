"""The life of what comes in: raw PDUs, and the messages that they become."""

from __future__ import annotations

import pytest

from relay.core.inbound import (
    INBOUND_TRANSITIONS,
    RAW_TRANSITIONS,
    Completed,
    Decoded,
    Forwarded,
    GaveUpWaiting,
    InboundState,
    NotDecodable,
    Parked,
    RawState,
    Released,
)
from relay.core.machine import step
from relay.errors import IllegalTransition

RAW_MOVES = {
    (RawState.KEPT, Decoded): RawState.DECODED,
    (RawState.KEPT, NotDecodable): RawState.UNDECODABLE,
    (RawState.UNDECODABLE, Decoded): RawState.DECODED,
}
MOVES = {
    (InboundState.WAITING_PARTS, Completed): InboundState.WAITING,
    (InboundState.WAITING_PARTS, GaveUpWaiting): InboundState.INCOMPLETE,
    (InboundState.WAITING, Forwarded): InboundState.FORWARDED,
    (InboundState.WAITING, Parked): InboundState.PARKED,
    (InboundState.INCOMPLETE, Forwarded): InboundState.FORWARDED,
    (InboundState.INCOMPLETE, Parked): InboundState.PARKED,
    (InboundState.PARKED, Released): InboundState.WAITING,
}


def name(event: object) -> str:
    return type(event).__name__


@pytest.mark.parametrize("event", [Decoded(), NotDecodable("cut short")], ids=name)
@pytest.mark.parametrize("state", RawState)
def test_each_move_of_a_raw_pdu(state, event):
    """A PDU that was read stays read; one that could not be read may be read by a later relay."""
    wanted = RAW_MOVES.get((state, type(event)))
    if wanted is not None:
        assert step(RAW_TRANSITIONS, state, event) is wanted
        return
    with pytest.raises(IllegalTransition):
        step(RAW_TRANSITIONS, state, event)


@pytest.mark.parametrize(
    "event",
    [Completed(), GaveUpWaiting(), Forwarded(), Parked("refused"), Released()],
    ids=name,
)
@pytest.mark.parametrize("state", InboundState)
def test_each_move_of_a_message(state, event):
    """Every state meets every event: the move that stands in the table, or an error."""
    wanted = MOVES.get((state, type(event)))
    if wanted is not None:
        assert step(INBOUND_TRANSITIONS, state, event) is wanted
        return
    with pytest.raises(IllegalTransition):
        step(INBOUND_TRANSITIONS, state, event)


def test_nothing_leaves_forwarded():
    """The server has it: there is no way back, and no second time."""
    assert not INBOUND_TRANSITIONS[InboundState.FORWARDED]


def test_every_other_state_has_a_way_to_the_server():
    """No message can get stuck where no event reaches it."""
    reached = {InboundState.FORWARDED}
    for _ in InboundState:
        reached |= {
            state for state, moves in INBOUND_TRANSITIONS.items() if reached & set(moves.values())
        }
    assert reached == set(InboundState)
