"""Why a message waits, in the order in which a person would ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from relay.core.caps import Reached
from relay.core.priority import is_urgent


class Why(StrEnum):
    """What a message waits for."""

    LATER = "later"  # the time that was wished
    QUIET = "quiet"  # the end of the quiet hours
    CAP = "cap"  # room below a cap
    BACKOFF = "backoff"  # the next try
    BEHIND = "behind"  # an earlier message to the same number
    STANDSTILL = "standstill"  # what keeps all of its kind: `of` is the code of status
    TURN = "turn"  # its turn, or a modem that works


@dataclass(frozen=True, slots=True)
class Queued:
    """The first part of a message that has yet to go, and what stands before it.

    `behind` is the message to the same number that goes first.
    """

    priority: int
    number: str
    due_at: int = 0
    not_before: int | None = None
    behind: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """`until` is epoch ms where it is known; `of` is the cap, message, reason or code."""

    why: Why
    until: int | None = None
    of: str = ""


def wait_of(queued: Queued, now: int, quiet_until: int | None, reached: Sequence[Reached]) -> Wait:
    """What holds a message back the longest, as far as that can be known now."""
    waits = []
    if queued.not_before is not None and queued.not_before > now:
        waits.append(Wait(Why.LATER, queued.not_before))
    if queued.due_at > now:
        waits.append(Wait(Why.BACKOFF, queued.due_at, queued.reason or ""))
    if not is_urgent(queued.priority):
        if quiet_until is not None:
            waits.append(Wait(Why.QUIET, quiet_until))
        waits += [
            Wait(Why.CAP, one.opens_at, one.cap.key) for one in reached if _holds(one, queued)
        ]
    if waits:
        return max(waits, key=lambda wait: wait.until or 0)
    return Wait(Why.TURN) if queued.behind is None else Wait(Why.BEHIND, of=str(queued.behind))


def _holds(reached: Reached, queued: Queued) -> bool:
    return reached.known is None or queued.number not in reached.known
