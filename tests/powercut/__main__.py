"""`python -m tests.powercut SHARE SEED JOBS [PRAGMA ...]`, with the shim preloaded.

Says, as JSON, for each case: setup, dialogue, blow, moment, and the verdict. `PRAGMA`s come after
relay's own: a store that was told not to sync must be found out.
"""

from __future__ import annotations

import json
import sys
from dataclasses import astuple
from random import Random

from tests.powercut.cases import SETUPS, run


def main(share: str, seed: str, jobs: str, *pragmas: str) -> int:
    chance = Random(int(seed))
    found = []
    for setup in SETUPS:
        for dialogue in setup.dialogues:
            cases = run(
                setup, dialogue, lambda *_: chance.random() < float(share), int(jobs), pragmas
            )
            found += [
                (setup.name, dialogue, blow, moment, astuple(verdict))
                for blow, moment, verdict in cases
            ]
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
