"""A glance as lines of text: everything is said in words, nothing by colour or place alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from relay.clock import local
from relay.core import plain
from relay.core.link import LinkState
from relay.core.number import masked
from relay.core.station import AirtimeFacts, ModemFacts, Running, ServerFacts, Station
from relay.monitor.glance import Glance, Message

_LABEL = 9
_PROBLEMS = 3


def headline(glance: Glance, width: int) -> list[str]:
    """The verdict and its sentence, in at most three lines."""
    station, health = glance.station, glance.health
    where = ", ".join(filter(None, (station.name, local(station.now)[:19])))
    first = f"{health.verdict}  {where}"
    return [first, *_wrapped(str(health.sentence), width, "")[:2]]


def problems(glance: Glance, width: int) -> Iterator[str]:
    """The three that block most, each with its code and what to do."""
    found = glance.health.problems
    for number, problem in enumerate(found[:_PROBLEMS], start=1):
        yield from _wrapped(f"{problem.what} [{problem.code}]", width, f"{number}. ", "   ")
        for step in str(problem.action).splitlines():
            yield from _wrapped(step, width, "   -> ", "      ")
    if len(found) > _PROBLEMS:
        yield f"and {plain.many(len(found) - _PROBLEMS, 'more thing')}: relay status --json"
    if not found:
        yield "Nothing to do."


def facts(glance: Glance, width: int) -> Iterator[str]:
    """Modems, queues, servers, and relay itself."""
    station = glance.station
    for modem in station.modems:
        yield from _fact("Modem", _modem(modem, glance, station), width)
    for one in station.airtime:
        if one.known:
            yield from _fact("Airtime", _airtime(one, station), width)
    yield from _fact("In", _inward(station), width)
    yield from _fact("Out", _outward(station), width)
    for server in station.servers:
        yield from _fact("Server", _server(server, station), width)
    for what, value in glance.paused.items():
        yield from _fact("Paused", _pause(what, value.get("since"), value.get("who")), width)
    yield from _fact("relay", _running(station), width)


def messages(glance: Glance, width: int, *, numbers: bool, texts: bool) -> Iterator[str]:
    """One line each, the newest first."""
    if not glance.messages:
        yield "No messages yet." if glance.station.store.exists else "No database yet."
    for one in glance.messages:
        yield _message(one, numbers=numbers, texts=texts)[:width]


def _message(one: Message, *, numbers: bool, texts: bool) -> str:
    who = one.number if numbers else masked(one.number)
    line = f"{local(one.at)[5:16]}  {one.side:<3} {one.id:>6}  {who:<16} {one.state:<13}"
    text = plain.printable(one.text).replace("\n", " ") if texts else ""
    return f"{plain.printable(line)} {text}".rstrip()


# --- facts --------------------------------------------------------------------------------------


def _modem(modem: ModemFacts, glance: Glance, station: Station) -> str:
    if modem.state is None:
        return f"{modem.name}: not known yet"
    seen = plain.age(modem.seen_at, station.now)
    if modem.state is not LinkState.READY:
        return f"{modem.name}: {modem.state}, {seen}"
    usual = glance.usual.get(modem.name)
    words = (
        modem.operator or "operator not known",
        modem.access,
        str(plain.signal(modem.signal_dbm)),
        None if usual is None else f"usual {usual}",
        str(seen),
    )
    return f"{modem.name}: {modem.state}, {', '.join(filter(None, words))}"


def _airtime(one: AirtimeFacts, station: Station) -> str:
    out = "; no credit" if one.out_since is not None else ""
    return f"{one.words()}{out}, {plain.age(one.at, station.now)}"


def _inward(station: Station) -> str:
    known = station.inward
    if known is None:
        return "not known"
    words = [f"{plain.count(known.received_today)} today"]
    safe = "safe here, " if known.here_only else ""
    words.append(f"{plain.count(known.here_only)} {safe}not at the server yet")
    if known.waiting_parts:
        words.append(f"{plain.count(known.waiting_parts)} wait for a part")
    if known.undecodable:
        words.append(f"{plain.count(known.undecodable)} not readable")
    return ", ".join(words)


def _outward(station: Station) -> str:
    known = station.outward
    if known is None:
        return "not known"
    words = [f"{plain.count(known.waiting)} waiting"]
    if known.urgent:
        words[0] += f" ({plain.count(known.urgent)} urgent)"
    if known.waiting and known.oldest_at is not None:
        words.append(f"oldest {plain.age(known.oldest_at, station.now)}")
    if known.uncertain:
        words.append(f"{plain.count(known.uncertain)} uncertain")
    if known.looping:
        words.append(f"{plain.count(known.looping)} held")
    day = (known.sent_today, known.delivered_today, known.failed_today)
    sent, delivered, failed = map(plain.count, day)
    return f"{', '.join(words)}; today {sent} sent, {delivered} delivered, {failed} failed"


def _server(server: ServerFacts, station: Station) -> str:
    code = server.code or "not tried yet"
    words = [f"{plain.count(server.forwarded)} there, {plain.count(server.waiting)} waiting"]
    if server.parked:
        words.append(f"{plain.count(server.parked)} refused")
    if server.untold:
        words.append(f"{plain.many(server.untold, 'status', 'statuses')} to tell")
    words.append(f"last reached {plain.age(server.last_ok, station.now)}")
    return f"{server.name}: {code}; {', '.join(words)}"


def _pause(what: str, since: object, who: object) -> str:
    when = f" since {local(since)[:16]}" if isinstance(since, int) else ""
    return f"{what}{when}{f' by {who}' if who else ''}; p resumes it"


def _running(station: Station) -> str:
    known = station.daemon
    if known.running is Running.YES:
        since = known.started_at
        lasted = f" for {plain.duration(max(0, station.now - since))}" if since else ""
        return f"{known.version or ''} running{lasted}".strip()
    words = {Running.NO: "not running", Running.SILENT: "hangs", Running.NEVER: "has never run"}
    return f"{words[known.running]}; last alive {plain.age(known.beat_at, station.now)}"


# --- lines --------------------------------------------------------------------------------------


def _fact(label: str, words: str, width: int) -> Iterator[str]:
    yield from _wrapped(words, width, f"{label:<{_LABEL}}", " " * _LABEL)


def _wrapped(words: str, width: int, first: str, rest: str | None = None) -> list[str]:
    return textwrap.wrap(
        plain.printable(words),
        width,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_on_hyphens=False,
    ) or [first.rstrip()]
