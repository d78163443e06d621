"""The link to one modem, move by move."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.link import (
    LINK_TRANSITIONS,
    READABLE,
    Closed,
    LinkState,
    NotRegistered,
    Opening,
    PinNeeded,
    PinWrong,
    PortOpened,
    PukNeeded,
    Registered,
    RegistrationDenied,
    SimMissing,
    Vanished,
    move,
)
from relay.errors import IllegalTransition

EVENTS = (
    Opening(), PortOpened(), Registered(), NotRegistered(), RegistrationDenied(), SimMissing(),
    PinNeeded(), PinWrong(), PukNeeded(), Vanished(), Closed(),
)  # fmt: skip
OPEN = (LinkState.INITIALISING, LinkState.READY, LinkState.SEARCHING, LinkState.DENIED)
NEEDS_A_PERSON = (
    LinkState.SIM_ABSENT, LinkState.PIN_REQUIRED, LinkState.PIN_REFUSED, LinkState.PUK_BLOCKED,
)  # fmt: skip
FOUND = {
    Registered: LinkState.READY,
    NotRegistered: LinkState.SEARCHING,
    RegistrationDenied: LinkState.DENIED,
    SimMissing: LinkState.SIM_ABSENT,
    PinNeeded: LinkState.PIN_REQUIRED,
    PinWrong: LinkState.PIN_REFUSED,
    PukNeeded: LinkState.PUK_BLOCKED,
}


def test_a_modem_comes_up_step_by_step():
    state = LinkState.CLOSED
    for event in (Opening(), PortOpened(), Registered()):
        state = move(state, event)
    assert state is LinkState.READY


@pytest.mark.parametrize("state", OPEN)
@pytest.mark.parametrize(("event", "found"), FOUND.items())
def test_an_open_modem_is_what_it_says(state, event, found):
    """Registration and SIM may change at any time while the port is open."""
    assert move(state, event()) is found


@pytest.mark.parametrize("state", [state for state in LinkState if state is not LinkState.CLOSED])
def test_a_modem_may_vanish_and_be_closed_from_anywhere(state):
    assert move(state, Vanished()) is LinkState.LOST
    assert move(state, Closed()) is LinkState.CLOSED


def test_what_is_closed_cannot_vanish():
    with pytest.raises(IllegalTransition):
        move(LinkState.CLOSED, Vanished())


@pytest.mark.parametrize("state", [LinkState.CLOSED, LinkState.LOST, *NEEDS_A_PERSON])
def test_it_is_opened_anew_from_everywhere_that_it_ends(state):
    """Someone may have put a SIM in meanwhile: it is looked at from the start."""
    assert move(state, Opening()) is LinkState.OPENING


@pytest.mark.parametrize("state", NEEDS_A_PERSON)
def test_a_sim_that_cannot_be_used_is_not_believed_to_have_mended_itself(state):
    with pytest.raises(IllegalTransition):
        move(state, Registered())


def test_messages_are_read_without_coverage():
    """A SIM can be read while the modem searches or is denied; nothing can be sent."""
    assert {LinkState.READY, LinkState.SEARCHING, LinkState.DENIED} == READABLE


@given(events=st.lists(st.sampled_from(EVENTS), max_size=30))
def test_any_story_of_a_link_keeps_to_the_table(events):
    state = LinkState.CLOSED
    for event in events:
        try:
            after = move(state, event)
        except IllegalTransition:
            continue
        assert after is LINK_TRANSITIONS[state][type(event)]
        state = after
