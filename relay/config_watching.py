"""The sections about what watches and tells: alerts with the heartbeat, and hooks."""

# ruff: noqa: RUF009  # `setting` and `secret` return dataclasses.field(), made anew for each key

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relay import config_network as network
from relay import config_values as values
from relay.config_keys import secret, setting
from relay.config_secrets import Secret
from relay.core.alert_kinds import BY_NAME
from relay.core.alerts import AlertPolicy
from relay.core.plain import HOUR, MINUTE


@dataclass(frozen=True, slots=True)
class AlertsConfig:
    """SMS to technicians. Each `<kind>_min` and `<kind>_h` is how long a problem must last, 0 is
    never told; `battery_percent` is when the last word is sent. `heartbeat_url` is a secret."""

    to: tuple[str, ...] = setting((), network.phone_numbers)
    modem_min: int = setting(10, values.whole(0, 10_080, "minutes"))
    sim_min: int = setting(10, values.whole(0, 10_080, "minutes"))
    server_h: int = setting(24, values.whole(0, 720, "hours"))
    refusal_h: int = setting(1, values.whole(0, 720, "hours"))
    queue_h: int = setting(3, values.whole(0, 720, "hours"))
    forwarding_h: int = setting(24, values.whole(0, 720, "hours"))
    credit_min: int = setting(60, values.whole(0, 10_080, "minutes"))
    disk_min: int = setting(30, values.whole(0, 10_080, "minutes"))
    store_min: int = setting(5, values.whole(0, 10_080, "minutes"))
    power_min: int = setting(10, values.whole(0, 10_080, "minutes"))
    battery_percent: int = setting(20, values.whole(0, 99, "percent"))
    signal_h: int = setting(0, values.whole(0, 720, "hours"))
    silence_h: int = setting(3, values.whole(0, 720, "hours"))
    relay_h: int = setting(24, values.whole(0, 720, "hours"))
    calm_min: int = setting(30, values.whole(1, 1_440, "minutes"))
    again_h: int = setting(24, values.whole(0, 720, "hours"))
    solved: bool = setting(True, values.yes_or_no)
    max_per_hour: int = setting(3, values.whole(1, 60))
    max_per_day: int = setting(10, values.whole(1, 100))
    heartbeat_url: Secret | None = secret(network.ping_address)
    heartbeat_url_file: Path | None = setting(None, values.readable_file)
    heartbeat_min: int = setting(10, values.whole(1, 1_440, "minutes"))
    heartbeat_method: str = setting("get", values.one_of("get", "post"))
    heartbeat_fail: str = setting("", network.path_suffix)

    @property
    def rules(self) -> AlertPolicy:
        """What of this the engine keeps to."""
        patience = {
            kind: getattr(self, key) * unit for kind, key, unit in _PATIENCE if getattr(self, key)
        }
        if self.battery_percent:
            patience["battery"] = 0
        return AlertPolicy(
            patience,
            calm_ms=self.calm_min * MINUTE,
            again_ms=self.again_h * HOUR,
            solved=self.solved,
            per_hour=self.max_per_hour,
            per_day=self.max_per_day,
            wanted=bool(self.to),
        )


# Kinds of relay.core.alert_kinds, by the keys that say how long each must last.
_PATIENCE = tuple(
    (kind, f"{kind}_{unit}", MINUTE if unit == "min" else HOUR)
    for kind in BY_NAME
    for unit in ("min", "h")
    if f"{kind}_{unit}" in AlertsConfig.__dataclass_fields__
)


@dataclass(frozen=True, slots=True)
class HooksConfig:
    """Programs, each with its arguments, that read JSON on their stdin; empty is none."""

    on_message: tuple[str, ...] = setting((), values.command)
    on_alert: tuple[str, ...] = setting((), values.command)
    timeout_s: float = setting(30.0, values.seconds(0.1, 600))
