"""`python -m tests.campaign [NAME ...]`: run campaigns, print their table, write it down."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable

from tests.campaign import cut, fuzz, killed, kills, noise, powercut, record
from tests.campaign.tally import Choice, Tally

Campaign = Callable[[Choice], Iterable[Tally]]

CAMPAIGNS: dict[str, Campaign] = {
    "cut": cut.campaign,
    "killed": killed.campaign,
    "kills": kills.campaign,
    "powercut": powercut.campaign,
    "fuzz": fuzz.campaign,
    "noise": noise.campaign,
}


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CAMPAIGNS)}")
    parser.add_argument("--share", type=float, default=1.0, help="part of the cases, 0 to 1")
    parser.add_argument("--seed", type=int, default=1, help="which cases are drawn")
    parser.add_argument("--jobs", type=int, default=Choice().jobs, help="processes at a time")
    parser.add_argument(
        "--only", default="", help="rows with these words, of the campaign of cuts"
    )
    parser.add_argument("--dry", action="store_true", help="leave docs/reliability.md as it is")
    found = parser.parse_args(words)
    if unknown := [name for name in found.names if name not in CAMPAIGNS]:
        parser.error(f"no campaign {unknown[0]!r}; there are: {', '.join(CAMPAIGNS)}")
    return found


def main(words: list[str]) -> int:
    """0 when nothing was lost or doubled that should not have been."""
    asked = _arguments(words)
    choice = Choice(asked.share, asked.seed, asked.jobs, asked.only)
    broken = 0
    os.nice(10)
    for name in asked.names or CAMPAIGNS:
        for tally in CAMPAIGNS[name](choice):
            rows = record.rows([tally])
            sys.stdout.write("\n".join([record.markdown(rows), *tally.broken[:20], ""]))
            sys.stdout.flush()
            broken += len(tally.broken)
            if not asked.dry:
                record.write(rows)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
