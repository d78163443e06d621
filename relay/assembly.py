"""The composition root: from a configuration to a crew of workers. Nothing is started here."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from relay import operators
from relay.config_sections import (
    AirtimeConfig,
    Config,
    LoopsConfig,
    ModemConfig,
    RecoveryConfig,
    SendingConfig,
    ServerConfig,
)
from relay.core.airtime import Wishes
from relay.core.batching import Limits
from relay.core.calls import CallPolicy
from relay.core.credit import Reserve
from relay.core.ladder import STEPS, Trouble
from relay.core.money import micros
from relay.core.polling import Pace
from relay.core.routing import operators_of
from relay.flows.airtime import Airtime, AirtimePolicy, want_balances
from relay.flows.credit import CreditHold
from relay.flows.linking import Linking
from relay.flows.ports import Clock, Doorbell, Modem
from relay.flows.receiving import Receiving
from relay.flows.recovery import Recovery, RecoveryPolicy
from relay.flows.ringing import Ringing
from relay.flows.roster import SILENT_MS, Roster, RoutingPolicy
from relay.flows.sending import Sending
from relay.flows.silence import CanaryPolicy, Silence
from relay.flows.sim_guard import SimGuard
from relay.flows.submission import Submission, SubmissionPolicy
from relay.flows.syncing import Syncing
from relay.log import TRACE, event
from relay.modem.cures import Cures
from relay.modem.discovery import Bus, Discovery
from relay.modem.driver import GsmDriver
from relay.modem.patience import Patience
from relay.modem.probe import Care
from relay.servers.cht import ChtServer
from relay.servers.credentials import Credentials
from relay.servers.http import Timeouts
from relay.servers.tls import Trust
from relay.store.accounts import Accounts
from relay.store.calls import Calls
from relay.store.canaries import Canaries
from relay.store.database import Database
from relay.store.enqueuing import Composition
from relay.store.exchanges import Exchanges
from relay.store.facts import Facts
from relay.store.inbox import Inbox
from relay.store.notices import Notices
from relay.store.outbox import Outbox
from relay.store.pauses import SENDING, Pauses
from relay.store.pins import Pins
from relay.store.rhythms import Rhythms
from relay.store.sims import Sims
from relay.store.takeover import Takeover
from relay.store.used_port import UsedPort
from relay.turns import ModemTurn

_HOUR_MS = 3600 * 1000


def outbox_of(db: Database, sending: SendingConfig, loops: LoopsConfig) -> Outbox:
    return Outbox(
        db,
        Composition(
            validity_s=sending.validity_h * 3600,
            report=sending.request_reports,
            national=sending.national,
            max_parts=sending.max_parts,
        ),
        sending.rules,
        loops.limits,
    )


def inbox_of(db: Database, config: Config) -> Inbox:
    servers = tuple(server.name for server in config.servers)
    wait_ms = config.receiving.parts_wait_h * _HOUR_MS
    return Inbox(db, servers, wait_ms, answering=bool(config.community.sets))


def notices_of(db: Database, config: Config) -> Notices:
    servers = tuple(server.name for server in config.servers)
    gateway = config.gateway
    return Notices(db, servers, gateway.notice_sender, wanted=gateway.notices)


def driver(config: ModemConfig, db: Database, clock: Clock, bus: Bus) -> GsmDriver:
    """One modem, wherever it is plugged in; nothing is opened. The `bus` is that of all modems."""
    usual = Patience()
    finder = Discovery(
        config.name,
        config.binding,
        bus=bus,
        memory=UsedPort(db, clock.now, config.name),
        baud=config.baud,
        care=Care(answer_s=min(Care().answer_s, config.wake_timeout_s / 5)),
    )
    return GsmDriver(
        config.name,
        finder=finder,
        baud=config.baud,
        smsc=config.smsc,
        pin=config.pin.reveal() if config.pin else None,
        pins=Pins(db, clock.now, config.name),
        answer_timeout_s=config.answer_timeout_s,
        prompt_timeout_s=config.prompt_timeout_s,
        command_timeout_s=config.command_timeout_s,
        patience=replace(
            usual,
            wake_s=config.wake_timeout_s / usual.wake_tries,
            resync_s=min(usual.resync_s, config.command_timeout_s),
            quiet_s=min(usual.quiet_s, 2.5 * config.command_timeout_s),
        ),
        cures=Cures(bus.tree, power_cycle=config.power_cycle),
        monotonic=clock.monotonic,
        trace=lambda way, line: TRACE.debug(event("at", modem=config.name, way=way, line=line)),
    )


def airtime(
    modem: Modem,
    config: ModemConfig,
    money: AirtimeConfig,
    db: Database,
    outbox: Outbox,
    clock: Clock,
    hold: CreditHold,
) -> Airtime:
    wishes = Wishes(
        ussd=config.balance_ussd,
        pattern=config.balance_pattern,
        sms_to=config.balance_sms_to,
        sms_text=config.balance_sms_text,
        sms_from=config.balance_sms_from,
        price=micros(money.price_per_sms) if money.price_per_sms else None,
        currency=money.currency,
    )
    policy = AirtimePolicy(
        wishes, operators.known(), money.ussd_timeout_s, money.suspect_min * 60_000
    )
    return Airtime(modem, Accounts(db), Facts(db), outbox, clock, policy, hold)


def credit_hold(
    config: ModemConfig, money: AirtimeConfig, db: Database, clock: Clock
) -> CreditHold:
    reserve = Reserve(money.reserve_sms, micros(money.reserve_amount))
    return CreditHold(config.name, Accounts(db), Facts(db), clock, reserve, money.cap)


def balance_wish(
    config: Config, db: Database, clock: Clock, ring: Callable[[], object]
) -> Callable[[], None]:
    """What has all modems ask for their balance."""
    names = [modem.name for modem in config.modems]
    return partial(want_balances, Facts(db), clock, names, ring)


def call_policy(config: ModemConfig) -> CallPolicy:
    return CallPolicy(hang_up=config.calls == "hangup", reply=config.call_reply)


def modem_turn(
    config: ModemConfig,
    whole: Config,
    db: Database,
    inbox: Inbox,
    outbox: Outbox,
    clock: Clock,
    sync_bell: Doorbell,
    modems_bell: Doorbell,
    bus: Bus,
    pauses: Pauses,
) -> ModemTurn:
    """Everything that one modem's thread owns; the `bus` is that of all modems."""
    facts = Facts(db)
    modem = driver(config, db, clock, bus)
    submission = Submission(outbox, facts, clock, submission_policy(config, whole.sending))
    recovery = Recovery(modem, facts, clock, recovery_policy(whole.recovery))
    hold = credit_hold(config, whole.airtime, db, clock)
    guard = SimGuard(modem, Sims(db), notices_of(db, whole), clock, whole.gateway.name)
    roster = _roster(config, whole, db, outbox, clock)
    receiving = Receiving(modem, inbox, clock, sync_bell, config.sweep_s, facts)
    linking = Linking(
        modem, facts, clock, random.random, config.survey_s, recovery, guard.surveyed
    )

    def look_over() -> None:
        linking.look_soon()
        receiving.look_soon()

    ringing = Ringing(modem, Calls(db, outbox), clock, call_policy(config), look_over)
    sending = Sending(
        modem,
        outbox,
        submission,
        clock,
        whole.sending.soft_retries,
        lambda: hold.selection() & roster.selection(),
        credit=hold,
        sim=guard,
        rings=lambda: ringing.rings,
        paused=lambda: pauses.holds(SENDING),
    )
    money = airtime(modem, config, whole.airtime, db, outbox, clock, hold)
    silence = _silence(modem, config, db, outbox, clock, recovery.worked)
    companions = (guard, ringing, silence)
    return ModemTurn(
        modem, linking, receiving, sending, submission, money, roster, clock, modems_bell,
        companions, lambda: bus.plugs,
    )  # fmt: skip


def _roster(
    config: ModemConfig, whole: Config, db: Database, outbox: Outbox, clock: Clock
) -> Roster:
    sims, takeover = Sims(db), Takeover(db)
    return Roster(
        config.name, Facts(db), outbox, takeover, clock, _routing(whole), sims.holds, sims.imsi_of
    )


def _silence(
    modem: Modem,
    config: ModemConfig,
    db: Database,
    outbox: Outbox,
    clock: Clock,
    worked: Callable[[Trouble], None],
) -> Silence:
    return Silence(
        modem,
        Rhythms(db, config.name),
        Canaries(db, config.name),
        outbox,
        clock,
        canary_policy(config),
        worked,
        min(60.0, config.survey_s),
    )


def submission_policy(config: ModemConfig, sending: SendingConfig) -> SubmissionPolicy:
    return SubmissionPolicy(
        mode=config.submission,
        on_uncertain=sending.on_uncertain,
        wait_ms=round(sending.uncertain_wait_s * 1000),
        unsent_ms=round(config.answer_timeout_s * 1000),
    )


def _routing(config: Config) -> RoutingPolicy:
    sending = config.sending
    return RoutingPolicy(
        prefixes={modem.name: modem.prefixes for modem in config.modems},
        operators=operators_of(sending.operators),
        patience_ms=round(sending.takeover_s * 1000),
        on_uncertain=sending.on_uncertain,
        wait_ms=round(sending.uncertain_wait_s * 1000),
        silent_ms=max(SILENT_MS, *(round(3000 * modem.survey_s) for modem in config.modems)),
    )


def canary_policy(config: ModemConfig) -> CanaryPolicy:
    number = config.number if config.canary else ""
    return CanaryPolicy(number, config.canary_max_per_day, config.canary_wait_s)


def recovery_policy(recovery: RecoveryConfig) -> RecoveryPolicy:
    return RecoveryPolicy(
        steps=tuple(step for step in STEPS if step.lower() in recovery.steps),
        settle_s=recovery.settle_s,
        proof_s=recovery.proof_s,
        again_s=recovery.again_s,
    )


def syncing(
    config: ServerConfig,
    db: Database,
    outbox: Outbox,
    clock: Clock,
    outbox_bell: Doorbell,
    present: Sequence[str],
) -> tuple[Syncing, Callable[[], None]]:
    """One server's turn, and how to close its connection; `present` names all servers."""
    password = config.password.reveal() if config.password else ""
    server = ChtServer(
        config.name,
        Credentials(config.url, config.user, password),
        timeouts=Timeouts(
            config.connect_timeout_s, config.read_timeout_s, 2 * config.read_timeout_s
        ),
        trust=Trust(str(config.ca_file or ""), config.pin_sha256),
        request_gzip=config.request_gzip,
    )
    exchanges = Exchanges(db, config.name, outbox, present)
    exchanges.adopt()
    flow = Syncing(
        server,
        exchanges,
        Facts(db),
        clock,
        chance=random.random,
        limits=Limits(config.max_reports, config.max_updates),
        pace=Pace(config.poll_min_s, config.poll_max_s, config.ambiguous_wait_s),
        outbox_bell=outbox_bell,
    )
    return flow, server.close
