"""What can be wrong with the programs that relay calls."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core.said import joined, say, some
from relay.core.station import Station
from relay.core.verdict import Problem, Verdict

# The first tries of a program that is being repaired are nobody's business.
_TRIES = 3


def hooks(station: Station) -> Iterator[Problem]:
    """Messages go their way without them: a warning, whatever they are for."""
    for hook in station.hooks:
        if not hook.given_up and hook.tries < _TRIES:
            continue
        waiting = some(hook.waiting, "{n} call waits", "{n} calls wait")
        lost = some(hook.given_up, "{n} call was given up", "{n} calls were given up")
        what = say(
            "The program of the hook {name} fails ({reason}). {calls}. No message is held up.",
            name=hook.name,
            reason=hook.reason,
            calls=joined([waiting if hook.waiting else "", lost if hook.given_up else ""]),
        )
        action = say(
            "Try it by hand as the user of relay. What relay saw: journalctl -u relay | grep hook"
        )
        yield Problem("HOOK_FAILING", Verdict.WARN, what, action, hook.since, hook.name)
