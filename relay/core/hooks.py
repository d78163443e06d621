"""What is known of the programs that relay calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HookFacts:
    """Calls that wait for a program and those that were given up; `reason` is why the last one
    failed, `tries` how often the worst of them did, `since` when the oldest was owed."""

    name: str
    waiting: int = 0
    given_up: int = 0
    tries: int = 0
    reason: str = ""
    since: int | None = None
