"""When to try again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.backoff import (
    HELD_MS,
    LONGEST_WAIT_MS,
    SOFT_RETRIES,
    delay_s,
    doubt_ms,
    retry_ms,
    soft_retry_ms,
)
from relay.core.causes import Retry

chances = st.floats(0, 1, exclude_max=True)


@given(attempt=st.integers(1, 10_000), chance=chances)
def test_a_wait_is_never_longer_than_the_cap_nor_nothing(attempt, chance):
    """Also after years without the server: no overflow, no spinning."""
    assert 2.5 <= delay_s(attempt, base_s=5, cap_s=300, chance=chance) <= 300


@given(attempt=st.integers(1, 60))
def test_the_longest_wait_grows_with_every_failure(attempt):
    now = delay_s(attempt, base_s=5, cap_s=300, chance=0.999)
    assert now <= delay_s(attempt + 1, base_s=5, cap_s=300, chance=0.999)


def test_a_fleet_does_not_come_back_in_step():
    """Full jitter: the whole range is used, not the edge of it."""
    waits = [delay_s(9, base_s=5, cap_s=300, chance=n / 10) for n in range(10)]
    assert len(set(waits)) == 10
    assert max(waits) > 10 * min(waits)


@pytest.mark.parametrize(("attempt", "minutes"), [(1, 1), (4, 8), (9, 27), (16, 64)])
def test_refused_parts_follow_the_schedule_of_cht_gateway(attempt, minutes):
    """60 s times n to the 1.5 (WoMessage.java:74-131)."""
    assert soft_retry_ms(attempt) == minutes * 60_000


def test_a_refused_part_has_enough_after_half_a_day():
    """Twenty tries in some twelve hours, then a person must look."""
    waits = [soft_retry_ms(attempt) or 0 for attempt in range(1, SOFT_RETRIES + 1)]
    assert 12 < sum(waits) / 3_600_000 < 13
    assert soft_retry_ms(SOFT_RETRIES + 1) is None


def schedule(retry: Retry, tries: int = SOFT_RETRIES) -> list[int | None]:
    return [retry_ms(retry, attempt, tries) for attempt in range(1, 120)]


def test_a_busy_modem_is_asked_again_within_seconds() -> None:
    waits = schedule(Retry.SOON)
    assert waits[:3] == [5_000, 10_000, 20_000]
    assert waits[10:12] == [soft_retry_ms(1), soft_retry_ms(2)]
    assert waits[30] is None


def test_what_money_may_cure_is_tried_for_a_week() -> None:
    waits = schedule(Retry.DAYS)
    given = [wait for wait in waits if wait is not None]
    assert given[:SOFT_RETRIES] == [soft_retry_ms(n) for n in range(1, SOFT_RETRIES + 1)]
    assert 7 * 24 * 3600_000 < sum(given) < 8 * 24 * 3600_000
    assert max(given) == LONGEST_WAIT_MS


@pytest.mark.parametrize("retry", Retry)
def test_without_tries_only_what_holds_everything_up_is_asked_again(retry: Retry) -> None:
    expected = [HELD_MS if retry is Retry.HELD else None] * 119
    assert schedule(retry, tries=0) == expected


@given(st.sampled_from(Retry), st.integers(1, 10**6), st.integers(0, SOFT_RETRIES))
def test_every_wait_is_bounded(retry: Retry, attempt: int, tries: int) -> None:
    """What is due beyond the longest wait was dated by a clock that was wrong (clamping)."""
    wait = retry_ms(retry, attempt, tries)
    assert wait is None or 0 < wait <= LONGEST_WAIT_MS


def test_the_same_doubt_waits_longer_each_time():
    waits = [doubt_ms(600_000, times) // 60_000 for times in (0, 1, 2, 3, 8, 9, 10_000)]
    assert waits == [10, 10, 20, 40, 1280, 1440, 1440]
