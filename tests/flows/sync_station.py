"""One server's side of a station: a real store, a scripted server, a clock that tests move."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from relay.core.batching import Limits
from relay.core.cht import Answer, Handout, Report, Update
from relay.core.outbound import Event
from relay.core.polling import Pace
from relay.errors import ServerError
from relay.flows.ports import Server
from relay.flows.syncing import Syncing
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.raw import Arrival
from tests.air import NOON, deliver
from tests.fake_modem import CountingBell
from tests.fakes import FakeClock

MOTHER = "+254700000042"
PATIENCE = 400


@dataclass(frozen=True)
class Call:
    """What one exchange carried."""

    reports: tuple[str, ...]
    updates: tuple[tuple[str, str], ...]


class ScriptedServer:
    """Answers from a script, then with `otherwise`. `check_rows` may raise for what it is sent."""

    name = "cht"

    def __init__(self, clock: FakeClock) -> None:
        self.calls: list[Call] = []
        self.script: deque[Answer | BaseException] = deque()
        self.otherwise: Answer | BaseException = Answer()
        self.check_rows: Callable[[Call], None] = lambda call: None
        self.meanwhile: Callable[[], None] = lambda: None
        self.takes_s = 0.0
        self._clock = clock

    def check(self) -> None: ...

    def exchange(self, reports: Sequence[Report], updates: Sequence[Update]) -> Answer:
        call = Call(
            tuple(report.text for report in reports),
            tuple((update.server_id, update.status) for update in updates),
        )
        self.calls.append(call)
        self.meanwhile()
        self._clock.advance(self.takes_s)
        outcome = self.script.popleft() if self.script else self.otherwise
        if isinstance(outcome, BaseException):
            raise outcome
        self.check_rows(call)
        return outcome

    @property
    def taken(self) -> list[str]:
        return [text for call in self.calls for text in call.reports]


@dataclass
class SyncStation:
    db: Database
    clock: FakeClock
    server: ScriptedServer
    limits: Limits = field(default_factory=Limits)
    pace: Pace = field(default_factory=Pace)
    bell: CountingBell = field(default_factory=CountingBell)
    real_server: Server | None = None
    sent: int = 0

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.db, ("cht",))
        self.outbox = Outbox(self.db)
        self.facts = Facts(self.db)
        self.restart()

    def restart(self) -> None:
        """A new process over the same disk."""
        self.exchanges = Exchanges(self.db, "cht", self.outbox)
        self.exchanges.adopt()
        self.flow = Syncing(
            self.real_server or self.server,
            self.exchanges,
            self.facts,
            self.clock,
            chance=lambda: 0.5,
            limits=self.limits,
            pace=self.pace,
            outbox_bell=self.bell,
        )

    # --- what happens around it -----------------------------------------------------------------

    def receive(self, *texts: str) -> None:
        """Short messages come in."""
        pdus = []
        for text in texts:
            self.sent += 1
            pdus.append(deliver(text, at=NOON + self.sent * 1000))
        self.inbox.keep(self.clock.now(), [Arrival(pdu, "m0", "sim", "SM:1") for pdu in pdus])
        self.inbox.digest(self.clock.now())

    def send(self, *events: Event) -> None:
        """The modem's side of one message: claimed, then what the network says of it."""
        part = self.outbox.claim(self.clock.now(), "m0", "direct")
        for event in events:
            assert part is not None
            part = self.outbox.record(self.clock.now(), part, event)

    def rest(self) -> float:
        """Turns until nothing is to be done at once; how long it wants to wait."""
        for _ in range(PATIENCE):
            wait = self.flow.step()
            if wait > 0:
                return wait
        raise AssertionError("it never came to rest")

    def live(self, seconds: float) -> None:
        """Turn by turn as the worker does, for so long."""
        until = self.clock.monotonic() + seconds
        for _ in range(PATIENCE * 10):
            self.clock.advance(self.flow.step())
            if self.clock.monotonic() >= until:
                return
        raise AssertionError("it turned too often")

    # --- to look at -----------------------------------------------------------------------------

    def fact(self, name: str) -> object:
        found = self.facts.get(f"server.cht.{name}")
        return None if found is None else found.value

    @property
    def code(self) -> object:
        outcome = self.fact("outcome")
        return outcome["code"] if isinstance(outcome, dict) else None

    def parked(self) -> list[tuple[str, str]]:
        rows = self.db.query(
            "SELECT text, forwarding.reason FROM forwarding"
            " JOIN inbound ON inbound.id = inbound_id"
            " WHERE forwarding.state = 'PARKED' ORDER BY inbound_id"
        )
        return [(row[0], row[1]) for row in rows]

    @property
    def waiting(self) -> int:
        return self.exchanges.pending()[0]


def open_station(folder: Path, **options: object) -> SyncStation:
    clock = FakeClock()
    db = Database.open(folder / "relay.db")
    return SyncStation(db, clock, ScriptedServer(clock), **options)  # type: ignore[arg-type]  # forwarded


def handed_out(*ids: str, to: str = MOTHER) -> Answer:
    return Answer(tuple(Handout(id_, to, f"text of {id_}") for id_ in ids))


def refusing(*bad: str, error: ServerError) -> Callable[[Call], None]:
    """A server that refuses every exchange with one of these reports or statuses in it."""

    def check(call: Call) -> None:
        rows = {*call.reports, *(f"{id_} {status}" for id_, status in call.updates)}
        if rows & set(bad):
            raise error

    return check
