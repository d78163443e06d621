"""What can be wrong with the SIM of a modem that works: swapped, full, without service centre."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.link import LinkState
from relay.core.modem_health import works
from relay.core.plain import DAY
from relay.core.room import is_short
from relay.core.station import ModemFacts, Running, Station
from relay.core.verdict import Problem, Verdict

_RECENT = 2 * DAY


def sims(station: Station) -> Iterator[Problem]:
    if station.daemon.running is not Running.YES:
        return
    for modem in station.modems:
        if modem.held_since is not None and modem.state is not LinkState.SIM_ABSENT:
            yield _changed(modem, modem.held_since, station)
        if works(modem, station):
            yield from _centre(modem, station)
            yield from _room(modem)


def may_send(modem: ModemFacts, station: Station) -> bool:
    """Whether messages leave by this modem, as far as its SIM goes."""
    return works(modem, station) and modem.held_since is None and modem.smsc != ""


def _verdict(modem: ModemFacts, station: Station) -> Verdict:
    """While another modem sends, this one is not urgent."""
    others = (one for one in station.modems if one is not modem)
    return Verdict.WARN if any(may_send(one, station) for one in others) else Verdict.CRIT


def _changed(modem: ModemFacts, since: int, station: Station) -> Problem:
    was = f" (it was {modem.accepted_sim})" if modem.accepted_sim else ""
    return Problem(
        "SIM_CHANGED",
        _verdict(modem, station),
        f"Another SIM is in modem {modem.name} (for {plain.duration(station.now - since)}): "
        f"{modem.held_sim}{was}. SMS come in, and none goes out by it.",
        f"If that is meant: sudo relay sim accept --modem {modem.name}\n"
        "If not, put the old SIM back: relay goes on by itself.",
        since,
        modem.name,
    )


def _centre(modem: ModemFacts, station: Station) -> Iterator[Problem]:
    if modem.smsc == "":
        yield Problem(
            "SMSC_UNKNOWN",
            _verdict(modem, station),
            f"The SIM in modem {modem.name} has no number of a service centre, so no SMS can go "
            "out by it.",
            "Ask the operator for its SMSC number, write it into the configuration as smsc of "
            f"[modem.{modem.name}], then: sudo systemctl restart relay",
            subject=modem.name,
        )
    elif _has_new_centre(modem, station):
        yield Problem(
            "SMSC_CHANGED",
            Verdict.WARN,
            f"The SIM in modem {modem.name} sends through another service centre than before: "
            f"{modem.smsc_shown}, it was {modem.smsc_before_shown}.",
            "If SMS go out, nothing is wrong: this line goes away after two days. If not, write "
            f"the operator's SMSC number as smsc of [modem.{modem.name}] into the configuration.",
            modem.smsc_at,
            modem.name,
        )


def _room(modem: ModemFacts) -> Iterator[Problem]:
    """A memory that fills up; that it is full is another matter."""
    for memory, slots, error in modem.stuck:
        yield Problem(
            "SIM_STUCK",
            Verdict.WARN,
            f"{plain.many(slots, 'SMS', 'SMS')} cannot be deleted from the memory {memory} of "
            f"modem {modem.name} ({error}). They are safe here; the memory fills up.",
            "Put the SIM into a phone and delete its messages there. If it stays: another SIM.",
            subject=modem.name,
        )
    for use in modem.memories:
        if is_short(use.used, use.total) and use.used < use.total:
            yield Problem(
                "SIM_FILLING",
                Verdict.WARN,
                f"The memory {use.memory} of modem {modem.name} is nearly full ({use.used} of "
                f"{use.total}).",
                "relay empties it by itself. If this stays for ten minutes, put the SIM into a "
                "phone and delete messages there.",
                subject=modem.name,
            )


def _has_new_centre(modem: ModemFacts, station: Station) -> bool:
    if modem.smsc_at is None or not modem.smsc_before or modem.smsc_set:
        return False
    return 0 <= station.now - modem.smsc_at < _RECENT
