"""How much room a message memory has, and when it is time to make some."""

from __future__ import annotations

from collections.abc import Iterable

from relay.core.device import STO_SENT, STO_UNSENT, ListedPdu, MemoryUse, Slot

ALARM = 0.8  # of its slots


def is_short(used: int, total: int) -> bool:
    """Whether a memory is nearly full; one of unknown size is not."""
    return total > 0 and used >= ALARM * total


def in_the_way(
    listed: Iterable[ListedPdu], uses: Iterable[MemoryUse], in_doubt: Iterable[Slot]
) -> list[ListedPdu]:
    """The drafts and sent messages to clear away: in a memory that is nearly full, and only there.

    What relay itself stored and does not know the fate of stays.
    """
    short = {use.memory for use in uses if is_short(use.used, use.total)}
    kept = set(in_doubt)
    return [
        one
        for one in listed
        if one.stat in {STO_UNSENT, STO_SENT} and one.slot.memory in short and one.slot not in kept
    ]
