"""What can be wrong between relay and its servers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from relay.core import plain
from relay.core.plain import DAY, HOUR, MINUTE
from relay.core.said import Said, say, some, template
from relay.core.station import Running, ServerFacts, Station
from relay.core.verdict import Problem, Verdict

# A clinic without internet for so long is an ordinary clinic.
_ORDINARY = 15 * MINUTE
_LONG = DAY
# Who has just set it up stands beside it, and its address may be wrong.
_FIRST = MINUTE
_STARTING = 10 * MINUTE
_SILENT = 30 * MINUTE
_SLOW = HOUR


def servers(station: Station) -> Iterator[Problem]:
    if station.daemon.running is not Running.YES:
        return
    if not station.servers:
        yield Problem(
            "SERVER_NONE",
            Verdict.WARN,
            say("No server is set up: messages that come in stay on this computer."),
            say(
                "Write a section [server.main] into the configuration (relay config show names "
                "the file), then: sudo systemctl restart relay"
            ),
        )
    for server in station.servers:
        yield from _exchange(server, station)
        yield from _parked(server)


def reached(server: ServerFacts, station: Station) -> bool | None:
    """Whether the last exchange went well; None when there was none to speak of."""
    if server.code is None:
        return None
    if server.code != "OK":
        return False
    late = server.last_ok is None or station.now - server.last_ok > _patience(server)
    return None if late else True


def outage(server: ServerFacts, station: Station) -> int | None:
    """For how long (ms) the server has not been reached; None where it never was."""
    began = server.last_ok if server.last_ok is not None else server.since
    return None if began is None else max(0, station.now - began)


def hard(code: str) -> bool:
    """Whether time alone will not heal it."""
    refused = re.fullmatch(r"HTTP_4\d\d", code) and code not in _PASSING
    return bool(refused) or code.startswith(("AUTH_", "TLS_"))


_PASSING = ("HTTP_408", "HTTP_425", "HTTP_429")


def _patience(server: ServerFacts) -> int:
    return _SILENT + round(server.poll_max_s * 1000)


def _exchange(server: ServerFacts, station: Station) -> Iterator[Problem]:
    started = station.daemon.started_at
    starting = started is not None and 0 <= station.now - started < _STARTING
    good = reached(server, station)
    if good is None:
        yield _starting(server) if starting else _silent(server, station)
    elif good:
        yield from _slow(server, station)
    elif (verdict := _gravity(server, station)) is not None:
        yield _failing(server, verdict, station)


def _gravity(server: ServerFacts, station: Station) -> Verdict | None:
    if hard(server.code or ""):
        return Verdict.CRIT
    lasted = outage(server, station) or 0
    if lasted < (_ORDINARY if server.last_ok is not None else _FIRST):
        return None
    return Verdict.WARN if lasted < _LONG else Verdict.CRIT


def _failing(server: ServerFacts, verdict: Verdict, station: Station) -> Problem:
    code = server.code or ""
    what, action = meaning(code)
    return Problem(
        code,
        verdict,
        say(
            "Server {server}: {what}; {last}.",
            server=server.name,
            what=say(what) if what else server.detail.rstrip(".") or code,
            last=_last_reached(server, station),
        ),
        say(action),
        server.since,
        server.name,
    )


def _last_reached(server: ServerFacts, station: Station) -> Said:
    if server.last_ok is not None:
        return say("last reached {ago}", ago=plain.age(server.last_ok, station.now))
    lasted = outage(server, station)
    if lasted is None:
        return say("never reached yet")
    return say("never reached yet, tried for {time}", time=plain.duration(lasted))


def _starting(server: ServerFacts) -> Problem:
    return Problem(
        "SERVER_UNKNOWN",
        Verdict.UNKNOWN,
        say(
            "relay has just been started; server {server} has not answered yet.",
            server=server.name,
        ),
        say("Wait a minute and ask again: relay status"),
        subject=server.name,
    )


def _silent(server: ServerFacts, station: Station) -> Problem:
    return Problem(
        "SERVER_UNKNOWN",
        Verdict.UNKNOWN,
        say(
            "Whether server {server} can be reached is not known: the last exchange was {ago}.",
            server=server.name,
            ago=plain.age(server.last_ok, station.now),
        ),
        say("Wait a minute. If it stays: sudo systemctl restart relay"),
        server.last_ok,
        server.name,
    )


def _slow(server: ServerFacts, station: Station) -> Iterator[Problem]:
    """The server answers, and still a message does not go there."""
    oldest = station.inward.oldest_here_at if station.inward else None
    if server.waiting and oldest is not None and station.now - oldest > _SLOW:
        yield Problem(
            "FORWARDING_SLOW",
            Verdict.WARN,
            some(
                server.waiting,
                "{n} message for server {server} still here, the oldest for {time}, though the "
                "server answers.",
                "{n} messages for server {server} still here, the oldest for {time}, though the "
                "server answers.",
                server=server.name,
                time=plain.duration(station.now - oldest),
            ),
            say("relay goes on trying. Why: journalctl -u relay -n 100 | grep sync"),
            oldest,
            server.name,
        )


def _parked(server: ServerFacts) -> Iterator[Problem]:
    if not server.parked:
        return
    example = server.parked_ids[0] if server.parked_ids else "ID"
    yield Problem(
        "PARKED",
        Verdict.WARN,
        some(
            server.parked,
            "{n} message was refused by server {server} and set aside; the others go on.",
            "{n} messages were refused by server {server} and set aside; the others go on.",
            server=server.name,
        ),
        say(
            "Read why: relay inbox show {id}\nWhen the cause is gone: relay inbox release {id}",
            id=str(example),
        ),
        subject=server.name,
    )


def meaning(code: str) -> tuple[str, str]:
    """What a code means, and what a person can do about it."""
    for start, what, action in _MEANINGS:
        if code.startswith(start):
            return what, action
    return "", _TELL


_TELL = template("Tell the server's administrator the words above.")
_WAIT = template("Nothing to do here but wait: relay goes on trying.")
_MEANINGS = (
    (
        "NET_DNS",
        template("its name was not found"),
        template("Is there internet at all? Router, cable, mobile data, credit for data."),
    ),
    (
        "NET_UNREACHABLE",
        template("this computer is on no network that leads there"),
        template("Look at router, cable, Wi-Fi, mobile data."),
    ),
    (
        "NET_TIMEOUT",
        template("it does not answer"),
        template("If it stays: is the server on? Is there a firewall?"),
    ),
    (
        "NET_REFUSED",
        template("the computer is there, but no server runs on it"),
        template("Tell the server's administrator."),
    ),
    ("NET_", template("the connection breaks"), _WAIT),
    (
        "TLS_NOT_YET_VALID",
        template("its certificate lies in the future"),
        template(
            "Is the clock of this computer right? See it with: date\n"
            "Set it: sudo timedatectl set-ntp true"
        ),
    ),
    (
        "TLS_EXPIRED",
        template("its certificate has run out"),
        template("Is the clock of this computer right? Else tell the server's administrator."),
    ),
    (
        "TLS_NAME",
        template("its certificate is for another name"),
        template("Is url in the configuration right?"),
    ),
    (
        "TLS_UNTRUSTED",
        template("nobody known has signed its certificate"),
        template("Is there a login page on this network? Else set ca_file or pin_sha256."),
    ),
    (
        "TLS_PIN",
        template("its certificate is not the one of pin_sha256"),
        template(
            "Ask the server's administrator before you trust another one: somebody may listen."
        ),
    ),
    (
        "TLS_",
        template("no encrypted connection comes about"),
        template("Is https right for that port? Look at url in the configuration."),
    ),
    (
        "AUTH_401",
        template("it does not accept user and password (401)"),
        template(
            "Correct user and password in the configuration (relay config check), then: sudo "
            "systemctl restart relay"
        ),
    ),
    (
        "AUTH_",
        template("this account may not do what a gateway does (403)"),
        template("The server's administrator must give it the role of a gateway."),
    ),
    (
        "BAD_REPLY",
        template("something answers, but it is not the server"),
        template("Is there a login page on this network? Open a browser. Else: is url right?"),
    ),
    ("HTTP_5", template("it has a fault of its own"), _WAIT),
    (
        "HTTP_404",
        template("there is no gateway at that address (404)"),
        template("Is url in the configuration right?"),
    ),
)
