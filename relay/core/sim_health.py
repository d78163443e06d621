"""What can be wrong with the SIM of a modem that works: swapped, full, without service centre."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.link import LinkState
from relay.core.modem_health import EMPTIES, works
from relay.core.plain import DAY
from relay.core.room import is_short
from relay.core.said import say, some
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
    values = {
        "modem": modem.name,
        "time": plain.duration(station.now - since),
        "sim": modem.held_sim,
        "was": modem.accepted_sim,
    }
    what = say(
        "Another SIM is in modem {modem} (for {time}): {sim}. SMS come in, and none goes out by "
        "it.",
        **values,
    )
    if modem.accepted_sim:
        what = say(
            "Another SIM is in modem {modem} (for {time}): {sim} (it was {was}). SMS come in, and "
            "none goes out by it.",
            **values,
        )
    return Problem(
        "SIM_CHANGED",
        _verdict(modem, station),
        what,
        say(
            "If that is meant: sudo relay sim accept --modem {modem}\n"
            "If not, put the old SIM back: relay goes on by itself.",
            modem=modem.name,
        ),
        since,
        modem.name,
    )


def _centre(modem: ModemFacts, station: Station) -> Iterator[Problem]:
    if modem.smsc == "":
        yield Problem(
            "SMSC_UNKNOWN",
            _verdict(modem, station),
            say(
                "The SIM in modem {modem} has no number of a service centre, so no SMS can go out "
                "by it.",
                modem=modem.name,
            ),
            say(
                "Ask the operator for its SMSC number, write it into the configuration as smsc of "
                "[modem.{modem}], then: sudo systemctl restart relay",
                modem=modem.name,
            ),
            subject=modem.name,
        )
    elif _has_new_centre(modem, station):
        yield Problem(
            "SMSC_CHANGED",
            Verdict.WARN,
            say(
                "The SIM in modem {modem} sends through another service centre than before: "
                "{centre}, it was {was}.",
                modem=modem.name,
                centre=modem.smsc_shown,
                was=modem.smsc_before_shown,
            ),
            say(
                "If SMS go out, nothing is wrong: this line goes away after two days. If not, "
                "write the operator's SMSC number as smsc of [modem.{modem}] into the "
                "configuration.",
                modem=modem.name,
            ),
            modem.smsc_at,
            modem.name,
        )


def _room(modem: ModemFacts) -> Iterator[Problem]:
    """A memory that fills up; that it is full is another matter."""
    for memory, slots, error in modem.stuck:
        yield Problem(
            "SIM_STUCK",
            Verdict.WARN,
            some(
                slots,
                "{n} SMS cannot be deleted from the memory {memory} of modem {modem} ({error}). "
                "It is safe here; the memory fills up.",
                "{n} SMS cannot be deleted from the memory {memory} of modem {modem} ({error}). "
                "They are safe here; the memory fills up.",
                memory=memory,
                modem=modem.name,
                error=error,
            ),
            say(
                "Put the SIM into a phone and delete its messages there. If it stays: another SIM."
            ),
            subject=modem.name,
        )
    for use in modem.memories:
        if is_short(use.used, use.total) and use.used < use.total:
            yield Problem(
                "SIM_FILLING",
                Verdict.WARN,
                say(
                    "The memory {memory} of modem {modem} is nearly full ({used} of {total}).",
                    memory=use.memory,
                    modem=modem.name,
                    used=use.used,
                    total=use.total,
                ),
                EMPTIES,
                subject=modem.name,
            )


def _has_new_centre(modem: ModemFacts, station: Station) -> bool:
    if modem.smsc_at is None or not modem.smsc_before or modem.smsc_set:
        return False
    return 0 <= station.now - modem.smsc_at < _RECENT
