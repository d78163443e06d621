"""relay is killed at every point that matters, twice, and started again: what the world sees.

Each case is a real process over a real pty and real HTTP. Before every start there is traffic in
both directions, so that every run passes its point. The stations of one point, which differ in
how they submit, run side by side, and each test looks at what is left of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from relay.simulator.rules import ReportRule
from tests.crash_main import DEAD, POINTS
from tests.station import MOTHER, Station, never_fell

pytestmark = [pytest.mark.slow, pytest.mark.pty]

LONG = "The mother in bed {0} has a temperature of 39.4 and asks for the midwife. " * 3
KILLS = 2

# Stored: the modem's memory is believed. Silent: direct, and no delivery report ever comes.
MODES = ("stored", "direct", "silent")
# Only there may the part have gone out without relay having heard of it.
UNKNOWABLE = ("on the air", "on the air, the next one claimed", "after the modem accepted")
INWARD = tuple(POINTS)[:5]
OF_MEMORY = ("after the modem stored it", "after the slot was noted")
OUTWARD = (
    "after claim", "in the prompt", *UNKNOWABLE, "after the acceptance was recorded",
)  # fmt: skip


def modes(point: str) -> tuple[str, ...]:
    """The ways of submitting in which relay passes this point at all."""
    if point in OF_MEMORY or point in INWARD:
        return ("stored",)
    return MODES if point in OUTWARD else ("stored", "direct")


@dataclass(frozen=True)
class Aftermath:
    """What is left when relay has died twice and come to rest after the third start."""

    said: Counter[str]
    asked: Counter[str]
    forwarded: Counter[str]
    screen: Counter[str]
    left_in_memory: int
    histories: tuple[list[str], ...]
    parts: int
    submissions: int
    doubts: int


@dataclass
class Case:
    """One station that is killed, and everything that was sent through it."""

    station: Station
    point: str
    final: str
    said: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    def traffic(self, name: str) -> None:
        """A short and a long text in, a short and a long one out."""
        for text in (f"P {name} 21", LONG.format(name)):
            self.station.text(text)
            self.said[text] += 1
        for id_, text in ((f"{name}-1", f"Come on {name}"), (f"{name}-2", LONG.format(name))):
            self.station.server.queue(id_, MOTHER, text)
            self.asked[text] += 1

    def start(self, number: int) -> None:
        self.traffic(f"before-{number}")
        self.relay = self.station.start(die=self.point)

    def see_it_die(self, number: int) -> None:
        if self.point == "after a slot was read":  # which needs a hint, and that a running relay
            self.station.eventually(self._swept, "the first sweep")
        self.traffic(f"after-{number}")
        self.station.eventually(lambda: self.relay.exit_code is not None, f"death {self.point}")
        assert self.relay.exit_code == DEAD, self.relay.log

    def _swept(self) -> bool:
        if self.relay.exit_code is not None:
            return True
        return bool(self.station.fact("modem.usb.opened")) and not self.station.left_in_memory()

    def recover(self) -> None:
        station = self.station
        station.eventually(lambda: station.at_rest() and station.all_told(self.final), "rest")
        assert self.relay.stop() == 0

    def aftermath(self) -> Aftermath:
        server, station = self.station.server, self.station
        (counts,) = station.query("SELECT count(*), sum(uncertain_count) FROM part")
        return Aftermath(
            self.said,
            self.asked,
            station.forwarded,
            station.screen(),
            station.left_in_memory(),
            tuple(station.climbed(id_) for id_ in server.states),
            counts[0],
            len(station.network.submissions),
            counts[1],
        )


def case(folder: Path, point: str, mode: str) -> Case:
    submission = "stored" if mode == "stored" else "direct"
    station = Station(folder / mode, changes={"modem.usb": {"submission": submission}})
    if mode == "silent":
        station.network.reports = ReportRule.absent()
    return Case(station, point, "sent" if mode == "silent" else "delivered")


def die_and_recover(cases: Iterable[Case]) -> None:
    with ExitStack() as stack:
        for one in cases:
            stack.enter_context(one.station)
        for number in range(KILLS):
            for one in cases:
                one.start(number)
            for one in cases:
                one.see_it_die(number)
        for one in cases:
            one.relay = one.station.start()
        for one in cases:
            one.recover()


After = Callable[[str, str], Aftermath]


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> After:
    """The aftermath of a death at a point, in a mode; each is brought about once."""
    seen: dict[tuple[str, str], Aftermath] = {}

    def look(point: str, mode: str) -> Aftermath:
        if (point, mode) not in seen:
            folder = tmp_path_factory.mktemp("killed")
            cases = {one: case(folder, point, one) for one in modes(point)}
            die_and_recover(cases.values())
            seen.update({(point, one): found.aftermath() for one, found in cases.items()})
        return seen[point, mode]

    return look


ALL = [
    pytest.param(point, mode, id=f"{point}-{mode}") for point in POINTS for mode in modes(point)
]
KNOWABLE = [
    pytest.param(point, mode, id=f"{point}-{mode}")
    for point in POINTS
    for mode in modes(point)
    if mode != "silent" or point not in UNKNOWABLE
]


@pytest.mark.parametrize(("point", "mode"), ALL)
def test_every_report_is_at_the_server_once(after: After, point: str, mode: str):
    """Nothing that a handset sent is lost or doubled, and nothing of it is left on the SIM."""
    world = after(point, mode)
    assert world.forwarded == world.said
    assert world.left_in_memory == 0


@pytest.mark.parametrize(("point", "mode"), KNOWABLE)
def test_every_reply_is_on_its_handset_once(after: After, point: str, mode: str):
    """The modem's memory or a delivery report tells what became of the part at the radio."""
    world = after(point, mode)
    assert world.screen == world.asked
    assert world.submissions == world.parts


@pytest.mark.parametrize("point", UNKNOWABLE)
def test_a_double_is_counted_where_nobody_could_know(after: After, point: str):
    """Without memory and reports nothing is lost, and every double was a doubt of relay's own."""
    world = after(point, "silent")
    assert set(world.screen) == set(world.asked)
    assert 0 < world.submissions - world.parts <= world.doubts


@pytest.mark.parametrize(("point", "mode"), ALL)
def test_statuses_never_go_back(after: After, point: str, mode: str):
    """The server overwrites without looking, so no status may be told after a later one."""
    for climbed in after(point, mode).histories:
        assert never_fell(climbed), climbed
