"""What this modem knows of all modems, and what it takes over from those that stay away."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from relay.core.backoff import doubt_ms
from relay.core.link import LinkState
from relay.core.outbound import Event, FoundUnsent, Part, Resent
from relay.core.queueing import Selection
from relay.core.routing import Operators, Route, abandoned, selection_of
from relay.flows.ports import Clock
from relay.flows.submission import never_begun
from relay.log import event
from relay.store.facts import Fact, Facts
from relay.store.outbox import Outbox
from relay.store.parts import StaleRow
from relay.store.takeover import Takeover

_log = logging.getLogger("relay.roster")

# So long the routes are believed; a change is announced by a ring as well.
_FRESH_S = 1.0
_TAKE_OVER_EVERY_S = 30.0
SILENT_MS = 600_000  # at least


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """`prefixes` of each modem, in the order of the configuration; `patience_ms` with one that
    does not work. `on_uncertain` and `wait_ms` as in `SubmissionPolicy`. A modem that has not
    been surveyed for `silent_ms` has a thread that hangs.
    """

    prefixes: Mapping[str, tuple[str, ...]]
    operators: Operators
    patience_ms: int = 300_000
    on_uncertain: str = "resend"
    wait_ms: int = 600_000
    silent_ms: int = SILENT_MS


class Roster:
    """Only used by one modem's thread: `mine` is that modem."""

    def __init__(
        self,
        mine: str,
        facts: Facts,
        outbox: Outbox,
        takeover: Takeover,
        clock: Clock,
        policy: RoutingPolicy,
        held: Callable[[str], bool] = lambda _: False,
        imsi_of: Callable[[str], str] = lambda _: "",
    ) -> None:
        """`held`: whether a modem sends nothing until a person has looked at its SIM. `imsi_of`
        knows the IMSI of a SIM by its ICCID, where the SIM has ever told it.
        """
        self._held = held
        self._imsi_of = imsi_of
        self._mine = mine
        self._facts = facts
        self._outbox = outbox
        self._takeover = takeover
        self._clock = clock
        self._policy = policy
        self._routes: tuple[Route, ...] = ()
        self._read_at = float("-inf")  # monotonic
        self._step_at = 0.0  # monotonic
        # A modem that has not come up yet since the start is not one that stays away.
        self._started_s = clock.monotonic()

    def selection(self) -> Selection:
        """What this modem may claim now."""
        now, policy = self._clock.now(), self._policy
        routes = self.routes()
        return selection_of(self._mine, routes, policy.operators, now, policy.patience_ms)

    def routes(self) -> tuple[Route, ...]:
        """All modems of the configuration, as their facts tell."""
        if self._clock.monotonic() - self._read_at >= _FRESH_S:
            self._read_at = self._clock.monotonic()
            facts, now = self._facts.prefix("modem."), self._clock.now()
            silent_ms, started_at = self._policy.silent_ms, now - self._running_ms()
            known = (
                route(name, prefixes, facts, now, started_at, silent_ms, own=name == self._mine)
                for name, prefixes in self._policy.prefixes.items()
            )
            self._routes = tuple(
                replace(one, works=one.works and not self._held(one.name))
                for one in map(self._recognised, known)
            )
        return self._routes

    def _recognised(self, one: Route) -> Route:
        """A SIM that would not tell its IMSI this time is still the one that began a message."""
        imsi = "" if one.network else self._imsi_of(one.sim)
        return replace(one, sim=imsi, network=imsi) if imsi else one

    def _running_ms(self) -> int:
        """Since the start, whatever the clock was set to since."""
        return round((self._clock.monotonic() - self._started_s) * 1000)

    def step(self) -> float:
        """Take over from modems that stay away; seconds until the next look."""
        left = self._step_at - self._clock.monotonic()
        if left > 0:
            return left
        every_s = min(_TAKE_OVER_EVERY_S, max(1.0, self._policy.patience_ms / 1000))
        self._step_at = self._clock.monotonic() + every_s
        now, routes = self._clock.now(), self.routes()
        away = abandoned(routes, now, self._policy.patience_ms)
        for name in away:
            if name != self._mine:
                self._settle(name, now)
        sims = [one.sim for one in routes if one.sim and one.name not in away]
        if sims:
            self._send_anew(sims, now)
        return every_s

    def _settle(self, name: str, now: int) -> None:
        """Its doubts only its own memory could settle: then the policy does, when it is time."""
        for part in self._outbox.uncertain(name):
            happened = self._verdict(part, now)
            if happened is None:
                continue
            try:
                self._outbox.record(now, part, happened)
            except StaleRow:
                continue  # it came back, or another modem was faster
            _log.warning(
                event(
                    "outbox.settled",
                    part=f"{part.outbound_id}/{part.seq}",
                    by=type(happened).__name__,
                    away=name,
                )
            )

    def _verdict(self, part: Part, now: int) -> Event | None:
        if never_begun(part):
            return FoundUnsent()
        wait_ms = doubt_ms(self._policy.wait_ms, part.uncertain_count)
        due = now - (part.uncertain_at or 0) >= wait_ms
        return Resent() if due and self._policy.on_uncertain == "resend" else None

    def _send_anew(self, sims: Sequence[str], now: int) -> None:
        for outbound_id in self._takeover.stranded(sims, now - self._policy.patience_ms):
            if self._takeover.send_anew(now, outbound_id, sims):
                _log.warning(event("outbox.sent_anew", message=outbound_id, modem=self._mine))


def route(
    name: str,
    prefixes: tuple[str, ...],
    facts: Mapping[str, Fact],
    now: int,
    started_at: int,
    silent_ms: int,
    *,
    own: bool = False,
) -> Route:
    """What the facts say of one modem; a fact of an unexpected shape is an unknown one.

    Whether its `own` SIM is refused credit each modem knows better: it still sends a probe. A
    time that lies ahead is that of a clock that has been set back, and says nothing.
    """
    link, identity = (_table(facts, f"modem.{name}.{what}") for what in ("link", "identity"))
    seen = facts.get(f"modem.{name}.link")
    fresh = own or (seen is not None and now - seen.at < silent_ms)
    since = link.get("since")
    if not fresh or not isinstance(since, int) or since > now:
        since = 0
    return Route(
        name,
        works=fresh and link.get("state") == LinkState.READY,
        since=max(since, started_at),
        sim=sim_of(identity.get("imsi"), identity.get("iccid")),
        prefixes=prefixes,
        network=str(identity.get("imsi") or ""),
        credit=_left(facts, name, own=own),
    )


def sim_of(imsi: object, iccid: object) -> str:
    """What tells one SIM from another; '' where it says nothing."""
    return str(imsi or iccid or "")


def _table(facts: Mapping[str, Fact], key: str) -> Mapping[str, Any]:
    found = facts.get(key)
    return found.value if found is not None and isinstance(found.value, dict) else {}


def _left(facts: Mapping[str, Fact], name: str, *, own: bool) -> float | None:
    """What is left on the SIM; nothing while the network refuses for lack of it."""
    if _table(facts, f"modem.{name}.credit").get("out_since") is not None:
        return None if own else 0.0
    return _amount(_table(facts, f"modem.{name}.balance"))


def _amount(balance: Mapping[str, Any]) -> float | None:
    """In SMS where that is known: a bundle pays as well as money."""
    value = balance.get("sms_left")
    if value is None:
        value = balance.get("amount")
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
