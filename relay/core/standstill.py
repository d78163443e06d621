"""What keeps a message from going out now that is neither its time nor its turn."""

from __future__ import annotations

from collections.abc import Sequence

from relay.core.modem_health import works
from relay.core.station import ModemFacts, Running, Station
from relay.core.verdict import Problem, Verdict


def standstill(station: Station, problems: Sequence[Problem], *, urgent: bool) -> str:
    """The code of what status knows to be in the way; nothing where a modem would take it.

    `problems` are those of this station. An `urgent` message passes the reserve and the cap of
    cost.
    """
    if station.daemon.running is not Running.YES:
        return next((one.code for one in problems if one.verdict is not Verdict.WARN), "")
    if any(one.what == "sending" for one in station.pauses):
        return "PAUSED"
    held = [_in_the_way(modem, station, problems, urgent) for modem in station.modems]
    return held[0] if held and all(held) else ""


def _in_the_way(
    modem: ModemFacts, station: Station, problems: Sequence[Problem], urgent: bool
) -> str:
    if not works(modem, station):
        own = (one.code for one in problems if one.subject == modem.name)
        return next(own, "MODEM_UNKNOWN")
    if modem.held_since is not None:
        return "SIM_CHANGED"
    if modem.smsc == "":
        return "SMSC_UNKNOWN"
    return _unpaid(modem.name, station, urgent)


def _unpaid(modem: str, station: Station, urgent: bool) -> str:
    for one in station.airtime:
        if one.modem == modem and one.out_since is not None:
            return "SIM_NO_CREDIT"
        if one.modem == modem and not urgent and (one.reserve or one.capped):
            return "CREDIT_RESERVE" if one.reserve else "COST_CAP"
    return ""
