"""What holds messages back of those that wait to go out, as status tells it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CapFacts:
    """A cap that is reached: how many messages wait for it, and when it opens again."""

    key: str
    limit: int
    window_ms: int
    opens_at: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class HeldFacts:
    """Messages that wait for a wished time, for an earlier one to their number, for the end of
    the quiet hours (which last ended at `quiet_ended`), or for a cap."""

    later: int = 0
    behind: int = 0
    quiet: int = 0
    quiet_until: int | None = None
    quiet_ended: int | None = None
    caps: tuple[CapFacts, ...] = ()
