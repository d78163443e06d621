"""What status says of what a person has paused: it is meant, and must not be forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core.said import say
from relay.core.station import Station
from relay.core.verdict import Problem, Verdict


def paused(station: Station) -> Iterator[Problem]:
    for one in station.pauses:
        if one.what == "sending":
            words = say(
                "Sending was paused by {who}: SMS come in, and none goes out. Those that wait "
                "are safe here.",
                who=one.who,
            )
        else:
            words = say(
                "The exchange with the server was paused by {who}. What comes in is safe here.",
                who=one.who,
            )
        yield Problem("PAUSED", Verdict.WARN, words, say("relay resume"), one.since, one.what)
