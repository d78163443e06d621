"""What status says of a silence: who is silent, the modem, the network or the people."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.rhythm import Quiet, Silent
from relay.core.station import ModemFacts
from relay.core.verdict import Problem, Verdict


def silence(modem: ModemFacts, now: int) -> Iterator[Problem]:
    """Of a modem that is registered."""
    quiet = modem.quiet
    if quiet.who is Silent.MODEM:
        yield Problem(
            "MODEM_DEAF",
            Verdict.CRIT,
            f"Modem {modem.name} answers and sends, but receives nothing: an SMS to its own "
            f"number did not come back. {_lasted(quiet, now)}",
            "relay restarts it by itself. If this stays for an hour: unplug it, count to ten, "
            "plug it in again.",
            quiet.changed_at,
            modem.name,
        )
    elif quiet.who is Silent.UNUSUAL:
        yield Problem(
            "SILENCE_UNUSUAL",
            Verdict.WARN,
            f"{_lasted(quiet, now)} Modem {modem.name} and the network answer.",
            "Send an SMS to the station from a phone. If it does not come in within five minutes: "
            "unplug the modem, count to ten, plug it in again.",
            quiet.since or None,
            modem.name,
        )


def line(modem: ModemFacts, now: int) -> str:
    """For the screen; '' when there is nothing unusual about it."""
    quiet = modem.quiet
    match quiet.who:
        case Silent.PEOPLE:
            return f"{modem.name}: the people are silent; an SMS to its own number came back"
        case Silent.TESTING:
            return f"{modem.name}: {_lasted(quiet, now)} An SMS to its own number is on its way"
        case Silent.NETWORK:
            return f"{modem.name}: {_lasted(quiet, now)} It is the network that is missing"
        case _:
            return ""


def _lasted(quiet: Quiet, now: int) -> str:
    since = f" for {plain.duration(max(0, now - quiet.since))}" if quiet.since else ""
    return f"No SMS came in{since}; usually about {round(quiet.missing)} would have."
