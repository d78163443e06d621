"""How much may go out in which time. Operators block SIMs that send more than they like.

The windows roll: at no moment were more parts submitted in the last hour than an hour may have.
So a day and a month (of 31 days) of the calendar are never exceeded either.
"""

from __future__ import annotations

from dataclasses import dataclass

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
MONTH_MS = 31 * DAY_MS

# Nothing older is ever asked for.
LONGEST_MS = MONTH_MS

# The keys of [sending]: the window, and whether recipients are counted instead of parts.
WINDOWS: tuple[tuple[str, int, bool], ...] = (
    ("max_per_minute", MINUTE_MS, False),
    ("max_per_hour", HOUR_MS, False),
    ("max_per_day", DAY_MS, False),
    ("max_per_month", MONTH_MS, False),
    ("max_recipients_per_day", DAY_MS, True),
    ("max_recipients_per_month", MONTH_MS, True),
)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` in `window_ms`; `key` is that of the configuration.

    What is counted are parts that were submitted, whether accepted or in doubt, or with
    `recipients` the numbers that they went to.
    """

    key: str
    limit: int
    window_ms: int
    recipients: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """A cap that lets nothing more through before `opens_at` (epoch ms), but for what is urgent
    or goes to one of `known`."""

    cap: Cap
    opens_at: int
    known: frozenset[str] | None = None
