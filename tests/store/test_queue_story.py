"""The queue against a model: whatever happens in whatever order, its promises hold."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from relay.core.caps import HOUR_MS, MINUTE_MS, Cap
from relay.core.outbound import (
    Accepted,
    Event,
    NoAnswer,
    NotStarted,
    Part,
    RefusedForGood,
    RefusedForNow,
    Resent,
)
from relay.core.priority import Priority, is_urgent
from relay.core.queueing import LINE_ATTEMPTS, QueueRules, Selection
from relay.store.database import Database
from relay.store.outbox import Outbox
from tests.air import NOON

PHONES = [f"+25470000000{n}" for n in range(2)]
PRIORITIES = [Priority.BROADCAST, Priority.REPLY, Priority.REPLY, Priority.ALERT]
MODEMS = ("usb", "spare")
CAPS = (Cap("max_per_minute", 3, MINUTE_MS),)
LONG = "Your next visit is on Monday. " * 8


WISHES = st.tuples(
    st.sampled_from(PHONES),
    st.sampled_from(PRIORITIES),
    st.booleans(),
    st.sampled_from([None, None, None, "a"]),
    st.sampled_from([0, 0, 0, 10 * MINUTE_MS]),
    st.sampled_from([None, None, 20 * MINUTE_MS]),
)
ANSWERS = st.sampled_from(["accept", "accept", "refuse", "refuse", "doubt", "never", "back"])


@dataclass
class Sent:
    """A message as the model knows it."""

    id: int
    phone: str
    priority: int
    parts: int
    not_before: int
    useful_until: int
    key: str | None
    refusals: int = 0


class QueueStory(RuleBasedStateMachine):
    """Two modems, two phones, a clock, refusals, doubts, keys, caps and power cuts."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.db = Database.open(Path(self._folder.name) / "relay.db")
        self.now = NOON
        self.messages: dict[int, Sent] = {}
        self.at_radio: dict[str, Part] = {}
        self.submitted: Counter[tuple[int, int]] = Counter()
        self.doubts: Counter[tuple[int, int]] = Counter()
        self.gone: list[int] = []  # when something was submitted
        self.first: dict[int, int] = {}  # of each message: when its first part was claimed
        self.restart()

    def teardown(self) -> None:
        self.db.close()
        self._folder.cleanup()

    def restart(self) -> None:
        self.outbox = Outbox(self.db, rules=QueueRules(useful_ms=24 * HOUR_MS, caps=CAPS))

    # --- what happens ---------------------------------------------------------------------------

    @rule(wishes=st.lists(WISHES, min_size=1, max_size=4))
    def enqueue(self, wishes) -> None:
        for phone, priority, long, key, later, life in wishes:
            beginning = self.now + later
            end = None if life is None else beginning + life
            id_ = self.outbox.enqueue(
                self.now, recipient=phone, text=LONG if long else "Come", priority=priority,
                key=key, not_before=beginning if later else None, useful_until=end,
            )  # fmt: skip
            end = end or beginning + 24 * HOUR_MS
            self.messages[id_] = Sent(id_, phone, priority, 1 + long, beginning, end, key)

    @rule(modem=st.sampled_from(MODEMS), urgent_only=st.sampled_from([False, False, True]))
    def claim(self, modem, urgent_only) -> None:
        if modem in self.at_radio:
            return
        before = self.states()
        selection = Selection(min_priority=Priority.ALERT if urgent_only else None)
        part = self.outbox.claim(self.now, modem, "direct", selection=selection)
        if part is None:
            return
        self.at_radio[modem] = part
        message = self.messages[part.outbound_id]
        assert not urgent_only or is_urgent(message.priority)
        assert message.not_before <= self.now < message.useful_until
        self.first.setdefault(message.id, self.now)
        self.check_line(message, part, before, modem)
        self.check_caps(message)

    def check_line(
        self, message: Sent, part: Part, before: dict[tuple[int, int], str], modem: str
    ) -> None:
        """To one phone, what came first goes first, but for what was refused very often."""
        for other in self.messages.values():
            earlier = other.id < message.id and other.priority == message.priority
            if other.phone != message.phone or not earlier or other.not_before > self.now:
                continue
            if other.useful_until <= self.now or other.refusals >= LINE_ATTEMPTS:
                continue
            waiting = [seq for seq in range(1, other.parts + 1)
                       if self.states().get((other.id, seq)) == "QUEUED"]  # fmt: skip
            assert not waiting, f"{message.id} overtook {other.id}"
        for seq in range(1, part.seq):
            assert before[message.id, seq] not in {"QUEUED", "FAILED"}
        for name, held in self.at_radio.items():
            if name != modem:
                assert self.messages[held.outbound_id].phone != message.phone

    def check_caps(self, message: Sent) -> None:
        if not is_urgent(message.priority):
            lately = sum(self.now - at < MINUTE_MS for at in self.gone)
            assert lately + len(self.at_radio) <= CAPS[0].limit

    @rule(modem=st.sampled_from(MODEMS), answers=st.lists(ANSWERS, min_size=1, max_size=4))
    def work(self, modem, answers) -> None:
        """One modem, one part after the other."""
        for what in answers:
            self.claim(modem, False)
            if modem in self.at_radio:
                self.answer(sorted(self.at_radio).index(modem), what)

    @precondition(lambda self: self.at_radio)
    @rule(choice=st.integers(0, 1), what=ANSWERS)
    def answer(self, choice, what) -> None:
        modem = sorted(self.at_radio)[choice % len(self.at_radio)]
        part = self.at_radio.pop(modem)
        happened: Event = {
            "accept": Accepted(1), "never": RefusedForGood("DEST_UNASSIGNED"),
            "refuse": RefusedForNow("NET_CONGESTION", self.now + 5 * MINUTE_MS),
            "doubt": NoAnswer("silence"), "back": NotStarted("no prompt", self.now + 5_000),
        }[what]  # fmt: skip
        self.outbox.record(self.now, part, happened)
        if what == "refuse":
            self.messages[part.outbound_id].refusals += 1
        if what in {"accept", "doubt"}:
            self.count(part, doubt=what == "doubt")

    def count(self, part: Part, *, doubt: bool) -> None:
        self.submitted[part.outbound_id, part.seq] += 1
        self.doubts[part.outbound_id, part.seq] += doubt
        self.gone.append(self.now)

    @rule()
    def settle(self) -> None:
        """What is in doubt is sent again, as the policy says."""
        for modem in MODEMS:
            for part in self.outbox.uncertain(modem):
                self.outbox.record(self.now, part, Resent())

    @rule(minutes=st.sampled_from([1, 1, 5, 30]))
    def pass_time(self, minutes) -> None:
        self.now += minutes * MINUTE_MS
        self.outbox.expire(self.now, self.now)

    @rule()
    def power_cut(self) -> None:
        for part in self.at_radio.values():
            self.count(part, doubt=True)
        self.at_radio.clear()
        self.restart()
        self.outbox.recover(self.now)

    # --- what always holds ----------------------------------------------------------------------

    def states(self) -> dict[tuple[int, int], str]:
        rows = self.db.query("SELECT outbound_id, seq, state FROM part")
        return {(row["outbound_id"], row["seq"]): row["state"] for row in rows}

    @invariant()
    def nothing_is_lost(self) -> None:
        counted = Counter(id_ for id_, _ in self.states())
        assert counted == {one.id: one.parts for one in self.messages.values()}

    @invariant()
    def nothing_goes_twice_without_a_doubt(self) -> None:
        for part, times in self.submitted.items():
            assert times <= 1 + self.doubts[part]

    @invariant()
    def the_newest_of_a_key_is_the_one_that_waits(self) -> None:
        waiting = defaultdict(list)
        rows = self.db.query(
            "SELECT id, recipient, key FROM outbound WHERE key IS NOT NULL AND status = 'UNSENT'"
        )
        for row in rows:
            waiting[row["recipient"], row["key"]].append(row["id"])
        for (phone, key), ids in waiting.items():
            untouched = [id_ for id_ in ids if id_ not in self.first]
            newer = [m.id for m in self.messages.values() if (m.phone, m.key) == (phone, key)]
            assert all(id_ == max(newer) for id_ in untouched)

    @rule()
    def drain(self) -> None:
        """A good day: two modems that work, and time. Nothing is left that could go."""
        for modem, part in list(self.at_radio.items()):
            self.outbox.record(self.now, part, Accepted(1))
            self.count(part, doubt=False)
            del self.at_radio[modem]
        self.settle()
        for _ in range(2000):
            taken = self.outbox.claim(self.now, "usb", "direct")
            if taken is not None:
                self.first.setdefault(taken.outbound_id, self.now)
                self.outbox.record(self.now, taken, Accepted(1))
                self.count(taken, doubt=False)
                continue
            due_at = self.outbox.next_due_at(self.now)
            if due_at is None:
                break
            assert due_at > self.now
            self.now = due_at
        assert set(self.states().values()) <= {"ACCEPTED", "FAILED"}


TestQueueStory = QueueStory.TestCase
TestQueueStory.settings = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
