"""Runs the cases of a power cut in a process of their own, with the shim preloaded into it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.campaign.cut import Verdict
from tests.powercut.cases import FOLDER, JOURNAL
from tests.station import ROOT

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
WHY_NOT = "no C compiler (cc) here: no power was cut. On Debian: apt install gcc libc6-dev"


@dataclass(frozen=True, slots=True)
class Case:
    setup: str
    dialogue: str
    blow: str
    moment: int
    verdict: Verdict

    def __str__(self) -> str:
        where = f"{self.setup}: {self.dialogue}: {self.blow} at moment {self.moment}"
        return f"{where}: {self.verdict.broken}"


def cases(share: float, seed: int, jobs: int = 1, *pragmas: str) -> list[Case]:
    """What came of this share of all cases. Raises `CalledProcessError`."""
    with tempfile.TemporaryDirectory() as name:
        shim, home = Path(name) / "shim.so", Path(name) / "home"
        home.mkdir()
        source = str(Path(__file__).with_name("shim.c"))
        assert COMPILER is not None, WHY_NOT
        subprocess.run(
            [COMPILER, "-O1", "-shared", "-fPIC", "-o", str(shim), source, "-ldl"], check=True
        )
        done = subprocess.run(
            [sys.executable, "-m", "tests.powercut", str(share), str(seed), str(jobs), *pragmas],
            cwd=ROOT, stdout=subprocess.PIPE, check=True,
            env={
                **os.environ, "LD_PRELOAD": str(shim), "TMPDIR": str(home),
                FOLDER: str(home), JOURNAL: str(Path(name) / "journal"),
            },
        )  # fmt: skip
    found = json.loads(done.stdout)
    return [
        Case(setup, dialogue, blow, moment, Verdict(*verdict))
        for setup, dialogue, blow, moment, verdict in found
    ]
