"""The way of one message as hops, with the time that each leg of it took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hop:
    """`at` is epoch ms; `leg` names where the message was before this hop, as in "it waited for
    the server"; `foreign` marks a time that another clock than ours has told."""

    at: int
    what: str
    leg: str = ""
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A hop and the time (ms) since the hop before; None for the first. Negative where two
    clocks differ."""

    hop: Hop
    delay: int | None


def steps(hops: Sequence[Hop]) -> tuple[Step, ...]:
    before = (None, *hops[:-1]) if hops else ()
    return tuple(
        Step(hop, None if last is None else hop.at - last.at)
        for last, hop in zip(before, hops, strict=True)
    )


def legs(found: Iterable[Step]) -> dict[str, int]:
    """The time (ms) that each leg took in all. Their sum is the time from first to last hop."""
    sums: dict[str, int] = {}
    for step in found:
        if step.delay is not None:
            sums[step.hop.leg] = sums.get(step.hop.leg, 0) + step.delay
    return sums


def total(found: Sequence[Step]) -> int:
    """From the first hop to the last (ms)."""
    return found[-1].hop.at - found[0].hop.at if found else 0
