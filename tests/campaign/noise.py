"""A modem that talks nonsense between its dialogues, and the whole of relay behind it."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from tests.campaign.tally import Choice, Tally
from tests.fuzz.blind import mutations
from tests.fuzz.lines import ROUTED
from tests.fuzz.targets import Target
from tests.station import MOTHER, Station

_EVERY_S = 0.03
_MESSAGES = 300
# No final result and no reference of a submission: who says those in between says that a message
# went out, and no gateway can know better.
NONSENSE = (
    b'\r\n+CMTI: "SM",99\r\n', b'\r\n+CUSD: 0,"Your balance is\r\n', b"\r\n+CMT: ,23\r\n0791\r\n",
    b"\r\n> ", b"\r\n+CDS: 25\r\n", b"\r\nRING\r\n", b"\xff\xfe\x80\0 noise", b"\r\n^RSSI:18\r\n",
    b'\r\n+CMGL: 1,0,,24\r\n0791', b'\r\n+CREG: 2\r\n', b"\x1a\x1b\r\n\r\n", b"x" * 5000,
    b'\r\n^SMMEMFULL: "SM"\r\n', ROUTED[:20],
)  # fmt: skip
_FORBIDDEN = (b"OK", b"ERROR", b"CMGS", b"CMSS", b"CMGW", b"NO CARRIER", b"BUSY", b"NO ANSWER")


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of `messages` each way among `pieces` of nonsense."""

    messages: int
    pieces: int
    lost: int
    doubled: int
    uncertain: int
    crashes: int
    exit_code: int | None
    seconds: float


class Babbler:
    """Says nonsense whenever no command runs. A context manager."""

    def __init__(self, station: Station, seed: int) -> None:
        self._modem, self._over = station.modem, Event()
        target = Target("nonsense", lambda _: None, lambda: NONSENSE, 0)
        self._words = mutations(target, 1 << 30, seed)
        self._chance = random.Random(seed)
        self._thread = Thread(target=self._babble)
        self.pieces = 0

    def __enter__(self) -> Babbler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _babble(self) -> None:
        while not self._over.wait(self._chance.expovariate(1 / _EVERY_S)):
            words = next(self._words)
            if any(word in words for word in _FORBIDDEN):
                continue
            with self._modem.lock:
                if not self._modem.interpreter.busy:
                    self._modem.faults.garbage(words + b"\r\n")
                    self.pieces += 1


def through(station: Station, messages: int, seed: int) -> Heard:
    """So many texts in and out while the modem babbles; it stops when they are through."""
    began, pause = monotonic(), Event()
    said = [f"P {number} in" for number in range(messages)]
    asked = [f"Come to bed {number}" for number in range(messages)]
    relay = station.start()
    with Babbler(station, seed) as babbler:
        for number, text in enumerate(said):
            station.text(text)
            station.server.queue(f"m{number}", MOTHER, asked[number])
            pause.wait(0.02)
        patience = monotonic() + 60 + messages
        while monotonic() < patience and relay.exit_code is None:
            if set(said) <= set(station.forwarded) and set(asked) <= set(station.screen()):
                break
            pause.wait(0.2)
    pause.wait(5)  # what would be sent twice is sent now; and the facts are written
    ours = Counter({text: count for text, count in station.forwarded.items() if text in said})
    found = (ours, said), (station.screen(), asked)
    return Heard(
        messages=messages,
        pieces=babbler.pieces,
        lost=sum(not have[text] for have, texts in found for text in texts),
        doubled=sum(max(0, have[text] - 1) for have, texts in found for text in texts),
        uncertain=int(station.query("SELECT sum(uncertain_count) FROM part")[0][0] or 0),
        crashes=relay.log.count("worker.crashed"),
        exit_code=relay.exit_code,
        seconds=monotonic() - began,
    )


def campaign(choice: Choice) -> Iterable[Tally]:
    """Some hundred texts each way, through thousands of pieces of nonsense."""
    with tempfile.TemporaryDirectory() as name, Station(Path(name)) as station:
        heard = through(station, max(10, round(_MESSAGES * choice.share)), choice.seed)
    bad = heard.lost or heard.crashes or heard.exit_code is not None
    yield Tally(
        "a modem that babbles", heard.pieces, heard.lost, heard.doubled, heard.uncertain,
        heard.seconds, (repr(heard),) if bad or heard.doubled > heard.uncertain else (),
    )  # fmt: skip
