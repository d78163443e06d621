"""Looking at the computer: configuration, disk, database, clock, power, service."""

from __future__ import annotations

import os
import re
import stat
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from relay.config import Config
from relay.core.doctor.seen import ConfigSeen, DiskSeen, ServiceSeen, StoreSeen
from relay.core.station import Running, Station
from relay.doctor.world import World
from relay.errors import StoreError
from relay.power import look
from relay.store.holders import holder
from relay.store.reading import Reader

_CHECK_S = 10.0
_PROPERTIES = "LoadState,ActiveState,Result,UnitFileState,WatchdogUSec"
_SPAN_MS = {"us": 0.001, "ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


# --- configuration ------------------------------------------------------------------------------


def config(path: Path, read: Config | tuple[str, ...]) -> ConfigSeen:
    if not isinstance(read, Config):
        return ConfigSeen(str(path), read, missing="there is no such file" in read[0])
    return ConfigSeen(
        str(read.path),
        open_to=_open_to(read.path) if _holds_secret(read) else "",
        modems=len(read.modems),
        servers=len(read.servers),
    )


def _open_to(path: Path) -> str:
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    return "every user of this computer" if mode & (stat.S_IROTH | stat.S_IWOTH) else ""


def _holds_secret(config: Config) -> bool:
    return any(
        source.startswith("file") and key.rpartition(".")[2] in {"password", "pin", "url"}
        for key, source in config.sources.items()
    )


# --- disk and database --------------------------------------------------------------------------


def disk(world: World, station: Station) -> DiskSeen:
    folder = Path(station.store.path).parent
    for place in (folder, *folder.parents):
        try:
            found = world.room(place)
        except OSError:
            continue
        return DiskSeen(
            str(folder),
            found.f_bavail * found.f_frsize,
            bool(found.f_flag & os.ST_RDONLY),
            found.f_favail if found.f_files else None,
            station.store.days_left,
            station.store.mount,
        )
    return DiskSeen(str(folder))


def store(world: World, station: Station) -> StoreSeen:
    """Every page is read, as far as the time for it reaches."""
    facts, path = station.store, Path(station.store.path)
    seen = StoreSeen(str(path), facts.exists, facts.trouble or "", facts.detail)
    held = facts.holder if station.daemon.running is Running.SILENT else ""
    log = _size(path.with_name(path.name + "-wal"))
    seen = replace(seen, held=bool(held), holder=held, log=log)
    if not facts.exists or facts.trouble:
        return seen
    ends_at = world.clock.monotonic() + _CHECK_S
    try:
        with closing(Reader.open(path)) as reader:
            damage = reader.damage(lambda: world.clock.monotonic() < ends_at)
    except StoreError as error:
        return replace(seen, trouble="STORE_UNREADABLE", detail=str(error), holder=holder(path))
    return replace(seen, damage=damage if damage != "" else facts.damaged or "")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


# --- power --------------------------------------------------------------------------------------


def power(world: World, station: Station) -> Station:
    """The station, with the power of this moment."""
    found = look(world.machine.sys / "class" / "power_supply")
    return replace(station, power=found)


# --- the service --------------------------------------------------------------------------------


def service(world: World, station: Station, held: bool | None, socket: Path | None) -> ServiceSeen:
    daemon = station.daemon
    alive = held if held is not None else (daemon.running is Running.YES or None)
    seen = ServiceSeen(
        alive=alive,
        silent=daemon.running is Running.SILENT,
        ran=daemon.running is not Running.NEVER,
        stopped_cleanly=daemon.stopped_cleanly,
        beat_at=daemon.beat_at,
        now=station.now,
        stale_socket=str(socket) if socket is not None and held is False else "",
    )
    return _with_unit(seen, world)


def _with_unit(seen: ServiceSeen, world: World) -> ServiceSeen:
    said = world.run(("systemctl", "show", "relay", f"--property={_PROPERTIES}"))
    if said is None or said[0] != 0 or "LoadState=" not in said[1]:
        return seen
    told = dict(line.split("=", 1) for line in said[1].splitlines() if "=" in line)
    return replace(
        seen,
        systemd=True,
        load=told.get("LoadState", ""),
        active=told.get("ActiveState", ""),
        result=told.get("Result", "").replace("success", ""),
        enabled=told.get("UnitFileState", ""),
        watchdog_ms=span_ms(told.get("WatchdogUSec", "")),
    )


def span_ms(text: str) -> int | None:
    """A length of time as systemctl prints it (`1min 30s`); None for none or infinity."""
    parts = re.findall(r"(\d+)(us|ms|s|min|h|d)\b", text)
    return round(sum(int(n) * _SPAN_MS[unit] for n, unit in parts)) or None
