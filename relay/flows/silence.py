"""Silence: whether a modem that answers still receives, or the people simply do not write.

What comes in has a weekly rhythm, which is learned. When much more is missing than usual, the
modem is asked whether it still has its settings and its network; what lies in its memories is
swept anyway. Then, where the station has a number and may spend an SMS, it writes to itself: that
message, the canary, comes back or does not, and says which it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from relay.core.device import Urc
from relay.core.ladder import Trouble
from relay.core.link import LinkState
from relay.core.priority import Priority
from relay.core.rhythm import HOUR_MS, Silent, hour_of_week
from relay.errors import Ailing, PortLost
from relay.flows.ports import Clock, Modem
from relay.log import event
from relay.store.canaries import Canaries, Canary, Fate
from relay.store.outbox import Outbox
from relay.store.rhythms import Rhythms

_log = logging.getLogger("relay.silence")

_LOOK_S = 60.0
# A look that comes so late comes after a sleep: nobody knows what would have come in.
_LATE_S = 600.0
_DAY_MS = 24 * HOUR_MS
# An hour counts as seen when the modem was up for this much of it.
_SEEN_S = 3_000.0


@dataclass(frozen=True, slots=True)
class CanaryPolicy:
    """`number` is the station's own, '' where it may not write to itself; `wait_s` is how long
    the network may take to bring the message back."""

    number: str = ""
    max_per_day: int = 1
    wait_s: float = 900.0


class Silence:
    """Of one modem. Only used by that modem's thread; a companion of its turns."""

    def __init__(
        self,
        modem: Modem,
        rhythms: Rhythms,
        canaries: Canaries,
        outbox: Outbox,
        clock: Clock,
        policy: CanaryPolicy,
        came_in: Callable[[Trouble], None] = lambda _: None,
        look_s: float = _LOOK_S,
    ) -> None:
        self._modem = modem
        self._rhythms = rhythms
        self._canaries = canaries
        self._outbox = outbox
        self._clock = clock
        self._policy = policy
        self._came_in = came_in
        self._look_s = look_s
        self._rhythm = rhythms.rhythm()
        self._quiet = rhythms.quiet()
        self._newest = rhythms.newest()
        self._people = self._mark = rhythms.mark()
        self._looked_at: float | None = None  # monotonic; None: the modem was not up
        self._hour = clock.now() // HOUR_MS
        self._up_s = 0.0  # of this hour

    # --- a companion of the modem's turns -------------------------------------------------------

    def opened(self) -> None:
        """What would have come in while the modem was away comes now, or never."""
        self._looked_at = None

    def notice(self, urcs: Sequence[Urc]) -> None:
        pass

    def step(self) -> float:
        """Seconds until the next look. Raises `Ailing` when the modem is deaf."""
        now, since = self._clock.monotonic(), self._looked_at
        if since is not None and now - since < self._look_s:
            return self._look_s - (now - since)
        self._looked_at = now
        if since is not None and now - since < _LATE_S:
            self._listen(now - since)
        self._learn()
        self._decide()
        return self._look_s

    # --- what came in ---------------------------------------------------------------------------

    def _listen(self, seconds: float) -> None:
        """Whether something came in since the last look, and what is missing if not."""
        self._up_s += seconds
        newest = self._rhythms.newest(self._newest)
        if newest == self._newest:
            rate = self._rhythm.rate(hour_of_week(self._clock.now()))
            self._quiet = replace(self._quiet, missing=self._quiet.missing + rate * seconds / 3600)
            return
        self._newest = newest
        self._came_in(Trouble.DEAF)
        people = self._rhythms.people(self._people)
        if people != self._people:
            self._people = people
            if self._quiet.who is not Silent.MODEM:
                self._rhythm = self._rhythm.ended(self._quiet.missing)
            self._be(Silent.NOBODY, missing=0.0, since=self._clock.now())
        else:
            self._hears()

    def _hears(self) -> None:
        """A report came, or the canary: the modem is not deaf, and the people did not write."""
        match self._quiet.who:
            case Silent.NOBODY | Silent.MODEM:
                self._be(Silent.NOBODY, missing=0.0)
            case _:
                self._rhythm = self._rhythm.ended(self._quiet.missing)
                self._be(Silent.PEOPLE, missing=0.0)

    def _learn(self) -> None:
        """At the end of each hour: one more hour of the week is known."""
        hour = self._clock.now() // HOUR_MS
        if hour == self._hour:
            return
        if self._up_s >= _SEEN_S and hour == self._hour + 1:
            came = self._rhythms.busy_minutes(self._mark)
            of_week = hour_of_week(self._hour * HOUR_MS)
            self._rhythm = self._rhythm.learned(of_week, came)
        self._hour, self._up_s, self._mark = hour, 0.0, self._rhythms.mark()
        self._rhythms.put(self._clock.now(), self._rhythm, self._quiet)

    # --- what it means --------------------------------------------------------------------------

    def _decide(self) -> None:
        canary = self._canaries.last()
        if self._quiet.who in {Silent.TESTING, Silent.MODEM} and canary is not None:
            self._await(canary)
        elif self._rhythm.unusual(self._quiet.missing):
            self._look_closer(canary)

    def _look_closer(self, canary: Canary | None) -> None:
        if self._modem.link is not LinkState.READY:
            self._be(Silent.NETWORK)
            return
        if self._quiet.who is not Silent.UNUSUAL and not self._modem.check():
            raise PortLost(self._modem.name, "the modem has forgotten its settings")
        if self._policy.number and self._may_send(canary):
            self._send()
        else:
            self._be(Silent.UNUSUAL)

    def _may_send(self, canary: Canary | None) -> bool:
        now = self._clock.now()
        return self._canaries.sent_since(now - _DAY_MS) < self._policy.max_per_day and (
            canary is None or canary.sent_at + 1000 * self._policy.wait_s <= now
        )

    def _send(self) -> None:
        """One SMS to ourselves; it goes the way of all others, and is paid like them."""
        now = self._clock.now()
        canary = self._canaries.hatch(now, self._policy.number)
        # It is of no use to anybody later.
        id_ = self._outbox.enqueue(
            now,
            recipient=canary.number,
            text=canary.text,
            priority=Priority.REPLY,
            useful_until=now + round(1000 * self._policy.wait_s),
            may_loop=True,
        )
        self._canaries.sent(now, canary, id_)
        self._be(Silent.TESTING)

    def _await(self, canary: Canary) -> None:
        match self._canaries.fate(canary):
            case Fate.RETURNED:
                self._hears()
            case Fate.LOST_HERE:
                self._be(Silent.UNUSUAL)  # it never left: status says why messages do not
            case Fate.ON_AIR if self._overdue(canary):
                self._be(Silent.MODEM)
                raise Ailing("DEAF", "the modem answers, but its SMS to itself did not come back")
            case _:
                pass

    def _overdue(self, canary: Canary) -> bool:
        """Since the canary left, or since the last cure: then the network has to try again."""
        since = max(canary.sent_at, self._quiet.changed_at)
        return self._clock.now() - since >= 1000 * self._policy.wait_s

    def _be(self, who: Silent, *, missing: float | None = None, since: int | None = None) -> None:
        before, now = self._quiet, self._clock.now()
        self._quiet = replace(
            before,
            who=who,
            missing=before.missing if missing is None else missing,
            since=before.since if since is None else since,
            changed_at=now if who is not before.who or who is Silent.MODEM else before.changed_at,
        )
        if who is not before.who:
            self._rhythms.put(now, self._rhythm, self._quiet)
            _log.info(event("silence.is", modem=self._modem.name, who=who))
