"""One look at the station: follow its problems, and write to the technician what lasts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from relay.clock import local, wall
from relay.core import alerts
from relay.core.alert_kinds import BY_NAME, kind_of
from relay.core.alert_words import alert_text
from relay.core.alerts import AlertPolicy, Key, Outlook, Sight, Watch
from relay.core.health import judge
from relay.core.plain import DAY, MINUTE
from relay.core.quiet import Quiet
from relay.core.sim_health import may_send
from relay.core.station import Station
from relay.core.verdict import Health, Verdict
from relay.flows.ports import Clock, Doorbell
from relay.log import event
from relay.store.alerts import Alerts

_log = logging.getLogger("relay.alerts")

_LOOK_S = 30.0
# A problem that only goes on is not written down at each look: cards wear out.
_SAVE_EVERY_MS = 5 * MINUTE


@dataclass(frozen=True, slots=True)
class AlertingPolicy:
    """`recipients` are the technician's numbers; in quiet hours only what is urgent is told."""

    recipients: tuple[str, ...] = ()
    rules: AlertPolicy = field(default_factory=AlertPolicy)
    quiet: Quiet | None = None


class Alerting:
    """Only used by the alerts thread, except `verdict`."""

    def __init__(
        self,
        observe: Callable[[], Station],
        store: Alerts,
        clock: Clock,
        policy: AlertingPolicy,
        outbox_bell: Doorbell,
        hooks_bell: Doorbell,
    ) -> None:
        self._observe = observe
        self._store = store
        self._clock = clock
        self._policy = policy
        self._outbox_bell = outbox_bell
        self._hooks_bell = hooks_bell
        self._watches: tuple[Watch, ...] | None = None
        self._saved_at = 0
        # Written by the alerts thread, read by the heartbeat's: the last verdict, and when.
        self.verdict: tuple[Verdict, float] | None = None

    def step(self) -> float:
        """Look, write down, tell; seconds until the next look."""
        now = self._clock.now()
        station = self._observe()
        health = judge(station)
        self._store.redate(now)
        before = self._store.watches() if self._watches is None else self._watches
        own = Own(
            self._store.unsent(),
            self._store.failed(now),
            self._store.in_doubt(),
            self._store.looping(),
        )
        seen = sight(station, health, now, own)
        after = alerts.follow(before, seen, self._policy.rules)
        self._save(now, before, after, station, health)
        self._tell(now, after, station)
        self.verdict = (health.verdict, self._clock.monotonic())
        return _LOOK_S

    def _save(
        self,
        now: int,
        before: Sequence[Watch],
        after: tuple[Watch, ...],
        station: Station,
        health: Health,
    ) -> None:
        changed = alerts.changes(before, after)
        documents = [document(state, watch, station, health) for state, watch in changed]
        for state, watch in changed:
            _log.warning(event(f"alert.{state}", kind=watch.kind, subject=watch.subject,
                               code=watch.code))  # fmt: skip
        late = bool(after) and not 0 <= now - self._saved_at < _SAVE_EVERY_MS
        if documents or late or _outline(before) != _outline(after):
            self._store.save(now, after, documents)
            self._saved_at = now
        self._watches = after
        if documents:
            self._hooks_bell.ring()

    def _tell(self, now: int, watches: tuple[Watch, ...], station: Station) -> None:
        rules = self._policy.rules
        quiet = self._policy.quiet
        outlook = Outlook(
            can_send=any(may_send(modem, station) for modem in station.modems),
            quiet=quiet is not None and quiet.until(now, wall) is not None,
            written=self._store.written(now),
        )
        chosen = alerts.to_tell(watches, now, rules, outlook)
        if not chosen:
            return
        keys = {watch.key for watch in chosen}

        def compose(wanted: Collection[Key]) -> str:
            about = [watch for watch in watches if watch.key in wanted]
            return alert_text(station.name, about, now, local)

        after = tuple(alerts.told(one, now) if one.key in keys else one for one in watches)
        self._store.tell(now, after, keys, self._policy.recipients, compose, rules.again_ms or DAY)
        self._watches, self._saved_at = after, now
        _log.warning(event("alert.told", problems=len(keys), to=len(self._policy.recipients)))
        self._outbox_bell.ring()


@dataclass(frozen=True, slots=True)
class Own:
    """How many alerts have not left yet, were given up in the last day, may or may not have left
    (in parts), and are held as a loop."""

    waiting: int = 0
    failed: int = 0
    in_doubt: int = 0
    looping: int = 0


def sight(station: Station, health: Health, now: int, own: Own) -> Sight:
    """What this look found, and of what it could see nothing: not known is not over.

    Where nothing but alerts waits, or fails, no queue is in trouble: they would tell of themselves
    for ever.
    """
    blind = {
        (kind, problem.subject)
        for problem in health.problems
        for kind in _BLINDED.get(problem.code, ())
    }
    spared = _of_alerts_alone(station, own)
    problems = tuple(one for one in health.problems if one.code not in spared)
    return Sight(now, problems, frozenset(blind), station.store.trouble is not None)


def _of_alerts_alone(station: Station, own: Own) -> frozenset[str]:
    """The problems that no message has but our own."""
    outward = station.outward
    if outward is None:
        return frozenset()
    others_failed = sum(reason.n for reason in outward.failed) > own.failed
    ours = (
        (_WAITING, own.waiting and outward.waiting <= own.waiting),
        (_FAILING, not (others_failed or outward.backoff > own.waiting)),
        (_IN_DOUBT, outward.uncertain <= own.in_doubt),
        (_LOOPING, outward.looping <= own.looping),
    )
    return frozenset().union(*(codes for codes, alone in ours if alone))


_IN_DOUBT = frozenset({"UNCERTAIN_HELD"})
_LOOPING = frozenset({"LOOP_SUSPECTED"})
_WAITING = frozenset({"OUT_SLOW", "OUT_REFUSED"})
_FAILING = frozenset({"SMS_REJECTED", "SMS_FAILING"})


_BLINDED = {
    "MODEM_UNKNOWN": ("modem", "sim", "credit", "signal", "silence"),
    "SERVER_UNKNOWN": ("server", "refusal"),
}


def document(state: str, watch: Watch, station: Station, health: Health) -> str:
    """What `on_alert` reads: JSON of schema 1."""
    kind = BY_NAME[watch.kind]
    about = next(
        (
            problem
            for problem in health.problems
            if problem.code == watch.code
            and kind_of(problem) is kind
            and watch.subject in ("", problem.subject)
        ),
        None,
    )
    return json.dumps(
        {
            "v": 1,
            "event": "alert",
            "state": state,
            "station": station.name,
            "kind": watch.kind,
            "subject": watch.subject,
            "code": watch.code,
            "urgent": kind.urgent,
            "began_at": watch.began_at,
            "over_at": watch.away_at or watch.over_at if state == "solved" else None,
            "what": about.what if about else "",
            "action": about.action if about else "",
        }
    )


def _outline(watches: Sequence[Watch]) -> list[Watch]:
    """All but what a look changes each time."""
    return [replace(watch, seen_at=0, bad_ms=0) for watch in watches]
