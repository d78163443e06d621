"""A post to 10,000 people: what a slice of it costs, and how soon it can be stopped."""

from __future__ import annotations

import resource
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from relay.clock import from_local
from relay.community.spelling import fold
from relay.store import channels, people, places
from tests.bench.rig import DISK
from tests.bench.tables import Table
from tests.village import Village

_PEOPLE, _PLACES = 10_000, 200
_RULES = """
[channel.PEACE]
posters = ["team"]
approvers = ["team"]
places = true
useful_h = 700
"""
_MORNING = from_local("2026-11-23 10:00")
_AUTHOR, _SECOND = "+254711111101", "+254711111102"
_BENCH = "bench"


def table() -> Table:
    with (
        TemporaryDirectory(prefix="bench-", dir=DISK) as name,
        Village(Path(name), rules=_RULES, now=_MORNING) as village,
    ):
        _populate(village)
        asked = _timed(lambda: village.says(_AUTHOR, "POST PEACE Shops are open. Stay calm."))
        before = _peak_mb()
        approved = _timed(lambda: village.says(_SECOND, "OK 1"))
        slices, waiting = _expand(village, _PEOPLE // 2)
        stopped = _timed(lambda: village.says("+254700009000", "STOP"))
        cancelled = _timed(lambda: village.says(_AUTHOR, "CANCEL 1"))
        told = village.db.value("SELECT count(*) FROM occasion")
        grown = _peak_mb() - before
    return Table(
        "broadcast",
        ("what", "value"),
        (
            ("people, places", f"{_PEOPLE:,}, {_PLACES}"),
            ("POST until it is told what it costs, ms", asked),
            ("OK until the first hundred are in the outbox, ms", approved),
            ("a turn of up to 50 people, median ms", median(slices)),
            ("a turn of up to 50 people, longest ms", max(slices)),
            ("messages of it in the outbox, at most", waiting),
            ("memory that half of it costs, MB", grown),
            ("STOP midway, ms", stopped),
            ("CANCEL midway, ms", cancelled),
            ("people who had it by then", told),
        ),
        "The engine in one process over a store on the disk, and a radio that takes all at once. "
        "An SMS that comes in meanwhile waits for one turn at most.",
    )


def _timed(act: object) -> float:
    assert callable(act)
    began = perf_counter()
    act()
    return (perf_counter() - began) * 1000


def _expand(village: Village, until: int) -> tuple[list[float], int]:
    """The milliseconds of each turn that did something, and the most that waited behind one."""
    found: list[float] = []
    most = told = 0
    while told < until:
        village.goes_out()
        village.clock.advance(5)
        took = _timed(village.engine.step)
        before, told = told, village.db.value("SELECT count(*) FROM occasion")
        if told > before:
            found.append(took)
        most = max(most, village.db.value("SELECT count(*) FROM part WHERE state = 'QUEUED'"))
    return found, most


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _populate(village: Village) -> None:
    with village.db.transaction() as tx:
        ward = places.add(tx, _MORNING, "Ward", "ward", "ward", None, _BENCH).id
        villages = [
            places.add(tx, _MORNING, f"V{n}", fold(f"V{n}"), "village", ward, _BENCH).id
            for n in range(_PLACES - 1)
        ]
        for number in (_AUTHOR, _SECOND):
            one = people.ensure(tx, _MORNING, number, _BENCH)
            people.tag(tx, _MORNING, one.id, "team", _BENCH)
        for n in range(_PEOPLE):
            one = people.ensure(tx, _MORNING, f"+25470000{n:04}", _BENCH)
            channels.follow(tx, _MORNING, "PEACE", one.id, villages[n % len(villages)], _BENCH)
