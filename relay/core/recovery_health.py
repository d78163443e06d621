"""What status says of the ladder: what was done to a modem today, and what is left to a person."""

from __future__ import annotations

from collections.abc import Callable

from relay.core import plain
from relay.core.ladder import RESETS, LadderState, Step, Trouble
from relay.core.station import CureFacts, ModemFacts, Station
from relay.core.verdict import Problem, Verdict

_FAILS = {
    Trouble.SILENT: "does not answer",
    Trouble.MAD: "refuses every command",
    Trouble.RESTARTING: "restarts again and again",
    Trouble.UNANSWERED: "answers, but never when a message is sent",
    Trouble.DEAF: "answers, but receives no SMS",
}
# No ladder is climbed for so long; what still says so is history.
_CURING_MS = 15 * plain.MINUTE
_REPLUG = "Unplug it, count to ten, plug it in again; relay finds it by itself."
_ACTIONS = {
    Trouble.RESTARTING: "Plug it into another USB socket or a hub with its own power, on a "
    "short lead: most modems that restart lack current.",
}
_WORDS = {
    Step.ESC: "a prompt left",
    Step.REOPEN: "its port opened anew",
    Step.ATZ: "its settings restored",
    Step.CFUN: "AT+CFUN",
    Step.USB: "USB",
    Step.POWER: "power",
}


def hung(modem: ModemFacts, station: Station) -> Problem | None:
    """The modem that no step could help, and what a person can do that relay cannot."""
    ladder = modem.ladder
    if not ladder.asked_at or ladder.state in {LadderState.WELL, LadderState.ABSENT}:
        return None
    lasted = plain.duration(max(0, station.now - ladder.fell_at))
    what = f"Modem {modem.name} {_FAILS[ladder.trouble]} (for {lasted}){_tried(modem)}."
    lacking = [f"{step.lower()}: {why}" for step, why in ladder.lacking.items()]
    if lacking:
        what += f" Could not be tried: {'; '.join(lacking)}."
    action = _ACTIONS.get(ladder.trouble, _REPLUG)
    return Problem("MODEM_HUNG", Verdict.CRIT, what, action, ladder.fell_at, modem.name)


def under_way(modem: ModemFacts, station: Station) -> bool:
    """Whether relay is at it: what the modem shows meanwhile, a port that went, is its doing."""
    ladder = modem.ladder
    return ladder.state is LadderState.CURING and station.now - ladder.fell_at < _CURING_MS


def curing(modem: ModemFacts, station: Station) -> Problem:
    """Nobody needs to come: in a few minutes it works, or status says what a person must do."""
    ladder = modem.ladder
    lasted = plain.duration(max(0, station.now - ladder.fell_at))
    return Problem(
        "MODEM_RECOVERING",
        Verdict.WARN,
        f"Modem {modem.name} {_FAILS[ladder.trouble]} (for {lasted}); relay is bringing it back. "
        "Messages wait here and at the operator.",
        "Leave it in. In some minutes it works, or relay status says what you must do.",
        ladder.fell_at,
        modem.name,
    )


def _tried(modem: ModemFacts) -> str:
    words = [_WORDS[step] for step in modem.ladder.taken]
    return f", and nothing helped ({', '.join(words)})" if words else ""


def line(modem: ModemFacts, now: int, clock: Callable[[int], str]) -> str:
    """`modem usb1 was reset twice today (02:11 CFUN, 09:47 USB), works now`; '' when idle.

    `clock` writes a time of day.
    """
    today = [cure for cure in modem.cures if 0 <= now - cure.at < plain.DAY]
    resets = [cure for cure in today if cure.step in RESETS]
    if not today:
        return ""
    shown = resets or today
    done = "reset" if resets else "recovered"
    times = {1: "once", 2: "twice"}.get(len(shown), f"{len(shown)} times")
    steps = ", ".join(f"{clock(cure.at)} {cure.step}" for cure in shown[-3:])
    more = "… " if len(shown) > 3 else ""
    return f"{modem.name} was {done} {times} in 24 h ({more}{steps}), {_now(modem, today[-1])}"


def _now(modem: ModemFacts, last: CureFacts) -> str:
    match modem.ladder.state:
        case LadderState.WELL:
            return "works now"
        case LadderState.PROVING:
            return "seems to work now"
        case LadderState.ABSENT:
            return "is missing now"
        case LadderState.ASKING:
            return "does not work"
        case _:
            return f"{last.step} is being tried"
