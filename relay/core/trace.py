"""The way of one message as hops, and whose the time was that passed between them.

A message that waits for two things at once waits for one of them by the order of the spans, so
that the shares of a delay always add up to the delay, and the delays to the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise


class Leg(StrEnum):
    """With whom a message was."""

    CARRIER = "carrier"  # between phone and modem: the operators
    MODEM = "modem"  # in the SIM or the modem, or being handed to it
    HERE = "here"  # in relay, by its rules or for a person
    NETWORK = "network"  # ready for a server that was not reached
    HTTP = "HTTP"  # in the exchange that the server confirmed


class Sure(StrEnum):
    """How sure a time is."""

    NETWORK = "network"  # told by a clock of the network
    OWN = "own"  # relay's own time
    UNCERTAIN = "uncertain"  # relay's own, at a time at which nobody could confirm it


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` to `until` (epoch ms) a message was on this leg, whatever the hop says."""

    since: int
    until: int
    leg: Leg
    why: str


@dataclass(frozen=True, slots=True)
class Hop:
    """`at` is epoch ms; `leg` and `why` say where the message was before this hop, and `within`
    what held it there for a part of that time, the strongest first. What happened `aside` did not
    keep the message from going on. `part` is that of a message of several, else 0."""

    at: int
    what: str
    leg: Leg = Leg.HERE
    why: str = ""
    within: tuple[Span, ...] = ()
    aside: bool = False
    sure: Sure = Sure.OWN
    part: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """So much (ms) of a delay belongs to a leg. Below zero where two clocks differ."""

    leg: Leg
    why: str
    ms: int


@dataclass(frozen=True, slots=True)
class Step:
    """A hop and the time (ms) since the one before, which is the sum of its shares; None for the
    first, and for what happened aside."""

    hop: Hop
    delay: int | None
    shares: tuple[Share, ...] = ()


def steps(hops: Iterable[Hop]) -> tuple[Step, ...]:
    found: list[Step] = []
    last: int | None = None
    for hop in hops:
        if hop.aside or last is None:
            found.append(Step(hop, None))
        else:
            found.append(Step(hop, hop.at - last, shares(last, hop)))
        last = last if hop.aside else hop.at
    return tuple(found)


def shares(since: int, hop: Hop) -> tuple[Share, ...]:
    """Whose the time from `since` to the hop was."""
    if hop.at <= since:
        return (Share(hop.leg, hop.why, hop.at - since),)
    edges = {edge for span in hop.within for edge in (span.since, span.until)}
    cuts = [since, *sorted(edge for edge in edges if since < edge < hop.at), hop.at]
    sums: dict[tuple[Leg, str], int] = {}
    for begin, end in pairwise(cuts):
        key = _holder(begin, end, hop)
        sums[key] = sums.get(key, 0) + end - begin
    return tuple(Share(leg, why, ms) for (leg, why), ms in sums.items())


def _holder(begin: int, end: int, hop: Hop) -> tuple[Leg, str]:
    for span in hop.within:
        if span.since <= begin and end <= span.until:
            return span.leg, span.why
    return hop.leg, hop.why


def legs(found: Iterable[Step]) -> dict[Leg, int]:
    """The time (ms) on each leg, in the order of `Leg`. Their sum is `total`."""
    sums = dict.fromkeys(Leg, 0)
    taken = set()
    for step in found:
        for share in step.shares:
            sums[share.leg] += share.ms
            taken.add(share.leg)
    return {leg: ms for leg, ms in sums.items() if leg in taken}


def reasons(found: Iterable[Step], leg: Leg) -> dict[str, int]:
    """Why a message was on a leg, and for how long (ms)."""
    sums: dict[str, int] = {}
    for share in (share for step in found for share in step.shares if share.leg is leg):
        if share.why:
            sums[share.why] = sums.get(share.why, 0) + share.ms
    return sums


def total(found: Sequence[Step]) -> int:
    """From the first hop to the last (ms), but for what happened aside."""
    times = [step.hop.at for step in found if not step.hop.aside]
    return times[-1] - times[0] if times else 0


def doubted(hops: Iterable[Hop], since: int | None) -> list[Hop]:
    """What relay has dated from `since` on may be wrong; None: nothing."""
    return [
        replace(hop, sure=Sure.UNCERTAIN)
        if since is not None and hop.sure is Sure.OWN and hop.at >= since
        else hop
        for hop in hops
    ]


def bar(ms: int, of: int, width: int) -> str:
    """How much of the whole that is, in plain characters; a trace of it is a dot."""
    if ms <= 0 or of <= 0:
        return ""
    return "#" * min(width, round(width * ms / of)) or "."
