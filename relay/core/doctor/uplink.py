"""What the way to the server means: from the network cable to the server's clock."""

from __future__ import annotations

from relay.core import plain
from relay.core.doctor.graph import Finding, fail, ok, skip, unknown, warn
from relay.core.doctor.seen import (
    LinkSeen,
    LoginSeen,
    NameSeen,
    PortalSeen,
    ReachSeen,
    ServerClockSeen,
    TripSeen,
)
from relay.core.server_health import meaning

_CLOCKS_APART_MS = 600_000
# What a network that has come back since does not explain.
_REFUSALS = ("HTTP_", "AUTH_", "BAD_REPLY")
_EXPIRES_SOON_MS = 14 * plain.DAY


def link(seen: LinkSeen) -> Finding:
    if not seen.known:
        return unknown("this system does not tell its network interfaces")
    if seen.local:
        return ok("the server is on this computer or beside it")
    if not seen.up:
        names = f" ({', '.join(seen.down)})" if seen.down else ""
        return fail(
            "NET_LINK_DOWN",
            f"no network is connected{names}",
            "Look at cable, Wi-Fi, mobile data."
            if seen.down
            else "This computer has no network interface: plug in a cable, a Wi-Fi stick or a "
            "phone that shares its internet",
        )
    if not seen.route:
        return fail(
            "NET_NO_ROUTE",
            f"{', '.join(seen.up)} is up, but leads nowhere: there is no router",
            "Turn the router off and on. Then: sudo systemctl restart NetworkManager",
        )
    return ok(f"{', '.join(seen.up)} up, router {seen.route}")


def name(seen: NameSeen) -> Finding:
    if seen.literal:
        return ok(f"{seen.host} needs no name lookup")
    if not seen.addresses:
        return fail(
            "NET_DNS",
            f"{seen.host}: {seen.error or 'no answer'}",
            "Is there internet at all, and credit for data? If other sites open in a browser, "
            "correct url in the configuration",
        )
    took = f" in {seen.took_ms} ms" if seen.took_ms is not None else ""
    return ok(f"{seen.host} found{took}")


def portal(seen: PortalSeen) -> Finding:
    if not seen.asked:
        return skip("not asked: the server is on a network of its own")
    if seen.status == 511 or seen.towards:
        where = f", which points to {seen.towards}" if seen.towards else ""
        return fail(
            "NET_CAPTIVE",
            f"a login page answers in the place of {seen.host}{where}",
            "Open a browser on this computer and sign in to the network.",
        )
    return ok("no login page in the way")


def reach(seen: ReachSeen) -> Finding:
    if seen.code:
        return _broken(seen)
    return ok(f"{seen.host}:{seen.port} answers in {seen.took_ms} ms")


def tls(seen: ReachSeen) -> Finding:
    if not seen.encrypted:
        return skip("the server is asked without encryption (http)")
    if seen.code:
        return _broken(seen)
    if seen.expires_at is not None and seen.expires_at - seen.now < _EXPIRES_SOON_MS:
        left = plain.duration(max(0, seen.expires_at - seen.now))
        return warn(
            "TLS_EXPIRES_SOON",
            f"its certificate is good for {left} more",
            "Tell the server's administrator: it must be renewed before that.",
        )
    return ok("its certificate is good")


def _broken(seen: ReachSeen) -> Finding:
    what, action = meaning(seen.code)
    words = f"{seen.host}: {what or seen.detail or 'no connection'}"
    return fail(seen.code, words, action)


def login(seen: LoginSeen) -> Finding:
    if not seen.code:
        return ok(f"{seen.user or 'nobody'} is let in, {seen.took_ms} ms")
    what, action = meaning(seen.code)
    if seen.code.startswith("HTTP_3"):
        what = seen.detail.partition(". ")[0]
        action = "Is url in the configuration right? If the new address is, write it there"
    if seen.code == "HTTP_405":
        what = "there is something else at that address (405)"
        action = "Is url in the configuration right?"
    return fail(seen.code, f"{seen.host}: {what or seen.detail}", action)


def trip(seen: TripSeen) -> Finding:
    """Whether messages go there: the last exchange, and what the server would not have."""
    server = seen.server
    if server is None:
        return unknown("nothing is known of an exchange")
    if server.parked:
        example = server.parked_ids[0] if server.parked_ids else "ID"
        return warn(
            "PARKED",
            f"{plain.many(server.parked, 'message')} refused by the server and set aside",
            f"Why: relay inbox show {example}\nWhen the cause is gone: relay inbox release "
            f"{example}",
        )
    code = server.code or "OK"
    if code.startswith(_REFUSALS):
        what, action = meaning(code)
        return fail(
            code, f"it lets relay in, and refuses messages: {what or server.detail}", action
        )
    if code != "OK":
        return unknown(f"it answers now; relay tries again soon (it was {code})")
    if server.last_ok is None:
        return unknown("no exchange yet; it answers just now")
    words = f"last exchange {plain.age(server.last_ok, seen.station.now)}"
    if server.waiting:
        words += f", {plain.many(server.waiting, 'message')} still here"
    return ok(words)


def clock(seen: ServerClockSeen) -> Finding:
    if seen.ahead_ms is None:
        return unknown("the server does not tell the time")
    if abs(seen.ahead_ms) > _CLOCKS_APART_MS:
        side = "ahead of" if seen.ahead_ms > 0 else "behind"
        return warn(
            "CLOCK_OFF",
            f"the server's clock is {plain.duration(abs(seen.ahead_ms))} {side} this one",
            "Compare with a phone which is right: date\n"
            "If this one is wrong: sudo timedatectl set-ntp true\n"
            "If the server is: tell its administrator",
        )
    return ok(f"clocks agree to {max(1, abs(seen.ahead_ms) // 1000)} s")
