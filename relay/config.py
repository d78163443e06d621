"""Read relay.toml: every mistake at once, in words that say what to write instead.

Nothing is started with a configuration that has a mistake (exit 78, EX_CONFIG of sysexits.h).
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from relay.config_community import CommunityConfig
from relay.config_lines import lines
from relay.config_reading import Reading
from relay.config_secrets import Secret, open_to_others
from relay.config_sections import (
    AirtimeConfig,
    Config,
    ControlConfig,
    GatewayConfig,
    HousekeepingConfig,
    LogConfig,
    LoopsConfig,
    ModemConfig,
    ReceivingConfig,
    RecoveryConfig,
    SendingConfig,
    ServerConfig,
    StoreConfig,
)
from relay.config_show import show
from relay.config_values import Place
from relay.config_watching import AlertsConfig, HooksConfig
from relay.errors import ConfigError

__all__ = [
    "USUAL_PATH",
    "AirtimeConfig",
    "AlertsConfig",
    "Config",
    "ConfigError",
    "GatewayConfig",
    "HooksConfig",
    "HousekeepingConfig",
    "LogConfig",
    "LoopsConfig",
    "ModemConfig",
    "ReceivingConfig",
    "RecoveryConfig",
    "Secret",
    "SendingConfig",
    "ServerConfig",
    "StoreConfig",
    "load",
    "show",
]

USUAL_PATH = Path("/etc/relay/relay.toml")
_PLACEHOLDER = Secret("change me")  # in config/relay.toml


def load(
    path: str | os.PathLike[str] | None,
    environ: Mapping[str, str],
    hostname: Callable[[], str] = socket.gethostname,
) -> Config:
    """The configuration in `path`, else in $RELAY_CONFIG, else in /etc/relay/relay.toml.

    Raises `ConfigError` with all problems, each as `file:line: [section] key: what; instead`.
    """
    where = Path(path or environ.get("RELAY_CONFIG") or USUAL_PATH).absolute()
    text = _text(where)
    reading = Reading(where, Place(where.parent, environ), lines(text))
    config = _filled_in(reading.whole(_tables(where, text)), reading, hostname)
    config = _bound(config, reading)
    _compare_canaries(config, reading)
    _compare_servers(config, reading)
    if config.airtime.max_cost_per_day and not config.airtime.price_per_sms:
        reading.wrong("airtime", "max_cost_per_day", "needs a price; write price_per_sms as well")
    _compare_times("sending", config.sending, reading)
    _compare_times("community", config.community, reading)
    _compare_alerts(config, reading)
    if reading.problems:
        raise ConfigError(tuple(reading.problems))
    return replace(
        config,
        warnings=tuple(_warnings(config, reading)),
        sources=MappingProxyType(reading.sources),
    )


# --- the file -----------------------------------------------------------------------------------


def _text(where: Path) -> str:
    try:
        return where.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        problem = (
            "there is no such file; let `sudo relay setup` write it, or name another file with "
            "--config or $RELAY_CONFIG"
        )
    except OSError as error:
        problem = f"cannot be read ({error.strerror}); let the user that runs relay read it"
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 text (from byte {error.start} on); save it again as UTF-8"
    raise ConfigError((f"{where}: {problem}",))


def _tables(where: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, line = str(error), ""
        if at := re.search(r" \(at line (\d+), column (\d+)\)$", what):
            what, line = f"{what[: at.start()]} (at character {at[2]})", f":{at[1]}"
        raise ConfigError(
            (f"{where}{line}: is not TOML: {what}; write it as the reference relay.toml does",)
        ) from None
    except (ValueError, RecursionError):
        raise ConfigError(
            (
                f"{where}: has a number of thousands of digits, or thousands of brackets in one "
                "another; write it as the reference relay.toml does",
            )
        ) from None


# --- usual places -------------------------------------------------------------------------------


def _filled_in(config: Config, reading: Reading, hostname: Callable[[], str]) -> Config:
    return replace(
        config,
        gateway=replace(config.gateway, name=config.gateway.name or hostname() or "relay"),
        store=_store(config.store, reading),
        control=_control(config.control, _store(config.store, reading), reading),
    )


def _store(store: StoreConfig, reading: Reading) -> StoreConfig:
    state = reading.place.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if store.path == Path():
        store = replace(store, path=StoreConfig().path)
    if state and reading.sources["store.path"] == "default":
        store = replace(store, path=Path(state, "relay.db"))
        reading.sources["store.path"] = "environment variable STATE_DIRECTORY"
    if store.backup_dir == Path():
        store = replace(store, backup_dir=store.path.parent / "backups")
    return store


def _control(control: ControlConfig, store: StoreConfig, reading: Reading) -> ControlConfig:
    """Under systemd /run/relay, also for the commands beside it; else beside the database."""
    if control.path != Path():
        return control
    if runtime := reading.place.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]:
        reading.sources["control.path"] = "environment variable RUNTIME_DIRECTORY"
        return ControlConfig(Path(runtime, _SOCKET))
    if store.path == StoreConfig().path and _SERVICE.is_dir():
        return ControlConfig(_SERVICE / _SOCKET)
    return ControlConfig(store.path.parent / _SOCKET)


_SOCKET = "control.sock"
_SERVICE = Path("/run/relay")


# --- what only shows when keys are looked at together -------------------------------------------


def _bound(config: Config, reading: Reading) -> Config:
    """The configuration with each modem told which IMEIs are not its own."""
    for number, modem in enumerate(config.modems):
        _check_binding(modem, config.modems[:number], len(config.modems), reading)
    imeis = frozenset(modem.imei for modem in config.modems if modem.imei)
    modems = (replace(modem, foreign=imeis - {modem.imei}) for modem in config.modems)
    return replace(config, modems=tuple(modems))


def _check_binding(
    modem: ModemConfig, earlier: Sequence[ModemConfig], modems: int, reading: Reading
) -> None:
    label = f"modem.{modem.name}"
    if not str(modem.binding):
        if not any((label, key) in reading.wronged for key in _BINDING):
            reading.wrong(label, "", _UNBOUND)
        return
    if modem.port == "auto" and modems > 1 and not (modem.imei or modem.usb or modem.usb_path):
        reading.wrong(
            label, "port", '"auto" is for the only modem there is; say which one with imei = "…"'
        )
    for key in ("usb", "usb_path"):
        if "://" in modem.port and getattr(modem, key):
            reading.wrong(label, key, "says nothing about a port on the network; remove it")
    for other in earlier:
        if key := _shared(modem, other):
            reading.wrong(label, key, f"is the {key} of [modem.{other.name}] too; {_ONE[key]}")
            return


_BINDING = ("port", "imei", "usb", "usb_path")
_UNBOUND = (
    'does not say which modem it means; write imei = "…" (15 digits), port = "/dev/…", '
    'port = "auto" for the only modem there is, usb = "12d1:1436" or usb_path = "1-1.2"; '
    "`relay modems` prints the lines"
)
_ONE = {
    "port": "give each modem a port of its own",
    "imei": "remove one of the two sections",
    "usb_path": "one socket holds one modem",
    "usb": 'add imei = "…" or usb_path = "…" to both, so that they can be told apart',
}


def _shared(one: ModemConfig, other: ModemConfig) -> str:
    """The key by which two sections certainly mean the same modem, or cannot be told apart."""
    if one.imei and one.imei == other.imei:
        return "imei"
    if _device(one) and _device(one) == _device(other):
        return "port"
    if one.imei and other.imei:
        return ""
    if one.usb_path and one.usb_path == other.usb_path:
        return "usb_path"
    told_apart = one.usb_path and other.usb_path
    return "usb" if one.usb and one.usb == other.usb and not told_apart else ""


def _device(modem: ModemConfig) -> str:
    """/dev/serial/by-id/… is a link: two names may well be one port."""
    if modem.port == "auto":
        return ""
    return os.path.realpath(modem.port) if modem.port.startswith("/") else modem.port


def _compare_canaries(config: Config, reading: Reading) -> None:
    for modem in config.modems:
        if modem.canary and not modem.number:
            label = f"modem.{modem.name}"
            reading.wrong(label, "number", "is missing; canary = true writes SMS to it")


def _compare_servers(config: Config, reading: Reading) -> None:
    first: dict[tuple[str, str], str] = {}
    for server in config.servers:
        label, same = f"server.{server.name}", (server.url.rstrip("/"), server.user)
        if server.url and same in first:
            reading.wrong(
                label, "url", f"is the server of [server.{first[same]}] too; remove one of the two"
            )
        first.setdefault(same, server.name)
        _check_server(label, server, reading)


def _check_server(label: str, server: ServerConfig, reading: Reading) -> None:
    if server.poll_min_s > server.poll_max_s:
        reading.wrong(
            label,
            "poll_min_s",
            f"{server.poll_min_s:g} is more than poll_max_s, {server.poll_max_s:g}; "
            "make it the smaller of the two",
        )
    if server.url.startswith("http:"):
        for key in ("ca_file", "pin_sha256"):
            if getattr(server, key):
                reading.wrong(label, key, "needs TLS; write https:// in url, or remove this key")


def _compare_times(label: str, section: SendingConfig | CommunityConfig, reading: Reading) -> None:
    start, end = section.quiet_from, section.quiet_until
    if bool(start) != bool(end):
        there, missing = ("quiet_from", "quiet_until") if start else ("quiet_until", "quiet_from")
        reading.wrong(
            label,
            there,
            f'stands without {missing}; write both, or both as "" for no quiet hours',
        )
    elif start and start == end:
        reading.wrong(label, "quiet_until", "is the time of quiet_from too; let it be another")


def _compare_alerts(config: Config, reading: Reading) -> None:
    """A station that writes to itself would hear its own alarm and tell it to the server."""
    own = {modem.number for modem in config.modems} | set(config.loops.own_numbers)
    if any(number in own for number in config.alerts.to):
        reading.wrong("alerts", "to", "has the number of this station; write a technician's")


# --- what works, and should not stay so ---------------------------------------------------------


def _warnings(config: Config, reading: Reading) -> Iterator[str]:
    if not config.modems:
        yield f"{config.path}: there is no [modem.NAME]: nothing can be received or sent"
    if not config.servers:
        yield f"{config.path}: there is no [server.NAME]: messages stay on this computer"
    for path in _secret_files(config, reading):
        if open_to_others(path):
            yield f"{path}: holds a secret and is open to every user; run chmod 640 {path}"
    for server in config.servers:
        if server.password == _PLACEHOLDER:
            yield (
                f"[server.{server.name}] password: is still that of the reference; write what "
                "the server's administrator gave you, and look at url and port too"
            )
        if server.url.startswith("http:") and not _is_local(server.url):
            yield (
                f"[server.{server.name}] url: http:// shows the password and the messages "
                "to every network on the way; use https://"
            )


def _secret_files(config: Config, reading: Reading) -> Iterator[Path]:
    if reading.holds_secret:
        yield config.path
    yield from (modem.pin_file for modem in config.modems if modem.pin_file)
    yield from (server.password_file for server in config.servers if server.password_file)
    if config.alerts.heartbeat_url_file:
        yield config.alerts.heartbeat_url_file


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
