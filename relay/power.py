"""What Linux tells of the computer's power, and which start of the computer this is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from relay.core.power import PowerFacts, Supply, power

SUPPLIES = Path("/sys/class/power_supply")
BOOT = Path("/proc/sys/kernel/random/boot_id")

_KEYS = (
    "type", "scope", "online", "present", "status", "capacity", "energy_now", "energy_full",
    "power_now", "charge_now", "charge_full", "current_now", "time_to_empty_now",
)  # fmt: skip


def look(folder: Path = SUPPLIES) -> PowerFacts:
    """Raises nothing: a machine that does not tell is one of which nothing is known."""
    return power(_supplies(folder))


def _supplies(folder: Path) -> Iterator[Supply]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        yield {key: said for key in _KEYS if (said := _said(entry / key)) is not None}


def _said(file: Path) -> str | None:
    """Some drivers answer with an error while the battery is taken out."""
    try:
        return file.read_text("ascii", "replace").strip()
    except OSError:
        return None


def boot_id(file: Path = BOOT) -> str:
    """Another one after every start of the computer; '' where the system does not tell."""
    return _said(file) or ""
