"""The station on a screen of 80 columns: verdict, at most three actions, facts with their age."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from relay import status_messages
from relay.clock import local
from relay.core import plain, recovery_health, silence_health
from relay.core.health import Health, Problem, Verdict
from relay.core.link import LinkState
from relay.core.number import masked
from relay.core.station import (
    ModemFacts,
    Running,
    ServerFacts,
    Station,
)
from relay.status_airtime import airtime_line

WIDTH = 80
_SHOWN = 3
_LABEL = 9
_LOCKED = (LinkState.PIN_REQUIRED, LinkState.PIN_REFUSED, LinkState.PUK_BLOCKED)
_ROAMING = 5  # <stat> of +CREG, TS 27.007 §7.2


def screen(station: Station, health: Health, *, show_numbers: bool = False) -> list[str]:
    """Lines of plain text; the first begins with the verdict."""
    return [
        *_headline(station, health),
        *_actions(health),
        *_facts(station, show_numbers),
        *(["Nothing to do."] if health.verdict is Verdict.OK else []),
    ]


def one_line(station: Station, health: Health) -> str:
    """For programs that watch: verdict, codes, counts; what is not known is `?`."""
    inward, outward = station.inward, station.outward
    codes = dict.fromkeys(problem.code for problem in health.problems)
    figures = {
        "in": inward and inward.received_today,
        "here": inward and inward.here_only,
        "out": outward and outward.waiting,
        "uncertain": outward and outward.uncertain,
    }
    counts = [f"{name}={'?' if n is None else n}" for name, n in figures.items()]
    return " ".join([health.verdict, *codes, *counts])


# --- verdict and actions ------------------------------------------------------------------------


def _headline(station: Station, health: Health) -> list[str]:
    first = f"{health.verdict:<8}"
    lines = _wrap(health.sentence, first, " " * len(first))
    where = ", ".join(filter(None, (station.name, local(station.now)[:16])))
    return [*lines, " " * len(first) + where]


def _actions(health: Health) -> Iterator[str]:
    for number, problem in enumerate(health.problems[:_SHOWN], start=1):
        yield ""
        yield from _action(number, problem)
    left = len(health.problems) - _SHOWN
    if left > 0:
        yield ""
        yield f" and {plain.many(left, 'more thing')}: relay status --json"


def _action(number: int, problem: Problem) -> Iterator[str]:
    what = _wrap(problem.what, f" {number}. ", "    ")
    yield from what[:-1]
    yield from _with_tail(what[-1], problem.code)
    for step in problem.action.splitlines():
        yield from _wrap(step, "    -> ", "       ")


# --- facts --------------------------------------------------------------------------------------


def _facts(station: Station, show_numbers: bool) -> Iterator[str]:
    if station.config_problems:
        return  # it is the configuration that says where to look
    yield ""
    alive = station.daemon.running is Running.YES
    yield from _modems(station, alive, show_numbers)
    for one in station.airtime:
        if said := airtime_line(one, alone=len(station.airtime) == 1):
            yield from _fact("Airtime", said, one.at, station)
    if station.inward is not None:
        yield from _fact("In", status_messages.inward(station.inward, station), None, station)
    if station.outward is not None:
        yield from _fact("Out", status_messages.outward(station.outward, station), None, station)
    for server in station.servers:
        yield from _fact("Server", _server(server, station), server.last_ok, station)
    yield from _fact("Disk", _disk(station), None, station)
    if clock := _clock(station):
        yield from _fact("Clock", clock, None, station)
    yield from _fact("relay", _relay(station), None, station)


def _modems(station: Station, alive: bool, show_numbers: bool) -> Iterator[str]:
    for modem in station.modems:
        yield from _fact("Modem", _modem(modem, alive, show_numbers), modem.seen_at, station)
        if recovered := recovery_health.line(modem, station.now, _time_of_day):
            yield from _fact("Recover", recovered, None, station)
        if quiet := silence_health.line(modem, station.now):
            yield from _fact("Silence", quiet, modem.quiet.changed_at, station)


def _time_of_day(at: int) -> str:
    return local(at)[11:16]


def _modem(modem: ModemFacts, alive: bool, show_numbers: bool) -> str:
    if modem.state is None:
        return f"{modem.name}: not known yet"
    state = f"{modem.name}: {'' if alive else 'was '}{modem.state}"
    if modem.state not in (LinkState.READY, LinkState.SEARCHING, LinkState.DENIED):
        return f"{state}{_tries(modem)}"
    words = [
        modem.operator or "operator not known",
        "roaming" if modem.registration == _ROAMING else None,
        modem.access,
        plain.signal(modem.signal_dbm),
        _sim(modem.sim, show_numbers),
        *(
            f"{m.memory} {m.used} of {m.total} used"
            for m in modem.memories
            if 2 * m.used > m.total
        ),
    ]
    if show_numbers:
        words += [f"SMSC {modem.smsc or 'not known'}", f"IMEI {modem.imei or 'not known'}"]
    return f"{state}, {', '.join(filter(None, words))}"


def _tries(modem: ModemFacts) -> str:
    if modem.state not in _LOCKED or modem.pin_tries is None:
        return ""
    return f", {plain.many(modem.pin_tries, 'PIN try', 'PIN tries')} left"


def _sim(number: str, show_numbers: bool) -> str | None:
    return f"SIM {number if show_numbers else masked(number)}" if number else None


def _server(server: ServerFacts, station: Station) -> str:
    alive = station.daemon.running is Running.YES
    code = server.code or "not tried yet"
    state = f"{server.name}: {'' if alive or server.code is None else 'was '}{code}"
    if station.inward is None:
        return state
    words = [
        f"{plain.count(server.forwarded)} at the server ({plain.count(server.forwarded_today)} "
        "today)",
        f"{plain.count(server.waiting)} waiting",
    ]
    if server.parked:
        words.append(f"{plain.count(server.parked)} refused")
    if server.untold:
        words.append(f"{plain.many(server.untold, 'status', 'statuses')} to tell")
    return f"{state}; {', '.join(words)}"


def _disk(station: Station) -> str:
    store = station.store
    if not store.exists:
        return f"{plain.size(store.free)} free; no database yet ({store.path})"
    if store.trouble is not None:
        return f"{plain.size(store.free)} free; {store.path} ({store.trouble})"
    copy = "no copy yet"
    if store.backup_at is not None:
        copy = f"last copy {plain.age(store.backup_at, station.now)}"
    return f"{plain.size(store.free)} free; {copy}"


def _clock(station: Station) -> str:
    words = [
        f"{_agreement(server.clock_offset_s)} server {server.name}"
        for server in station.servers
        if server.clock_offset_s is not None
    ]
    step, at = station.clock_step_s, station.clock_step_at
    if step is not None and at is not None and station.now - at < plain.DAY:
        side = "forward" if step > 0 else "back"
        how = plain.duration(round(abs(step) * 1000))
        words.append(f"was set {side} by {how}, {plain.age(at, station.now)}")
    return "; ".join(words)


def _agreement(offset_s: int) -> str:
    """The server's clock minus ours, as the Date header of its answer tells."""
    if abs(offset_s) < 30:
        return "agrees with"
    side = "behind" if offset_s > 0 else "ahead of"
    return f"{plain.duration(abs(offset_s) * 1000)} {side}"


def _relay(station: Station) -> str:
    facts, now = station.daemon, station.now
    version = f"{facts.version}, " if facts.version else ""
    if facts.running is Running.YES:
        if facts.started_at is None:
            return f"{version}running"
        return f"{version}running for {plain.duration(max(0, now - facts.started_at))}"
    words = {
        Running.NEVER: "has not run here yet",
        Running.SILENT: f"hangs; last sign of life {plain.age(facts.beat_at, now)}",
        Running.NO: "not running"
        + (f"; last alive {plain.age(facts.beat_at, now)}" if facts.beat_at else "")
        + ("; it was stopped in good order" if facts.stopped_cleanly else ""),
    }
    return version + words[facts.running]


# --- lines --------------------------------------------------------------------------------------


def _fact(label: str, words: str, at: int | None, station: Station) -> Iterator[str]:
    lines = _wrap(words, f" {label:<{_LABEL - 1}}", " " * _LABEL)
    yield from lines[:-1]
    yield from _with_tail(lines[-1], plain.age(at, station.now) if at is not None else "")


def _with_tail(line: str, tail: str) -> Iterator[str]:
    """The line with something at its right edge, on a line of its own where there is no room."""
    room = WIDTH - len(line) - len(tail)
    if not tail:
        yield line
    elif room >= 2:
        yield line + " " * room + tail
    else:
        yield line
        yield tail.rjust(WIDTH)


def _wrap(words: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]
