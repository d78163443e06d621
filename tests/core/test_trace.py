"""Whose the time was: the shares add up to the delays, and the delays to the whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.core.trace import (
    Hop,
    Leg,
    Share,
    Span,
    Sure,
    bar,
    doubted,
    legs,
    reasons,
    steps,
    total,
)

_TIMES = st.integers(-(10**6), 10**6)
_SPANS = st.builds(Span, _TIMES, _TIMES, st.sampled_from(Leg), st.sampled_from("abc"))
_HOPS = st.builds(
    Hop,
    _TIMES,
    st.just("x"),
    st.sampled_from(Leg),
    st.sampled_from("abc"),
    st.lists(_SPANS, max_size=4).map(tuple),
    st.booleans(),
)


@settings(max_examples=60)
@given(st.lists(_HOPS, max_size=8))
def test_the_delays_add_up_exactly(hops: list[Hop]) -> None:
    """Whatever the hops are, in whatever order their clocks show, and whatever held them."""
    way = steps(hops)
    whole = total(way)
    assert sum(step.delay or 0 for step in way) == whole
    assert sum(legs(way).values()) == whole
    for step in way:
        assert sum(share.ms for share in step.shares) == (step.delay or 0)
    for leg, ms in legs(way).items():
        assert sum(reasons(way, leg).values()) == ms


@settings(max_examples=30)
@given(st.lists(_HOPS.filter(lambda hop: not hop.aside), min_size=1, max_size=6))
def test_the_whole_is_from_the_first_hop_to_the_last(hops: list[Hop]) -> None:
    assert total(steps(hops)) == hops[-1].at - hops[0].at


def test_the_stronger_span_has_what_both_would_have() -> None:
    """And what nothing held is the hop's own."""
    night = Span(10, 40, Leg.HERE, "quiet hours")
    away = Span(30, 60, Leg.HERE, "the modem was away")
    hop = Hop(100, "claimed", Leg.HERE, "the queue", (night, away))
    assert steps([Hop(0, "stored"), hop])[1].shares == (
        Share(Leg.HERE, "the queue", 50),
        Share(Leg.HERE, "quiet hours", 30),
        Share(Leg.HERE, "the modem was away", 20),
    )


def test_what_happens_aside_takes_no_time() -> None:
    """The server hears of a status while the message waits for its modem."""
    way = steps([Hop(0, "stored"), Hop(5, "told", aside=True), Hop(9, "claimed")])
    assert [step.delay for step in way] == [None, None, 9]


def test_nothing_has_happened() -> None:
    assert (total(()), legs(()), steps(())) == (0, {}, ())


def test_only_our_own_times_are_doubted() -> None:
    """From the moment on since when nobody has confirmed them."""
    way = [Hop(1, "a"), Hop(9, "b"), Hop(9, "c", sure=Sure.NETWORK)]
    assert [hop.sure for hop in doubted(way, 5)] == [Sure.OWN, Sure.UNCERTAIN, Sure.NETWORK]
    assert doubted(way, None) == way


@pytest.mark.parametrize(
    ("ms", "shown"), [(0, ""), (-5, ""), (1, "."), (50, "#####"), (100, "#" * 10), (900, "#" * 10)]
)
def test_a_bar(ms: int, shown: str) -> None:
    assert bar(ms, 100, 10) == shown
