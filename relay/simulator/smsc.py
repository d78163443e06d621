"""The service centre: it stores what it cannot deliver yet, and reports what it could."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from relay.simulator import wire
from relay.simulator.rules import VALIDITY_EXPIRED, ReportRule, Verdict
from relay.simulator.schedule import Scheduler, Task

# TS 23.040 §9.2.3.12 lets the service centre choose; this is what most operators use.
DEFAULT_VALIDITY_S = 3 * 86_400


class Subscriber(Protocol):
    """A mobile that can be sent messages."""

    def reachable(self) -> bool: ...

    def receive(self, pdu: str) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Who wants to know about a submission, and under which TP-MR."""

    sender: str
    mr: int
    sent: bytes


@dataclass(slots=True)
class Stored:
    """A message in the store of the service centre."""

    pdu: str
    recipient: str
    request: ReportRequest | None = None
    rule: ReportRule = field(default_factory=ReportRule)
    expiry: Task | None = None


@dataclass(slots=True)
class Lane:
    """The messages for one number, oldest first. `busy` while the mobile has one in hand."""

    waiting: deque[Stored] = field(default_factory=deque)
    busy: bool = False


class ServiceCentre:
    """Stores and forwards, one message at a time for each number, in order."""

    def __init__(self, number: str, scheduler: Scheduler, stamp: Callable[[], bytes]) -> None:
        self.number = number
        self.subscribers: dict[str, Subscriber] = {}
        self._scheduler = scheduler
        self._stamp = stamp
        self._lanes: dict[str, Lane] = {}
        self._awake: deque[str] = deque()
        self._pumping = False

    def waiting(self, number: str) -> int:
        """How many messages wait for this number."""
        lane = self._lanes.get(number)
        return len(lane.waiting) if lane else 0

    def accept(self, stored: Stored, validity_s: float | None = None) -> None:
        """Take a message into the store and hand it on as soon as its mobile can take it."""
        if stored.request and stored.rule.early is not None:
            self._report(stored, stored.rule.early)
        if not stored.rule.delivers:
            self._report_later(stored)
            return
        lane = self._lanes.setdefault(stored.recipient, Lane())
        lane.waiting.append(stored)
        self.pump(stored.recipient)
        if stored in lane.waiting:
            stored.expiry = self._scheduler.after(
                validity_s or DEFAULT_VALIDITY_S, lambda: self._expire(stored)
            )

    def pump(self, number: str) -> None:
        """Hand over what waits for a number: it has come back, or has room again.

        Deliveries cause submissions and reports, which cause deliveries. They queue up here
        instead of calling one another, so that no chain of answers can exhaust the stack.
        """
        self._awake.append(number)
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._awake:
                self._hand_over(self._awake.popleft())
        finally:
            self._pumping = False

    def acknowledged(self, number: str, *, taken: bool) -> None:
        """The mobile's late word on the message that it had in hand."""
        lane = self._lanes[number]
        lane.busy = False
        if taken and lane.waiting:
            self._delivered(lane.waiting.popleft())
        if taken:
            self.pump(number)

    def let_go(self, number: str) -> None:
        """The mobile vanished with a message in hand: it was not delivered."""
        lane = self._lanes.get(number)
        if lane:
            lane.busy = False

    def _hand_over(self, number: str) -> None:
        lane, mobile = self._lanes.get(number), self.subscribers.get(number)
        if lane is None or mobile is None or lane.busy:
            return
        while lane.waiting and mobile.reachable():
            lane.busy = True
            verdict = mobile.receive(lane.waiting[0].pdu)
            if verdict is Verdict.PENDING:
                return
            lane.busy = False
            if verdict is Verdict.REFUSED:
                return
            self._delivered(lane.waiting.popleft())

    def _delivered(self, stored: Stored) -> None:
        if stored.expiry:
            stored.expiry.cancel()
        self._report_later(stored)

    def _expire(self, stored: Stored) -> None:
        waiting = self._lanes[stored.recipient].waiting
        if stored in waiting:
            waiting.remove(stored)
            self._report(stored, VALIDITY_EXPIRED)

    def _report_later(self, stored: Stored) -> None:
        tp_st = stored.rule.final
        if stored.request is None or tp_st is None:
            return
        if stored.rule.delay_s:
            self._scheduler.after(stored.rule.delay_s, lambda: self._report(stored, tp_st))
        else:
            self._report(stored, tp_st)

    def _report(self, stored: Stored, tp_st: int) -> None:
        if stored.request is None:
            return
        pdu = wire.report_pdu(
            smsc=self.number,
            mr=stored.request.mr,
            recipient=stored.recipient,
            sent=stored.request.sent,
            ended=self._stamp(),
            tp_st=tp_st,
        )
        self.accept(Stored(pdu, stored.request.sender))
