"""What is known of the community rules at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetFault:
    """Why a rule set does not hold: where, what, and what to write instead."""

    name: str
    where: str
    what: str
    do: str


@dataclass(frozen=True, slots=True)
class CommunityFacts:
    """`sets` hold; without any and without `faults` nothing is switched on.

    `unanswered` messages wait since `unanswered_since` (epoch ms); `sms` are those of all rules
    today, of at most `most` (0 for no limit). `approvals` wait for a second person; `unheard` are
    the escalations that nobody could get.
    """

    sets: tuple[str, ...] = ()
    faults: tuple[SetFault, ...] = ()
    people: int = 0
    unanswered: int = 0
    unanswered_since: int | None = None
    sms: int = 0
    most: int = 0
    approvals: int = 0
    unheard: int = 0

    @property
    def wanted(self) -> bool:
        return bool(self.sets or self.faults)
