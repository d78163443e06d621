"""`python -m tests.fuzz.guided_main TARGET INPUTS SEED LONGEST FOLDER`: one target under atheris.

The folder holds the corpus. A defect is written to standard error and to a file beside it, and
the exit code is 77. Nothing of relay may be imported before atheris can watch it.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["relay"]):
    from tests.fuzz.targets import TARGETS

_SLOWEST_S = 10  # an input that takes longer is a defect as well


def main(name: str, inputs: str, seed: str, longest: str, folder: str) -> None:
    options = {
        "runs": inputs, "seed": seed, "max_len": longest, "timeout": _SLOWEST_S,
        "print_final_stats": 1, "verbosity": 0,
    }  # fmt: skip
    words = [f"-{key}={value}" for key, value in options.items()]
    atheris.Setup(["fuzz", *words, folder], TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
