"""The station as JSON for programs. Keys are only added; another meaning raises SCHEMA."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from relay.core.health import Health
from relay.core.number import masked
from relay.core.station import ModemFacts, Running, Station
from relay.status_airtime import document as airtime_document

SCHEMA = 1

Document = dict[str, Any]


def document(station: Station, health: Health, *, show_numbers: bool = False) -> Document:
    """Times are epoch ms; null is "not known". What is unreadable is null as a whole."""
    return {
        "schema": SCHEMA,
        "at": station.now,
        "gateway": station.name,
        "verdict": health.verdict.lower(),
        "exit": health.verdict.exit_code,
        "sentence": health.sentence,
        "problems": [
            {**asdict(problem), "verdict": problem.verdict.lower()} for problem in health.problems
        ],
        "config_problems": list(station.config_problems),
        "daemon": {
            **asdict(station.daemon),
            "running": station.daemon.running is Running.YES,
            "state": station.daemon.running.value,
        },
        "modems": [_modem(modem, show_numbers) for modem in station.modems],
        "airtime": [airtime_document(one) for one in station.airtime],
        "servers": [asdict(server) for server in station.servers],
        "in": station.inward and asdict(station.inward),
        "out": station.outward and asdict(station.outward),
        "community": asdict(station.community) if station.community.wanted else None,
        "workers": [asdict(worker) for worker in station.workers],
        "store": asdict(station.store),
        "power": asdict(station.power),
        "off": [asdict(dark) for dark in station.dark],
        "clock": {"step_s": station.clock_step_s, "step_at": station.clock_step_at},
    }


def _modem(modem: ModemFacts, show_numbers: bool) -> Document:
    said = asdict(modem)
    if not show_numbers:
        for key in ("smsc", "imei", "sim"):
            said[key] = masked(said[key]) if said[key] else said[key]
    return said
