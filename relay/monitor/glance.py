"""What the live screen shows of one moment. Reads like `relay status`: never the modem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.config_sections import Config
from relay.core.health import Health, judge
from relay.core.station import Station
from relay.errors import StoreError
from relay.status import observe
from relay.store import browsing
from relay.store.history import usual_signal
from relay.store.reading import Reader

_LATEST = 12
_AT_ONCE = 50  # messages that one press of a key has tried again


@dataclass(frozen=True, slots=True)
class Message:
    """One of the latest, in or out. `at` is when it was stored (epoch ms)."""

    at: int
    side: str
    id: int
    number: str = field(repr=False)
    state: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Glance:
    """`usual` is the signal (dBm) that a modem has had in the last week; `paused` says since when
    and by whom; `failed` are the messages that may be tried again."""

    station: Station
    health: Health
    messages: tuple[Message, ...] = ()
    usual: Mapping[str, int] = field(default_factory=dict)
    paused: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failed: tuple[int, ...] = ()


def look(config: Config, now: int) -> Glance:
    """Raises nothing: a store that cannot be read is part of what is seen."""
    station = observe(config, now)
    health = judge(station)
    try:
        with Reader.open(config.store.path) as reader:
            return Glance(
                station,
                health,
                _latest(reader),
                _usual(reader, config),
                _paused(reader),
                tuple(browsing.failed_ids(reader)[-_AT_ONCE:]),
            )
    except StoreError:
        return Glance(station, health)


def _latest(reader: Reader) -> tuple[Message, ...]:
    """The newest first."""
    came = [
        Message(row["kept_at"], "in", row["id"], row["sender"], row["state"], row["text"] or "")
        for row in browsing.inbound_list(reader, None, _LATEST)
    ]
    goes = [
        Message(row["created_at"], "out", row["id"], row["recipient"], row["status"], row["text"])
        for row in browsing.outbound_list(reader, None, _LATEST)
    ]
    return tuple(sorted([*came, *goes], key=lambda one: one.at, reverse=True)[:_LATEST])


def _usual(reader: Reader, config: Config) -> dict[str, int]:
    found = {modem.name: usual_signal(reader, modem.name) for modem in config.modems}
    return {name: dbm for name, dbm in found.items() if dbm is not None}


def _paused(reader: Reader) -> dict[str, Mapping[str, Any]]:
    return {
        key.removeprefix("pause."): fact.value
        for key, fact in reader.facts().items()
        if key.startswith("pause.") and isinstance(fact.value, dict)
    }
