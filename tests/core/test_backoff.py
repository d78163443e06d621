"""When to try again: never at once, never in step with others, and not for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from relay.core.backoff import SOFT_RETRIES, delay_s, soft_retry_ms

CHANCES = st.floats(0, 1, exclude_max=True)


@given(st.integers(1, 10**9), CHANCES)
def test_a_wait_lies_between_half_a_base_and_the_cap(attempt: int, chance: float) -> None:
    """However often it failed, relay neither spins nor gives up."""
    assert 2.5 <= delay_s(attempt, base_s=5, cap_s=300, chance=chance) <= 300


@given(st.integers(1, 30), CHANCES)
def test_the_cap_does_not_bring_a_fleet_into_step(attempt: int, chance: float) -> None:
    """At the cap the chance still spreads the whole range, not only its edge."""
    early = delay_s(attempt, base_s=5, cap_s=300, chance=chance / 2)
    late = delay_s(attempt, base_s=5, cap_s=300, chance=chance)
    assert late == 2.5 or late > early or chance == 0


def test_refusals_are_tried_for_half_a_day() -> None:
    """Twenty tries, each pause longer, 12.7 hours in all: what CHT's own gateway does."""
    waits = [soft_retry_ms(attempt) for attempt in range(1, SOFT_RETRIES + 1)]
    pauses = [wait for wait in waits if wait is not None]
    assert len(pauses) == SOFT_RETRIES
    assert pauses == sorted(pauses)
    assert pauses[0] == 60_000
    assert round(sum(pauses) / 3_600_000, 1) == 12.7


def test_then_it_is_enough() -> None:
    """The try after the last one is not due."""
    assert soft_retry_ms(SOFT_RETRIES + 1) is None
