"""kill -9 at random moments while hundreds of SMS come in and go out: what the world counts.

For any gateway: `random_kills(gateway, radio, ...)`. A gateway is what `Gateway` asks for (start,
kill, queue a text, say what was taken in); `RelayGateway` is relay's. The modem, the network and
the handsets are the simulator's, and they alone are asked what was lost and doubled:

    with Radio(folder) as radio:
        fate = random_kills(MyGateway(folder, radio.port), radio, messages=500, kills=20)
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Protocol, Self

from relay.clock import SystemClock
from relay.simulator.modem import SimulatedModem
from relay.simulator.network import Network
from relay.simulator.port import PtyPort
from tests.campaign.tally import Choice, Tally
from tests.station import GATEWAY, MOTHER, NURSE, RelayProcess, Station

BAUD = 115_200
# Nothing has moved for so long: whatever is missing now will not come.
QUIET_S = 20.0
LIFE_S = (0.3, 3.0)  # what a life may last, from the start of the process
BUSY_S = (0.0, 2.5)  # and from when its modem is up, while what a life brings takes two


class Gateway(Protocol):
    """An SMS gateway as a process that can be killed."""

    def start(self) -> None: ...

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        ...

    def queue(self, recipient: str, text: str) -> None:
        """Have a text sent; it is the gateway's own from the moment that this returns."""
        ...

    def received(self) -> Counter[str]:
        """The texts that the gateway has handed on, or would hand on, with how often."""
        ...

    def uncertain(self) -> int:
        """How many submissions it says that it does not know the outcome of; 0 if it cannot."""
        ...


class Radio:
    """A network, a modem on a pty at `port`, a nurse who texts in, a mother who reads."""

    def __init__(self, folder: Path, profile: str = "huawei-e17x", baud: int = BAUD) -> None:
        self.network = Network(SystemClock().now)
        self.modem = SimulatedModem(self.network, GATEWAY, profile=profile)
        self._cable = PtyPort(self.modem, link=folder / "modem", baud=baud)
        self.port = folder / "modem"
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self.network)
        self._open.enter_context(self._cable)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def text_in(self, text: str) -> None:
        self.network.handset(NURSE).send(text, to=GATEWAY)

    def screen(self) -> Counter[str]:
        return Counter(message.text or "" for message in self.network.handset(MOTHER).inbox)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of `messages` in and as many out."""

    messages: int
    kills: int
    lost_in: int
    doubled_in: int
    lost_out: int
    doubled_out: int
    uncertain: int
    seconds: float


def random_kills(
    gateway: Gateway,
    radio: Radio,
    *,
    messages: int = 500,
    kills: int = 20,
    seed: int = 1,
    life_s: tuple[float, float] = LIFE_S,
    quiet_s: float = QUIET_S,
) -> Fate:
    """Share the traffic out over `kills` lives, end each at a random moment, let the last one
    come to rest, and count."""
    chance, pause, began = random.Random(seed), Event(), monotonic()
    said = [f"P {number} in" for number in range(messages)]
    asked = [f"Come to bed {number}" for number in range(messages)]
    for life in range(kills):
        gateway.start()
        for number in range(life * messages // kills, (life + 1) * messages // kills):
            radio.text_in(said[number])
            gateway.queue(MOTHER, asked[number])
        pause.wait(chance.uniform(*life_s))
        gateway.kill()
    gateway.start()
    _until_still(lambda: (gateway.received(), radio.screen()), (said, asked), quiet_s)
    gateway.kill()
    inward, outward = gateway.received(), radio.screen()
    return Fate(
        messages, kills, _lost(said, inward), _doubled(said, inward), _lost(asked, outward),
        _doubled(asked, outward), gateway.uncertain(), monotonic() - began,
    )  # fmt: skip


def _until_still(
    look: Callable[[], tuple[Counter[str], Counter[str]]],
    wanted: tuple[list[str], list[str]],
    quiet_s: float,
) -> None:
    """Until everything is there and stays as it is, or nothing has moved for long."""
    seen, since, pause = look(), monotonic(), Event()
    while True:
        pause.wait(0.25)
        if (now := look()) != seen:
            seen, since = now, monotonic()
        all_there = all(set(texts) <= set(found) for texts, found in zip(wanted, now, strict=True))
        if monotonic() - since > (min(3.0, quiet_s) if all_there else quiet_s):
            return


def _lost(texts: Iterable[str], found: Counter[str]) -> int:
    return sum(not found[text] for text in texts)


def _doubled(texts: Iterable[str], found: Counter[str]) -> int:
    return sum(max(0, found[text] - 1) for text in texts)


class RelayGateway:
    """relay with a CHT server; what the server has is what was received."""

    def __init__(self, folder: Path, port: Path, submission: str) -> None:
        modem = {
            "port": str(port), "submission": submission, "answer_timeout_s": 5, "sweep_s": 10,
        }  # fmt: skip
        self.station = Station(folder, modems=0, changes={"modem.usb": modem})
        self._relay: RelayProcess | None = None
        self._queued = 0

    def __enter__(self) -> Self:
        self.station.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.station.__exit__()

    def start(self) -> None:
        """Until its modem is up: from then on every moment is in the middle of something."""
        relay = self._relay = self.station.start()
        self.station.eventually(lambda: "link.open" in relay.log, "the modem is up", within_s=60)

    def kill(self) -> None:
        assert self._relay is not None
        self._relay.kill()

    def queue(self, recipient: str, text: str) -> None:
        self._queued += 1
        self.station.server.queue(f"m{self._queued}", recipient, text)

    def received(self) -> Counter[str]:
        return self.station.forwarded

    def uncertain(self) -> int:
        return int(self.station.query("SELECT sum(uncertain_count) FROM part")[0][0] or 0)


def campaign(choice: Choice) -> Iterable[Tally]:
    """Twenty kills for stored and for direct submission, 500 SMS each way."""
    messages, kills = max(20, round(500 * choice.share)), max(1, round(20 * choice.share))
    for submission in ("stored", "direct"):
        with tempfile.TemporaryDirectory() as name, Radio(Path(name)) as radio:
            with RelayGateway(Path(name), radio.port, submission) as gateway:
                fate = random_kills(
                    gateway,
                    radio,
                    messages=messages,
                    kills=kills,
                    seed=choice.seed,
                    life_s=BUSY_S,
                )
            yield _tally(f"random kill -9, {submission}", fate, submission)


def _tally(what: str, fate: Fate, submission: str) -> Tally:
    lost, doubled = fate.lost_in + fate.lost_out, fate.doubled_in + fate.doubled_out
    allowed = fate.uncertain if submission == "direct" else 0
    bad = lost or fate.doubled_in or fate.doubled_out > allowed
    return Tally(
        what, fate.kills, lost, doubled, fate.uncertain, fate.seconds, (repr(fate),) if bad else ()
    )
