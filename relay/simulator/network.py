"""The virtual operator: service centre, subscribers, airtime, and everything that goes wrong.

One lock guards the whole simulation; every entrance takes it.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Self

from relay.errors import PduError
from relay.simulator import ussd, wire
from relay.simulator.handset import Handset
from relay.simulator.rules import (
    Account,
    Done,
    Outcome,
    Refusal,
    ReportRule,
    Submission,
    Verdict,
)
from relay.simulator.schedule import Scheduler
from relay.simulator.smsc import ReportRequest, ServiceCentre, Stored, Subscriber

# TS 24.011 Annex E, as +CMS ERROR shows them
NO_CREDIT = 21  # short message transfer rejected: what prepaid systems answer
NETWORK_OUT_OF_ORDER = 38
INVALID_PDU = 304


class _Nowhere:
    """A SIM in a drawer."""

    def reachable(self) -> bool:
        return False

    def receive(self, pdu: str) -> Verdict:
        del pdu
        return Verdict.REFUSED


class Network:
    """An operator. `now` gives epoch ms for time stamps, `timer` seconds for delays.

    `submissions` holds every SMS-SUBMIT that was accepted from a modem, in order: what it does
    not hold was never sent, and what it holds twice was sent twice.
    """

    def __init__(
        self,
        now: Callable[[], int],
        *,
        seed: int = 1,
        timer: Callable[[], float] = monotonic,
        operator: str = "Virtual Mobile",
        plmn: str = "63999",
        smsc: str = "+254700000999",
        country: str = "254",
        zone_quarters: int = 12,
    ) -> None:
        self.now = now
        self.operator, self.plmn, self.country = operator, plmn, country
        self.zone_quarters = zone_quarters
        self.random = random.Random(seed)
        self.lock = threading.RLock()
        self.scheduler = Scheduler(self.lock, timer)
        self.smsc = ServiceCentre(smsc, self.scheduler, self.stamp)
        self.handsets: dict[str, Handset] = {}
        self.submissions: list[Submission] = []
        self.reports = ReportRule()
        self.submit_delay_s = 0.0
        self.no_credit_code = NO_CREDIT
        self.ussd_codes: dict[str, ussd.UssdAnswer] = dict(ussd.EXAMPLE_CODES)
        self._refusals: list[Refusal] = []
        self._accounts: dict[str, Account] = {}
        self._concat_ref = 0

    # --- time -------------------------------------------------------------------------------

    def start(self) -> None:
        """Let a thread drive delays. Ports do this by themselves while they are open."""
        self.scheduler.acquire()

    def stop(self) -> None:
        self.scheduler.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def run_due(self) -> int:
        """Do everything whose time has come: for tests that turn the timer by hand."""
        return self.scheduler.run_due()

    def stamp(self) -> bytes:
        """The service centre's time stamp of this moment."""
        return wire.time_stamp(self.now(), self.zone_quarters)

    # --- subscribers ------------------------------------------------------------------------

    def handset(self, number: str) -> Handset:
        """The phone with this number; it is made and switched on when first mentioned."""
        with self.lock:
            number = self.canonical(number)
            if number not in self.handsets:
                self.handsets[number] = Handset(self, number)
                self.smsc.subscribers.setdefault(number, self.handsets[number])
            return self.handsets[number]

    def canonical(self, number: str) -> str:
        """+254700… for 0700…, 254700… and +254700…; short codes stay as they are."""
        digits = number.removeprefix("+").removeprefix("00")
        if number.startswith(("+", "00")) or not digits.isdigit():
            return f"+{digits}" if digits.isdigit() else number
        if digits.startswith("0"):
            return f"+{self.country}{digits[1:]}"
        return f"+{digits}" if len(digits) > 9 else digits

    def attach(self, number: str, subscriber: Subscriber) -> None:
        """A SIM is in a modem from now on."""
        with self.lock:
            self.smsc.subscribers[self.canonical(number)] = subscriber

    def detach(self, number: str) -> None:
        """The SIM was taken out: its messages wait for the modem that it is put into."""
        self.attach(number, _Nowhere())

    def available(self, number: str) -> None:
        """A mobile is back, or has room again (RP-SMMA)."""
        with self.lock:
            self.smsc.pump(self.canonical(number))

    def account(self, number: str) -> Account:
        """The airtime of a SIM; set `credit` to a number to let it run out."""
        with self.lock:
            return self._accounts.setdefault(self.canonical(number), Account())

    # --- messages ---------------------------------------------------------------------------

    def refuse(
        self, code: int, *, times: int | None = None, recipient: str | None = None
    ) -> Refusal:
        """Refuse submissions with +CMS ERROR `code`: the next `times`, or all until `relent`."""
        with self.lock:
            to = self.canonical(recipient) if recipient else None
            self._refusals.append(Refusal(code, times, to))
            return self._refusals[-1]

    def relent(self) -> None:
        """Refuse nothing any more."""
        with self.lock:
            self._refusals.clear()

    def submit(self, sender: str, pdu: str, mr: int, done: Done) -> None:
        """An SMS-SUBMIT from a modem; `done` is called with the answer, now or later."""
        with self.lock:
            if self.submit_delay_s:
                self.scheduler.after(
                    self.submit_delay_s, lambda: self._decide(sender, pdu, mr, done)
                )
            else:
                self._decide(sender, pdu, mr, done)

    def _decide(self, sender: str, pdu: str, mr: int, done: Done) -> None:
        try:
            submit = wire.read_submit(pdu)
        except PduError:
            done(Outcome(refused=INVALID_PDU))
            return
        recipient = self.canonical(submit.recipient)
        code = self._objection(sender, submit.smsc, recipient)
        if code is not None:
            done(Outcome(refused=code))
            return
        self.account(sender).charge()
        self.submissions.append(Submission(sender, recipient, pdu, mr, self.now()))
        done(Outcome())
        self.carry(submit, sender=sender, recipient=recipient, mr=mr)

    def _objection(self, sender: str, smsc: str, recipient: str) -> int | None:
        """The +CMS ERROR code that the network has for a submission, or None."""
        for refusal in self._refusals:
            if refusal.applies(recipient):
                return refusal.use()
        if smsc and smsc != self.smsc.number:
            return NETWORK_OUT_OF_ORDER
        return self.no_credit_code if self.account(sender).broke else None

    def carry(self, submit: wire.WireSubmit, *, sender: str, recipient: str, mr: int) -> str:
        """Put a message into the store of the service centre; returns the SMS-DELIVER."""
        sent = self.stamp()
        pdu = wire.deliver_pdu(submit, smsc=self.smsc.number, sender=sender, scts=sent)
        if recipient not in self.smsc.subscribers:
            self.handset(recipient)
        request = ReportRequest(sender, mr, sent) if submit.report else None
        self.smsc.accept(Stored(pdu, recipient, request, self._rule(recipient)), submit.validity_s)
        return pdu

    def carry_raw(self, pdu: str, recipient: str) -> None:
        """Hand any octets to a mobile, as they are."""
        with self.lock:
            self.smsc.accept(Stored(pdu.upper(), self.canonical(recipient)))

    def next_reference(self, bits: int) -> int:
        """A concatenation reference that no handset used of late."""
        with self.lock:
            self._concat_ref += 1
            return self._concat_ref % (1 << bits)

    def _rule(self, recipient: str) -> ReportRule:
        handset = self.handsets.get(recipient)
        return handset.reports if handset and handset.reports else self.reports
