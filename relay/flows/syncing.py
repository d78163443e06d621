"""One turn of talking to one server: what waits goes up, what it wants sent comes down.

One exchange at a time. It is committed as in flight before its first byte; if its outcome
stays unknown, the same ids wait until the server must have finished with them, because CHT
stores a report twice when two requests with it overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.core.batching import Batching, Limits, Load
from relay.core.cht import FULL_HANDOUT, Answer, Report, Update, unsendable
from relay.core.outcome import Outcome, may_blame_content, maybe_processed, outcome_of
from relay.core.polling import Pace, may_linger, remaining_s
from relay.errors import Rejected, ServerError, Unauthorised
from relay.flows.ports import Chance, Clock, Doorbell, Server
from relay.flows.server_journal import ServerJournal
from relay.store.exchanges import Exchanges, Settled
from relay.store.facts import Facts

# A gateway in front of the server (502, 504) fails now and then. When it fails so many times in
# a row, something in the batch may be what the server dies of.
_STUBBORN = 4
# Exchanges in a row without waiting that moved nothing: the server repeats itself.
_FRUITLESS = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """What the next request carries; there would be `room` for so many updates."""

    reports: tuple[Report, ...]
    updates: tuple[Update, ...]
    room: int

    @property
    def load(self) -> Load:
        return Load(len(self.reports), len(self.updates))

    @property
    def may_linger(self) -> bool:
        return not self.reports and may_linger([one.status for one in self.updates], self.room)


class Syncing:
    """Only used by its server's sync thread. It rings `outbox_bell` for messages to send."""

    def __init__(
        self,
        server: Server,
        exchanges: Exchanges,
        facts: Facts,
        clock: Clock,
        *,
        chance: Chance,
        limits: Limits | None = None,
        pace: Pace | None = None,
        outbox_bell: Doorbell | None = None,
    ) -> None:
        self._server = server
        self._exchanges = exchanges
        self._clock = clock
        self._chance = chance
        self._pace = pace or Pace()
        self._bell = outbox_bell
        self._journal = ServerJournal(server.name, facts, clock)
        self._batching = Batching.start(limits or Limits())
        # All of these are monotonic seconds.
        self._not_before = self._poll_at = self._active_at = clock.monotonic()
        self._gathered_at = self._not_before
        self._suspects_at = self._not_before
        self._waited = False
        self.tries = 0  # exchanges that were begun
        self._failures = self._fruitless = self._lone_refusals = 0

    def hurry(self) -> None:
        """A person wants an exchange now, whatever failed before. What is in flight stays so
        until its time is over: a report that was sent twice at once is there twice."""
        self._poll_at = self._gathered_at = self._clock.monotonic()
        if self._exchanges.in_flight() is None:
            self._not_before = self._poll_at

    def step(self) -> float:
        """Exchange once if it is time to; the seconds until the next turn. May be called early.

        Raises `StoreError` only; what was in flight then is treated as one of unknown outcome.
        """
        held = self._held_back()
        if held > 0:
            return held
        batch = self._next_batch()
        spare = self._spare(batch)
        if spare > 0 and self._quiet():
            return self._sooner(spare)
        return self._exchange(batch)

    # --- waiting --------------------------------------------------------------------------------

    def _held_back(self) -> float:
        mono = self._clock.monotonic()
        if self._not_before > mono:
            return self._not_before - mono
        flight = self._exchanges.in_flight()
        if flight is None:
            return 0.0
        if not self._waited:
            # Found at start (power cut, kill -9), or an answer that could not be stored.
            left = remaining_s(flight.since, self._clock.now(), self._pace.ambiguous_wait_s)
            self._waited = True
            if left > 0:
                return self._hold(left)
        self._exchanges.clear()
        self._waited = False
        return 0.0

    def _spare(self, batch: Batch) -> float:
        """Seconds until this batch must go; none when that is now."""
        mono = self._clock.monotonic()
        if batch.load.empty:
            return self._poll_at - mono
        return self._gathered_at - mono if batch.may_linger else 0.0

    def _resting(self) -> float:
        """Seconds until the suspects are tried again; what else there is goes on meanwhile."""
        rest = self._suspects_at - self._clock.monotonic()
        return max(0.0, rest) if self._batching.suspecting else 0.0

    def _quiet(self) -> bool:
        return not self._batching.searching or self._resting() > 0

    def _sooner(self, wait: float) -> float:
        return min(wait, self._resting() or wait)

    def _hold(self, seconds: float) -> float:
        """Nothing moves for so long, whoever rings."""
        self._not_before = self._clock.monotonic() + seconds
        return seconds

    # --- one exchange ---------------------------------------------------------------------------

    def _next_batch(self) -> Batch:
        if self._resting() > 0:
            self._batching = self._batching.others_first()
        load = self._batching.take()
        waiting = self._exchanges.waiting(load.reports + load.skip) if load.reports else []
        first = load.skip % len(waiting) if waiting else 0
        chosen = waiting[first : first + load.reports]
        updates = self._exchanges.updates(load.updates) if load.updates else []
        return Batch(tuple(self._sendable(chosen)), tuple(updates), load.updates)

    def _sendable(self, reports: Sequence[Report]) -> list[Report]:
        """Without those that the server would silently drop: a person must see them."""
        sendable = []
        for report in reports:
            reason = unsendable(report)
            if reason is None:
                sendable.append(report)
            else:
                self._exchanges.park_report(self._clock.now(), report.inbound_id, reason)
                self._journal.parked("report", report.inbound_id, Outcome("EMPTY", reason))
        return sendable

    def _exchange(self, batch: Batch) -> float:
        began = self._clock.monotonic()
        self.tries += 1
        self._exchanges.begin(
            self._clock.now(),
            [report.inbound_id for report in batch.reports],
            [update.id for update in batch.updates],
        )
        try:
            answer = self._server.exchange(batch.reports, batch.updates)
        except ServerError as error:
            return self._failed(batch, error)
        settled = self._exchanges.settle(self._clock.now(), answer)
        return self._succeeded(batch, answer, settled, self._clock.monotonic() - began)

    # --- it worked ------------------------------------------------------------------------------

    def _succeeded(self, batch: Batch, answer: Answer, settled: Settled, took_s: float) -> float:
        self._failures = 0
        alone = self._batching.alone(batch.load)
        self._batching = self._batching.accepted(batch.load, took_s)
        if alone or not self._batching.searching:
            self._lone_refusals = 0
        if answer.messages and self._bell is not None:  # new ones, or one to send again
            self._bell.ring()
        mono = self._clock.monotonic()
        # What was handed out again is told again with any status, and that is awaited as well.
        self._gathered_at = mono if answer.messages else mono + self._pace.linger()
        if settled.new or not batch.load.empty:
            self._active_at = mono
        self._journal.succeeded(batch.load, answer, settled, took_s)
        self._journal.sized(self._batching)
        return self._pause(answer, settled)

    def _pause(self, answer: Answer, settled: Settled) -> float:
        """None at all while something moves: what was handed out is acknowledged at once.

        Whether statuses linger is decided with the next batch.
        """
        if not self._quiet():
            return 0.0
        full = settled.new > 0 and len(answer.messages) >= FULL_HANDOUT
        if not full and not self._batching.more(*self._exchanges.pending()):
            self._fruitless = 0
            return self._until_poll()
        # A server that hands out what we know, however often it is told, must not spin us.
        moved = settled.new or settled.forwarded or (settled.told and not settled.known)
        self._fruitless = 0 if moved else self._fruitless + 1
        return 0.0 if self._fruitless <= _FRUITLESS else self._hold(self._pace.poll_min_s)

    def _until_poll(self) -> float:
        mono = self._clock.monotonic()
        wait = self._pace.poll(mono - self._active_at, self._chance())
        self._poll_at = mono + wait
        return self._sooner(wait)

    # --- it did not -----------------------------------------------------------------------------

    def _failed(self, batch: Batch, error: ServerError) -> float:
        unknown = maybe_processed(error) and not batch.load.empty
        self._exchanges.fail(self._clock.now(), ambiguous=unknown)
        self._journal.failed(outcome_of(error))
        self._failures += 1
        delay = self._after_failure(batch, error)
        self._journal.sized(self._batching)
        if unknown:
            self._waited = True
            delay = max(delay, self._pace.ambiguous_wait_s)
        return self._hold(delay)

    def _after_failure(self, batch: Batch, error: ServerError) -> float:
        load = batch.load
        if _too_large(error) and load.reports + load.updates > 1:
            self._batching = self._batching.too_large(load)
            return 0.0
        if may_blame_content(error) or self._stubborn(error):
            return self._search(batch, error)
        if maybe_processed(error):
            self._batching = self._batching.lost(load)
        return self._backoff(error)

    def _stubborn(self, error: ServerError) -> bool:
        refused = isinstance(error, Rejected) and error.status >= 500 and maybe_processed(error)
        return refused and self._failures >= _STUBBORN

    def _search(self, batch: Batch, error: ServerError) -> float:
        """Look for the row that the server refuses, at once while the search goes on."""
        alone = self._batching.alone(batch.load)
        self._batching = self._batching.refused(batch.load)
        if alone:
            return self._condemn(batch, error)
        if self._batching.searching and not isinstance(error, Unauthorised):
            return 0.0
        return self._backoff(error)

    def _condemn(self, batch: Batch, error: ServerError) -> float:
        """One row stood alone and was refused: the third time it is set aside."""
        self._lone_refusals += 1
        if self._count_refusal(batch) >= self._batching.limits.refusals:
            if self._batching.may_park():
                self._park(batch, error)
                self._batching = self._batching.parked()
            else:
                # Nothing at all is accepted: that is hardly the fault of each single row.
                self._batching = self._batching.passed_over()
        rest = self._pace.rest(self._lone_refusals, self._chance())
        self._suspects_at = self._clock.monotonic() + rest
        return 0.0

    def _count_refusal(self, batch: Batch) -> int:
        if batch.reports:
            return self._exchanges.refuse_report(batch.reports[0].inbound_id)
        return self._exchanges.refuse_update(batch.updates[0].id)

    def _park(self, batch: Batch, error: ServerError) -> None:
        now, reason = self._clock.now(), f"the server refuses it: {error}"
        for report in batch.reports:
            self._exchanges.park_report(now, report.inbound_id, reason)
            self._journal.parked("report", report.inbound_id, outcome_of(error))
        for update in batch.updates:
            self._exchanges.park_update(now, update.id, reason)
            self._journal.parked("update", update.id, outcome_of(error))

    def _backoff(self, error: ServerError) -> float:
        return self._pace.backoff(error, self._failures, self._chance())


def _too_large(error: ServerError) -> bool:
    return isinstance(error, Rejected) and error.status == 413
