"""A million inputs for all fuzz targets together (see `tests.fuzz`)."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from tests.campaign.tally import Choice, Tally
from tests.fuzz import blind, guided
from tests.fuzz.targets import TARGETS, Target

INPUTS = 1_200_000
_MEMORY = Path("/dev/shm")  # a disk that costs nothing: no power is cut here


def campaign(choice: Choice) -> Iterable[Tally]:
    """One row for each target."""
    search = guided.search if guided.available() else blind.search
    if search is blind.search:
        sys.stderr.write(f"{guided.WITHOUT}\n")
    if _MEMORY.is_dir():
        tempfile.tempdir = str(_MEMORY)
    one = partial(_searched, choice)
    with ThreadPoolExecutor(choice.jobs) as pool:
        yield from pool.map(lambda target: one(target, search), TARGETS.values())


def _searched(choice: Choice, target: Target, search: guided.Search) -> Tally:
    inputs = max(100, round(INPUTS * choice.share * target.share / 1000))
    found = search(target, inputs, choice.seed)
    return Tally(
        f"fuzz, {target.name}", found.inputs, 0, 0, 0, found.seconds, broken=found.defects
    )
