"""What status says of the ladder: what was done to a modem today, and what is left to a person."""

from __future__ import annotations

from collections.abc import Callable

from relay.core import plain
from relay.core.ladder import RESETS, LadderState, Step, Trouble
from relay.core.said import Said, joined, say, some, template
from relay.core.station import CureFacts, ModemFacts, Station
from relay.core.verdict import Problem, Verdict

_FAILS = {
    Trouble.SILENT: template("Modem {modem} does not answer (for {time})"),
    Trouble.MAD: template("Modem {modem} refuses every command (for {time})"),
    Trouble.RESTARTING: template("Modem {modem} restarts again and again (for {time})"),
    Trouble.UNANSWERED: template(
        "Modem {modem} answers, but never when a message is sent (for {time})"
    ),
    Trouble.DEAF: template("Modem {modem} answers, but receives no SMS (for {time})"),
}
# No ladder is climbed for so long; what still says so is history.
_CURING_MS = 15 * plain.MINUTE
_REPLUG = template("Unplug it, count to ten, plug it in again; relay finds it by itself.")
_ACTIONS = {
    Trouble.RESTARTING: template(
        "Plug it into another USB socket or a hub with its own power, on a short lead: most "
        "modems that restart lack current."
    ),
}
_WORDS = {
    Step.ESC: template("a prompt left"),
    Step.REOPEN: template("its port opened anew"),
    Step.ATZ: template("its settings restored"),
    Step.CFUN: template("the modem restarted"),
    Step.USB: template("its USB socket switched off and on"),
    Step.POWER: template("its power cut for a moment"),
}


def hung(modem: ModemFacts, station: Station) -> Problem | None:
    """The modem that no step could help, and what a person can do that relay cannot."""
    ladder = modem.ladder
    if not ladder.asked_at or ladder.state in {LadderState.WELL, LadderState.ABSENT}:
        return None
    what = _fails(modem, station)
    if ladder.taken:
        steps = joined((say(_WORDS[step]) for step in ladder.taken), ", ")
        what = say("{what}, and nothing helped ({steps}).", what=what, steps=steps)
    else:
        what = joined([what, "."], "")
    if ladder.lacking:
        lacking = joined(
            joined([say(_WORDS[step]), why], ": ") for step, why in ladder.lacking.items()
        )
        what = joined([what, say("Could not be tried: {steps}.", steps=lacking)], " ")
    action = say(_ACTIONS.get(ladder.trouble, _REPLUG))
    return Problem("MODEM_HUNG", Verdict.CRIT, what, action, ladder.fell_at, modem.name)


def _fails(modem: ModemFacts, station: Station) -> Said:
    lasted = plain.duration(max(0, station.now - modem.ladder.fell_at))
    return say(_FAILS[modem.ladder.trouble], modem=modem.name, time=lasted)


def under_way(modem: ModemFacts, station: Station) -> bool:
    """Whether relay is at it: what the modem shows meanwhile, a port that went, is its doing."""
    ladder = modem.ladder
    return ladder.state is LadderState.CURING and station.now - ladder.fell_at < _CURING_MS


def curing(modem: ModemFacts, station: Station) -> Problem:
    """Nobody needs to come: in a few minutes it works, or status says what a person must do."""
    return Problem(
        "MODEM_RECOVERING",
        Verdict.WARN,
        say(
            "{what}; relay is bringing it back. Messages wait here and at the operator.",
            what=_fails(modem, station),
        ),
        say("Leave it in. In some minutes it works, or relay status says what you must do."),
        modem.ladder.fell_at,
        modem.name,
    )


def line(modem: ModemFacts, now: int, clock: Callable[[int], str]) -> str:
    """`usb1 was reset twice in 24 h (02:11 the modem restarted, …), works now`; '' when idle.

    `clock` writes a time of day.
    """
    today = [cure for cure in modem.cures if 0 <= now - cure.at < plain.DAY]
    resets = [cure for cure in today if cure.step in RESETS]
    if not today:
        return ""
    shown = resets or today
    steps = joined(
        (joined([clock(cure.at), say(_WORDS[cure.step])], " ") for cure in shown[-3:]),
        ", ",
    )
    if len(shown) > 3:
        steps = joined(["…", steps], " ")
    values = {"modem": modem.name, "steps": steps, "then": _now(modem, today[-1])}
    if resets:
        return some(
            len(shown),
            "{modem} was reset once in 24 h ({steps}), {then}",
            "{modem} was reset {n} times in 24 h ({steps}), {then}",
            **values,
        )
    return some(
        len(shown),
        "{modem} was recovered once in 24 h ({steps}), {then}",
        "{modem} was recovered {n} times in 24 h ({steps}), {then}",
        **values,
    )


def _now(modem: ModemFacts, last: CureFacts) -> str:
    match modem.ladder.state:
        case LadderState.WELL:
            return say("works now")
        case LadderState.PROVING:
            return say("seems to work now")
        case LadderState.ABSENT:
            return say("is missing now")
        case LadderState.ASKING:
            return say("does not work")
        case _:
            return say("is being tried: {step}", step=say(_WORDS[last.step]))
