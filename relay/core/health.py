"""From frozen facts to a verdict: pure, so that every screen of `relay status` can be tested.

The rules stand in the order of what blocks most; each is a generator of problems, and a missing
fact makes a problem of its own or none, but never a good sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from relay.core import clock_health, keeping_health, machine_health, plain, store_health
from relay.core.airtime_health import airtime
from relay.core.community_health import community
from relay.core.hook_health import hooks
from relay.core.message_health import messages
from relay.core.modem_health import known_not_to_work, modems, works
from relay.core.pause_health import paused
from relay.core.power_health import power
from relay.core.said import joined, say, some, template
from relay.core.server_health import hard, outage, reached, servers
from relay.core.sim_health import may_send, sims
from relay.core.station import Running, Station
from relay.core.verdict import Health, Problem, Verdict, in_order

__all__ = ["Health", "Problem", "Verdict", "judge"]

_Rule = Callable[[Station], Iterator[Problem]]

_MACHINE: tuple[_Rule, ...] = (
    store_health.database,
    machine_health.disk,
    store_health.held,
    machine_health.daemon,
    store_health.damage,
    power,
)
_RULES: tuple[_Rule, ...] = (
    *_MACHINE,
    modems,
    sims,
    airtime,
    servers,
    keeping_health.restored,
    messages,
    community,
    paused,
    clock_health.clock,
    store_health.custody,
    machine_health.workers,
    hooks,
    keeping_health.backup,
)

# The same fault in words that know less is not told a second time.
_KNOWS_MORE: Mapping[str, tuple[str, ...]] = {
    # A daemon that cannot write gives no sign of life, or cannot start: relay is not to blame.
    "DISK_READONLY": ("DAEMON_NEVER", "DAEMON_SILENT", "DAEMON_STOPPED"),
    "DISK_FULL": ("DAEMON_SILENT",),
    "STORE_HELD": ("DAEMON_SILENT",),
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
            say("Set relay up: sudo relay setup"),
        )
    return Problem(
        "CONFIG_BAD",
        Verdict.UNKNOWN,
        some(
            len(station.config_problems),
            "The configuration has {n} mistake. The first is: {first}",
            "The configuration has {n} mistakes. The first is: {first}",
            first=plain.sentence(first),
        ),
        say(
            "See them all: relay config check\n"
            "When they are corrected: sudo systemctl restart relay"
        ),
    )


def _verdict(station: Station, problems: tuple[Problem, ...]) -> Verdict:
    """Of a relay that does not run, nothing but that can be said: it is unknown."""
    if any(problem.code.startswith("DAEMON_") for problem in problems):
        return Verdict.UNKNOWN
    return problems[0].verdict if problems else Verdict.OK


# --- one sentence for a nurse -------------------------------------------------------------------


def _sentence(station: Station, verdict: Verdict, problems: tuple[Problem, ...]) -> str:
    if station.config_problems:
        if problems[0].code == "CONFIG_MISSING":
            return say("relay is not set up on this computer yet.")
        return say("relay cannot start: its configuration has a mistake.")
    if problems and problems[0].code == "DISK_READONLY":
        locked = say("The disk takes no writing, so SMS wait on the SIM and at the network.")
        return joined([locked, safe(station)], " ")
    if station.store.trouble is not None:
        return say(_UNREADABLE.get(station.store.trouble, _FORBIDDEN))
    codes = {problem.code for problem in problems}
    kept = safe(station)
    if "DISK_FULL" in codes:
        full = say("The disk is full, so SMS wait on the SIM and at the network.")
        return joined([full, kept], " ")
    if station.daemon.running is not Running.YES:
        return joined([_stopped(station), kept], " ")
    refused = not codes.isdisjoint({"SMS_REJECTED", "OUT_REFUSED"})
    words = _radio_and_server(station, refused=refused)
    if verdict is Verdict.OK:
        return words
    return joined([words, kept if _broken(station) else _look(verdict, problems)], " ")


_UNREADABLE = {
    "STORE_CORRUPT": template(
        "The database of relay is damaged, so nothing can be said of messages."
    ),
    "STORE_TOO_NEW": template("This relay is older than its database and does not touch it."),
    "STORE_OUTDATED": template(
        "The database is older than this relay; relay must be started once."
    ),
    "STORE_BUSY": template("The database is busy at the moment; nothing is wrong by that."),
}
_FORBIDDEN = template("This user may not read the database, so nothing can be said.")


def _stopped(station: Station) -> str:
    facts = station.daemon
    if facts.running is Running.NEVER:
        return say("relay has not run on this computer yet.")
    if facts.running is Running.SILENT:
        return say("relay hangs: no SMS come in or go out.")
    if facts.beat_at is None:
        return say("relay is not running: no SMS come in or go out.")
    ago = plain.age(facts.beat_at, station.now)
    if facts.stopped_cleanly:
        return say("relay was stopped {ago}.", ago=ago)
    return say("relay is not running; it was last alive {ago}.", ago=ago)


_ONE_WAY = {
    "credit": template("SMS come in, but none go out: there is no credit; {server}."),
    "sim": template("SMS come in, but none go out: the SIM is to blame; {server}."),
    "paused": template("SMS come in, but none go out: sending is paused; {server}."),
    "refused": template("SMS come in, but the network refuses some that go out; {server}."),
}
_REACHED = {
    True: template("SMS come in, go out and reach the server."),
    False: template("SMS neither come in nor go out; the server is reached."),
    None: template("It is not known yet whether SMS come in and go out; the server is reached."),
}
_NOT_REACHED = {
    True: template("SMS come in and go out, but {server}."),
    False: template("SMS neither come in nor go out, and {server}."),
    None: template("It is not known yet whether SMS come in and go out, and {server}."),
}


def _radio_and_server(station: Station, *, refused: bool) -> str:
    radio, server = _radio(station), _server(station)
    if radio is True and (why := _one_way(station, refused=refused)):
        return say(_ONE_WAY[why], server=server or say("the server is reached"))
    return say(_NOT_REACHED[radio], server=server) if server else say(_REACHED[radio])


def _one_way(station: Station, *, refused: bool) -> str:
    """Why SMS come in and do not go out, or nothing."""
    if any(one.what == "sending" for one in station.pauses):
        return "paused"
    if station.airtime and all(one.out_since is not None for one in station.airtime):
        return "credit"
    if not any(may_send(modem, station) for modem in station.modems):
        return "sim"
    return "refused" if refused else ""


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
        return say("no server is set up")
    if any(one.what == "sync" for one in station.pauses):
        return say("the exchange with the server is paused")
    lacking = [server for server in station.servers if reached(server, station) is not True]
    if not lacking:
        return ""
    server = lacking[0]
    alone = len(station.servers) == 1
    name = say("the server") if alone else say("server {name}", name=server.name)
    if reached(server, station) is None:
        return say("it is not known whether {name} is reached", name=name)
    if (server.code or "").startswith("AUTH_"):
        return say("{name} does not let relay in", name=name)
    if server.last_ok is None:
        return say("{name} has never been reached", name=name)
    lasted = plain.duration(outage(server, station) or 0)
    if hard(server.code or ""):
        return say("{name} cannot be used, for {time}", name=name, time=lasted)
    return say("{name} was not reached for {time}", name=name, time=lasted)


def _broken(station: Station) -> bool:
    return _radio(station) is not True or _server(station) != ""


def safe(station: Station) -> str:
    """What is not lost, in a sentence: only where the database says so."""
    inward = station.inward
    if inward is None:
        return ""
    if inward.here_only:
        return some(inward.here_only, "{n} message is safe here.", "{n} messages are safe here.")
    if store_health.salvaged_lately(station):
        return say("Messages may be missing: the database was damaged.")
    return say("Nothing is lost.")


def _look(verdict: Verdict, problems: tuple[Problem, ...]) -> str:
    if verdict is Verdict.CRIT:
        return some(
            len(problems), "{n} thing for a person to do.", "{n} things for a person to do."
        )
    return some(
        len(problems), "{n} thing for a person to look at.", "{n} things for a person to look at."
    )
