"""Message memories: numbered slots of a SIM or a modem (TS 27.005 §3.2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from relay.core.device import REC_READ, REC_UNREAD


@dataclass(slots=True)
class StoredSms:
    """What lies in a slot: `stat` is REC UNREAD 0, REC READ 1, STO UNSENT 2 or STO SENT 3."""

    pdu: str
    stat: int = REC_UNREAD


class Memory:
    """A memory with `capacity` slots, counted from `first`."""

    def __init__(self, capacity: int, first: int = 1) -> None:
        self.capacity = capacity
        self.first = first
        self.slots: dict[int, StoredSms] = {}

    @property
    def used(self) -> int:
        return len(self.slots)

    @property
    def full(self) -> bool:
        return self.used >= self.capacity

    @property
    def indexes(self) -> range:
        """All the slots that there are, empty or not."""
        return range(self.first, self.first + self.capacity)

    def put(self, pdu: str, stat: int) -> int | None:
        """Store in the lowest free slot; its index, or None if there is no room."""
        if self.full:
            return None
        index = next(index for index in self.indexes if index not in self.slots)
        self.slots[index] = StoredSms(pdu, stat)
        return index

    def delete(self, index: int) -> bool:
        return self.slots.pop(index, None) is not None

    def delete_stats(self, stats: frozenset[int]) -> int:
        """Empty every slot with one of these stats; how many that were."""
        doomed = [index for index, stored in self.slots.items() if stored.stat in stats]
        for index in doomed:
            del self.slots[index]
        return len(doomed)

    def listed(self, stat: int | None = None) -> list[tuple[int, StoredSms]]:
        """The slots with this stat (None: all) by index."""
        chosen = sorted(self.slots.items())
        return [(index, sms) for index, sms in chosen if stat in (None, sms.stat)]

    def rebase(self, first: int) -> None:
        """Count from `first`: a SIM that moved to a modem which counts from elsewhere."""
        shift, self.first = first - self.first, first
        self.slots = {index + shift: stored for index, stored in self.slots.items()}

    def mark_read(self, index: int) -> None:
        stored = self.slots.get(index)
        if stored and stored.stat == REC_UNREAD:
            stored.stat = REC_READ
