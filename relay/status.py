"""What `relay status` looks at: the store read-only, the daemon's lock, the disk. Never the modem.

It answers with the daemon up, dead or hanging, and leaves nothing behind.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from relay import power, status_airtime, status_facts
from relay.clock import wall
from relay.config_community import CommunityConfig
from relay.config_sections import Config
from relay.core.community_facts import CommunityFacts
from relay.core.station import AirtimeFacts, DaemonFacts, Running, ServerFacts, Station, StoreFacts
from relay.errors import CorruptDatabase, SchemaTooNew, StoreBusy, StoreError
from relay.store import counts, darkness, reserve, sims
from relay.store.facts import Fact
from relay.store.holders import holder
from relay.store.reading import Reader, StoreMissing, StoreOutdated
from relay.timekeeper import Kept, by_now

_TROUBLES: tuple[tuple[type[StoreError], str], ...] = (
    (CorruptDatabase, "STORE_CORRUPT"),
    (SchemaTooNew, "STORE_TOO_NEW"),
    (StoreOutdated, "STORE_OUTDATED"),
    (StoreBusy, "STORE_BUSY"),
)


def observe(config: Config, now: int) -> Station:
    """Everything that is known of the station of this configuration. Raises nothing.

    `now` is what the clock of the computer shows.
    """
    path = config.store.path
    station = Station(
        now=now,
        name=config.gateway.name,
        on_uncertain=config.sending.on_uncertain,
        store=StoreFacts(
            path=str(path),
            mount=mount_of(path.parent),
            free=free_space(path.parent),
            read_only=is_read_only(path.parent),
            reserve=_exists(str(reserve.path_of(path))) is True,
        ),
        airtime=tuple(AirtimeFacts(modem.name) for modem in config.modems),
        servers=tuple(ServerFacts(server.name) for server in config.servers),
        power=power.look(),
        battery_low=config.alerts.battery_percent,
    )
    try:
        with Reader.open(path) as reader:
            return _read(station, config, reader)
    except StoreMissing:
        return _without_store(station)
    except StoreError as error:
        return _in_trouble(station, error)


def _without_store(station: Station) -> Station:
    held = is_held(Path(station.store.path))
    running = Running.YES if held else Running.NEVER
    store = replace(station.store, exists=False)
    return replace(station, store=store, daemon=DaemonFacts(running=running))


def _in_trouble(station: Station, error: StoreError) -> Station:
    code = next((code for kind, code in _TROUBLES if isinstance(error, kind)), "STORE_UNREADABLE")
    held = is_held(Path(station.store.path))
    return replace(
        station,
        store=replace(station.store, trouble=code, detail=str(error).partition(". ")[0]),
        daemon=DaemonFacts(running=Running.YES if held else Running.NO),
    )


def _read(station: Station, config: Config, reader: Reader) -> Station:
    facts = reader.facts()
    now = by_now(station.now, _kept(facts.get("clock")))
    station = replace(station, now=now, clock=status_facts.clock(facts, station.now - now))
    day = counts.today(reader, now)
    cap = config.airtime.cap
    cost = counts.cost_since(reader, wall(now, "00:00"), cap.price) if cap else 0
    step = facts.get("clock.step")
    return replace(
        station,
        daemon=_daemon(facts, now, config.store.path),
        store=_store(station.store, facts, now),
        modems=tuple(
            status_facts.modem(facts, modem, sims.looked_up(reader, modem.name))
            for modem in config.modems
        ),
        airtime=tuple(
            status_airtime.airtime(
                facts, counts.airtime(reader, modem.name, now), config.airtime, cost
            )
            for modem in config.modems
        ),
        servers=tuple(
            status_facts.server(facts, counts.server(reader, server.name, day), server.poll_max_s)
            for server in config.servers
        ),
        inward=counts.inward(reader, day),
        outward=counts.outward(reader, now, day, config.sending.rules),
        workers=status_facts.workers(facts),
        hooks=counts.hooks(reader),
        clock_step_s=status_facts.whole(status_facts.table(facts, "clock.step").get("seconds")),
        clock_step_at=None if step is None else step.at,
        dark=darkness.lately(facts, reader, now),
        pauses=status_facts.pauses(facts),
        community=_community(reader, facts, day, config.community),
    )


def _community(
    reader: Reader, facts: Mapping[str, Fact], day: dict[str, int], config: CommunityConfig
) -> CommunityFacts:
    if not config.sets:
        return CommunityFacts()
    counted = replace(counts.community(reader, day), most=config.max_per_day)
    return status_facts.community(facts, counted)


def _kept(fact: Fact | None) -> Kept | None:
    return None if fact is None else Kept.of(fact.at, fact.value)


def _daemon(facts: Mapping[str, Fact], now: int, path: Path) -> DaemonFacts:
    pid = status_facts.table(facts, "daemon").get("pid")
    return status_facts.daemon(facts, now, held=is_held(path), lives=is_alive(pid))


def _store(store: StoreFacts, facts: Mapping[str, Fact], now: int) -> StoreFacts:
    daemon_pid = status_facts.whole(status_facts.table(facts, "daemon").get("pid"))
    backup = status_facts.text(status_facts.table(facts, "store.backup").get("path"))
    salvaged = status_facts.table(facts, "store.salvaged")
    return replace(
        store,
        days_left=status_facts.days_left(facts, store.free, now),
        backup_at=status_facts.when(facts, "store.backup"),
        backup_path=backup or None,
        backup_there=_exists(backup) if backup else None,
        backup_failed_at=status_facts.when(facts, "store.backup_failed"),
        backup_trouble=status_facts.text(
            status_facts.table(facts, "store.backup_failed").get("why")
        ),
        copied_at=status_facts.when(facts, "store.copied"),
        restored_at=status_facts.when(facts, "store.restored"),
        restored_from_at=status_facts.whole(
            status_facts.table(facts, "store.restored").get("copied_at")
        ),
        damaged=_damage(facts),
        custody=_custody(facts),
        custody_at=status_facts.when(facts, "custody.check"),
        salvaged_at=status_facts.when(facts, "store.salvaged"),
        salvaged_aside=status_facts.text(salvaged.get("path")) or None,
        salvaged_in=_saved_rows(salvaged, "inbound"),
        salvaged_out=_saved_rows(salvaged, "outbound"),
        lost_in=_lost_ids(salvaged, "inbound"),
        lost_out=_lost_ids(salvaged, "outbound"),
        moved_at=status_facts.when(facts, "store.moved"),
        moved_how=status_facts.text(status_facts.table(facts, "store.moved").get("how")),
        moved_copy=status_facts.text(status_facts.table(facts, "store.moved").get("copy")),
        holder=holder(Path(store.path), but=daemon_pid or 0),
    )


def _saved_rows(salvaged: Mapping[str, Any], table: str) -> int | None:
    rows = salvaged.get("rows")
    return status_facts.whole(rows.get(table)) if isinstance(rows, dict) else None


def _lost_ids(salvaged: Mapping[str, Any], table: str) -> tuple[int, ...]:
    lost = salvaged.get("lost")
    found = lost.get(table) if isinstance(lost, dict) else None
    ids = found.get("ids") if isinstance(found, dict) else None
    return tuple(one for one in ids if isinstance(one, int)) if isinstance(ids, list) else ()


def _damage(facts: Mapping[str, Fact]) -> str | None:
    """What the last check found, unless the store has been salvaged since."""
    check = status_facts.table(facts, "store.check")
    checked_at = status_facts.when(facts, "store.check") or 0
    salvaged_at = status_facts.when(facts, "store.salvaged") or 0
    if check.get("ok") is not False or salvaged_at > checked_at:
        return None
    return str(check.get("detail", ""))


def _custody(facts: Mapping[str, Fact]) -> str:
    """What the last walk along the chain of custody found, or nothing."""
    check = status_facts.table(facts, "custody.check")
    faults = status_facts.whole(check.get("faults")) or 0
    first = status_facts.text(check.get("first"))
    return f"{first} (and {faults - 1:,} more)" if faults > 1 else first


# --- the machine --------------------------------------------------------------------------------


def lock_path(store: Path) -> Path:
    """The file that the daemon holds an flock on for as long as it lives."""
    return store.with_name(store.name + ".lock")


def is_held(store: Path) -> bool | None:
    """Whether a daemon has this store; None where this user may not find out.

    The lock is asked for shared and given back at once.
    """
    try:
        handle = os.open(lock_path(store), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return True if error.errno in (errno.EWOULDBLOCK, errno.EACCES) else None
    else:
        return False
    finally:
        os.close(handle)


def is_alive(pid: object) -> bool | None:
    """Whether a process with this number is there."""
    if not isinstance(pid, int) or not 0 < pid < 2**31:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it is there, and belongs to somebody else
    return True


def free_space(folder: Path) -> int | None:
    """Octets that relay may still write in this folder, or where it will be made."""
    found = _room(folder)
    return None if found is None else found.f_bavail * found.f_frsize


def is_read_only(folder: Path) -> bool:
    """Whether the disk of this folder is known to take no writing."""
    found = _room(folder)
    return found is not None and bool(found.f_flag & os.ST_RDONLY)


def _room(folder: Path) -> os.statvfs_result | None:
    for place in (folder, *folder.parents):
        try:
            return os.statvfs(place)
        except OSError:
            continue
    return None


def mount_of(folder: Path) -> str:
    """The top of the disk that this folder is on, or will be made on."""
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    place = Path(os.path.realpath(there))
    while not os.path.ismount(place):
        place = place.parent
    return str(place)


def _exists(path: str) -> bool | None:
    try:
        os.stat(path)  # noqa: PTH116  # Path.exists hides that we may not look
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return None
    return True
