"""Whose turn it is. What may be claimed stands in `Selection`; what goes first is in `next_turn`.

Urgent messages go first, always. Among the others the higher priority goes first, and a step of
urgency that has waited for a turn rises by one for every `ageing_ms`: so broadcasts trickle
through a day full of replies, one at a time, and ten thousand of them that grew old together do
not stand before the next reply. To one recipient, messages of one priority leave in the order in
which they came.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from relay.core.caps import Cap
from relay.core.priority import is_urgent
from relay.core.quiet import Quiet

# A message that was refused so often (for three quarters of an hour) stands aside: it is tried
# again when it is due, and later ones to its recipient no longer wait for it.
LINE_ATTEMPTS = 6

# Replies are overtaken by a broadcast of twenty minutes, and by one every twenty minutes.
AGEING_MS = 60_000

# No priority is higher: a selection of at least this takes nothing.
NOTHING = 2**62

Suits = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the waiting parts may be claimed; without conditions, any.

    `min_priority` leaves the less urgent ones waiting (`Priority.ALERT`: urgent only; `NOTHING`:
    none). `suits` is asked with the recipient, as it is dialled, whether this modem should take
    the message. What is not urgent may go to `only_to` alone, where that is given. `opens_at`
    (epoch ms) is when it is worth asking again, if that is known. `sim` is the one that would
    send: of a message of which another SIM has sent a part it sends none.
    """

    min_priority: int | None = None
    suits: Suits | None = None
    only_to: frozenset[str] | None = None
    opens_at: int | None = None
    sim: str = ""

    def __and__(self, other: Selection) -> Selection:
        """What both allow."""
        floors = [x.min_priority for x in (self, other) if x.min_priority is not None]
        tests = tuple(x.suits for x in (self, other) if x.suits is not None)
        only = [x.only_to for x in (self, other) if x.only_to is not None]
        opens = [x.opens_at for x in (self, other) if x.opens_at is not None]
        return Selection(
            max(floors, default=None),
            _all_of(tests) if len(tests) > 1 else next(iter(tests), None),
            frozenset.intersection(*only) if only else None,
            min(opens, default=None),
            self.sim or other.sim,
        )

    def takes(self, priority: int, recipient: str) -> bool:
        if self.min_priority is not None and priority < self.min_priority:
            return False
        if self.only_to is not None and not is_urgent(priority) and recipient not in self.only_to:
            return False
        return self.suits is None or self.suits(recipient)


EVERYTHING = Selection()


def _all_of(tests: Collection[Suits]) -> Suits:
    return lambda recipient: all(test(recipient) for test in tests)


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How the outbox is worked off. `ageing_ms` and `useful_ms` 0: nothing ages, or expires."""

    ageing_ms: int = AGEING_MS
    useful_ms: int = 0
    quiet: Quiet | None = None
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """The first of its priority that may go. `since` is from when on it waits for a turn."""

    part_id: int
    outbound_id: int
    seq: int
    priority: int
    since: int


def waiting_since(created_at: int, last_turn_at: int | None, now: int) -> int:
    """From when on a priority waits: since its last turn, or since its first message came.

    A time that lies ahead was dated by a clock that has been set back, and does not count.
    """
    known = [at for at in (created_at, last_turn_at) if at is not None and at <= now]
    return max(known, default=now)


def next_turn(heads: Collection[Head], now: int, ageing_ms: int) -> Head | None:
    """The head that goes next; None if there is none. `ageing_ms` 0: nothing ages.

    A message of which a part has gone is finished first: its reader's phone waits for the rest.
    """

    def order(head: Head) -> tuple[bool, bool, int, int, int]:
        urgent = is_urgent(head.priority)
        gained = 0 if urgent or not ageing_ms else max(0, now - head.since) // ageing_ms
        begun = head.seq > 1 and not urgent
        return urgent, begun, head.priority + gained, head.priority, -head.outbound_id

    return max(heads, key=order, default=None)


def last_turns(
    turns: Mapping[int, int], heads: Collection[Head], taken: Head, now: int
) -> dict[int, int]:
    """The times of the last turns, after `taken` had its own; only of priorities that wait."""
    waited = {head.priority: head.since for head in heads}
    return {**turns, **waited, taken.priority: now}
