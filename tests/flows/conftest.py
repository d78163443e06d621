"""A modem's flows over a real database, a fake modem and a clock that only tests move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from relay.core.credit import Reserve
from relay.core.link import LinkState
from relay.core.outbound import Part
from relay.flows.airtime import Airtime, AirtimePolicy
from relay.flows.credit import CreditHold
from relay.flows.linking import Linking
from relay.flows.receiving import Receiving
from relay.flows.recovery import Recovery, RecoveryPolicy
from relay.flows.roster import Roster, RoutingPolicy
from relay.flows.sending import Sending
from relay.flows.submission import Submission, SubmissionPolicy
from relay.store.accounts import Accounts
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.takeover import Takeover
from relay.turns import ModemTurn
from tests.fake_modem import CountingBell, FakeModem
from tests.fakes import FakeClock

MOTHER = "+254700000042"


def roster(
    mine: str, facts: Facts, outbox: Outbox, db: Database, clock: FakeClock, *others: str
) -> Roster:
    """A modem that knows of itself, and of these others."""
    policy = RoutingPolicy(prefixes=dict.fromkeys((mine, *others), ()), operators={})
    return Roster(mine, facts, outbox, Takeover(db), clock, policy)


@dataclass
class Station:
    """One modem with everything that its thread owns."""

    db: Database
    clock: FakeClock
    modem: FakeModem
    inbox: Inbox
    outbox: Outbox
    facts: Facts
    bell: CountingBell
    policy: SubmissionPolicy
    money: AirtimePolicy = field(default_factory=AirtimePolicy)
    recovery_policy: RecoveryPolicy = field(default_factory=RecoveryPolicy)
    reserve: Reserve = field(default_factory=Reserve)
    sweep_s: float = 45
    survey_s: float = 60

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """A new process over the same disk and the same modem."""
        self.submission = Submission(self.outbox, self.facts, self.clock, self.policy)
        self.roster = roster(self.modem.name, self.facts, self.outbox, self.db, self.clock)
        self.hold = CreditHold(
            self.modem.name, Accounts(self.db), self.facts, self.clock, self.reserve
        )
        self.sending = Sending(
            self.modem, self.outbox, self.submission, self.clock,
            select=lambda: self.hold.selection() & self.roster.selection(),
            credit=self.hold,
        )  # fmt: skip
        self.receiving = Receiving(self.modem, self.inbox, self.clock, self.bell, self.sweep_s)
        self.recovery = Recovery(self.modem, self.facts, self.clock, self.recovery_policy)
        self.linking = Linking(
            self.modem, self.facts, self.clock, lambda: 0.5, self.survey_s, self.recovery
        )
        self.airtime = Airtime(
            self.modem, Accounts(self.db), self.facts, self.outbox, self.clock, self.money,
            self.hold,
        )  # fmt: skip
        self.turn = ModemTurn(
            self.modem, self.linking, self.receiving, self.sending, self.submission,
            self.airtime, self.roster, self.clock, CountingBell(),
        )  # fmt: skip

    def power_cut(self) -> None:
        """Everything in memory is gone; what was at the radio is found at start."""
        self.modem.link = LinkState.CLOSED
        self.restart()
        self.outbox.recover(self.clock.now())

    def queue(self, text: str = "Come on Monday", to: str = MOTHER, id_: str = "m1") -> int:
        return self.outbox.enqueue(
            self.clock.now(), recipient=to, text=text, server="cht", server_id=id_
        )

    def work(self, turns: int = 20) -> None:
        """Turns until there is nothing to do at once."""
        for _ in range(turns):
            if self.turn.step() > 0:
                return
        raise AssertionError("it never came to rest")

    def part(self, id_: int = 1) -> Part:
        part = self.outbox.part(id_)
        assert part is not None
        return part

    def states(self) -> list[str]:
        return [row[0] for row in self.db.query("SELECT state FROM part ORDER BY id")]


@pytest.fixture
def policy() -> SubmissionPolicy:
    return SubmissionPolicy(mode="direct")


@pytest.fixture
def station(tmp_path: Path, policy: SubmissionPolicy) -> Iterator[Station]:
    db = Database.open(tmp_path / "relay.db")
    clock = FakeClock()
    yield Station(
        db, clock, FakeModem(), Inbox(db, ("cht",)), Outbox(db), Facts(db), CountingBell(), policy
    )
    db.close()
