"""The table: one column for each program and setting, one row for each figure."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import TypeVar

from relay import __version__
from relay.clock import SystemClock, local
from tests.bench.peers import gammu, measures, ours, smstools
from tests.bench.peers.gammu import Gammu
from tests.bench.peers.measures import Rate, Rest
from tests.bench.peers.ours import Ours
from tests.bench.peers.program import Program
from tests.bench.peers.smstools import Smstools
from tests.bench.radio import BAUD
from tests.bench.tables import Table
from tests.campaign.kills import Fate

T = TypeVar("T")

KILLS = 20
PACKAGES = "gammu-smsd libdbd-sqlite3 smstools"


@dataclass(frozen=True, slots=True)
class Entrant:
    """A column. `out` and `into`: how many messages are enough; `paced`: whether it is fast enough
    for a line of 115,200 baud to matter; `kill`: how many each way in the run of kills, or 0."""

    title: str
    program: type[Program]
    tuned: bool
    out: int
    into: int
    paced: bool = True
    kill: int = 0


ENTRANTS = (
    Entrant("relay, as shipped", Ours, False, 500, 1000, kill=500),
    Entrant("relay, direct", Ours, True, 500, 1000, kill=500),
    Entrant("gammu-smsd, as shipped", Gammu, False, 15, 200, paced=False),
    Entrant("gammu-smsd, for speed", Gammu, True, 30, 400, kill=60),
    Entrant("smstools, as shipped", Smstools, False, 15, 40, paced=False),
    Entrant("smstools, for speed", Smstools, True, 40, 60, kill=60),
)


@dataclass(frozen=True, slots=True)
class Column:
    """What was measured of one entrant while nothing else ran."""

    out: Rate
    into: Rate
    rest: Rest
    paced_out: Rate | None = None
    paced_in: Rate | None = None


Row = tuple[str, Callable[[Column], float | None]]
ROWS: tuple[Row, ...] = (
    ("out per second", lambda one: one.out.per_s),
    ("in per second", lambda one: one.into.per_s),
    ("out per second, 115,200 baud", lambda one: _per_s(one.paced_out)),
    ("in per second, 115,200 baud", lambda one: _per_s(one.paced_in)),
    ("processor s per 1,000 out", lambda one: one.out.cpu_s),
    ("processor s per 1,000 in", lambda one: one.into.cpu_s),
    ("peak memory, MB", lambda one: max(one.out.memory_mb, one.into.memory_mb)),
    ("memory while idle, MB", lambda one: one.rest.idle_mb),
    ("processor while idle, % of one core", lambda one: one.rest.idle_percent),
    ("start to the first one out, s", lambda one: one.rest.first_out_s),
    ("start to the first one in, s", lambda one: one.rest.first_in_s),
)
FATES: tuple[tuple[str, Callable[[Fate], object]], ...] = (
    (f"{KILLS} × kill -9: messages each way", lambda fate: fate.messages),
    ("… lost, out + in", lambda fate: _both(fate.lost_out, fate.lost_in)),
    ("… doubled, out + in", lambda fate: _both(fate.doubled_out, fate.doubled_in)),
)


def _per_s(rate: Rate | None) -> float | None:
    return rate.per_s if rate else None


def _both(out: int, into: int) -> str:
    return f"{out} + {into}"


def missing() -> str:
    """What a person has to do before anything can be compared; empty when all is there."""
    absent = sorted({lack for one in ENTRANTS for lack in one.program.lacks()})
    if not absent:
        return ""
    return (
        f"{' and '.join(absent)} cannot be found, so there is nothing to compare with. "
        "Nothing was measured. On Debian 12, as root:\n"
        f"  apt-get install --no-install-recommends {PACKAGES}"
    )


def table(entrants: Sequence[Entrant] = ENTRANTS) -> Table:
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    columns = [_column(one) for one in entrants]
    fates = _fates(entrants, columns)
    rows = [(what, *(_shown(read(one)) for one in columns)) for what, read in ROWS]
    rows += [(what, *("" if one is None else read(one) for one in fates)) for what, read in FATES]
    return Table("peers", ("", *(one.title for one in entrants)), tuple(rows), _note(load))


def _shown(value: float | None) -> object:
    return "" if value is None else value


def _note(load: str) -> str:
    day = local(SystemClock().now())[:10]
    return (
        f"Of {day}, load before {load}. relay {__version__}, gammu-smsd {gammu.version()} with "
        f"SQLite through libdbi, smstools {smstools.version()} with its spool, both of Debian; "
        "the same simulated modem, texts of 140 characters, no delivery reports; without a line "
        f"unless a speed is given. Out: {_counts('out')} messages, all queued before the start, "
        f"from the first on the air to the last. In: {_counts('into')}, all arriving at once, "
        "until the last is in the inbox and out of the modem. The processor's time is that of all "
        f"processes of a program, idle over {measures.IDLE_S:.0f} s. For speed: gammu-smsd with "
        f"{_words(gammu.TUNED)}; smstools with "
        f"{_words((*smstools.TUNED, *smstools.TUNED_DEVICE))}; relay with `submission = "
        '"direct"`, on top of what it ships with. The kills come at random moments while there is '
        f"work, on a line of {BAUD:,} baud, several programs at a time; the slow ones get fewer "
        "messages, not fewer kills. Lost and doubled are counted on the handset and in each "
        "program's own inbox, when nothing had moved for 75 s; relay asks for delivery reports "
        f"there, as it is shipped, and waits for one {ours.WAIT_S} s instead of ten minutes."
    )


def _counts(field: str) -> str:
    return ", ".join(str(getattr(one, field)) for one in ENTRANTS)


def _words(settings: Sequence[str]) -> str:
    return ", ".join(f"`{one}`" for one in settings)


def _column(one: Entrant) -> Column:
    make = partial(one.program, tuned=one.tuned)
    out = _told(one, "out", measures.outward(make, None, one.out))
    into = _told(one, "in", measures.inward(make, None, one.into))
    rest = _told(one, "rest", measures.rest(make))
    if not one.paced:
        return Column(out, into, rest)
    paced_out = _told(one, "out, paced", measures.outward(make, BAUD, one.out))
    paced_in = _told(one, "in, paced", measures.inward(make, BAUD, one.into // 2))
    return Column(out, into, rest, paced_out, paced_in)


def _fates(entrants: Sequence[Entrant], columns: Sequence[Column]) -> list[Fate | None]:
    """Side by side: here nothing is timed."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        running = [
            pool.submit(_fate, one, column) if one.kill else None
            for one, column in zip(entrants, columns, strict=True)
        ]
        return [None if one is None else one.result() for one in running]


def _fate(one: Entrant, column: Column) -> Fate:
    paced = (column.paced_out or column.out, column.paced_in or column.into)
    share_s = sum(one.kill / KILLS / rate.per_s for rate in paced)
    make = partial(one.program, tuned=one.tuned)
    return _told(one, "kills", measures.killed(make, BAUD, one.kill, KILLS, share_s))


def _told(one: Entrant, what: str, found: T) -> T:
    """Say what was found: the whole takes a quarter of an hour."""
    sys.stderr.write(f"{one.title}: {what}: {found}\n")
    return found
