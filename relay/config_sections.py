"""The sections of relay.toml: one frozen dataclass for each, one field for each key.

The default and the reader of a key stand together in `setting`; config/relay.toml says in plain
words what the keys mean. A part of relay is handed its own section and never the whole.
"""

# ruff: noqa: RUF009  # `setting` and `secret` return dataclasses.field(), made anew for each key

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from relay import config_modems as modems
from relay import config_money as money
from relay import config_network as network
from relay import config_sealing as sealing
from relay import config_values as values
from relay.config_community import CommunityConfig
from relay.config_keys import required, secret, setting
from relay.config_sealing import ExportConfig
from relay.config_secrets import Secret
from relay.config_watching import AlertsConfig, HooksConfig
from relay.core.caps import WINDOWS, Cap
from relay.core.credit import DayCap
from relay.core.loops import LoopLimits
from relay.core.money import micros
from relay.core.queueing import QueueRules
from relay.core.quiet import Quiet
from relay.core.usb import Binding

# 3GPP TS 23.038 §6.2.1.2.4, table of national language identifiers
NATIONAL_LANGUAGES = (
    "turkish",
    "spanish",
    "portuguese",
    "bengali",
    "gujarati",
    "hindi",
    "kannada",
    "malayalam",
    "oriya",
    "punjabi",
    "tamil",
    "telugu",
    "urdu",
)
# relay.core.ladder.Step, in small letters
CURES = ("esc", "reopen", "atz", "cfun", "usb", "power")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """`name` is shown in status; never empty after `load`. `language` is that of status, empty
    where the environment decides. `notices` go to the servers, from `notice_sender`."""

    name: str = setting("", values.text)
    language: str = setting("", values.one_of("", "en", "fr", "sw", "es", "ne", "pt"))
    notices: bool = setting(True, values.yes_or_no)
    notice_sender: str = setting("relay", network.sender)


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """`path` is the database, `backup_dir` the folder of its copies; both full after `load`."""

    path: Path = setting(Path("/var/lib/relay/relay.db"), values.path)
    backup_dir: Path = setting(Path(), values.path)
    backups_kept: int = setting(7, values.whole(1, 1000))
    backup_recipients: tuple[str, ...] = setting((), sealing.recipients)


@dataclass(frozen=True, slots=True)
class ModemConfig:
    """One modem. `submission` is auto, stored or direct.

    At least one of `port`, `imei`, `usb` and `usb_path` says which modem is meant; all that are
    there must hold. `foreign`, after `load`, are the IMEIs of the other sections.
    """

    name: str
    port: str = setting("", values.port)
    imei: str = setting("", modems.imei)
    usb: str = setting("", modems.usb_numbers)
    usb_path: str = setting("", modems.usb_socket)
    prefixes: tuple[str, ...] = setting((), modems.prefixes)
    baud: int = setting(115_200, values.whole(1_200, 4_000_000))
    pin: Secret | None = secret(values.pin_code)
    pin_file: Path | None = setting(None, values.readable_file)
    smsc: str = setting("", network.service_centre)
    calls: str = setting("hangup", values.one_of("hangup", "ignore"))
    call_reply: str = setting("", values.text)
    submission: str = setting("auto", values.one_of("auto", "stored", "direct"))
    sweep_s: float = setting(45.0, values.seconds(0.1, 3_600))
    survey_s: float = setting(60.0, values.seconds(0.1, 3_600))
    answer_timeout_s: float = setting(150.0, values.seconds(1, 600))
    prompt_timeout_s: float = setting(30.0, values.seconds(1, 300))
    balance_ussd: str = setting("", money.ussd)
    balance_pattern: str = setting("", money.balance_pattern)
    balance_sms_to: str = setting("", money.short_number)
    balance_sms_text: str = setting("", values.text)
    balance_sms_from: tuple[str, ...] = setting((), values.texts)
    command_timeout_s: float = setting(10.0, values.seconds(0.5, 120))
    wake_timeout_s: float = setting(15.0, values.seconds(1, 120))
    power_cycle: tuple[str, ...] = setting((), values.command)
    number: str = setting("", network.own_number)
    canary: bool = setting(False, values.yes_or_no)
    canary_max_per_day: int = setting(1, values.whole(1, 24))
    canary_wait_s: float = setting(900.0, values.seconds(1, 86_400))
    foreign: frozenset[str] = frozenset()

    @property
    def binding(self) -> Binding:
        return Binding(self.port, self.imei, self.usb, self.usb_path, self.foreign)


@dataclass(frozen=True, slots=True)
class SendingConfig:
    """What holds for every message that goes out, whichever modem takes it.

    `soft_retries` counts the tries after a refusal that may pass; `on_uncertain` is resend or
    hold; `national` names the language tables that may be used to save parts. `useful_h`,
    `ageing_s` and each `max_` are 0 for none; `quiet_from` and `quiet_until` are `HH:MM`, local.
    """

    # The longest relative TP-VP is 63 weeks (3GPP TS 23.040 §9.2.3.12.1).
    validity_h: int = setting(72, values.whole(1, 63 * 7 * 24, "hours"))
    request_reports: bool = setting(True, values.yes_or_no)
    national: tuple[str, ...] = setting((), values.list_of(*NATIONAL_LANGUAGES))
    on_uncertain: str = setting("resend", values.one_of("resend", "hold"))
    uncertain_wait_s: float = setting(600.0, values.seconds(0, 86_400))
    soft_retries: int = setting(20, values.whole(0, 20))
    max_parts: int = setting(255, values.whole(1, 255))
    useful_h: int = setting(168, values.whole(0, 24 * 365, "hours"))
    quiet_from: str = setting("", values.time_of_day_or_none)
    quiet_until: str = setting("", values.time_of_day_or_none)
    ageing_s: int = setting(60, values.whole(0, 86_400, "seconds"))
    max_per_minute: int = setting(0, values.whole(0, 10_000))
    max_per_hour: int = setting(0, values.whole(0, 100_000))
    max_per_day: int = setting(0, values.whole(0, 1_000_000))
    max_per_month: int = setting(0, values.whole(0, 10_000_000))
    max_recipients_per_day: int = setting(0, values.whole(0, 1_000_000))
    max_recipients_per_month: int = setting(0, values.whole(0, 1_000_000))
    operators: tuple[str, ...] = setting((), modems.operator_lines)
    takeover_s: float = setting(300.0, values.seconds(0, 86_400))

    @property
    def rules(self) -> QueueRules:
        """What of this the queue keeps to."""
        quiet = Quiet(self.quiet_from, self.quiet_until) if self.quiet_from else None
        return QueueRules(
            self.ageing_s * 1000,
            self.useful_h * 3_600_000,
            quiet,
            tuple(
                Cap(key, getattr(self, key), window_ms, recipients)
                for key, window_ms, recipients in WINDOWS
                if getattr(self, key)
            ),
        )


@dataclass(frozen=True, slots=True)
class AirtimeConfig:
    """Prepaid credit. `check_at` is `HH:MM`, local, or empty for never; a `price_per_sms` of 0 is
    learnt from the balances."""

    check_at: str = setting("08:00", values.time_of_day_or_none)
    suspect_min: int = setting(30, values.whole(1, 24 * 60, "minutes"))
    ussd_timeout_s: float = setting(30.0, values.seconds(1, 180))
    price_per_sms: float = setting(0.0, money.amount)
    currency: str = setting("", money.currency)
    reserve_sms: int = setting(0, values.whole(0, 100_000))
    reserve_amount: float = setting(0.0, money.amount)
    max_cost_per_day: float = setting(0.0, money.amount)

    @property
    def cap(self) -> DayCap | None:
        """What a day may cost, if that is limited."""
        if not (self.max_cost_per_day and self.price_per_sms):
            return None
        return DayCap(micros(self.max_cost_per_day), micros(self.price_per_sms))


@dataclass(frozen=True, slots=True)
class LoopsConfig:
    """How two machines that answer one another are told from people; each `max_` 0 is none."""

    max_same_per_hour: int = setting(30, values.whole(0, 10_000))
    max_echoes_per_hour: int = setting(10, values.whole(0, 10_000))
    max_rounds_per_hour: int = setting(100, values.whole(0, 10_000))
    own_numbers: tuple[str, ...] = setting((), values.texts)
    never_reply: tuple[str, ...] = setting((), values.texts)

    @property
    def limits(self) -> LoopLimits:
        """What of this the outbox keeps to."""
        return LoopLimits(
            self.max_same_per_hour,
            self.max_echoes_per_hour,
            self.max_rounds_per_hour,
            self.own_numbers,
            self.never_reply,
        )


@dataclass(frozen=True, slots=True)
class ReceivingConfig:
    """How long the missing parts of a long message are waited for."""

    parts_wait_h: int = setting(24, values.whole(1, 24 * 28, "hours"))


@dataclass(frozen=True, slots=True)
class RecoveryConfig:
    """What may be done with a modem that fails, and at what pace; `steps` are some of CURES."""

    steps: tuple[str, ...] = setting(CURES, values.list_of(*CURES))
    settle_s: float = setting(45.0, values.seconds(0, 600))
    proof_s: float = setting(300.0, values.seconds(0, 86_400))
    again_s: float = setting(3_600.0, values.seconds(1, 86_400))


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One central server. `request_gzip` is auto, yes or no; `pin_sha256` 64 hex digits or ''.

    A login that stood inside `url` is in `user` and `password` after `load`.
    """

    name: str
    url: str = required(values.web_address, '"https://cht.example.org/api/sms"')
    user: str = required(values.user_name, '"gateway"')
    password: Secret | None = secret(values.password, needed=True)
    password_file: Path | None = setting(None, values.readable_file)
    kind: str = setting("cht", values.one_of("cht"))
    ca_file: Path | None = setting(None, values.certificates)
    pin_sha256: str = setting("", values.fingerprint)
    poll_min_s: float = setting(15.0, values.seconds(0.05, 3_600))
    poll_max_s: float = setting(300.0, values.seconds(0.05, 86_400))
    max_reports: int = setting(10, values.whole(1, 1_000))
    max_updates: int = setting(20, values.whole(1, 1_000))
    connect_timeout_s: float = setting(30.0, values.seconds(0.1, 600))
    read_timeout_s: float = setting(300.0, values.seconds(0.1, 3_600))
    ambiguous_wait_s: float = setting(60.0, values.seconds(0, 3_600))
    request_gzip: str = setting("auto", values.one_of("auto", "yes", "no"))


@dataclass(frozen=True, slots=True)
class HousekeepingConfig:
    """Times are `HH:MM`, local; `keep_finished_days` 0 keeps for ever; `check_day` is in DAYS."""

    keep_finished_days: int = setting(90, values.whole(0, 36_500, "days"))
    keep_texts_days: int = setting(0, values.whole(0, 36_500, "days"))
    backup_at: str = setting("02:30", values.time_of_day)
    check_day: str = setting("sun", values.one_of(*DAYS))
    summary_at: str = setting("20:00", values.time_of_day)


@dataclass(frozen=True, slots=True)
class LogConfig:
    """`level` is debug, info, warning or error; `trace_modem` writes every AT line at debug.
    `file` is written to as well, if there is one; it may take `file_mb` megabytes."""

    level: str = setting("info", values.one_of("debug", "info", "warning", "error"))
    trace_modem: bool = setting(False, values.yes_or_no)
    file: Path | None = setting(None, values.path_or_none)
    file_mb: int = setting(10, values.whole(1, 1_000, "megabytes"))


@dataclass(frozen=True, slots=True)
class ControlConfig:
    """Where the commands find the running relay; `path` is full after `load`."""

    path: Path = setting(Path(), values.path)


@dataclass(frozen=True, slots=True)
class Config:
    """The whole of relay.toml, checked. Only the composition root may hold it.

    `warnings` are sentences about what works but should not stay so; `sources` says for
    `section.key` where the value came from (`default`, `file`, `environment variable X`, …).
    """

    path: Path
    gateway: GatewayConfig
    store: StoreConfig
    modems: tuple[ModemConfig, ...]
    sending: SendingConfig
    airtime: AirtimeConfig
    loops: LoopsConfig
    community: CommunityConfig
    receiving: ReceivingConfig
    recovery: RecoveryConfig
    servers: tuple[ServerConfig, ...]
    housekeeping: HousekeepingConfig
    alerts: AlertsConfig
    hooks: HooksConfig
    export: ExportConfig
    log: LogConfig
    control: ControlConfig
    warnings: tuple[str, ...] = field(default=(), compare=False)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)


# In the order of the reference. The second kind is a family: [modem.NAME], [server.NAME].
SECTIONS: Mapping[str, type] = {
    "gateway": GatewayConfig,
    "store": StoreConfig,
    "sending": SendingConfig,
    "airtime": AirtimeConfig,
    "loops": LoopsConfig,
    "community": CommunityConfig,
    "receiving": ReceivingConfig,
    "recovery": RecoveryConfig,
    "housekeeping": HousekeepingConfig,
    "alerts": AlertsConfig,
    "hooks": HooksConfig,
    "export": ExportConfig,
    "log": LogConfig,
    "control": ControlConfig,
}
FAMILIES: Mapping[str, type] = {"modem": ModemConfig, "server": ServerConfig}
