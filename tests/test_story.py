"""Any story of a station, told by hypothesis: nothing is lost, and doubles only with a reason.

The store, the flows and the rules of the central server are real; the modem is a dictionary and
the clock moves when it is told. After every chapter the invariants of relay hold, and when the
world is well again everything that was sent has arrived.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from relay.core.cht import Answer, Report, Update, read_answer, request_body
from relay.core.device import STO_SENT, ListedPdu, Slot, Survey, Urc
from relay.core.link import LinkState
from relay.core.pdu import Address, StatusReport, Submit, decode
from relay.core.polling import Pace
from relay.core.segment import segment
from relay.errors import (
    ModemError,
    OutcomeUnknown,
    PortLost,
    Refused,
    Rejected,
    ServerError,
    StoreFull,
    Unauthorised,
    Unreachable,
)
from relay.flows.airtime import Airtime, AirtimePolicy
from relay.flows.credit import CreditHold
from relay.flows.linking import Linking
from relay.flows.receiving import Receiving
from relay.flows.sending import Sending
from relay.flows.submission import Submission, SubmissionPolicy
from relay.flows.syncing import Syncing
from relay.simulator.server_state import CentralState
from relay.store.accounts import Accounts
from relay.store.clamping import clamp
from relay.store.database import Database
from relay.store.exchanges import Exchanges
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.turns import ModemTurn
from tests.air import deliver, delivers
from tests.fake_modem import CountingBell, FakeModem
from tests.fakes import FakeClock
from tests.flows.conftest import roster

HOUR_S = 3600
MOTHERS = ("+254700000042", "+254700000042", "+254700000043")
NURSES = ("+254700000001", "+254700000002")
LONG = " The mother has a temperature of 39.4 and asks for the midwife, please come." * 3
RECEIVED, TRYING, EXPIRED = 0x00, 0x30, 0x46
# Of the states of CHT; `failed` is the one that may be left downwards.
RANK = {
    "pending": 0,
    "forwarded-to-gateway": 0,
    "received-by-gateway": 1,
    "forwarded-by-gateway": 2,
    "sent": 3,
    "delivered": 4,
    "failed": 4,
}


class PowerCut(BaseException):
    """Everything in memory is gone."""


# --- the edges ----------------------------------------------------------------------------------


@dataclass
class OnAir:
    """A part that the network has; `sc_time` by the clock of its service centre."""

    pdu: str
    mr: int
    recipient: str
    sc_time: int


@dataclass
class Phone(FakeModem):
    """A modem with a small SIM behind a network that keeps what it cannot hand over."""

    capacity: int = 6
    unplugged: bool = False
    at_the_network: list[str] = field(default_factory=list)
    aired: list[OnAir] = field(default_factory=list)
    true_ms: int = 1_700_000_000_000
    meanwhile: Callable[[], None] | None = None

    def arrive(self, *pdus: str) -> None:
        self.at_the_network += pdus
        self.hand_over()

    def hand_over(self) -> bool:
        """Bring what has room on the SIM; whether there was anything."""
        before = len(self.at_the_network)
        while self.at_the_network and not self.unplugged and self.used < self.capacity:
            self.receive(self.at_the_network.pop(0))
        return len(self.at_the_network) < before

    @property
    def used(self) -> int:
        return sum(slot.memory == "SM" for slot in self.slots)

    def unplug(self) -> None:
        self.unplugged, self.link, self.urcs = True, LinkState.LOST, []

    def _now(self, what: str) -> None:
        if self.unplugged:
            self.link = LinkState.LOST
            raise PortLost("ttyUSB0", "it is gone")
        super()._now(what)

    def open(self) -> None:
        self.urcs = []
        super().open()

    def take_urcs(self) -> list[Urc]:
        return [] if self.unplugged else super().take_urcs()

    def survey(self) -> Survey:
        self._now("survey")
        return Survey()

    def submit_stored(self, slot: Slot, on_air: Callable[[], None]) -> int:
        self._now("submit_stored")
        listed, before = self.slots[slot], len(self.aired)
        try:
            return self._on_the_air(listed.pdu, on_air)
        finally:
            if len(self.aired) > before and self.keeps_status:
                self.slots[slot] = ListedPdu(slot, STO_SENT, listed.pdu)

    def _on_the_air(self, pdu: str, on_air: Callable[[], None]) -> int:
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, ModemError) and not getattr(answer, "sent", False):
            raise answer
        submit = decode(pdu)
        assert isinstance(submit, Submit)
        self._mr = (self._mr + 1) % 256
        self.true_ms += 1000
        self.aired.append(OnAir(pdu, self._mr, submit.recipient.number, self.true_ms))
        on_air()
        self._now("on_air")
        if self.meanwhile is not None:
            self.meanwhile()
            self.meanwhile = None
        if isinstance(answer, ModemError):
            raise answer
        return self._mr


def _status_report(one: OnAir, tp_st: int, late_s: int) -> str:
    """What the service centre says of a part; with another `late_s` it says it once more."""
    return StatusReport(
        mr=one.mr,
        recipient=Address.parse(one.recipient),
        sc_time=one.sc_time,
        discharge_time=one.sc_time + late_s * 1000,
        tp_st=tp_st,
    ).encode()


class Hub:
    """The rules of a CHT server behind a network that breaks as it is told."""

    name = "cht"

    def __init__(self) -> None:
        self.state = CentralState()
        self.trouble: list[str] = []

    def check(self) -> None:
        """Always there."""

    def exchange(self, reports: Sequence[Report], updates: Sequence[Update]) -> Answer:
        trouble = self.trouble.pop(0) if self.trouble else ""
        if trouble in BEFORE:
            raise BEFORE[trouble]
        body = json.loads(request_body(reports, updates))
        answer = json.dumps(self.state.exchange(body)).encode()
        if trouble == "answer lost":
            raise Unreachable("the connection broke", maybe_processed=True)
        if trouble == "power cut":
            raise PowerCut
        return read_answer(answer, None)


BEFORE: dict[str, ServerError] = {
    "no network": Unreachable("no route to host"),
    "request lost": Unreachable("the connection broke", maybe_processed=True),
    "500": Rejected(500, "Server error"),
    "503": Rejected(503, "Service unavailable"),
    "502": Rejected(502, "Bad Gateway"),
    "401": Unauthorised(401),
}


# --- the story ----------------------------------------------------------------------------------


class Story(RuleBasedStateMachine):
    """One station, its modem, its server and the people around it."""

    @initialize(
        mode=st.sampled_from(["direct", "stored", "auto"]),
        can_store=st.booleans(),
        keeps_status=st.booleans(),
        on_uncertain=st.sampled_from(["resend", "resend", "hold"]),
    )
    def open_the_station(self, mode, can_store, keeps_status, on_uncertain):
        self.folder = Path(tempfile.mkdtemp(dir=RAM))
        self.clock = FakeClock()
        # A modem that lies about its memory is only met in `auto`, which looks before it believes.
        self.phone = Phone(
            link=LinkState.CLOSED, can_store=can_store, keeps_status=keeps_status or mode != "auto"
        )
        self.hub = Hub()
        self.policy = SubmissionPolicy(mode, on_uncertain, wait_ms=60_000, unsent_ms=5_000)
        self.said: Counter[str] = Counter()
        self.entered: set[str] = set()
        self.confirmed: set[str] = set()
        self.number = 0
        self.full = False
        self.db = Database.open(self.folder / "relay.db")
        self.boot()

    def boot(self) -> None:
        """A new process over the same disk and the same modem."""
        self.inbox = Inbox(self.db, ("cht",))
        self.outbox = Outbox(self.db)
        facts, bell = Facts(self.db), CountingBell()
        clamp(self.db, self.clock.now())
        self.outbox.recover(self.clock.now())
        self.phone.link = LinkState.CLOSED
        submission = Submission(self.outbox, facts, self.clock, self.policy)
        hold = CreditHold(self.phone.name, Accounts(self.db), facts, self.clock)
        self.turn = ModemTurn(
            self.phone,
            Linking(self.phone, facts, self.clock, lambda: 0.5),
            Receiving(self.phone, self.inbox, self.clock, bell),
            Sending(
                self.phone,
                self.outbox,
                submission,
                self.clock,
                select=hold.selection,
                credit=hold,
            ),
            submission,
            Airtime(
                self.phone,
                Accounts(self.db),
                facts,
                self.outbox,
                self.clock,
                AirtimePolicy(),
                hold,
            ),
            roster(self.phone.name, facts, self.outbox, self.db, self.clock),
            self.clock,
            bell,
        )
        exchanges = Exchanges(self.db, "cht", self.outbox)
        exchanges.adopt()
        self.sync = Syncing(
            self.hub, exchanges, facts, self.clock,
            chance=lambda: 0.5, pace=Pace(1, 5, ambiguous_wait_s=10, backoff_s=1),
        )  # fmt: skip

    def work(self, turns: int = 60) -> bool:
        """Both workers step until neither has anything to do at once; False: the power failed."""
        for _ in range(turns):
            self.phone.hand_over()
            try:
                waits = [self._step(self.turn.step), self._step(self.sync.step)]
            except PowerCut:
                self.restart()
                return False
            if min(waits) > 0 and not self.phone.hand_over():
                return True
        raise AssertionError("it never came to rest")

    def _step(self, step) -> float:
        try:
            return float(step())
        except StoreFull:
            return 30.0

    def restart(self) -> None:
        self.phone.die_in.clear()
        self.db.close()
        self.db = Database.open(self.folder / "relay.db")
        self.full = False
        self.boot()

    def name(self) -> str:
        self.number += 1
        return f"n{self.number}"

    # --- people -----------------------------------------------------------------------------

    @rule(nurse=st.sampled_from(NURSES), twice=st.booleans())
    def a_nurse_texts(self, nurse, twice):
        """A short report; the network may bring the same PDU twice."""
        text = f"P {self.name()}"
        self.bring([deliver(text, sender=nurse, at=self.phone.true_ms)] * (1 + twice))
        self.said[text] += 1

    @rule(nurse=st.sampled_from(NURSES), order=st.permutations(range(2)), twice=st.booleans())
    def a_nurse_texts_at_length(self, nurse, order, twice):
        """A report of two parts, in any order, one of them perhaps twice."""
        text = self.name() + LONG[:200]
        pieces = segment(text).parts
        pdus = delivers(pieces, ref=self.number % 256, sender=nurse, at=self.phone.true_ms)
        self.bring([pdus[at] for at in order] + [pdus[0]] * twice)
        self.said[text] += 1

    def bring(self, pdus: list[str]) -> None:
        self.entered.update(pdus)
        self.phone.arrive(*pdus)

    @rule(mother=st.sampled_from(MOTHERS), long=st.sampled_from([False, False, True]))
    def the_server_has_a_message(self, mother, long):
        name = self.name()
        self.hub.state.queue(name, mother, f"Come {name}" + LONG * long)

    @rule(data=st.data())
    @precondition(lambda self: self.failed() and not self.full)
    def somebody_retries(self, data):
        row = data.draw(st.sampled_from(self.failed()))
        self.outbox.retry(self.clock.now(), row)

    @rule(data=st.data())
    @precondition(lambda self: self.failed())
    def the_server_sends_again(self, data):
        """A person at the server sets a failed message back to pending."""
        row = data.draw(st.sampled_from(self.failed()))
        (name,) = self.db.query("SELECT server_id FROM outbound WHERE id = ?", (row,))[0]
        if self.hub.state.state(name) == "failed":
            self.hub.state.resend(name)

    def failed(self) -> list[int]:
        rows = self.db.query(
            "SELECT id FROM outbound WHERE status = 'FAILED' AND NOT EXISTS"
            " (SELECT 1 FROM part WHERE outbound_id = outbound.id AND state = 'SUBMITTING')"
        )
        return [row[0] for row in rows]

    @rule(data=st.data())
    @precondition(lambda self: self.db.value("SELECT max(id) FROM outbound") and not self.full)
    def somebody_cancels(self, data):
        last = self.db.value("SELECT max(id) FROM outbound")
        self.outbox.cancel(self.clock.now(), data.draw(st.integers(1, last)))

    # --- time -------------------------------------------------------------------------------

    @rule(seconds=st.integers(0, 9))
    def a_moment_passes(self, seconds):
        self.time_passes(seconds)

    @rule(turns=st.integers(1, 4))
    def a_moment_passes_unseen(self, turns):
        """relay is interrupted before it comes to rest."""
        for _ in range(turns):
            try:
                self._step(self.turn.step)
                self._step(self.sync.step)
            except PowerCut:
                self.restart()
                return

    @rule(seconds=st.sampled_from([30, 70, 600, 2 * HOUR_S]))
    def time_passes(self, seconds):
        self.clock.advance(seconds)
        self.phone.true_ms += seconds * 1000
        if self.work() and not self.full:
            self.inbox.give_up_waiting(self.clock.now())
            self.outbox.close_overdue(self.clock.now(), 72 * HOUR_S * 1000)
            if self.phone.link is LinkState.READY:
                assert self.phone.used == 0, "the SIM fills up while relay runs"

    @rule(hours=st.sampled_from([-5, -1, 1, 5]))
    @precondition(lambda self: not self.full)
    def somebody_sets_the_clock(self, hours):
        self.clock.step(hours * HOUR_S)
        clamp(self.db, self.clock.now())

    # --- modem and network ------------------------------------------------------------------

    @rule()
    def the_modem_is_unplugged(self):
        self.phone.unplug()

    @rule()
    def the_modem_is_plugged_in(self):
        self.phone.unplugged = False
        self.phone.hand_over()

    @rule()
    @precondition(lambda self: self.phone.link in (LinkState.READY, LinkState.SEARCHING))
    def coverage_comes_or_goes(self):
        ready = self.phone.link is LinkState.READY
        self.phone.link = LinkState.SEARCHING if ready else LinkState.READY

    @rule(
        what=st.sampled_from(
            ["refused for now", "refused for good", "silent, sent", "silent, not sent"]
        )
    )
    def the_network_is_difficult(self, what):
        """The next submission does not end with +CMGS."""
        errors: dict[str, ModemError] = {
            "refused for now": Refused("CMS", 38),
            "refused for good": Refused("CMS", 1),
            "silent, sent": OutcomeUnknown("no answer"),
            "silent, not sent": OutcomeUnknown("no answer"),
        }
        error = errors[what]
        if what == "silent, sent":
            error.sent = True  # type: ignore[attr-defined]
        self.phone.answers.append(error)

    @rule(
        data=st.data(),
        tp_st=st.sampled_from([RECEIVED, RECEIVED, RECEIVED, TRYING, EXPIRED]),
        late_s=st.integers(0, 3),
    )
    @precondition(lambda self: self.phone.aired)
    def a_status_report_comes(self, data, tp_st, late_s):
        """Of any part that went out: at once or late, the first or another one."""
        one = data.draw(st.sampled_from(self.phone.aired))
        if tp_st == RECEIVED:
            self.confirmed.add(one.pdu)
        self.bring([_status_report(one, tp_st, late_s)])

    # --- server and machine -----------------------------------------------------------------

    @rule(trouble=st.sampled_from([*BEFORE, "answer lost", "power cut"]))
    def the_server_is_in_trouble(self, trouble):
        self.hub.trouble.append(trouble)

    @rule(
        what=st.sampled_from(
            ["list", "read", "delete", "submit", "store", "submit_stored", "on_air", "erase"]
        )
    )
    def the_power_will_fail(self, what):
        """The next time that relay asks this of the modem."""
        self.phone.die_in[what] = PowerCut()

    @rule()
    def the_power_fails(self):
        self.restart()

    @rule()
    def the_disk_fails(self):
        """Full, or mounted read-only: to relay it is the same."""
        self.db.query("PRAGMA query_only = ON")
        self.full = True

    @rule()
    def the_disk_will_fail(self):
        """While the next part is on the air."""
        self.phone.meanwhile = self.the_disk_fails

    @rule()
    def the_disk_is_well_again(self):
        self.db.query("PRAGMA query_only = OFF")
        self.full = False

    # --- what always holds ------------------------------------------------------------------

    @invariant()
    def every_sms_is_somewhere(self):
        """On the SIM, with the network, or in the store: never nowhere."""
        kept = {row[0] for row in self.db.query("SELECT pdu FROM raw_pdu")}
        on_sim = {listed.pdu for listed in self.phone.slots.values()}
        assert self.entered <= kept | on_sim | set(self.phone.at_the_network)

    @invariant()
    def forwarded_is_at_the_server_once(self):
        forwarded = self.db.query(
            "SELECT uuid FROM forwarding JOIN inbound ON inbound.id = inbound_id"
            " WHERE forwarding.state = 'FORWARDED'"
        )
        held = Counter(found.id for found in self.hub.state.reports())
        assert all(held[row[0]] == 1 for row in forwarded)
        assert all(n == 1 for n in held.values())

    @invariant()
    def a_double_has_a_reason(self):
        """A part is on the air once, and once more for each resending and each retry."""
        aired = Counter(one.pdu for one in self.phone.aired)
        for row in self.db.query(
            "SELECT pdu, state, (SELECT count(*) FROM audit WHERE subject = 'part'"
            " AND subject_id = part.id AND event IN ('Resent', 'Retried')) AS again FROM part"
        ):
            assert aired[row["pdu"]] <= 1 + row["again"]
            assert row["state"] not in ("ACCEPTED", "DELIVERED") or aired[row["pdu"]]

    @invariant()
    def delivered_was_delivered(self):
        """No report is credited to a part that it does not speak of."""
        for row in self.db.query("SELECT pdu FROM part WHERE state = 'DELIVERED'"):
            assert row["pdu"] in self.confirmed

    @invariant()
    def statuses_only_climb(self):
        """What the server hears never goes back, except from FAILED."""
        for name in self.hub.state.states():
            states = [change.state for change in self.hub.state.history(name)]
            for before, after in pairwise(states):
                assert before == "failed" or after == "pending" or RANK[before] <= RANK[after]

    # --- the end ----------------------------------------------------------------------------

    def teardown(self):
        if not hasattr(self, "db"):
            return
        try:
            self.all_is_well_in_the_end()
        finally:
            self.db.close()
            shutil.rmtree(self.folder)

    def all_is_well_in_the_end(self):
        """With the world in order, everything arrives that could arrive."""
        self.phone.meanwhile = None
        self.the_disk_is_well_again()
        self.phone.unplugged = False
        self.phone.die_in.clear()
        self.phone.answers.clear()
        self.hub.trouble.clear()
        for _ in range(40):
            if self.phone.link is LinkState.SEARCHING:
                self.phone.link = LinkState.READY
            self.time_passes(20 * 60)
        assert Counter(found.content for found in self.hub.state.reports()) == self.said
        assert not [slot for slot in self.phone.slots if slot.memory == "SM"]
        self._nothing_hangs()

    def _nothing_hangs(self) -> None:
        open_states = {"QUEUED", "SUBMITTING", "UNCERTAIN"}
        if self.policy.on_uncertain == "hold":
            open_states.remove("UNCERTAIN")  # they wait for a person
        left = {row[0] for row in self.db.query("SELECT state FROM part")}
        assert not left & open_states
        in_doubt = self.db.value("SELECT count(*) FROM part WHERE state = 'UNCERTAIN'")
        stored = [slot for slot in self.phone.slots if slot.memory == "ME"]
        assert len(stored) <= in_doubt
        assert not self.db.query("SELECT 1 FROM status_update WHERE told_at IS NULL")


RAM = "/dev/shm" if Path("/dev/shm").is_dir() else None


# The profile of the run (tests/conftest.py): a campaign tells thousands.
CHOSEN = settings().max_examples


@pytest.mark.slow
def test_the_story_of_a_station():
    """Hypothesis tells stories until it finds one that ends badly."""
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=CHOSEN,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
