"""kill -9 of a real `relay run` when the n-th byte has crossed a real pty, for every n.

What `cut` does in one thread, with nothing replaced: process, pty, HTTP, files. One station lives
through many deaths: each time an SMS comes in and one goes out, and relay dies at byte n of it.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

from relay.simulator.outlet import Direction
from tests.campaign.tally import Choice, Tally
from tests.station import MOTHER, Station, never_fell

MODES = ("stored", "direct")
# More than crosses the line for one SMS each way with its report; what lies behind never comes.
BYTES = {Direction.TO_HOST: 700, Direction.TO_MODEM: 330}
_PATIENCE_S = 90.0

Place = tuple[Direction, int]


@dataclass(frozen=True, slots=True)
class Walk:
    """What became of one station's messages over all its deaths."""

    deaths: int
    lost: int
    doubled: int
    uncertain: int
    broken: tuple[str, ...]


def walk(folder: Path, mode: str, places: Sequence[Place]) -> Walk:
    """Let relay die at each of the places."""
    modem = {"submission": mode, "answer_timeout_s": 5}
    with Station(folder, changes={"modem.usb": modem}) as station:
        station.start()
        deaths = sum(_die(station, number, place) for number, place in enumerate(places))
        said = [f"P {number}" for number in range(len(places))]
        asked = [f"Come {number}" for number in range(len(places))]
        inward, outward = station.forwarded, station.screen()
        ((doubts,),) = station.query("SELECT coalesce(sum(uncertain_count), 0) FROM part")
        lost = sum(not inward[one] for one in said) + sum(not outward[one] for one in asked)
        doubled_in = sum(max(0, inward[one] - 1) for one in said)
        doubled_out = sum(max(0, outward[one] - 1) for one in asked)
        wrong = {
            f"{lost} lost": lost,
            f"{doubled_in} doubled at the server": doubled_in,
            f"{doubled_out} doubled, {doubts} doubts": doubled_out
            > (doubts if mode == "direct" else 0),
            "statuses fell": not all(
                never_fell(station.climbed(name)) for name in station.server.states
            ),
        }
    broken = tuple(f"{mode}: {words}" for words, found in wrong.items() if found)
    return Walk(deaths, lost, doubled_in + doubled_out, doubts, broken)


def _die(station: Station, number: int, place: Place) -> bool:
    """Whether relay died; the next one has come to rest when this returns."""
    direction, after = place
    relay = station.relays[-1]
    kill = partial(os.kill, relay.pid, signal.SIGKILL)
    station.eventually(lambda: station.fact("modem.usb.opened"), "a modem", within_s=_PATIENCE_S)
    station.modem.faults.cut(after, direction, kill)
    station.text(f"P {number}")
    station.server.queue(f"m{number}", MOTHER, f"Come {number}")

    def rested() -> bool:
        return station.at_rest() and station.all_told("delivered")

    station.eventually(
        lambda: relay.exit_code is not None or rested(), f"{place}", within_s=_PATIENCE_S
    )
    station.modem.outlet.cuts.clear()
    if died := relay.wait(5) != 0 if relay.exit_code is not None else False:
        station.start()
    station.eventually(rested, f"rest after {place}", within_s=_PATIENCE_S)
    return died


def places(choice: Choice) -> list[Place]:
    """Of all bytes the share that the seed draws."""
    chance = random.Random(choice.seed)
    every = [(direction, n) for direction, count in BYTES.items() for n in range(1, count)]
    return [place for place in every if chance.random() < choice.share]


def campaign(choice: Choice) -> Iterable[Tally]:
    """Several stations side by side, for they wait more than they compute."""
    for mode in MODES:
        began, some = monotonic(), places(choice)
        with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2 * choice.jobs) as pool:
            walks = list(
                pool.map(
                    lambda job, mode=mode, name=name, some=some: walk(
                        Path(name) / str(job), mode, some[job :: 2 * choice.jobs]
                    ),
                    range(min(len(some), 2 * choice.jobs)),
                )
            )
        yield Tally(
            f"kill -9 of a process at byte n, {mode}",
            sum(one.deaths for one in walks),
            sum(one.lost for one in walks),
            sum(one.doubled for one in walks),
            sum(one.uncertain for one in walks),
            monotonic() - began,
            tuple(words for one in walks for words in one.broken),
        )
