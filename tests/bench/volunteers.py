"""Choosing whom a call-out asks, among ten thousand donors in two hundred places."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from relay.community.callouts.waves import distances
from relay.store import places, volunteers
from relay.store.database import Database
from relay.store.volunteers import Wanted
from tests.bench.tables import Table

_DONORS, _PLACES, _TIMES = 10_000, 200, 30
_DAY = 86_400_000
_NOW = 1_800_000_000_000
_GROUPS = ("O+", "A+", "B+", "AB+", "O-", "A-", "B-", "AB-")
_N = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {_DONORS}) "
_FILL = (
    _N + "INSERT INTO person (id, number, telling, added_at)"
    " SELECT i, printf('+2547%08d', i), printf('%08d', i), 0 FROM n",
    _N + "INSERT INTO person_tag (tag, person_id) SELECT 'donor', i FROM n",
    _N + "INSERT INTO person_attribute (person_id, name, value)"
    " SELECT i, 'group', json_extract(:groups, '$[' || (i % 8) || ']') FROM n",
    _N + "INSERT INTO person_place (person_id, place_id)"
    f" SELECT i, 11 + (i * 7919) % {_PLACES - 10} FROM n",
    _N + "INSERT INTO volunteer (tag, person_id, asked_at, rested_at)"
    " SELECT 'donor', i, :now - (i % 200) * :day,"
    " CASE WHEN i % 3 = 0 THEN :now - (i % 400) * :day END FROM n",
)


def table() -> Table:
    with TemporaryDirectory() as folder:
        db = Database.open(Path(folder) / "relay.db")
        with db.transaction() as tx:
            _fill(tx)
            rows = tuple(
                (what, *_measured(tx, fitting))
                for what, fitting in (
                    ("one blood group", {"group": ("O-",)}),
                    ("half of the groups", {"group": _GROUPS[:4]}),
                    ("everybody in the register", {}),
                )
            )
        db.close()
    return Table("volunteers", ("who fits", "of 10,000", "median ms", "slowest ms"), rows)


def _fill(tx: sqlite3.Connection) -> None:
    tx.executemany(
        "INSERT INTO place (id, name, word, level, parent_id) VALUES (?, ?, ?, ?, ?)",
        [
            (
                n,
                f"P{n}",
                f"p{n}",
                "ward" if n <= 10 else "village",
                None if n <= 10 else n % 10 + 1,
            )
            for n in range(1, _PLACES + 1)
        ],
    )
    groups = "[" + ",".join(f'"{one}"' for one in _GROUPS) + "]"
    for statement in _FILL:
        tx.execute(statement, {"groups": groups, "now": _NOW, "day": _DAY})


def _measured(
    tx: sqlite3.Connection, fitting: Mapping[str, Sequence[str]]
) -> tuple[int, float, float]:
    """How many may be asked, and how long it takes to find the first six of them."""
    times = []
    for n in range(_TIMES):
        began = perf_counter()
        parents = {one.id: one.parent_id for one in places.everywhere(tx)}
        near = distances(parents, 11 + n)
        wanted = Wanted("donor", fitting, _NOW - 7 * _DAY, _NOW - 90 * _DAY, near, n, 0)
        _, fit = volunteers.matching(tx, wanted, 6)
        times.append((perf_counter() - began) * 1000)
    return fit, median(times), max(times)
