"""Modems on pseudo-terminals, and drivers that lose patience quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from relay.modem.driver import GsmDriver
from relay.modem.patience import Patience
from tests.modem.peer import Peer, Reply

HASTY = Patience(
    network_s=1.0, listing_s=1.0, ussd_s=0.5, wake_s=0.2, wake_tries=6, resync_s=0.2,
    write_s=0.5, pause_s=0.01,
)  # fmt: skip


class Ledger:
    """PIN attempts in memory, in the order in which they were written down."""

    def __init__(self) -> None:
        self.record: list[tuple[str, str, str]] = []
        self.tries: list[int] = []

    def refused(self, iccid: str, pin: str) -> bool:
        mine = [what for card, value, what in self.record if (card, value) == (iccid, pin)]
        return bool(mine) and mine[-1] != "accepted"

    def unsettled(self, iccid: str, pin: str) -> bool:
        mine = [what for card, value, what in self.record if (card, value) == (iccid, pin)]
        return mine[-1:] == ["attempt"] and mine[-2:-1] != ["attempt"]

    def used_up(self, iccid: str) -> int:
        values = {value for card, value, _ in self.record if card == iccid}
        return sum(self.refused(iccid, value) for value in values)

    def record_untried(self, iccid: str, pin: str) -> None:
        self.record.append((iccid, pin, "accepted"))

    def note_tries(self, left: int) -> None:
        self.tries.append(left)

    def record_attempt(self, iccid: str, pin: str) -> None:
        self.record.append((iccid, pin, "attempt"))

    def record_result(self, iccid: str, pin: str, accepted: bool) -> None:
        self.record.append((iccid, pin, "accepted" if accepted else "refused"))


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    """Makes scripted modems: `peer({"AT+CSQ": None})`."""
    with ExitStack() as stack:
        yield lambda script=None, **more: stack.enter_context(Peer({**(script or {}), **more}))


@pytest.fixture
def driver(ledger: Ledger) -> Iterator[Callable[..., GsmDriver]]:
    """Makes drivers for a peer; all are closed in the end."""
    made: list[GsmDriver] = []

    def make(modem: Peer, **options: object) -> GsmDriver:
        settings: dict[str, object] = {
            "pins": ledger, "patience": HASTY, "answer_timeout_s": 0.5, "prompt_timeout_s": 0.4,
            "command_timeout_s": 0.5,
        }  # fmt: skip
        made.append(GsmDriver("clinic", modem.path, **{**settings, **options}))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def opened(
    peer: Callable[..., Peer], driver: Callable[..., GsmDriver]
) -> Callable[..., tuple[Peer, GsmDriver]]:
    """A scripted modem and an opened driver on it."""

    def make(script: dict[str, Reply] | None = None, **options: object) -> tuple[Peer, GsmDriver]:
        modem = peer(script)
        gsm = driver(modem, **options)
        gsm.open()
        return modem, gsm

    return make
