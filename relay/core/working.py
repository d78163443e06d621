"""Who works at a station, and what a person has paused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PauseFacts:
    """`what` is sending or sync, `since` epoch ms."""

    what: str
    since: int
    who: str


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """`crashes` since the daemon started; `trouble` is empty when it is fine now."""

    name: str
    crashes: int = 0
    trouble: str = ""
