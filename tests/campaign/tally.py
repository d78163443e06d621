"""What a campaign is asked for, and what it counted."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """How much of a campaign to run: `share` of its cases (1.0: all), drawn by `seed`, in `jobs`
    processes at a time; with `only`, no other rows than those that have these words in their
    name, where a campaign can be so divided."""

    share: float = 1.0
    seed: int = 1
    jobs: int = os.cpu_count() or 1
    only: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """One row of the table.

    `lost` and `doubled` are messages, as the handsets and the server saw them; `uncertain` are
    the submissions of which nobody could know, as relay itself counted them. `broken` says, case
    by case, what should not have been and how to repeat it; it is empty when all is well.
    """

    what: str
    cases: int
    lost: int
    doubled: int
    uncertain: int
    seconds: float
    broken: tuple[str, ...] = ()
