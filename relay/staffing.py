"""The crew of one relay: a worker for each modem, for each server, and for the control socket."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from relay import assembly_alerts as watching
from relay import assembly_community as community
from relay.assembly import modem_turn, syncing
from relay.config_sections import Config
from relay.control.answers import Answers, Station
from relay.control.listener import Listener
from relay.control.promise import Answer
from relay.control.verbosity import Verbosity
from relay.flows.ports import Clock
from relay.flows.visiting import Visits
from relay.log import event
from relay.modem.discovery import Bus
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.outbox import Outbox
from relay.store.pauses import SYNC, Pauses
from relay.turns import SyncTurn
from relay.workers import Bell, Bells, Waker, Worker

_log = logging.getLogger("relay.staffing")

# One step of a modem may honestly take a listing (90 s per memory), a prompt and an answer.
_STEP_EXTRA_S = 300.0
# A submission that is under way is not broken off, but a stop must end some time.
_MODEM_STOP_S = 60.0
SYNC_STOP_S = 5.0


@dataclass
class Staffing:
    """What all workers share, and who they are. Nothing is started here.

    `closers` free what a worker of that name has opened, once its thread has ended.
    """

    config: Config
    db: Database
    clock: Clock
    inbox: Inbox
    outbox: Outbox
    bus: Bus
    stop: threading.Event
    computer: Callable[[], int]  # what the clock of the computer shows (epoch ms)
    reload: Callable[[], Answer]
    workers: list[Worker] = field(default_factory=list)
    closers: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    visits: dict[str, Visits] = field(default_factory=dict)
    syncs: dict[str, SyncTurn] = field(default_factory=dict)
    modems: Bells = field(default_factory=Bells)
    servers: Bells = field(default_factory=Bells)
    rules_mark: str = ""  # of the files of the rule sets, as they were read

    def __post_init__(self) -> None:
        self.pauses = Pauses(Facts(self.db))
        logs = self.config.log
        self.verbosity = Verbosity(logs.level, logs.trace_modem, self.clock.monotonic)
        self._staff_modems()
        self._staff_servers()
        self._staff_watching()
        self._staff_answering()
        self.listener = self._staff_control()

    def _staff_modems(self) -> None:
        for one in self.config.modems:
            turn = modem_turn(
                one,
                self.config,
                self.db,
                self.inbox,
                self.outbox,
                self.clock,
                self.servers,
                self.modems,
                self.bus,
                self.pauses,
            )
            self.modems.add(turn.ring)
            self.visits[one.name] = turn.visits
            name = f"modem-{one.name}"
            self.closers.append((name, turn.close))
            self._hire(
                name,
                turn.step,
                turn,
                busy_limit_s=one.answer_timeout_s + one.prompt_timeout_s + _STEP_EXTRA_S,
                stop_limit_s=_MODEM_STOP_S,
            )

    def _staff_servers(self) -> None:
        names = tuple(server.name for server in self.config.servers)
        for one in self.config.servers:
            bell = Bell()
            self.servers.add(bell.ring)
            flow, close = syncing(one, self.db, self.outbox, self.clock, self.modems, names)
            turn = SyncTurn(flow, bell, lambda: self.pauses.holds(SYNC))
            self.syncs[one.name] = turn
            name = f"sync-{one.name}"
            self.closers.append((name, close))
            self._hire(
                name,
                turn.step,
                bell,
                busy_limit_s=one.connect_timeout_s + 2 * one.read_timeout_s + _STEP_EXTRA_S,
            )

    def _staff_watching(self) -> None:
        """What tells people and programs; no message waits for any of it."""
        watching.set_hooks(self.config.hooks, self.db)
        bell = Bell()
        if watching.wanted(self.config):
            watch = watching.alerting(
                self.config, self.db, self.outbox, self.clock, self.computer, self.modems, bell
            )
            self._staff_watcher("alerts", watch.step, Bell())
            if beat := watching.heartbeat(self.config.alerts, self.db, self.clock, watch):
                self._staff_watcher("heartbeat", beat.step, Bell())
        if self.config.hooks.on_message or self.config.hooks.on_alert:
            hooks = watching.hooking(self.config.hooks, self.db, self.clock, self.stop.is_set)
            self.servers.add(bell.ring)  # rung for whatever comes in
            self._staff_watcher("hooks", hooks.step, bell)

    def _staff_answering(self) -> None:
        """What answers people by rules; no message waits for it either."""
        if not community.wanted(self.config):
            community.switched_off(self.db, self.clock)
            return
        found = community.rules(self.config)
        self.rules_mark = found.fingerprint
        community.note(found, self.db, self.clock)
        for fault in found.faults:
            _log.error(event("community.set_broken", fault=str(fault)))
        bell = Bell()
        self.servers.add(bell.ring)  # rung for whatever comes in
        flow = community.answering(found, self.db, self.outbox, self.clock, self.modems)
        self._hire("answering", flow.step, bell)

    def _staff_watcher(self, name: str, step: Callable[[], float], bell: Bell) -> None:
        self._hire(name, step, bell, busy_limit_s=self.config.hooks.timeout_s + _STEP_EXTRA_S)

    def _hire(
        self,
        name: str,
        step: Callable[[], float],
        bell: Waker,
        *,
        busy_limit_s: float = _STEP_EXTRA_S,
        stop_limit_s: float = SYNC_STOP_S,
    ) -> None:
        self.workers.append(
            Worker(
                name,
                step,
                bell=bell,
                stop=self.stop,
                monotonic=self.clock.monotonic,
                busy_limit_s=busy_limit_s,
                stop_limit_s=stop_limit_s,
            )
        )

    def _ring_all(self) -> None:
        self.modems.ring()
        self.servers.ring()

    def _staff_control(self) -> Listener:
        answers = Answers(
            Station(
                self.db,
                self.clock,
                self.outbox,
                self.visits,
                self.syncs,
                self.pauses,
                self._ring_all,
                self.verbosity,
                self.reload,
                self.config.airtime.ussd_timeout_s,
            )
        )
        listener = Listener(self.config.control.path, answers, self.clock.monotonic)
        self.closers.append(("control", listener.close))
        self._hire("control", listener.step, listener)
        return listener
