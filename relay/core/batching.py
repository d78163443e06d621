"""How much one exchange carries, and how the one row that a server refuses is found.

A `Batching` is a value: it says what to `take` next, and every outcome makes the next one of it.
After a refusal it asks, in this order: do the updates go through without the reports? does an
empty exchange? Whatever was left out when it worked is under suspicion, and is halved until one
row stands alone. In between, everything that is not under suspicion goes on flowing; each such
exchange is also the proof that the server itself is well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Stage(StrEnum):
    TOGETHER = "together"
    UPDATES_ALONE = "updates alone"
    NOTHING = "nothing"
    REPORTS_SUSPECT = "reports suspect"
    UPDATES_SUSPECT = "updates suspect"


_SUSPECT = frozenset({Stage.REPORTS_SUSPECT, Stage.UPDATES_SUSPECT})

# A server that refuses every row is itself in trouble. After so many rows in a row were parked
# with none accepted in between, no more are: they are only passed over.
_PARKED_REPORTS_MAX = 3
_PARKED_UPDATES_MAX = 12


@dataclass(frozen=True, slots=True)
class Limits:
    """Rows per exchange, and the durations (seconds) that make it grow or shrink.

    10 and 20 are what the Android gateway sends (WebappPoller.java:26), and what CHT is used to:
    it needs about 0.1 s for each report.
    """

    max_reports: int = 10
    max_updates: int = 20
    fast_s: float = 5.0
    slow_s: float = 20.0
    refusals: int = 3


@dataclass(frozen=True, slots=True)
class Load:
    """Rows in one exchange; `skip` so many of the oldest reports (they were passed over)."""

    reports: int
    updates: int
    skip: int = 0

    @property
    def empty(self) -> bool:
        return not self.reports and not self.updates


@dataclass(frozen=True, slots=True)
class Batching:
    """What the next exchange may carry. `held` is the load whose refusal started the search."""

    limits: Limits
    reports: int
    updates: int
    stage: Stage = Stage.TOGETHER
    held: Load = Load(0, 0)
    suspects: int = 0
    others_next: bool = False
    others_open: bool = True
    skip: int = 0
    parked_in_a_row: int = 0

    @classmethod
    def start(cls, limits: Limits) -> Batching:
        """Ten at first: a link is not known to be fast until it was."""
        return cls(limits, min(10, limits.max_reports), min(20, limits.max_updates))

    # --- what to send -----------------------------------------------------------------------

    @property
    def searching(self) -> bool:
        return self.stage is not Stage.TOGETHER

    @property
    def suspecting(self) -> bool:
        return self.stage in _SUSPECT

    def others_first(self) -> Batching:
        """The suspects rest for a while: whatever is not under suspicion goes before them."""
        return replace(self, others_next=True) if self.suspecting else self

    def more(self, reports: int, updates: int) -> bool:
        """Whether more of what waits may go at once, the suspects aside."""
        match self.stage:
            case Stage.REPORTS_SUSPECT:
                return updates > 0
            case Stage.UPDATES_SUSPECT:
                return reports > 0
            case _:
                return reports + updates > 0

    def take(self) -> Load:
        match self.stage:
            case Stage.TOGETHER:
                return Load(self.reports, self.updates, self.skip)
            case Stage.UPDATES_ALONE:
                return Load(0, self.updates)
            case Stage.NOTHING:
                return Load(0, 0)
            case _:
                return self._take_others() if self.others_next else self._take_suspects()

    def _take_suspects(self) -> Load:
        if self.stage is Stage.REPORTS_SUSPECT:
            return Load(self.suspects, 0, self.skip)
        return Load(0, self.suspects)

    def _take_others(self) -> Load:
        if not self.others_open:
            return Load(0, 0)
        if self.stage is Stage.REPORTS_SUSPECT:
            return Load(0, self.updates)
        return Load(self.reports, 0, self.skip)

    def alone(self, sent: Load) -> bool:
        """Whether `sent` was one suspect by itself: its refusal counts against that row."""
        suspects = sent.reports if self.stage is Stage.REPORTS_SUSPECT else sent.updates
        return self.stage in _SUSPECT and not self.others_next and suspects == 1

    def may_park(self) -> bool:
        reports = self.stage is Stage.REPORTS_SUSPECT
        return self.parked_in_a_row < (_PARKED_REPORTS_MAX if reports else _PARKED_UPDATES_MAX)

    # --- what became of it ------------------------------------------------------------------

    def accepted(self, sent: Load, took_s: float) -> Batching:
        sized = self._resized(sent, took_s)
        if sent.reports:
            sized = replace(sized, skip=0)
        match self.stage:
            case Stage.TOGETHER:
                return replace(sized, parked_in_a_row=0) if sent.reports else sized
            case Stage.UPDATES_ALONE:
                return sized._suspect(Stage.REPORTS_SUSPECT, self.held.reports)
            case Stage.NOTHING:
                return sized._suspect(Stage.UPDATES_SUSPECT, self.held.updates)
            case _:
                return sized._suspects_accepted(sent)

    def _suspects_accepted(self, sent: Load) -> Batching:
        if self.others_next:
            return replace(self, others_next=False)
        reports = self.stage is Stage.REPORTS_SUSPECT
        count, whole = (sent.reports, self.reports) if reports else (sent.updates, self.updates)
        cleared = replace(self, parked_in_a_row=0) if count else self
        if count < self.suspects or self.suspects * 2 >= whole:
            return cleared._together()
        return replace(cleared, suspects=self.suspects * 2, others_next=True)

    def refused(self, sent: Load) -> Batching:
        """Not TOGETHER afterwards: search on. TOGETHER: it is the server's own trouble."""
        match self.stage:
            case Stage.TOGETHER if sent.reports:
                return replace(self, stage=Stage.UPDATES_ALONE, held=sent)
            case Stage.TOGETHER | Stage.UPDATES_ALONE if sent.updates:
                return replace(self, stage=Stage.NOTHING, held=sent)
            case Stage.REPORTS_SUSPECT | Stage.UPDATES_SUSPECT:
                return self._others_refused(sent) if self.others_next else self._halved(sent)
            case _:
                return self._together()

    def _others_refused(self, sent: Load) -> Batching:
        if sent.empty:
            return self._together()
        return replace(self, others_open=False)

    def _halved(self, sent: Load) -> Batching:
        if sent.empty:
            return self._together()
        fewer = max(1, (sent.reports + sent.updates) // 2)
        return replace(self, suspects=fewer, others_next=True)

    def parked(self) -> Batching:
        """The row that stood alone was set aside."""
        return replace(self, parked_in_a_row=self.parked_in_a_row + 1)

    def passed_over(self) -> Batching:
        """The report that stood alone stays where it is, and the next one is tried first.

        Updates have an order to keep: none is ever passed over.
        """
        return replace(self, skip=self.skip + 1) if self.stage is Stage.REPORTS_SUSPECT else self

    def too_large(self, sent: Load) -> Batching:
        """413: never so much again. A single row that is too large is a refused one."""
        if sent.reports + sent.updates <= 1:
            return self.refused(sent)
        reports = sent.reports // 2 if sent.reports > 1 else self.limits.max_reports
        updates = sent.updates // 2 if sent.updates > 1 else self.limits.max_updates
        limits = replace(self.limits, max_reports=reports, max_updates=updates)
        smaller = replace(
            self,
            limits=limits,
            reports=min(self.reports, reports),
            updates=min(self.updates, updates),
        )
        return smaller._halved(sent) if self.stage in _SUSPECT else smaller

    def lost(self, sent: Load) -> Batching:
        """No answer came to a load that had left: less next time, and not the same row again."""
        if sent.empty:
            return self
        at_least = self.reports == 1 and sent.reports == 1
        return replace(
            self,
            reports=max(1, self.reports // 2),
            updates=max(1, self.updates // 2),
            skip=self.skip + 1 if at_least else self.skip,
        )

    # --- steps of the search ----------------------------------------------------------------

    def _suspect(self, stage: Stage, held: int) -> Batching:
        half = max(1, held // 2)
        return replace(
            self, stage=stage, suspects=half, others_next=False, others_open=True, held=Load(0, 0)
        )

    def _together(self) -> Batching:
        return replace(self, stage=Stage.TOGETHER, suspects=0, others_next=False, others_open=True)

    def _resized(self, sent: Load, took_s: float) -> Batching:
        if took_s > self.limits.slow_s:
            return replace(
                self,
                reports=max(1, min(self.reports, sent.reports or self.reports) // 2),
                updates=max(1, min(self.updates, sent.updates or self.updates) // 2),
            )
        if took_s > self.limits.fast_s:
            return self
        reports, updates = self.reports, self.updates
        if sent.reports >= reports:
            reports = min(reports * 2, self.limits.max_reports)
        if sent.updates >= updates:
            updates = min(updates * 2, self.limits.max_updates)
        return replace(self, reports=reports, updates=updates)
