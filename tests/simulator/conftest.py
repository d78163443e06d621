"""A network whose time stands still until a test moves it, and modems on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.schedule import SteppedTime
from relay.simulator.terminal import Terminal

MODEM = "+254711000000"
NURSE = "+254700000001"
FAMILIES = ("huawei-e17x", "sim800", "quectel-ec2x")


class Lab:
    """A network, its clock, and modems with a terminal on each."""

    def __init__(self) -> None:
        self.time = SteppedTime()
        self.network = Network(self.time.now, timer=self.time.monotonic)

    def modem(
        self, profile: str = "quectel-ec2x", number: str = MODEM, **options: object
    ) -> SimulatedModem:
        return SimulatedModem(self.network, number, profile=profile, **options)  # type: ignore[arg-type]

    def pass_time(self, seconds: float) -> None:
        """Let time pass, in steps small enough that one thing can lead to the next."""
        end = self.time.monotonic() + seconds
        while True:
            due = self.network.scheduler.due_in()
            left = end - self.time.monotonic()
            if due is None or due > left:
                self.time.advance(left)
                self.network.run_due()
                return
            self.time.advance(due)
            self.network.run_due()


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.fixture
def quiet(lab: Lab) -> Callable[..., tuple[SimulatedModem, Terminal]]:
    """Makes a modem with the echo off, and a terminal on it."""

    def make(profile: str = "quectel-ec2x", **options: Any) -> tuple[SimulatedModem, Terminal]:
        modem = lab.modem(profile, **options)
        terminal = Terminal(modem)
        terminal.say("ATE0")
        return modem, terminal

    return make


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    """Each family in turn."""
    return str(request.param)
