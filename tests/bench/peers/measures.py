"""What is measured of each program, in a fresh folder and with a fresh modem each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic

from tests.bench.far import OTHER, FarSide, text
from tests.bench.peers.program import Program
from tests.bench.rig import DISK
from tests.campaign.kills import Fate, Radio, random_kills

IDLE_S = 30.0
_SETTLE_S = 5.0
_LOOK_S = 0.01
_PROFILE = "quectel-ec2x"
# gammu-smsd takes up a message that it was killed with after a minute.
_QUIET_S = 75.0

Make = Callable[..., Program]


@dataclass(frozen=True, slots=True)
class Rate:
    """`cpu_s` of the whole program for 1,000 messages, `memory_mb` at the peak."""

    messages: int
    per_s: float
    cpu_s: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Rest:
    """Seconds from the start of the process; `idle_percent` of one core."""

    first_out_s: float
    first_in_s: float
    idle_percent: float
    idle_mb: float


def outward(make: Make, baud: int | None, count: int) -> Rate:
    """All queued before the start; from the first one on the air to the last."""
    with TemporaryDirectory(prefix="bench-", dir=DISK) as name:
        folder = Path(name)
        with FarSide(folder, baud=baud, profile=_PROFILE) as far:
            far.ask("delivery_reports", False)
            program = make(folder, far.link)
            program.enqueue(OTHER, [text(n) for n in range(count)])
            with program:
                far.until("submitted", 1, every_s=_LOOK_S)
                cpu = program.cpu_s()
                far.until("submitted", count, every_s=_LOOK_S)
                cpu = program.cpu_s() - cpu
                sent, memory = far.ask("submissions"), program.memory_mb()
    seconds = (sent[-1][0] - sent[0][0]) / 1000
    return Rate(count, (count - 1) / seconds, cpu / (count - 1) * 1000, memory)


def inward(make: Make, baud: int | None, count: int) -> Rate:
    """All arrive at once; until the last one is in the inbox and out of the modem."""
    with TemporaryDirectory(prefix="bench-", dir=DISK) as name:
        folder = Path(name)
        with FarSide(folder, baud=baud, profile=_PROFILE) as far:
            program = make(folder, far.link)
            far.ask("text_in", count, 1)
            with program:
                far.until("emptied", 1, every_s=_LOOK_S)
                cpu, began = program.cpu_s(), monotonic()
                far.ask("text_in", 0, count)
                far.until("emptied", 1, every_s=_LOOK_S)
                seconds, cpu = monotonic() - began, program.cpu_s() - cpu
                memory = program.memory_mb()
            missing = {text(n) for n in range(count)} - set(program.received())
    assert not missing, f"{program.name} has deleted {len(missing)} without keeping them"
    return Rate(count, count / seconds, cpu / count * 1000, memory)


def rest(make: Make) -> Rest:
    """One message waits on either side at the start, then nothing happens."""
    with TemporaryDirectory(prefix="bench-", dir=DISK) as name:
        folder = Path(name)
        with FarSide(folder, baud=None, profile=_PROFILE) as far:
            far.ask("delivery_reports", False)
            far.ask("text_in", 0, 1)
            program = make(folder, far.link)
            program.enqueue(OTHER, [text(0)])
            began = monotonic()
            with program:
                out_s, in_s = _first(far, began)
                Event().wait(_SETTLE_S)
                cpu = program.cpu_s()
                Event().wait(IDLE_S)
                cpu, memory = program.cpu_s() - cpu, program.memory_mb()
    return Rest(out_s, in_s, cpu / IDLE_S * 100, memory)


def _first(far: FarSide, began: float) -> tuple[float, float]:
    """When the first one was on the air, and when the first one was taken from the modem."""
    seen: dict[str, float] = {}
    never = Event()
    while len(seen) < 2:
        for name in ("submitted", "emptied"):
            if name not in seen and far.ask(name):
                seen[name] = monotonic() - began
        never.wait(_LOOK_S)
    return seen["submitted"], seen["emptied"]


def killed(make: Make, baud: int, messages: int, kills: int, share_s: float) -> Fate:
    """`kills` times kill -9, each from the end of the start until `share_s` later.

    In that time the program could do what a life brings it; so it has always more to do, and
    every kill comes in the middle of something.
    """
    with TemporaryDirectory(prefix="bench-", dir=DISK) as name:
        folder = Path(name)
        with Radio(folder, profile=_PROFILE, baud=baud) as radio:
            program = make(folder, radio.port, reports=True)
            awake = program.boot_s
            return random_kills(
                program, radio, messages=messages, kills=kills,
                life_s=(awake, awake + share_s), quiet_s=_QUIET_S,
            )  # fmt: skip
