"""What a post costs and how long it takes, told before it is spent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from relay.community.channels.composing import text_for
from relay.core.caps import Cap
from relay.core.plain import MINUTE
from relay.core.segment import segment

# A modem and the network take about five seconds for one SMS.
_ASSUMED_PER_MINUTE = 12.0
_FEWEST_GAPS = 10
_LONGEST_GAP_MS = MINUTE  # longer, and the outbox was empty in between
_HOURS_FROM = 120


@dataclass(frozen=True, slots=True)
class Pace:
    """How many SMS leave in a minute: as `measured` at this station, or as assumed."""

    per_minute: float
    measured: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """`sms` are those of all `people` together; `minutes` at the `pace`, without quiet hours."""

    people: int
    sms: int
    most_parts: int
    minutes: int
    pace: Pace

    @property
    def time(self) -> str:
        """`35 min` or `14 h`, in every language."""
        if self.minutes < _HOURS_FROM:
            return f"{self.minutes} min"
        return f"{-(-self.minutes // 60)} h"


def pace(submitted_at: Sequence[int], caps: Sequence[Cap] = ()) -> Pace:
    """From when SMS left lately (epoch ms, in order), and what the caps of [sending] allow."""
    gaps = [
        later - earlier
        for earlier, later in pairwise(submitted_at)
        if 0 <= later - earlier <= _LONGEST_GAP_MS
    ]
    measured = len(gaps) >= _FEWEST_GAPS
    own = MINUTE / max(1.0, median(gaps)) if measured else _ASSUMED_PER_MINUTE
    allowed = [cap.limit * MINUTE / cap.window_ms for cap in caps if not cap.recipients]
    return Pace(min([own, *allowed]), measured)


def cost(
    readers: Mapping[str, int],
    texts: Mapping[str, str],
    pace: Pace,
    national: Sequence[str] = (),
) -> Cost:
    """`readers` are counted by language. Raises `TextError` for what no SMS can carry."""
    parts = {text: len(segment(text, national=national).parts) for text in texts.values()}
    sms = sum(count * parts[text_for(texts, language)] for language, count in readers.items())
    minutes = -int(-sms // pace.per_minute) if pace.per_minute else 0
    return Cost(sum(readers.values()), sms, max(parts.values(), default=0), minutes, pace)
