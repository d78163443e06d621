"""What is known of a station, a line for each thing, with its age and where it is from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from relay import status_messages
from relay.clock import local
from relay.core import plain, recovery_health, silence_health
from relay.core.community_facts import CommunityFacts
from relay.core.link import LinkState
from relay.core.number import masked
from relay.core.power import Dark, PowerFacts, Why
from relay.core.said import joined, say, some, template
from relay.core.station import ModemFacts, Running, ServerFacts, Station
from relay.status_airtime import airtime_line

_LOCKED = (LinkState.PIN_REQUIRED, LinkState.PIN_REFUSED, LinkState.PUK_BLOCKED)
_ROAMING = 5  # <stat> of +CREG, TS 27.007 §7.2


@dataclass(frozen=True, slots=True)
class Line:
    """`seen` says how old it is, and by its verb where it is from."""

    label: str
    words: str
    seen: str = ""


def lines(station: Station, show_numbers: bool) -> Iterator[Line]:
    yield from _modems(station, show_numbers)
    for one in station.airtime:
        if said := airtime_line(one, alone=len(station.airtime) == 1):
            yield Line(say("Airtime"), said, _seen(template("told {ago}"), one.at, station))
    yield from _messages(station)
    for server in station.servers:
        seen = _seen(template("answered {ago}"), server.last_ok, station)
        yield Line(say("Server"), _server(server, station), seen)
    if station.community.sets:
        yield Line(say("Rules"), _community(station.community), say("counted now"))
    if station.power.known:
        yield Line(say("Power"), _power(station.power), say("measured now"))
    yield Line(say("Disk"), _disk(station), say("measured now"))
    if clock := _clock(station):
        yield Line(say("Clock"), clock)
    for one_dark in station.dark:
        yield Line(say("Off"), _dark(one_dark, station))
    yield Line("relay", _relay(station))


def _seen(words: str, at: int | None, station: Station) -> str:
    return "" if at is None else say(words, ago=plain.age(at, station.now))


def _messages(station: Station) -> Iterator[Line]:
    now = say("counted now")
    if station.inward is not None:
        yield Line(say("In"), status_messages.inward(station.inward, station), now)
    if station.outward is not None:
        yield Line(say("Out"), status_messages.outward(station.outward, station), now)


def _community(known: CommunityFacts) -> str:
    people = some(known.people, "{n} person", "{n} people")
    sms = some(known.sms, "{n} SMS today", "{n} SMS today")
    waiting = ""
    if known.approvals:
        waiting = some(
            known.approvals,
            "{n} waits for a second person's OK",
            "{n} wait for a second person's OK",
        )
    return joined([", ".join(known.sets), people, sms, waiting], "; ")


def _time_of_day(at: int) -> str:
    return local(at)[11:16]


# --- modems -------------------------------------------------------------------------------------


def _modems(station: Station, show_numbers: bool) -> Iterator[Line]:
    alive = station.daemon.running is Running.YES
    for modem in station.modems:
        seen = _seen(template("asked {ago}"), modem.seen_at, station)
        yield Line(say("Modem"), _modem(modem, alive, show_numbers), seen)
        if recovered := recovery_health.line(modem, station.now, _time_of_day):
            yield Line(say("Recover"), recovered)
        if quiet := silence_health.line(modem, station.now):
            since = _seen(template("noted {ago}"), modem.quiet.changed_at, station)
            yield Line(say("Silence"), quiet, since)


def _modem(modem: ModemFacts, alive: bool, show_numbers: bool) -> str:
    if modem.state is None:
        return say("{modem}: not known yet", modem=modem.name)
    words = template("{modem}: {state}") if alive else template("{modem}: was {state}")
    state = say(words, modem=modem.name, state=str(modem.state))
    if modem.state not in (LinkState.READY, LinkState.SEARCHING, LinkState.DENIED):
        return joined([state, _tries(modem)], ", ")
    found = [
        state,
        modem.operator or say("operator not known"),
        say("roaming") if modem.registration == _ROAMING else "",
        modem.access or "",
        plain.signal(modem.signal_dbm),
        _sim(modem.sim, show_numbers),
        *_memories(modem),
    ]
    if show_numbers:
        found += [f"SMSC {modem.smsc or '?'}", f"IMEI {modem.imei or '?'}"]
    return joined(found, ", ")


def _memories(modem: ModemFacts) -> Iterator[str]:
    for one in modem.memories:
        if 2 * one.used > one.total:
            yield say(
                "{memory} {used} of {total} used",
                memory=one.memory,
                used=one.used,
                total=one.total,
            )


def _tries(modem: ModemFacts) -> str:
    if modem.state not in _LOCKED or modem.pin_tries is None:
        return ""
    return some(modem.pin_tries, "{n} PIN try left", "{n} PIN tries left")


def _sim(number: str, show_numbers: bool) -> str:
    return f"SIM {number if show_numbers else masked(number)}" if number else ""


# --- servers ------------------------------------------------------------------------------------


def _server(server: ServerFacts, station: Station) -> str:
    alive = station.daemon.running is Running.YES
    if server.code is None:
        state = say("{server}: not tried yet", server=server.name)
    else:
        form = template("{server}: {code}") if alive else template("{server}: was {code}")
        state = say(form, server=server.name, code=server.code)
    if station.inward is None:
        return state
    words = [
        say(
            "{number} at the server ({today} today)",
            number=server.forwarded,
            today=server.forwarded_today,
        ),
        some(server.waiting, "{n} waiting", "{n} waiting"),
    ]
    if server.on_stick:
        ago = plain.age(server.on_stick_since, station.now)
        words.append(
            some(
                server.on_stick,
                "{n} of them on a stick ({ago})",
                "{n} of them on a stick ({ago})",
                ago=ago,
            )
        )
    if server.parked:
        words.append(some(server.parked, "{n} refused", "{n} refused"))
    if server.untold:
        words.append(some(server.untold, "{n} status to tell", "{n} statuses to tell"))
    return joined([state, joined(words, ", ")])


# --- the machine --------------------------------------------------------------------------------


def _power(power: PowerFacts) -> str:
    battery = ""
    if power.percent is not None:
        battery = say("battery {percent} %", percent=power.percent)
    if power.mains is None:
        return battery
    if power.mains:
        return joined([say("mains"), battery], ", ")
    left = ""
    if power.left_s is not None:
        left = say("about {time} left", time=plain.duration(power.left_s * 1000))
    return joined([say("on battery, no mains"), battery, left], ", ")


def _disk(station: Station) -> str:
    store, size = station.store, plain.size(station.store.free)
    free = say("{size} free", size=size) if store.free is not None else say("room not known")
    if not store.exists:
        return joined([free, say("no database yet ({path})", path=store.path)])
    if store.trouble is not None:
        return joined([free, f"{store.path} ({store.trouble})"])
    if store.last_copy_at is None:
        return joined([free, say("no copy yet")])
    return joined([free, say("last copy {ago}", ago=plain.age(store.last_copy_at, station.now))])


def _clock(station: Station) -> str:
    words = [
        _agreement(server.clock_offset_s, server.name)
        for server in station.servers
        if server.clock_offset_s is not None
    ]
    step, at = station.clock_step_s, station.clock_step_at
    if step is not None and at is not None and station.now - at < plain.DAY:
        time = plain.duration(round(abs(step) * 1000))
        ago = plain.age(at, station.now)
        side = template("was set forward by {time}, {ago}")
        if step <= 0:
            side = template("was set back by {time}, {ago}")
        words.append(say(side, time=time, ago=ago))
    return joined(words)


def _agreement(offset_s: int, server: str) -> str:
    """The server's clock minus ours, as the Date header of its answer tells."""
    if abs(offset_s) < 30:
        return say("agrees with server {server}", server=server)
    side = template("{time} ahead of server {server}")
    if offset_s > 0:
        side = template("{time} behind server {server}")
    return say(side, time=plain.duration(abs(offset_s) * 1000), server=server)


# --- relay --------------------------------------------------------------------------------------

_WHY = {
    Why.STOPPED: template("relay was stopped"),
    Why.SHUTDOWN: template("the computer was switched off"),
    Why.CRASH: template("relay was ended by force"),
    Why.POWER: template("power loss"),
}


def _dark(dark: Dark, station: Station) -> str:
    """`03:10-07:42 (power loss); 14 SMS waited on the network, all read`."""
    off = say(
        "{since}-{until} ({why})",
        since=_time_of_day(dark.since),
        until=_time_of_day(dark.until),
        why=say(_WHY[dark.why]),
    )
    if dark.waited is None:
        return off
    if not dark.waited:
        return joined([off, say("no SMS has come in that waited on the network")])
    unread = station.inward.unread if station.inward is not None else 0
    if unread:
        told = some(
            dark.waited,
            "{n} SMS waited on the network and was read, others are being read",
            "{n} SMS waited on the network and were read, others are being read",
        )
    else:
        told = some(
            dark.waited,
            "{n} SMS waited on the network, and was read",
            "{n} SMS waited on the network, all read",
        )
    return joined([off, told])


def _relay(station: Station) -> str:
    facts, now = station.daemon, station.now
    match facts.running:
        case Running.YES:
            words = [_up(facts.started_at, now)]
        case Running.SILENT:
            words = [say("hangs; last sign of life {ago}", ago=plain.age(facts.beat_at, now))]
        case Running.NEVER:
            words = [say("has not run here yet")]
        case Running.NO:
            words = [say("not running")]
            if facts.beat_at:
                words.append(say("last alive {ago}", ago=plain.age(facts.beat_at, now)))
            if facts.stopped_cleanly:
                words.append(say("it was stopped in good order"))
    return joined([facts.version or "", joined(words)], ", ")


def _up(started_at: int | None, now: int) -> str:
    if started_at is None:
        return say("running")
    return say("running for {time}", time=plain.duration(max(0, now - started_at)))
