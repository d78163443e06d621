"""The composition of what watches and tells: alerts, hooks, heartbeat. Nothing is started here."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from relay import programs
from relay.config_sections import Config
from relay.config_watching import AlertsConfig, HooksConfig
from relay.flows.alerting import Alerting, AlertingPolicy
from relay.flows.heartbeat import Heartbeat
from relay.flows.hooking import Hooking
from relay.flows.ports import Clock, Doorbell
from relay.servers.dead_man import DeadMan
from relay.status import observe
from relay.store.alerts import Alerts
from relay.store.database import Database
from relay.store.facts import Facts
from relay.store.hooks import ON_ALERT, ON_MESSAGE, Hooks
from relay.store.outbox import Outbox


def wanted(config: Config) -> bool:
    """Whether anybody is told of anything, or asks for a sign of life."""
    return bool(config.alerts.to or config.hooks.on_alert or config.alerts.heartbeat_url)


def policy(config: Config) -> AlertingPolicy:
    return AlertingPolicy(config.alerts.to, config.alerts.rules, config.sending.rules.quiet)


def alerting(
    config: Config,
    db: Database,
    outbox: Outbox,
    clock: Clock,
    computer: Callable[[], int],
    outbox_bell: Doorbell,
    hooks_bell: Doorbell,
) -> Alerting:
    """`computer` is what the clock of the computer shows, which need not be that of relay."""

    return Alerting(
        lambda: observe(config, computer()),
        Alerts(db, outbox),
        clock,
        policy(config),
        outbox_bell,
        hooks_bell,
    )


def hooking(
    config: HooksConfig, db: Database, clock: Clock, stopping: Callable[[], bool]
) -> Hooking:
    def run(command: Sequence[str], name: str, document: bytes) -> tuple[str, str]:
        ran = programs.run(command, name, document, config.timeout_s, stopping=stopping)
        return ran.reason, ran.said

    commands = {ON_MESSAGE: config.on_message, ON_ALERT: config.on_alert}
    return Hooking(commands, Hooks(db), clock, run, random.random)


def set_hooks(config: HooksConfig, db: Database) -> None:
    """Before anything comes in: from now on these are owed what happens."""
    names = [ON_MESSAGE] * bool(config.on_message) + [ON_ALERT] * bool(config.on_alert)
    Hooks(db).set(names)


def heartbeat(
    config: AlertsConfig, db: Database, clock: Clock, watch: Alerting
) -> Heartbeat | None:
    if not config.heartbeat_url:
        return None
    switch = DeadMan(config.heartbeat_url.reveal(), config.heartbeat_method, config.heartbeat_fail)
    return Heartbeat(switch, lambda: watch.verdict, Facts(db), clock, 60.0 * config.heartbeat_min)
