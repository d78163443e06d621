"""What can be wrong with the power: the mains are gone, or the battery is about to be."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core.said import say
from relay.core.station import Station
from relay.core.verdict import Problem, Verdict


def power(station: Station) -> Iterator[Problem]:
    """A computer that does not tell is on mains, as far as anybody knows."""
    facts = station.power
    if facts.mains is not False:
        return
    left = say(" ({percent} % left)", percent=facts.percent) if facts.percent is not None else ""
    plug = say("Is the plug in, and is there power in the house? The battery lasts only so long.")
    if facts.percent is not None and facts.percent <= station.battery_low:
        what = say(
            "The battery of this computer is nearly empty{left}. When it is, SMS wait on the SIM "
            "and at the network; nothing is lost.",
            left=left,
        )
        yield Problem("BATTERY_LOW", Verdict.CRIT, what, plug)
    else:
        what = say("This computer runs on its battery{left}.", left=left)
        yield Problem("ON_BATTERY", Verdict.WARN, what, plug)
