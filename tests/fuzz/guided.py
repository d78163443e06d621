"""atheris: inputs that are kept and changed further because they reach new code of relay.

atheris ends its process by itself, so each target is one: `tests/fuzz/guided_main.py`.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from tests.fuzz.blind import Found
from tests.fuzz.targets import Target

WITHOUT = "atheris is not installed (pip install -e '.[fuzz]'), so the inputs are found blindly"
_ROOT = Path(__file__).parents[2]
_KINDS = ("crash", "timeout", "oom")
_DONE = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


Search = Callable[[Target, int, int], Found]


def available() -> bool:
    return importlib.util.find_spec("atheris") is not None


def search(target: Target, inputs: int, seed: int) -> Found:
    """Like `blind.search`, in a process of its own."""
    began = monotonic()
    with TemporaryDirectory(prefix="fuzz-") as name:
        corpus, stores = Path(name, "corpus"), Path(name, "stores")
        corpus.mkdir()
        stores.mkdir()
        for number, data in enumerate(target.seeds()):
            (corpus / f"seed-{number:04d}").write_bytes(data)
        words = [target.name, str(inputs), str(seed), str(target.longest), str(corpus)]
        ended = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.guided_main", *words],
            capture_output=True, text=True, errors="replace", check=False, cwd=name,
            env={"PYTHONPATH": str(_ROOT), "PATH": "/usr/bin:/bin", "TMPDIR": str(stores)},
        )  # fmt: skip
        told = _DONE.search(ended.stderr)
        tried = int(told[1]) if told else 0
        defects = () if ended.returncode == 0 else (_defect(target, ended.stderr, Path(name)),)
    return Found(tried, monotonic() - began, defects)


def _defect(target: Target, said: str, folder: Path) -> str:
    inputs = [one.read_bytes().hex() for kind in _KINDS for one in folder.glob(f"{kind}-*")]
    error = said.partition("Uncaught Python exception: ===")[2].strip() or said[-500:]
    return f"{target.name}: {' '.join(error.split())[:500]}; input {' '.join(inputs)}"
