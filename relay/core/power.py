"""The power of the computer, and the time that relay was off: what is known, and what follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from relay.core.plain import MINUTE

# --- mains and batteries ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PowerFacts:
    """`mains` is None where the computer does not tell; `percent` and `left_s` are of its
    batteries together, None where it has none or they do not tell."""

    mains: bool | None = None
    percent: int | None = None
    left_s: int | None = None

    @property
    def known(self) -> bool:
        return self.mains is not None or self.percent is not None


Supply = Mapping[str, str]

# What a battery holds, holds when full, and gives: in µWh and µW, or in µAh and µA
# (Documentation/ABI/testing/sysfs-class-power).
_MEASURES = (
    ("energy_now", "energy_full", "power_now"),
    ("charge_now", "charge_full", "current_now"),
)
_LONGEST_S = 7 * 86_400


def power(supplies: Iterable[Supply]) -> PowerFacts:
    """What the entries of /sys/class/power_supply say; those of mice and phones do not count."""
    own = [supply for supply in supplies if supply.get("scope") != "Device"]
    lines = [one for one in own if one.get("type") not in ("Battery", "UPS", "Wireless", None)]
    batteries = [one for one in own if one.get("type") == "Battery" and one.get("present") != "0"]
    online = [one["online"] != "0" for one in lines if "online" in one]
    discharging = any(one.get("status") == "Discharging" for one in batteries)
    mains = any(online) if online else (not discharging if batteries else None)
    return PowerFacts(mains, _percent(batteries), None if mains else _left(batteries))


def _percent(batteries: list[Supply]) -> int | None:
    for now, full, _ in _MEASURES:
        held = [(_number(one, now), _number(one, full)) for one in batteries]
        known = [(has, most) for has, most in held if has is not None and most]
        if known and len(known) == len(batteries):
            share = 100 * sum(has for has, _ in known) // sum(most for _, most in known)
            return min(100, share)
    said = [value for one in batteries if (value := _number(one, "capacity")) is not None]
    return min(100, sum(said) // len(said)) if said else None


def _left(batteries: list[Supply]) -> int | None:
    """For how long they last at the rate of the moment."""
    for now, _, rate in _MEASURES:
        held = [_number(one, now) for one in batteries]
        given = sum(_number(one, rate) or 0 for one in batteries)
        if given > 0 and batteries and None not in held:
            left = 3600 * sum(has or 0 for has in held) // given
            return left if left <= _LONGEST_S else None
    said = [_number(one, "time_to_empty_now") for one in batteries]
    return sum(one for one in said if one) or None


def _number(supply: Supply, key: str) -> int | None:
    """A current that flows out is negative on some machines."""
    value = supply.get(key, "")
    digits = value.removeprefix("-")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None


# --- off ----------------------------------------------------------------------------------------


class Why(StrEnum):
    """Why relay was off."""

    STOPPED = "stopped"  # in good order
    SHUTDOWN = "shutdown"  # in good order, with the computer
    CRASH = "crash"  # it was killed, and the computer went on
    POWER = "power"  # the computer stopped under it


@dataclass(frozen=True, slots=True)
class Dark:
    """relay was off `since` until `until`. `waited` SMS that the network got meanwhile were read
    since; None where that cannot be told."""

    since: int
    until: int
    why: Why
    waited: int | None = None


# A restart for an update takes less, and nobody misses it.
_WORTH_TELLING = 2 * MINUTE


def dark(beat_at: int, now: int, *, cleanly: bool, same_boot: bool | None) -> Dark | None:
    """What lies between the last sign of life and a start; None when it is not worth telling.

    `same_boot` is whether the computer has run since, None where that is not known.
    """
    if now - beat_at < _WORTH_TELLING:
        return None
    if cleanly:
        why = Why.SHUTDOWN if same_boot is False else Why.STOPPED
    else:
        why = Why.POWER if same_boot is False else Why.CRASH
    return Dark(beat_at, now, why)
