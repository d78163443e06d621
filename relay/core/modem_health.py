"""What can be wrong with the modems, their SIMs and the network."""

from __future__ import annotations

from collections.abc import Iterator

from relay.core import plain, recovery_health
from relay.core.link import LinkState
from relay.core.plain import MINUTE
from relay.core.port_health import AFTERWARDS, IN_THE_WAY, WAITING
from relay.core.rhythm import Silent
from relay.core.said import joined, say, template
from relay.core.silence_health import silence
from relay.core.station import ModemFacts, Running, Station
from relay.core.verdict import Problem, Verdict

# What to do about a memory that is full, or nearly.
EMPTIES = say(
    "relay empties it by itself; if this stays for ten minutes, put the SIM into a phone and "
    "delete messages there."
)

_STALE = 10 * MINUTE
_STARTING = 3 * MINUTE
_SEARCH_PATIENCE = 10 * MINUTE
_FAINT_DBM = -105


def modems(station: Station) -> Iterator[Problem]:
    """Every modem's problem. While another one works, none of them needs a person at once."""
    if station.daemon.running is not Running.YES:
        return
    if not station.modems:
        yield Problem(
            "MODEM_NONE",
            Verdict.CRIT,
            say("No modem is set up, so no SMS can come in or go out."),
            say(
                "Write a section [modem.usb1] with its port into the configuration "
                "(relay config show names the file), then: sudo systemctl restart relay"
            ),
        )
    spare = any(works(modem, station) for modem in station.modems)
    for modem in station.modems:
        for problem in _problems(modem, station):
            yield _softened(problem) if spare else problem


def works(modem: ModemFacts, station: Station) -> bool:
    """Registered, by a fact that is not too old, and not known to be deaf."""
    deaf = modem.quiet.who is Silent.MODEM
    return modem.state is LinkState.READY and not deaf and not _stale(modem, station)


def known_not_to_work(modem: ModemFacts, station: Station) -> bool:
    return modem.state in _STATES and not _stale(modem, station)


def _softened(problem: Problem) -> Problem:
    if problem.verdict is Verdict.WARN:
        return problem
    return Problem(
        problem.code, Verdict.WARN, problem.what, problem.action, problem.since, problem.subject
    )


def _stale(modem: ModemFacts, station: Station) -> bool:
    """No word of the modem for so long that what was known is history."""
    patience = max(_STALE, round(3_000 * modem.survey_s))
    return modem.seen_at is None or station.now - modem.seen_at > patience


def _problems(modem: ModemFacts, station: Station) -> Iterator[Problem]:
    if (hung := recovery_health.hung(modem, station)) is not None:
        yield hung
        return
    started = station.daemon.started_at
    starting = started is not None and 0 <= station.now - started < _STARTING
    if modem.state is None or _stale(modem, station):
        yield _starting(modem) if starting else _silent(modem, station)
    elif modem.state is LinkState.READY:
        yield from _registered(modem, station)
    elif recovery_health.under_way(modem, station):
        yield recovery_health.curing(modem, station)
    elif starting and modem.state in _PASSING and not _was_up(modem):
        yield _starting(modem)
    else:
        yield _link_problem(modem, modem.state, station)


def _was_up(modem: ModemFacts) -> bool:
    """Whether it was in another state for a while since its port was opened."""
    if modem.since is None or modem.opened_at is None:
        return False
    return modem.since - modem.opened_at > MINUTE


def _starting(modem: ModemFacts) -> Problem:
    return Problem(
        "MODEM_UNKNOWN",
        Verdict.UNKNOWN,
        say("relay has just been started; modem {modem} is not up yet.", modem=modem.name),
        say("Wait a minute and ask again: relay status"),
        subject=modem.name,
    )


def _silent(modem: ModemFacts, station: Station) -> Problem:
    seen = plain.age(modem.seen_at, station.now)
    return Problem(
        "MODEM_UNKNOWN",
        Verdict.UNKNOWN,
        say(
            "What modem {modem} does is not known: the last word of it came {ago}.",
            modem=modem.name,
            ago=seen,
        ),
        say("Wait a minute. If it stays: sudo systemctl restart relay"),
        modem.seen_at,
        modem.name,
    )


def _registered(modem: ModemFacts, station: Station) -> Iterator[Problem]:
    yield from silence(modem, station.now)
    if modem.signal_dbm is not None and modem.signal_dbm <= _FAINT_DBM:
        yield Problem(
            "SIGNAL_WEAK",
            Verdict.WARN,
            say(
                "Modem {modem} has a very weak signal ({dbm} dBm).",
                modem=modem.name,
                dbm=modem.signal_dbm,
            ),
            say("Move it to a window or higher up, on a USB lead, away from metal."),
            subject=modem.name,
        )
    for memory in modem.memories:
        if 0 < memory.total <= memory.used:
            yield Problem(
                "SIM_FULL",
                Verdict.CRIT,
                say(
                    "The memory {memory} of modem {modem} is full ({used} of {total}), so it "
                    "cannot take any more SMS.",
                    memory=memory.memory,
                    modem=modem.name,
                    used=memory.used,
                    total=memory.total,
                ),
                EMPTIES,
                subject=modem.name,
            )


def _link_problem(modem: ModemFacts, state: LinkState, station: Station) -> Problem:
    words, action = _STATES[state]
    code = _CODES.get(state, state.value)
    blocked = state is LinkState.LOST and modem.code in IN_THE_WAY
    if blocked:
        code, words, action = modem.code, IN_THE_WAY[modem.code], AFTERWARDS
    if state is LinkState.PIN_REQUIRED and modem.detail.startswith("the modem asks for"):
        words, action = _OTHER_LOCK
    began = modem.since or (modem.answered_at if state is LinkState.LOST else None)
    what = say(words, modem=modem.name, lasted=_lasted(began, station))
    if blocked:
        what = say(WAITING[len(station.modems) > 1], what=what)
    verdict = Verdict.CRIT
    if state in _PASSING and _just_begun(modem, station):
        verdict = Verdict.WARN
    return Problem(code, verdict, what, _what_to_do(modem, state, action), began, modem.name)


def _lasted(began: int | None, station: Station) -> str:
    if not began:
        return ""
    return say(" (for {time})", time=plain.duration(max(0, station.now - began)))


def _what_to_do(modem: ModemFacts, state: LinkState, action: str) -> str:
    steps = [say(action)]
    if state is LinkState.PIN_REFUSED:
        steps = [joined([say("Correct the PIN."), say(_PIN_ACTION)], " ")]
    told = plain.sentence(modem.detail) if state in _TELLING else ""
    return joined([told, *steps], "\n")


def _just_begun(modem: ModemFacts, station: Station) -> bool:
    began = modem.since or modem.opened_at
    return began is not None and station.now - began < _SEARCH_PATIENCE


# Their detail says more than their name.
_TELLING = frozenset({LinkState.LOST, LinkState.PIN_REFUSED, LinkState.PIN_REQUIRED})
_OTHER_LOCK = (
    template("Modem {modem} asks for a code that is no PIN of a SIM{lasted}."),
    template("Use a modem that is not locked, or a SIM of the operator to which it is locked."),
)

_PIN_ACTION = template(
    "Write it into the configuration (relay config show names the file) or into its systemd "
    "credential, then: sudo systemctl restart relay"
)

_STATES = {
    LinkState.LOST: (
        template("Modem {modem} is missing or silent{lasted}."),
        template("Unplug it, count to ten, plug it in again; relay finds it by itself."),
    ),
    LinkState.SIM_ABSENT: (
        template("There is no SIM in modem {modem}, or it sits badly{lasted}."),
        template("Take the modem out, put the SIM in again, plug the modem in."),
    ),
    LinkState.PIN_REQUIRED: (
        template(
            "The SIM in modem {modem} asks for a PIN{lasted}, and the configuration has none."
        ),
        _PIN_ACTION,
    ),
    LinkState.PIN_REFUSED: (
        template(
            "The SIM in modem {modem} refused the PIN of the configuration; relay does not try it "
            "again, so that the SIM is not blocked."
        ),
        _PIN_ACTION,
    ),
    LinkState.PUK_BLOCKED: (
        template("The SIM in modem {modem} is blocked after three wrong PINs{lasted}."),
        template(
            "Put it into a phone and type the PUK that came with the card. relay never tries a "
            "PUK."
        ),
    ),
    LinkState.SEARCHING: (
        template("Modem {modem} finds no network{lasted}."),
        template(
            "Move it to a window, on a USB lead. If it stays: try the SIM in a phone at the same "
            "place; an operator may be down for hours."
        ),
    ),
    LinkState.DENIED: (
        template("The network refuses the SIM in modem {modem}{lasted}."),
        template("Ask the operator: is the SIM blocked, registered, paid for?"),
    ),
    LinkState.CLOSED: (
        template("Modem {modem} is closed{lasted}."),
        template("Wait a minute. If it stays: sudo systemctl restart relay"),
    ),
    LinkState.OPENING: (
        template("Modem {modem} is being opened{lasted}."),
        template("Wait a minute. If it stays: unplug it, count to ten, plug it in again."),
    ),
    LinkState.INITIALISING: (
        template("Modem {modem} is being set up{lasted}."),
        template("Wait a minute. If it stays: unplug it, count to ten, plug it in again."),
    ),
}

# The states whose names say too little outside this page.
_CODES = {
    LinkState.LOST: "MODEM_LOST",
    LinkState.SEARCHING: "NET_SEARCHING",
    LinkState.DENIED: "NET_DENIED",
    LinkState.CLOSED: "MODEM_CLOSED",
    LinkState.OPENING: "MODEM_OPENING",
    LinkState.INITIALISING: "MODEM_INITIALISING",
}

# What every modem goes through on its way up.
_PASSING = frozenset(
    {LinkState.CLOSED, LinkState.OPENING, LinkState.INITIALISING, LinkState.SEARCHING}
)
