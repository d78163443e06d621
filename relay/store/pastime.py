"""What held messages back in the past, as far as the store remembers it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from relay.core.priority import is_urgent
from relay.core.trace import Leg, Span
from relay.store.history import EVERY_MS, SIGNAL
from relay.store.reading import Reader

# The spans of something between two moments (epoch ms).
Spans = Callable[[int, int], Iterator[tuple[int, int]]]

# Longer without a figure, relay was off. After a week there is one an hour.
_GAP_MS = 5 * EVERY_MS // 2
_THIN_GAP_MS = 2 * 3600 * 1000
_THIN_AFTER_MS = 6 * 24 * 3600 * 1000


def away(reader: Reader, modem: str, since: int, until: int) -> list[tuple[int, int]]:
    """When a modem was away, or relay off, by the samples of its signal. To ten minutes; nothing
    where there are none."""
    if until <= since:
        return []
    rows = reader.query(
        "SELECT at, n FROM sample WHERE what = ? AND at BETWEEN ? AND ? ORDER BY at, id",
        (f"{SIGNAL}{modem}", since - _THIN_GAP_MS, until + _THIN_GAP_MS),
    )
    newest = reader.value("SELECT max(at) FROM sample WHERE what = ?", (f"{SIGNAL}{modem}",))
    old = newest is not None and newest - until > _THIN_AFTER_MS
    longest = _THIN_GAP_MS if old else _GAP_MS
    found: list[tuple[int, int]] = []
    for row, after in pairwise(rows):
        if row["n"] is None or after["at"] - row["at"] > longest:
            begin, end = max(since, row["at"]), min(until, after["at"])
            if begin < end:
                found.append((begin, end))
    return found


def holds(reader: Reader, outbound_id: int, quiet: Spans) -> tuple[Span, ...]:
    """What a message that goes out has waited for besides its turn, the strongest first."""
    row = reader.row(
        "SELECT created_at, not_before, finished_at, priority,"
        " (SELECT max(at) FROM audit WHERE subject = 'part' AND subject_id IN"
        "  (SELECT id FROM part WHERE outbound_id = outbound.id)) AS last,"
        " (SELECT max(modem) FROM part WHERE outbound_id = outbound.id) AS modem"
        " FROM outbound WHERE id = ?",
        (outbound_id,),
    )
    if row is None or row["last"] is None:
        return ()
    since, until = row["created_at"], row["last"]
    found = []
    if row["not_before"] is not None:
        found.append(Span(since, row["not_before"], Leg.HERE, "the time that was wished"))
    if not is_urgent(row["priority"]):
        found += [Span(*span, Leg.HERE, "quiet hours") for span in quiet(since, until)]
    if row["modem"]:
        gone = away(reader, row["modem"], since, until)
        found += [Span(*span, Leg.HERE, "the modem was away, or relay off") for span in gone]
    return tuple(found)
