"""The power is cut, and the disk keeps what was synced and any part of the rest (tests/powercut).

Cut is at every moment of the dialogues; a commit is cut in its middle as well. Without a C
compiler there is nothing to tell.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from time import monotonic

from tests.campaign.tally import Choice, Tally
from tests.powercut.powered import COMPILER, WHY_NOT, Case, cases


def campaign(choice: Choice) -> Iterable[Tally]:
    """One row for each way of submitting and each fate of what was not synced."""
    if COMPILER is None:
        sys.stdout.write(f"SKIPPED: {WHY_NOT}\n")
        return
    began = monotonic()
    found: dict[str, list[Case]] = defaultdict(list)
    done = cases(choice.share, choice.seed, choice.jobs)
    for case in done:
        found[f"{case.setup.removeprefix('huawei-e17x ')}: {case.blow}"].append(case)
    each = (monotonic() - began) / len(done)
    for row, some in sorted(found.items()):
        verdicts = [case.verdict for case in some]
        yield Tally(
            row if row.split(": ")[1] else f"{row}no power cut",
            len(some),
            sum(one.lost for one in verdicts),
            sum(one.doubled for one in verdicts),
            sum(one.uncertain for one in verdicts),
            each * len(some),
            tuple(str(case) for case in some if case.verdict.broken),
        )
