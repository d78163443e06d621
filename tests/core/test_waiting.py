"""Why a message waits: what holds it back the longest."""

from __future__ import annotations

import pytest

from relay.core.caps import Cap, Reached
from relay.core.priority import Priority
from relay.core.waiting import Queued, Wait, Why, wait_of

NOW = 1_000
HOURLY = Reached(Cap("max_per_hour", 9, 3_600_000), NOW + 50)
PHONES = Reached(
    Cap("max_recipients_per_day", 9, 86_400_000, True), NOW + 60, frozenset({"known"})
)


def queued(priority: int = 0, number: str = "new", **more: int) -> Queued:
    return Queued(priority, number, reason="NET_CONGESTION", **more)


@pytest.mark.parametrize(
    ("one", "quiet_until", "reached", "expected"),
    [
        (queued(), None, [], Wait(Why.TURN)),
        (queued(behind=7), None, [], Wait(Why.BEHIND, of="7")),
        (queued(due_at=NOW), None, [], Wait(Why.TURN)),
        (queued(due_at=NOW + 5), None, [], Wait(Why.BACKOFF, NOW + 5, "NET_CONGESTION")),
        (queued(not_before=NOW + 5), None, [], Wait(Why.LATER, NOW + 5)),
        (queued(due_at=NOW + 5), NOW + 9, [], Wait(Why.QUIET, NOW + 9)),
        (queued(due_at=NOW + 5), NOW + 4, [], Wait(Why.BACKOFF, NOW + 5, "NET_CONGESTION")),
        (queued(Priority.ALERT), NOW + 9, [HOURLY], Wait(Why.TURN)),
        (queued(behind=7), NOW + 9, [], Wait(Why.QUIET, NOW + 9)),
        (queued(), None, [HOURLY], Wait(Why.CAP, NOW + 50, "max_per_hour")),
        (queued(), None, [HOURLY, PHONES], Wait(Why.CAP, NOW + 60, "max_recipients_per_day")),
        (queued(number="known"), None, [PHONES], Wait(Why.TURN)),
    ],
)
def test_what_holds_it_back(
    one: Queued, quiet_until: int | None, reached: list[Reached], expected: Wait
) -> None:
    assert wait_of(one, NOW, quiet_until, reached) == expected
