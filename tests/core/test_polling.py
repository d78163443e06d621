"""The pace: how often relay polls, and how long it leaves a troubled server alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.polling import Pace, may_linger, remaining_s
from relay.errors import Rejected, Unauthorised, Unreachable

CHANCE = st.floats(0, 1, exclude_max=True)
PACE = Pace()


@pytest.mark.parametrize(("quiet_s", "wait_s"), [(0, 15), (100, 15), (300, 30), (86_400, 300)])
def test_a_quiet_server_is_asked_less_and_less_often(quiet_s: float, wait_s: float) -> None:
    assert PACE.poll(quiet_s, 0.5) == wait_s


@given(st.floats(0, 1e9), CHANCE)
def test_polls_stay_near_their_bounds(quiet_s: float, chance: float) -> None:
    assert 13.5 <= PACE.poll(quiet_s, chance) <= 330


@given(st.integers(1, 10_000), CHANCE)
def test_a_backoff_ends(failures: int, chance: float) -> None:
    assert 2.5 <= PACE.backoff(Unreachable("x"), failures, chance) <= 300


def test_a_refused_login_is_repeated_rarely() -> None:
    assert PACE.backoff(Unauthorised(401), 1, 0.0) >= 150


def test_the_server_may_ask_for_more_time() -> None:
    assert PACE.backoff(Rejected(503, "", 120.0), 1, 0.0) == 120


def test_the_server_may_not_ask_for_ever() -> None:
    assert PACE.backoff(Rejected(503, "", 1e9), 1, 0.0) == 3600


@pytest.mark.parametrize(("poll_min_s", "linger_s"), [(15, 2), (2, 2), (0.5, 0.5)])
def test_statuses_gather_for_two_seconds_and_never_for_longer_than_a_poll(
    poll_min_s: float, linger_s: float
) -> None:
    assert Pace(poll_min_s=poll_min_s).linger() == linger_s


@pytest.mark.parametrize(
    ("statuses", "room", "may"),
    [
        (["PENDING", "SENT", "DELIVERED", "FAILED"], 20, True),
        (["SENT", "UNSENT"], 20, False),
        (["SENT"] * 20, 20, False),
        (["SENT"] * 19, 20, True),
        (["SENT"], 1, False),
    ],
)
def test_statuses_linger_unless_they_fill_a_request_or_a_queue_waits_for_one(
    statuses: list[str], room: int, may: bool
) -> None:
    assert may_linger(statuses, room) is may


def test_a_wait_counts_from_its_beginning() -> None:
    assert remaining_s(1_000, 21_000, 60) == 40
    assert remaining_s(1_000, 99_000, 60) == 0


@given(st.integers(), st.integers())
def test_a_wait_is_never_longer_than_it_was_wherever_the_clock_jumps(since: int, now: int) -> None:
    assert 0 <= remaining_s(since, now, 60) <= 60
