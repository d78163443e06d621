"""Cut at every byte: relay killed, the modem pulled out, restarted or silent, at each moment of
each dialogue of receiving and sending, in both directions, for each family of modems.

One run of a dialogue goes on undisturbed; at each of its moments the process forks, and the child
strikes, lets the world recover, and says what the handsets and the server have. So every case
begins in the very state that the dialogue had there, and none depends on another.
"""

from __future__ import annotations

import json
import os
import random
import signal
import tempfile
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import groupby
from pathlib import Path
from time import monotonic

from relay.simulator.faults import Cure
from relay.simulator.profiles import PROFILES, SIM800, Profile
from tests.campaign.still import Moment, World, world
from tests.campaign.tally import Choice, Tally
from tests.station import CLIMB

LONG = "The mother in bed {0} has a temperature of 39.4 and asks for the midwife. " * 5
LIMIT_S = 3600.0
AFTERWARDS_S = 120.0  # long enough for a late double to show
SILENCES_S = (15.0, 70.0, 400.0)
UNPLUGGED_S = 20.0
_CHILD_S = 60  # of processor time

# A modem that wants everything acknowledged which it routes past its memory (+CNMA).
EXACTING = replace(SIM800, name="sim800 with +CNMA", services=(1,))


# --- what is under way --------------------------------------------------------------------------


def _one_in(world: World) -> None:
    world.text("P 21")


def _long_in(world: World) -> None:
    world.text(LONG.format("in"))


def _flash_in(world: World) -> None:
    """Past the memory, straight to relay (+CMT)."""
    world.text("P flash", flash=True)


def _one_out(world: World) -> None:
    world.ask("Come")


def _two_out(world: World) -> None:
    world.ask("Come one")
    world.ask("Come two")


def _long_out(world: World) -> None:
    world.ask(LONG.format("out"))


def _both_ways(world: World) -> None:
    """What comes in while something goes out."""
    for seconds in (0.1, 1.0, 2.0, 3.5):
        world.text(f"P {seconds}", after_s=seconds)
    world.ask("Come and see")
    world.ask(LONG.format("and"))


def _at_the_start(world: World) -> None:
    """What waits in the memory, and at the server, when relay starts."""
    world.end()
    _one_in(world)
    _long_in(world)
    _one_out(world)


Dialogue = Callable[[World], None]
INWARD: Mapping[str, Dialogue] = {"one in": _one_in, "long in": _long_in}
OUTWARD: Mapping[str, Dialogue] = {
    "one out": _one_out, "two out": _two_out, "long out": _long_out,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setup:
    """One station: its modem's family, how it submits, and whether delivery reports come."""

    profile: Profile
    submission: str
    reports: bool
    dialogues: Mapping[str, Dialogue]

    @property
    def name(self) -> str:
        return f"{self.profile.name} {self.way}"

    @property
    def way(self) -> str:
        return self.submission if self.reports else f"{self.submission}, no reports"

    @property
    def knows(self) -> bool:
        """Whether the modem's memory tells of every part what became of it."""
        return self.submission == "stored" and self.profile.marks_sent


def setups() -> Iterator[Setup]:
    for profile in PROFILES.values():
        stored = "stored" if profile.marks_sent else "auto"
        yield Setup(profile, stored, True, {**INWARD, **OUTWARD, "start": _at_the_start})
        yield Setup(profile, "direct", True, {**OUTWARD, "both ways": _both_ways})
        yield Setup(profile, "direct", False, OUTWARD)
    yield Setup(EXACTING, "direct", True, {"flash in": _flash_in, "one out": _one_out})


# --- what befalls it ----------------------------------------------------------------------------


def _kill(world: World, _: int) -> None:
    world.kill()


def _kill_twice(world: World, number: int) -> None:
    """And once more, somewhere in the recovery."""
    left = random.Random(number).randrange(1, 2500)

    def again(_: Moment) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            world.hook = None
            world.kill()

    world.hook = again
    world.kill()


def _unplug(world: World, _: int) -> None:
    def pull() -> None:
        world.powerless_on_air = world.modem.interpreter.busy
        world.modem.unplug()
        world.network.scheduler.after(UNPLUGGED_S, world.modem.replug)

    world.break_off(pull)


def _reboot(world: World, _: int) -> None:
    modem = world.modem
    world.break_off(lambda: modem.restart(port_loss=modem.profile.reset_drops_port))


def _silence(world: World, number: int) -> None:
    world.modem.faults.silence(SILENCES_S[number % len(SILENCES_S)], cured_by=Cure.CFUN)


Strike = Callable[[World, int], None]
STRIKES: Mapping[str, Strike] = {
    "kill -9": _kill,
    "kill -9 twice": _kill_twice,
    "unplugged": _unplug,
    "modem restarts": _reboot,
    "modem silent": _silence,
}
OF_RELAY = ("kill -9", "kill -9 twice")
OF_MODEM = ("unplugged", "modem restarts", "modem silent")
INEXACT = OF_MODEM[1:]


# --- one case -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the world has after one case; `broken` is empty when it is as it should be."""

    lost: int
    doubled: int
    uncertain: int
    broken: str = ""


def judge(world: World, setup: Setup, strike: str, rested: bool) -> Verdict:
    lost = (world.said - world.forwarded) + (world.asked - world.screen)
    doubled = (world.forwarded - world.said) + (world.screen - world.asked)
    (counted,) = world.rows("SELECT count(*), coalesce(sum(uncertain_count), 0) FROM part")
    again, doubts = len(world.network.submissions) - counted[0], counted[1]
    # A modem that loses its power while the network takes a message cannot note that it did.
    exact = setup.knows and strike not in INEXACT and not world.powerless_on_air
    wrong = {
        "lost": lost,
        "doubled at the server": world.forwarded - world.said,
        "doubled on a handset": exact and world.screen - world.asked,
        f"{again} submissions too many, {doubts} doubts": again > (0 if exact else doubts),
        "statuses fell": not all(map(_climbed, _histories(world))),
        f"references {world.references()}": len(world.references()) > 1,
        f"left in memory: {world.left_in_memory()}": world.left_in_memory(),
        f"crashed: {world.crashes}": world.crashes,
        "never came to rest": not rested,
    }
    broken = "; ".join(words for words, found in wrong.items() if found)
    return Verdict(lost.total(), max(doubled.total(), again), doubts, broken)


def _histories(world: World) -> Iterator[list[str]]:
    for name in world.hub.state.states():
        yield [change.state for change in world.hub.state.history(name)]


def _climbed(states: list[str]) -> bool:
    ranks = [CLIMB.index(state) if state in CLIMB else -1 for state in states]
    return ranks == sorted(ranks) and -1 not in ranks


# --- all cases of one dialogue ------------------------------------------------------------------


@dataclass
class Cases:
    """Forks at the moments of one dialogue. `wanted` says which cases are run at all."""

    setup: Setup
    dialogue: str
    strikes: tuple[str, ...] = tuple(STRIKES)
    wanted: Callable[[str, int], bool] = lambda *_: True
    jobs: int = 1
    limit_s: float = LIMIT_S
    blows: Mapping[str, Strike] = field(default_factory=lambda: STRIKES)
    kind: type[World] = World
    found: list[tuple[str, int, Verdict]] = field(default_factory=list)
    moments: int = 0
    _running: deque[tuple[int, int, str, int]] = field(default_factory=deque)
    _strike: str = ""  # in a child: what struck
    _mouth: int | None = None  # in a child: where to say what came of it

    def run(self) -> list[tuple[str, int, Verdict]]:
        """What struck, at which moment, and what came of it; first nothing, at moment 0."""
        try:
            verdict = self._live()
        except BaseException as error:
            self._testify(Verdict(0, 0, 0, f"the campaign failed: {error!r}"))
            raise
        return [("", 0, verdict), *self.found]

    def _live(self) -> Verdict:
        setup = self.setup
        with (
            tempfile.TemporaryDirectory() as name,
            world(
                Path(name), setup.profile, setup.submission, reports=setup.reports, kind=self.kind
            ) as here,
        ):
            here.live(here.all_is_told, LIMIT_S)
            here.hook = lambda what: self._moment(here, what)
            setup.dialogues[self.dialogue](here)
            rested = here.live(here.all_is_told, self.limit_s)
            here.hook = None
            end = here.time.monotonic() + AFTERWARDS_S
            here.live(lambda: here.time.monotonic() >= end, 2 * AFTERWARDS_S)
            verdict = judge(here, setup, self._strike, rested)
            self._testify(verdict)
            while self._running:  # they live in the same folder
                self._reap()
        return verdict

    def _testify(self, verdict: Verdict) -> None:
        """In a child: the last word. Its stack and its folder are somebody else's."""
        if self._mouth is not None:
            os.write(self._mouth, json.dumps(astuple(verdict)).encode())
            os._exit(0)

    def _moment(self, here: World, what: Moment) -> None:
        self.moments += 1
        on_line = what in {Moment.TO_HOST, Moment.TO_MODEM}
        for strike in self.strikes:
            if not on_line and strike in OF_MODEM:
                continue
            if self.wanted(strike, self.moments) and self._fork(strike):
                here.hook = None
                self.blows[strike](here, self.moments)
                return

    def _fork(self, strike: str) -> bool:
        """Whether this is the child."""
        while len(self._running) >= self.jobs:
            self._reap()
        come, go = os.pipe()
        if pid := os.fork():
            os.close(go)
            self._running.append((pid, come, strike, self.moments))
            return False
        signal.setitimer(signal.ITIMER_PROF, _CHILD_S)  # SIGPROF ends what runs in circles
        self._strike, self._mouth = strike, go
        return True

    def _reap(self) -> None:
        pid, come, strike, moment = self._running.popleft()
        with os.fdopen(come, "rb") as pipe:
            said = pipe.read()
        os.waitpid(pid, 0)
        verdict = Verdict(*json.loads(said)) if said else Verdict(0, 0, 0, "the case died")
        self.found.append((strike, moment, verdict))


# --- the campaign -------------------------------------------------------------------------------


def campaign(choice: Choice) -> Iterable[Tally]:
    """All cases of all stations; one row for each way of a message and each blow.

    A way's rows come as soon as its last case is judged: the whole takes hours.
    """
    everything = [(setup, dialogue) for setup in setups() for dialogue in setup.dialogues]
    for _, dialogues in groupby(sorted(everything, key=_way), key=_way):
        yield from _tallies(list(dialogues), choice)


def _tallies(dialogues: Sequence[tuple[Setup, str]], choice: Choice) -> Iterable[Tally]:
    found: dict[str, list[Verdict]] = defaultdict(list)
    seconds: dict[str, float] = defaultdict(float)
    for setup, dialogue in dialogues:
        began = monotonic()
        strikes = [one for one in STRIKES if choice.only in _row((setup, dialogue), one)]
        if not strikes:
            continue
        done = replace(drawn(setup, dialogue, choice), strikes=tuple(strikes)).run()
        each = (monotonic() - began) / len(done)
        for strike, moment, verdict in done:
            row = _row((setup, dialogue), strike or "nothing happens")
            case = f"{setup.name}: {dialogue}: {strike} at moment {moment}: {verdict.broken}"
            found[row].append(replace(verdict, broken=verdict.broken and case))
            seconds[row] += each
    for row, verdicts in sorted(found.items()):
        yield _tally(row, verdicts, seconds[row])


def drawn(setup: Setup, dialogue: str, choice: Choice) -> Cases:
    """The share of the cases that the seed draws."""
    chance = random.Random(f"{choice.seed} {setup.name} {dialogue}")

    def wanted(strike: str, moment: int) -> bool:
        return chance.random() < choice.share

    return Cases(setup, dialogue, wanted=wanted, jobs=choice.jobs)


def _way(case: tuple[Setup, str]) -> str:
    setup, dialogue = case
    return "receiving" if dialogue.endswith("in") else f"sending, {setup.way}"


def _row(case: tuple[Setup, str], strike: str) -> str:
    return f"cut: {_way(case)}: {strike}"


def _tally(row: str, verdicts: list[Verdict], seconds: float) -> Tally:
    return Tally(
        row,
        len(verdicts),
        sum(one.lost for one in verdicts),
        sum(one.doubled for one in verdicts),
        sum(one.uncertain for one in verdicts),
        seconds,
        tuple(one.broken for one in verdicts if one.broken),
    )
