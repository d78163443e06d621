"""What status says of the community rules: which do not hold, and who waits for an answer."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core.plain import MINUTE
from relay.core.said import say, some
from relay.core.station import Running, Station
from relay.core.verdict import Problem, Verdict

_PATIENCE_MS = 5 * MINUTE


def community(station: Station) -> Iterator[Problem]:
    known = station.community
    if known.unheard:
        yield Problem(
            "ALARM_UNHEARD",
            Verdict.WARN,
            some(
                known.unheard,
                "{n} danger sign was reported, and there was nobody to tell.",
                "{n} danger signs were reported, and there was nobody to tell.",
            ),
            say(
                "See it, and call: relay reminders list --unheard\n"
                "Say who is told next time: relay people tag NUMBER supervisor"
            ),
        )
    for fault in known.faults:
        yield Problem(
            "RULES_BROKEN",
            Verdict.WARN,
            say(
                "The rule set {name} does not hold: {where}: {what}. Reports are kept and passed "
                "on all the same.",
                name=fault.name, where=fault.where, what=fault.what,
            ),
            say("Correct the file ({remedy}), then: relay reload", remedy=fault.do),
            subject=fault.name,
        )  # fmt: skip
    since = known.unanswered_since
    if since is not None and station.now - since > _PATIENCE_MS and _runs(station):
        yield Problem(
            "ANSWERS_WAIT",
            Verdict.WARN,
            some(
                known.unanswered,
                "{n} SMS has waited for its answer for minutes. It is safe here.",
                "{n} SMS have waited for their answers for minutes. They are safe here.",
            ),
            say("See why: relay log, then: sudo systemctl restart relay"),
            since,
        )
    if known.most and known.sms >= known.most:
        yield Problem(
            "RULES_CAPPED",
            Verdict.WARN,
            say(
                "The rules have sent all the SMS that a day may have ({most}). Posts go on "
                "tomorrow; reports are recorded without a receipt.",
                most=known.most,
            ),
            say("If it may cost more: raise max_per_day in [community], then: relay reload"),
        )


def _runs(station: Station) -> bool:
    return station.daemon.running is Running.YES
