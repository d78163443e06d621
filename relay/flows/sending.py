"""Sending: one part after the other, claimed on the disk before the radio hears of it.

While one part is on the air the next one is claimed, and while the modem prepares its prompt for
that one, the first is recorded: so the line and not the disk is the limit. A part whose outcome
nobody knows is never simply sent again: see `settling`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from relay.core.backoff import SOFT_RETRIES, retry_ms
from relay.core.causes import Retry, cause_of
from relay.core.centre import cause_behind
from relay.core.device import LateReference, Urc
from relay.core.link import LinkState
from relay.core.outbound import (
    Accepted,
    Event,
    FoundSent,
    NoAnswer,
    NotStarted,
    Part,
    RefusedForGood,
    RefusedForNow,
)
from relay.core.queueing import EVERYTHING, Selection
from relay.errors import Ailing, NotSubmitted, OutcomeUnknown, Refused, StoreError
from relay.flows.credit import CreditHold
from relay.flows.ports import Clock, Modem, SimState
from relay.flows.submission import Submission, never_begun
from relay.log import event
from relay.store.outbox import Outbox
from relay.store.parts import StaleRow

_log = logging.getLogger("relay.sending")

# After so many refusals in a row that blame no single message the network is the matter.
_REFUSALS_BEFORE_PAUSE = 3
_PAUSE_S = 60.0
# What one message may do to a modem, three hardly do.
_UNANSWERED_BEFORE_CURE = 3
_NOT_STARTED_WAIT_MS = 5_000
_IDLE_S = 3600.0
_RING_COMES_S = 0.3
# What modems say that take no SMS while they ring.
_WHILE_RINGING = frozenset({
    "MODEM_ABORTED", "MODEM_BUSY", "MODEM_ERROR", "MODEM_FAILURE", "MODEM_NOT_ALLOWED",
    "MODEM_RESERVED", "MODEM_UNKNOWN_ERROR",
})  # fmt: skip
_UNSURE_S = 5.0  # its time has come by a clock of which nobody knows whether it is right
# So long parts may follow one another; on a real network that is one part.
_RUN_S = 2.0
# A +CMGS that comes at all comes within minutes; older doubts are of another submission.
_LATE_MS = 600_000


class Sending:
    """One modem's outward half. Only used by that modem's thread."""

    def __init__(
        self,
        modem: Modem,
        outbox: Outbox,
        submission: Submission,
        clock: Clock,
        soft_retries: int = SOFT_RETRIES,
        select: Callable[[], Selection] = lambda: EVERYTHING,
        credit: CreditHold | None = None,
        sim: SimState | None = None,
        rings: Callable[[], bool] = lambda: False,
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        self._modem = modem
        self._outbox = outbox
        self._submission = submission
        self._clock = clock
        self._soft_retries = soft_retries
        self._sim = sim
        self._rings = rings
        self._paused = paused
        self._select = select  # what may be claimed now
        self._credit = credit
        self._next: Part | None = None  # claimed while the one before was on the air
        # What became of the part that was at the radio last, until it is on the disk.
        self._unrecorded: tuple[Part, Event] | None = None
        self._refusals = 0
        self._unanswered = 0  # submissions in a row
        self._had_answer = False
        self._pause_until = 0.0  # monotonic

    def step(self) -> float:
        """Submit one part, and more while nothing comes in; seconds until the next (0: at once).

        Raises `StoreError`; what the modem said by then is recorded in a later turn.
        """
        self._record()
        if self._modem.link is not LinkState.READY:
            self.put_back("the modem is not registered")
            return _IDLE_S
        if self._sim is not None and self._sim.holds():
            self.put_back("the SIM has changed")
            return _IDLE_S
        if self._paused():
            self.put_back("sending is paused")
            return _IDLE_S
        pause = self._pause_until - self._clock.monotonic()
        if pause > 0:
            return pause
        part = self._next or self._claim_first()
        if part is None:
            return self._until_due()
        if part.submitted_at is None:
            part = self._outbox.begin(self._clock.now(), part)
        self._next = None
        until = self._clock.monotonic() + _RUN_S
        self._submit(part)
        while (following := self._following(until)) is not None:
            self._submit(following)
        self._record()
        return 0.0

    def _following(self, until: float) -> Part | None:
        """The part that may follow at once, if one may: receiving must not wait.

        A stored one may not: the slot of the one before is freed first.
        """
        accepted = self._unrecorded is not None and isinstance(self._unrecorded[1], Accepted)
        over = self._paused() or self._modem.has_news or self._clock.monotonic() >= until
        if not accepted or over or self._next is None or self._next.submission != "direct":
            return None
        return self._next

    def had_answer(self) -> bool:
        """Whether a submission was answered, if only by a refusal, since this was last asked."""
        had, self._had_answer = self._had_answer, False
        return had

    def complain(self, patience: int = _UNANSWERED_BEFORE_CURE) -> None:
        """Raises `Ailing`, once, when so many submissions in a row had no answer."""
        if self._unanswered >= patience:
            self._unanswered = 0
            raise Ailing("UNANSWERED", "the modem answers, but not when a message is submitted")

    def put_back(self, cause: str) -> None:
        """Return what was claimed ahead and has not been begun."""
        if self._next is not None:
            self._outbox.record(self._clock.now(), self._next, NotStarted(cause))
            self._next = None

    def notice(self, urcs: Sequence[Urc]) -> None:
        """A +CMGS that came after we had stopped waiting answers the part that was on the air."""
        self._record()  # a report that is read next must find the part as it is
        for urc in urcs:
            if isinstance(urc, LateReference) and (begun := self._begun_lately()):
                first = min(begun, key=lambda part: (part.submitted_at or 0, part.id))
                with suppress(StaleRow):  # it was settled meanwhile
                    self._outbox.record(self._clock.now(), first, FoundSent(urc.mr))

    def _begun_lately(self) -> list[Part]:
        since = self._clock.now() - _LATE_MS
        doubtful = self._outbox.uncertain(self._modem.name)
        return [x for x in doubtful if (x.submitted_at or 0) > since and not never_begun(x)]

    # --- one part -------------------------------------------------------------------------------

    def _claim_first(self) -> Part | None:
        """While nothing is on the air."""
        if self._credit is None:
            return self._claim()
        self._credit.rested()
        part = self._claim()
        return self._claim() if part is None and self._credit.asks_anew() else part

    def _claim(self, *, ahead: bool = False) -> Part | None:
        mode = self._submission.mode(self._modem)
        part = self._outbox.claim(
            self._clock.now(),
            self._modem.name,
            mode,
            ahead=ahead,
            selection=self._select(),
            earliest=self._clock.earliest(),
        )
        if part is not None and self._credit is not None:
            self._credit.claimed(part.number)
        return part

    def _claim_ahead(self) -> None:
        """Runs while the modem works on another part, so it must not fail."""
        try:
            self._next = self._claim(ahead=True)
        except StoreError as error:
            _log.warning(event("sending.no_claim", error=str(error)))

    def _submit(self, part: Part) -> None:
        """Leaves what became of the part unrecorded; records what became of the one before."""

        def first() -> None:
            self._record()
            self._next = None  # it is begun: this is the one
            self._unrecorded = part, NoAnswer("relay broke off while the modem was sending")

        happened = self._outcome(part, first)
        if self._unrecorded is None or self._unrecorded[0] is not part:
            first()
        self._unrecorded = part, happened
        self._pause_after(happened)
        if self._credit is not None:
            _tell(self._credit, happened)

    def _record(self) -> None:
        """Commit what became of the last submission; where the disk is full, next time."""
        if self._unrecorded is None:
            return
        (part, happened), self._unrecorded = self._unrecorded, None
        now = self._clock.now()
        accepted = isinstance(happened, Accepted)
        try:
            moved = self._outbox.record(now, part, happened, then=self._next if accepted else None)
        except StoreError:
            self._unrecorded = part, happened
            raise
        if not accepted:
            self.put_back("the one before was not accepted")
        if self._next is not None:
            self._next = replace(self._next, submitted_at=now)
        _log.info(
            event(
                f"outbox.{moved.state.lower()}",
                part=f"{part.outbound_id}/{part.seq}",
                modem=self._modem.name,
                attempt=part.attempts,
                mr=moved.mr,
                reason=moved.reason,
            )
        )
        if accepted:
            self._submission.finish(self._modem, part)

    def _outcome(self, part: Part, first: Callable[[], None]) -> Event:
        submit = self._submission.submit
        self._unanswered += 1
        try:
            happened: Event = Accepted(submit(self._modem, part, self._claim_ahead, first))
        except NotSubmitted as error:
            if self._credit is not None:
                self._credit.unclear()
            return NotStarted(error.cause, self._clock.now() + _NOT_STARTED_WAIT_MS)
        except OutcomeUnknown as error:
            return NoAnswer(error.cause)
        except Refused as error:
            happened = self._refusal(part, error)
        self._unanswered, self._had_answer = 0, True
        return happened

    def _refusal(self, part: Part, error: Refused) -> Event:
        """Again or never: the table of causes says which, the schedule says when."""
        if self._disturbed(error):
            return NotStarted("a call came in", self._clock.now() + _NOT_STARTED_WAIT_MS)
        lacks_centre = self._sim is not None and self._sim.lacks_centre
        cause = cause_behind(error, lacks_centre=lacks_centre)
        if self._credit is not None and self._credit.refused(cause, str(error)):
            return NotStarted(f"SIM_NO_CREDIT: {error} {cause.words}")
        reason = f"{cause.code}: {error} {cause.words}"
        wait_ms = retry_ms(cause.retry, part.attempts, self._soft_retries)
        if not cause.of_one:
            self._refusals += 1
        if cause.retry is Retry.HELD:
            self._refusals = _REFUSALS_BEFORE_PAUSE  # the next message would hear the same
        if wait_ms is None:
            return RefusedForGood(reason)
        due_at = self._clock.now() + wait_ms
        held = cause.retry is Retry.HELD
        return NotStarted(reason, due_at) if held else RefusedForNow(reason, due_at)

    def _disturbed(self, error: Refused) -> bool:
        """Whether a modem refuses because it rings, or has just begun to: no try is counted."""
        if cause_of(error).code not in _WHILE_RINGING:
            return False
        if self._rings() or self._modem.has_news:
            return True
        self._modem.wait(_RING_COMES_S)  # many say RING only after their answer
        return self._modem.has_news

    def _pause_after(self, happened: Event) -> None:
        """What lies in one message or its destination holds up no other."""
        if isinstance(happened, Accepted):
            self._refusals = 0
        if self._refusals >= _REFUSALS_BEFORE_PAUSE:
            self._refusals = 0
            self._pause_until = self._clock.monotonic() + _PAUSE_S
            _log.warning(event("sending.paused", modem=self._modem.name, seconds=_PAUSE_S))

    def _until_due(self) -> float:
        due_at = self._outbox.next_due_at(self._clock.now(), self._select())
        if due_at is None:
            return _IDLE_S
        left_s = (due_at - self._clock.now()) / 1000
        return max(0.05, left_s) if left_s > 0 else _UNSURE_S


def _tell(credit: CreditHold, happened: Event) -> None:
    """Of a refusal it has heard already, where the cause was at hand."""
    if isinstance(happened, Accepted):
        credit.accepted()
    elif isinstance(happened, NoAnswer):
        credit.unclear()
