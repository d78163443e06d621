"""One turn of talking to one server: what waits goes up, what it wants sent comes down.

One exchange at a time. It is committed as in flight before its first byte; if its outcome
stays unknown, the same ids wait until the server must have finished with them, because CHT
stores a report twice when two requests with it overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relay.core.backoff import delay_s
from relay.core.batching import Batching, Limits, Load
from relay.core.cht import FULL_HANDOUT, Answer, Report, Update, unsendable
from relay.core.outcome import Outcome, may_blame_content, maybe_processed, outcome_of
from relay.core.polling import poll_s, remaining_s
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
_RETRY_AFTER_MAX_S = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. `ambiguous_wait_s`: how long a server may still work on what broke off."""

    poll_min_s: float = 15.0
    poll_max_s: float = 300.0
    ambiguous_wait_s: float = 60.0
    backoff_s: float = 5.0
    backoff_max_s: float = 300.0
    login_backoff_s: float = 300.0
    login_backoff_max_s: float = 900.0


@dataclass(frozen=True, slots=True)
class Batch:
    reports: tuple[Report, ...]
    updates: tuple[Update, ...]

    @property
    def load(self) -> Load:
        return Load(len(self.reports), len(self.updates))


class Syncing:
    """Only used by the sync thread of its server. `outbox_bell` rings when there is work for it."""

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
        self._waited = False
        self._failures = 0
        self._fruitless = 0

    def step(self) -> float:
        """Exchange once if it is time to; the seconds until the next turn. May be called early.

        Raises `StoreError` only; what was in flight then is treated as one of unknown outcome.
        """
        held = self._held_back()
        if held > 0:
            return held
        batch = self._next_batch()
        quiet = batch.load.empty and not self._batching.searching
        until_poll = self._poll_at - self._clock.monotonic()
        if quiet and until_poll > 0:
            return until_poll
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

    def _hold(self, seconds: float) -> float:
        """Nothing moves for so long, whoever rings."""
        self._not_before = self._clock.monotonic() + seconds
        return seconds

    # --- one exchange ---------------------------------------------------------------------------

    def _next_batch(self) -> Batch:
        load = self._batching.take()
        waiting = self._exchanges.waiting(load.reports + load.skip) if load.reports else []
        first = load.skip % len(waiting) if waiting else 0
        chosen = waiting[first : first + load.reports]
        updates = self._exchanges.updates(load.updates) if load.updates else []
        return Batch(tuple(self._sendable(chosen)), tuple(updates))

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
        self._batching = self._batching.accepted(batch.load, took_s)
        if settled.new and self._bell is not None:
            self._bell.ring()
        if settled.new or not batch.load.empty:
            self._active_at = self._clock.monotonic()
        self._journal.succeeded(batch.load, answer, settled, took_s)
        self._journal.sized(self._batching)
        return self._pause(answer, settled)

    def _pause(self, answer: Answer, settled: Settled) -> float:
        """None at all while something moves: what was handed out is acknowledged at once."""
        if self._batching.searching:
            return 0.0
        full = settled.new > 0 and len(answer.messages) >= FULL_HANDOUT
        if not full and self._exchanges.pending() == (0, 0):
            self._fruitless = 0
            return self._until_poll()
        # A server that hands out what we know, however often it is told, must not spin us.
        moved = settled.new or settled.forwarded or (settled.told and not settled.known)
        self._fruitless = 0 if moved else self._fruitless + 1
        return 0.0 if self._fruitless <= _FRUITLESS else self._hold(self._pace.poll_min_s)

    def _until_poll(self) -> float:
        mono = self._clock.monotonic()
        wait = poll_s(
            mono - self._active_at,
            min_s=self._pace.poll_min_s,
            max_s=self._pace.poll_max_s,
            chance=self._chance(),
        )
        self._poll_at = mono + wait
        return wait

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
        refusals = self._count_refusal(batch)
        if refusals >= self._batching.limits.refusals:
            if not self._batching.may_park():
                # Nothing at all is accepted: that is hardly the fault of each single row.
                self._batching = self._batching.passed_over()
                return self._backoff(error)
            self._park(batch, error)
            self._batching = self._batching.parked()
        return delay_s(
            refusals,
            base_s=self._pace.backoff_s,
            cap_s=self._pace.ambiguous_wait_s,
            chance=self._chance(),
        )

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
        pace = self._pace
        login = isinstance(error, Unauthorised)
        wait = delay_s(
            self._failures,
            base_s=pace.login_backoff_s if login else pace.backoff_s,
            cap_s=pace.login_backoff_max_s if login else pace.backoff_max_s,
            chance=self._chance(),
        )
        wish = error.retry_after_s if isinstance(error, Rejected) else None
        return max(wait, min(wish or 0.0, _RETRY_AFTER_MAX_S))


def _too_large(error: ServerError) -> bool:
    return isinstance(error, Rejected) and error.status == 413
