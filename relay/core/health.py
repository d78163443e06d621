"""From frozen facts to a verdict: pure, so that every screen of `relay status` can be tested.

The rules stand in the order of what blocks most; each is a generator of problems, and a missing
fact makes a problem of its own or none, but never a good sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from relay.core import machine_health, plain
from relay.core.airtime_health import airtime
from relay.core.message_health import messages
from relay.core.modem_health import known_not_to_work, modems, works
from relay.core.server_health import hard, outage, reached, servers
from relay.core.sim_health import may_send, sims
from relay.core.station import Running, Station
from relay.core.verdict import Health, Problem, Verdict, in_order

__all__ = ["Health", "Problem", "Verdict", "judge"]

_Rule = Callable[[Station], Iterator[Problem]]

_MACHINE: tuple[_Rule, ...] = (
    machine_health.database,
    machine_health.disk,
    machine_health.held,
    machine_health.daemon,
    machine_health.damage,
)
_RULES: tuple[_Rule, ...] = (
    *_MACHINE,
    modems,
    sims,
    airtime,
    servers,
    messages,
    machine_health.clock,
    machine_health.workers,
    machine_health.backup,
)

# The same fault in words that know less is not told a second time.
_KNOWS_MORE: Mapping[str, tuple[str, ...]] = {
    "SIM_NO_CREDIT": ("SMS_REJECTED", "OUT_REFUSED", "OUT_SLOW"),
    "SMS_REJECTED": ("OUT_REFUSED", "OUT_SLOW"),
    "OUT_REFUSED": ("OUT_SLOW",),
}


def judge(station: Station) -> Health:
    """The verdict, one sentence for a nurse, and the problems, the most blocking first."""
    problems = in_order(_found(station))
    verdict = _verdict(station, problems)
    return Health(verdict, _sentence(station, verdict, problems), problems)


def _found(station: Station) -> list[Problem]:
    if station.config_problems:
        return [_configuration(station)]
    # Of modems, servers and messages nothing is known when the database cannot be read.
    rules = _RULES if station.store.trouble is None else _MACHINE
    found = [problem for rule in rules for problem in rule(station)]
    if any(problem.code in ("DISK_FULL", "STORE_HELD") for problem in found):
        # A daemon that cannot write gives no sign of life: that is to blame, not relay.
        found = [problem for problem in found if problem.code != "DAEMON_SILENT"]
    codes = {problem.code for problem in found}
    weaker = {code for known in codes for code in _KNOWS_MORE.get(known, ())}
    return [problem for problem in found if problem.code not in weaker]


def _configuration(station: Station) -> Problem:
    first = station.config_problems[0]
    if len(station.config_problems) == 1 and "there is no such file" in first:
        return Problem(
            "CONFIG_MISSING",
            Verdict.UNKNOWN,
            plain.sentence(first),
            "Write the configuration, then: relay config check",
        )
    return Problem(
        "CONFIG_BAD",
        Verdict.UNKNOWN,
        f"The configuration has {plain.many(len(station.config_problems), 'mistake')}. The first "
        f"is: {plain.sentence(first)}",
        "See them all: relay config check\nWhen they are corrected: sudo systemctl restart relay",
    )


def _verdict(station: Station, problems: tuple[Problem, ...]) -> Verdict:
    """Of a relay that does not run, nothing but that can be said: it is unknown."""
    if any(problem.code.startswith("DAEMON_") for problem in problems):
        return Verdict.UNKNOWN
    return problems[0].verdict if problems else Verdict.OK


# --- one sentence for a nurse -------------------------------------------------------------------


def _sentence(station: Station, verdict: Verdict, problems: tuple[Problem, ...]) -> str:
    if station.config_problems:
        missing = problems[0].code == "CONFIG_MISSING"
        return (
            "relay is not set up on this computer yet."
            if missing
            else "relay cannot start: its configuration has a mistake."
        )
    if station.store.trouble is not None:
        return _unreadable(station.store.trouble)
    codes = {problem.code for problem in problems}
    if "DISK_FULL" in codes:
        return f"The disk is full, so SMS wait on the SIM and at the network. {safe(station)}"
    if station.daemon.running is not Running.YES:
        return f"{_stopped(station)} {safe(station)}"
    refused = not codes.isdisjoint({"SMS_REJECTED", "OUT_REFUSED"})
    words = plain.sentence(_radio_and_server(station, refused=refused))
    if verdict is Verdict.OK:
        return words
    return f"{words} {safe(station) if _broken(station) else _look(verdict, problems)}"


def _unreadable(trouble: str) -> str:
    return {
        "STORE_CORRUPT": "The database of relay is damaged, so nothing can be said of messages.",
        "STORE_TOO_NEW": "This relay is older than its database and does not touch it.",
        "STORE_OUTDATED": "The database is older than this relay; relay must be started once.",
        "STORE_BUSY": "The database is busy at the moment; nothing is wrong by that.",
    }.get(trouble, "This user may not read the database, so nothing can be said.")


def _stopped(station: Station) -> str:
    facts = station.daemon
    if facts.running is Running.NEVER:
        return "relay has not run on this computer yet."
    if facts.running is Running.SILENT:
        return "relay hangs: no SMS come in or go out."
    if facts.beat_at is None:
        return "relay is not running: no SMS come in or go out."
    how = "was stopped" if facts.stopped_cleanly else "is not running; it was last alive"
    return f"relay {how} {plain.age(facts.beat_at, station.now)}."


def _radio_and_server(station: Station, *, refused: bool) -> str:
    radio, server = _radio(station), _server(station)
    if radio is True and _none_can_pay(station):
        words = "SMS come in, but none go out: there is no credit"
        return f"{words}; {server or 'the server is reached'}"
    if radio is True and not any(may_send(modem, station) for modem in station.modems):
        words = "SMS come in, but none go out: the SIM is to blame"
        return f"{words}; {server or 'the server is reached'}"
    if radio is True and refused:
        words = "SMS come in, but the network refuses some that go out"
        return f"{words}; {server or 'the server is reached'}"
    if radio is True and server == "":
        return "SMS come in, go out and reach the server"
    words = {
        True: "SMS come in and go out",
        False: "SMS neither come in nor go out",
        None: "It is not known yet whether SMS come in and go out",
    }[radio]
    if server == "":
        return f"{words}; the server is reached"
    return f"{words}{', but' if radio else ', and'} {server}"


def _none_can_pay(station: Station) -> bool:
    return bool(station.airtime) and all(one.out_since is not None for one in station.airtime)


def _radio(station: Station) -> bool | None:
    """Whether at least one modem works; None when nobody knows."""
    if any(works(modem, station) for modem in station.modems):
        return True
    if all(known_not_to_work(modem, station) for modem in station.modems):
        return False
    return None


def _server(station: Station) -> str:
    """What is wrong with the servers, or nothing."""
    if not station.servers:
        return "no server is set up"
    lacking = [server for server in station.servers if reached(server, station) is not True]
    if not lacking:
        return ""
    server = lacking[0]
    name = "the server" if len(station.servers) == 1 else f"server {server.name}"
    if reached(server, station) is None:
        return f"it is not known whether {name} is reached"
    if (server.code or "").startswith("AUTH_"):
        return f"{name} does not let relay in"
    if server.last_ok is None:
        return f"{name} has never been reached"
    lasted = plain.duration(outage(server, station) or 0)
    if hard(server.code or ""):
        return f"{name} cannot be used, for {lasted}"
    return f"{name} was not reached for {lasted}"


def _broken(station: Station) -> bool:
    return _radio(station) is not True or _server(station) != ""


def safe(station: Station) -> str:
    """What is not lost, in a sentence: only where the database says so."""
    inward = station.inward
    if inward is None:
        return ""
    if inward.here_only:
        are = "is" if inward.here_only == 1 else "are"
        return f"{plain.many(inward.here_only, 'message')} {are} safe here."
    if machine_health.salvaged_lately(station):
        return "Messages may be missing: the database was damaged."
    return "Nothing is lost."


def _look(verdict: Verdict, problems: tuple[Problem, ...]) -> str:
    things = plain.many(len(problems), "thing")
    return f"{things} for a person to {'do' if verdict is Verdict.CRIT else 'look at'}."
