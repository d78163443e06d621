"""What time it is, when the clock of the computer may be wrong by fifty years.

A laptop whose battery is dead starts in 1970, and somebody sets it right, or wrong, later. So
the computer's clock is one witness among several: relay's own count (the last sign of life in
the store, and what the processor has counted since), the servers' `Date`, the service centre's
time stamps. One witness alone convicts nobody; two that are independent and agree do.

Times are epoch milliseconds. All of them are said of the same moment: now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MINUTE_MS = 60_000
DAY_MS = 24 * 3600 * 1000
# So far apart two clocks may be and still say the same: nobody here sets them to the second.
TOLERANCE_MS = 10 * MINUTE_MS
# 2024-01-01: before that there was no relay, so such a clock was never set.
EARLIEST = 1_704_067_200_000
# For so long a station may lie in a cupboard, and its clock still be believed when it comes back.
LONGEST_REST_MS = 45 * DAY_MS
# A network drops what it could not deliver for so long: an older time stamp is not merely late.
_LATEST_DELIVERY_MS = 7 * DAY_MS
_SIGNS_OF_AHEAD = 3


class Confidence(StrEnum):
    """How sure relay is of its own time. Only what is UNKNOWN holds back what would expire."""

    CERTAIN = "certain"  # two independent witnesses agree
    LIKELY = "likely"  # nothing speaks against it
    UNKNOWN = "unknown"  # they disagree, and nobody can say who is right


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody outside of this computer, and what time it is by them.

    One that is not `sure`, such as a modem that the network may never have told the time, bears
    others out, and speaks against nobody by itself.
    """

    name: str
    at: int
    sure: bool = True

    def agrees(self, at: int) -> bool:
        return abs(self.at - at) <= TOLERANCE_MS


@dataclass(frozen=True, slots=True)
class Count:
    """relay's own time, carried on by counting. `rested`: the computer was off since the last
    sign of life, nobody knows for how long, so that it is this late at least. `by`: it was taken
    from this witness alone, and bears nobody out but others."""

    at: int
    confidence: Confidence
    rested: bool = False
    by: tuple[str, ...] = ()

    def allows(self, at: int) -> bool:
        """Whether it may be `at` by now."""
        passed = at - self.at
        return -TOLERANCE_MS <= passed <= (LONGEST_REST_MS if self.rested else TOLERANCE_MS)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What relay takes for the time, from when on that is certain, and who says so.

    `against` are the witnesses that say otherwise.
    """

    at: int
    confidence: Confidence
    earliest: int
    by: tuple[str, ...] = ()
    against: tuple[str, ...] = ()

    @property
    def alone(self) -> tuple[str, ...]:
        """The witness on whose word alone it is taken, if it is."""
        return self.by if self.confidence is Confidence.LIKELY else ()


def reckon(computer: int, count: Count | None, witnesses: Sequence[Witness]) -> Reckoning:
    """The time, from the computer's clock, relay's own count and everybody else."""
    heard = _worth_hearing(computer, [one for one in witnesses if one.at >= EARLIEST])
    for_it = [one for one in heard if computer >= EARLIEST and one.agrees(computer)]
    rival = _largest([one for one in heard if one not in for_it])
    base = _alone(computer, count)
    if not heard:
        return base
    side = (computer >= EARLIEST) + len(for_it)
    other = len(rival) + _supports(count, computer, rival)
    if for_it and side > other:
        return _settled(computer, Confidence.CERTAIN, for_it, rival)
    if other > side and not (other == 1 and _contradicts(count, rival)):
        sure = Confidence.CERTAIN if other > 1 else Confidence.LIKELY
        return _settled(_of(rival, count), sure, rival, for_it)
    return _undecided(base, heard)


def _worth_hearing(computer: int, witnesses: Sequence[Witness]) -> list[Witness]:
    """Without those who are not sure, and whom nobody bears out; against a clock that was never
    set any word is better than none."""
    sure = [one for one in witnesses if one.sure]
    return [
        one
        for one in witnesses
        if one.sure
        or computer < EARLIEST
        or one.agrees(computer)
        or any(other.agrees(one.at) for other in sure)
    ]


def _supports(count: Count | None, computer: int, rival: Sequence[Witness]) -> bool:
    """Whether relay's count is one more witness against the computer.

    After a rest it knows only that the computer is behind, never that it is ahead.
    """
    if count is None or not rival or not count.allows(rival[0].at):
        return False
    if set(_names(rival)) <= set(count.by):
        return False
    if count.rested:
        return computer < count.at - TOLERANCE_MS
    return not count.allows(computer)


def _contradicts(count: Count | None, rival: Sequence[Witness]) -> bool:
    sane = count is not None and count.at >= EARLIEST
    return sane and count is not None and rival[0].at < count.at - TOLERANCE_MS


def _alone(computer: int, count: Count | None) -> Reckoning:
    """Without anybody else: the computer's clock, unless relay's own count says that it jumped."""
    sane = computer >= EARLIEST
    if count is None or count.allows(computer) or (sane and _outdone(count, computer)):
        sure = Confidence.LIKELY if sane else Confidence.UNKNOWN
        return Reckoning(computer, sure, computer)
    earliest = min(computer, count.at) if sane else count.at
    return Reckoning(count.at, Confidence.UNKNOWN, earliest)


def _outdone(count: Count, computer: int) -> bool:
    """A count that began nowhere, or with a clock that was behind, yields to one that was set."""
    doubted = count.confidence is Confidence.UNKNOWN
    later = 0 <= computer - count.at <= LONGEST_REST_MS
    return count.at < EARLIEST or (doubted and later)


def _largest(witnesses: Sequence[Witness]) -> list[Witness]:
    """The most witnesses that agree with one of them."""
    groups = [[other for other in witnesses if other.agrees(one.at)] for one in witnesses]
    return max(groups, key=len, default=[])


def _of(rival: Sequence[Witness], count: Count | None) -> int:
    """The count is steadier than any of them, where it says the same."""
    if count is not None and not count.rested and rival[0].agrees(count.at):
        return count.at
    return rival[0].at


def _settled(
    at: int, sure: Confidence, by: Sequence[Witness], against: Sequence[Witness]
) -> Reckoning:
    return Reckoning(at, sure, at, _names(by), _names(against))


def _undecided(base: Reckoning, heard: Sequence[Witness]) -> Reckoning:
    """One word against another: go on as before, and let nothing expire by either."""
    candidates = [base.earliest, *(one.at for one in heard)]
    against = [one for one in heard if not one.agrees(base.at)]
    by = [one for one in heard if one.agrees(base.at)]
    return Reckoning(base.at, Confidence.UNKNOWN, min(candidates), _names(by), _names(against))


def _names(witnesses: Sequence[Witness]) -> tuple[str, ...]:
    return tuple(witness.name for witness in witnesses)


# --- the service centre -------------------------------------------------------------------------


def service_centre(stamps: Sequence[int], computer: int) -> Witness | None:
    """What the newest time stamps say together, each carried on to now; None for nothing yet.

    A stamp may be late, as a message waits for its handset, and never early. So one is enough
    to show that the computer is behind, and that it is ahead only when it is so again and again,
    or by more than any network keeps a message.
    """
    if not stamps:
        return None
    newest = max(stamps)
    ahead = computer - newest
    if TOLERANCE_MS < ahead <= _LATEST_DELIVERY_MS:
        alike = [stamp for stamp in stamps if newest - stamp <= TOLERANCE_MS]
        if len(alike) < _SIGNS_OF_AHEAD:
            return None
    return Witness("the service centre", newest)


# --- correction ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Correction:
    """relay's time was wrong from `since` to `until`, by its own reckoning; `by_ms` sets right
    what was dated then."""

    since: int
    until: int
    by_ms: int

    @property
    def apart(self) -> bool:
        """Whether nothing that was set right can be taken for what was not."""
        return abs(self.by_ms) > self.until - self.since + DAY_MS


def correction(count: Count, since: int, found: Reckoning) -> Correction | None:
    """What must be dated anew when relay takes `found` for the time from now on."""
    by_ms = found.at - count.at
    rested = count.rested and count.confidence is not Confidence.UNKNOWN and by_ms > 0
    if abs(by_ms) <= TOLERANCE_MS or rested:
        return None
    return Correction(since, count.at, by_ms)
