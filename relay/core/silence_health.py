"""What status says of a silence: who is silent, the modem, the network or the people."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain
from relay.core.rhythm import Quiet, Silent
from relay.core.said import joined, say, some, template
from relay.core.station import ModemFacts
from relay.core.verdict import Problem, Verdict

_DEAF = template(
    "Modem {modem} answers and sends, but receives nothing: an SMS to its own number did not come "
    "back."
)


def silence(modem: ModemFacts, now: int) -> Iterator[Problem]:
    """Of a modem that is registered."""
    quiet = modem.quiet
    if quiet.who is Silent.MODEM:
        yield Problem(
            "MODEM_DEAF",
            Verdict.CRIT,
            joined([say(_DEAF, modem=modem.name), _lasted(quiet, now)], " "),
            say(
                "relay restarts it by itself. If this stays for an hour: unplug it, count to ten, "
                "plug it in again."
            ),
            quiet.changed_at,
            modem.name,
        )
    elif quiet.who is Silent.UNUSUAL:
        yield Problem(
            "SILENCE_UNUSUAL",
            Verdict.WARN,
            joined(
                [
                    _lasted(quiet, now),
                    say("Modem {modem} and the network answer.", modem=modem.name),
                ],
                " ",
            ),
            say(
                "Send an SMS to the station from a phone. If it does not come in within five "
                "minutes: unplug the modem, count to ten, plug it in again."
            ),
            quiet.since or None,
            modem.name,
        )


def line(modem: ModemFacts, now: int) -> str:
    """For the screen; '' when there is nothing unusual about it."""
    quiet = modem.quiet
    match quiet.who:
        case Silent.PEOPLE:
            why: list[str] = [say("the people are silent; an SMS to its own number came back")]
        case Silent.TESTING:
            why = [_lasted(quiet, now), say("An SMS to its own number is on its way")]
        case Silent.NETWORK:
            why = [_lasted(quiet, now), say("It is the network that is missing")]
        case _:
            return ""
    return joined([f"{modem.name}:", *why], " ")


def _lasted(quiet: Quiet, now: int) -> str:
    usual = round(quiet.missing)
    if not quiet.since:
        return some(
            usual,
            "No SMS came in; usually about {n} would have.",
            "No SMS came in; usually about {n} would have.",
        )
    return some(
        usual,
        "No SMS came in for {time}; usually about {n} would have.",
        "No SMS came in for {time}; usually about {n} would have.",
        time=plain.duration(max(0, now - quiet.since)),
    )
